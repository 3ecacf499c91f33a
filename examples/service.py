"""A service of long-lived Ray actors: each request is answered with the parameters of its caller.

    python examples/service.py
    python examples/service.py --requests 100 -D solve.steps=5   # below what callers set
    python examples/service.py --record run.json && hp show run.json

Two actors descend toward the minimum of x squared, one request at a time and many at once.  Three
callers, processes of their own, ask both at the same time, each inside a scope of its own.  No
request has parameters in it.  The actors see the scope of the caller, below it the scope in which
they were created, and below that the command line.  The table has a row for each set of
parameters that requests of a caller were answered with.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, NamedTuple

import hp_dist
import hyperparameter as hp

try:
    import ray
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}. Run: pip install 'hyperparameter-dist[ray]'") from None

CALLERS: dict[str, dict[str, float]] = {
    "careful": {"solve.lr": 0.05},
    "bold": {"solve.lr": 0.45, "solve.steps": 2},
    "usual": {},
}
START = 2.0


class Value(NamedTuple):
    """A parameter as a request was answered with it."""

    value: float
    origin: str


class Answer(NamedTuple):
    """Where the descent has ended, and the parameters that it took."""

    x: float
    lr: Value
    steps: Value


@hp.param("solve")
def solve(x: float, lr: float = 0.1, steps: int = 3) -> float:
    """Descend from `x`.

    Args:
        x: where to start
        lr: size of a step
        steps: number of steps
    """
    for _ in range(steps):
        x -= lr * 2 * x
    return x


async def solve_among_others(x: float) -> float:
    """Descend as `solve` does, and let other requests continue before each step."""
    for _ in range(hp.scope.solve.steps | 3):
        await asyncio.sleep(0)
        x -= (hp.scope.solve.lr | 0.1) * 2 * x
    return x


class Service:
    """Answers one request after the other."""

    def solve(self, x: float) -> Answer:
        """Answer with what the caller has set."""
        with hp.record() as record:
            x = solve(x)
        return answer(x, record)


class AsyncService:
    """Answers many requests at once."""

    def __init__(self, callers: int) -> None:
        self.everyone = asyncio.Barrier(callers)

    async def meet(self) -> None:
        """Wait until every caller is there, so that all of them ask at the same time."""
        await self.everyone.wait()

    async def solve(self, x: float) -> Answer:
        """Answer with what the caller has set, whoever else is answered in between."""
        with hp.record() as record:
            x = await solve_among_others(x)
        return answer(x, record)


def answer(x: float, record: hp.Record) -> Answer:
    """Return the answer to a request, from the record of it."""
    read = {each.key: Value(each.value, str(each.origin or "default")) for each in record.reads}
    return Answer(x, read["solve.lr"], read["solve.steps"])


def call(name: str, services: dict[str, Any], requests: int) -> Counter[tuple[str, str, Answer]]:
    """Ask all services as often as that; return the answers, and how often each was given."""
    ray.get(services["async"].meet.remote())
    with hp.scope(**CALLERS[name]):
        pending = [
            (kind, service.solve.remote(START))
            for _ in range(requests)
            for kind, service in services.items()
        ]
    return Counter((name, kind, ray.get(result)) for kind, result in pending)


@hp.param("service")
def main(requests: int = 25) -> None:
    """Let three callers ask two services at the same time, and show how they were answered.

    Args:
        requests: how many requests each caller sends to each service
    """
    if requests < 1:
        raise hp.UsageError(f"--requests {requests}: at least 1 is needed.")
    hp_dist.install("ray")
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    with hp.scope(**{"solve.lr": 0.25}):
        services = {
            "sync": ray.remote(num_cpus=0)(Service).remote(),
            "async": ray.remote(num_cpus=0)(AsyncService).remote(len(CALLERS)),
        }
    caller = ray.remote(num_cpus=0)(call)
    answers = ray.get([caller.remote(name, services, requests) for name in CALLERS])
    show(sum(answers, Counter()))
    late = {kind: ray.get(service.solve.remote(START)) for kind, service in services.items()}
    print("\nAfterwards, asked outside of any scope:\n")
    show(Counter(("nobody", kind, given) for kind, given in late.items()))
    with hp.scope.empty():
        late = {kind: ray.get(service.solve.remote(START)) for kind, service in services.items()}
    print("\nAsked inside an empty scope, which hides that of the actor's creation:\n")
    show(Counter(("nobody", kind, given) for kind, given in late.items()))


def show(answers: Counter[tuple[str, str, Answer]]) -> None:
    """Print a row for each answer that differs."""
    print(f"{'caller':<9}{'service':<9}{'requests':>8}  {'x':<10}parameters")
    for (name, kind, given), count in sorted(answers.items()):
        read = ", ".join(
            f"{key} {each.value} ({each.origin})"
            for key, each in [("lr", given.lr), ("steps", given.steps)]
        )
        print(f"{name:<9}{kind:<9}{count:>8}  {given.x:<10.6f}{read}")


if __name__ == "__main__":
    hp.launch(main)
