"""Calls of Ray that do nothing, in a scope, and stock ones with and without arguments.

What once carried a scope may stay wrapped: stock functions are others, and nothing is installed
while they are called.

A burst of Ray takes now 0.9 and now 1.1 times what it took before, so each case has at least forty,
in an order drawn anew for each round, and what is compared are medians.  Tasks run in one worker,
and the stock method is one of the same actor: processes differ more than the cases do.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bursts import ROUNDS, carrying, check, in_random_turns, look, params, ratio_of_medians
from measure import Taken
from table import Figures, Row

import hyperparameter as hp
from hp_dist._ray.calls import receiving_class

SIZES = (10, 100, 1_000, 10_000)
SIXTY = bytes(60)
_CALLS = 400  # of a burst
_SMALLEST_DICT = 100  # keys: below, a dict is hardly more than what we send
_OWN = 20


class Case(NamedTuple):
    """One way to make a call; `calls` of it are a burst."""

    submit: Callable[[], Any]
    engine: str | None
    calls: int = _CALLS


def rows(ray: Any, figures: Figures, rounds: int = ROUNDS) -> Iterator[Row]:
    for size in SIZES:
        with hp.scope(**params(size)):
            cases = _cases(_task(ray), _task(ray), size)
            yield from _compared(ray, f"Ray tasks, {size:,} keys", cases, size, figures, rounds)
    for size in SIZES:
        with hp.scope(**params(size)), _actor(ray) as actor:
            cases = _cases(actor.stock, actor.call, size)
            yield from _compared(
                ray, f"Ray actor calls, {size:,} keys", cases, size, figures, rounds
            )
    yield from _entered_again(ray, figures, rounds)
    yield from _own_scopes(ray, figures, rounds)


def _task(ray: Any) -> Any:
    """Return a function of Ray; local, so that it is shipped by value."""

    def idle(argument: int, params: object = None) -> object:
        return look() if argument < 0 else None

    return ray.remote(idle)


@contextlib.contextmanager
def _actor(ray: Any) -> Iterator[Any]:
    class Idle:
        def call(self, argument: int, params: object = None) -> object:
            return look() if argument < 0 else None

    def stock(self: object, argument: int, params: object = None) -> object:
        return look() if argument < 0 else None

    cls: Any = receiving_class(Idle)
    cls.stock = stock  # it has come too late to receive anything
    with carrying("ray"):
        actor = ray.remote(num_cpus=0)(cls).remote()
        ray.get(actor.call.remote(0))
    try:
        yield actor
    finally:
        ray.kill(actor)


def _cases(stock: Any, carried: Any, size: int) -> dict[str, Case]:
    values = params(size)
    fewer = _CALLS // 5 if size >= 10_000 else _CALLS
    check("stock", lambda: _get(stock.remote(-1)), None)
    check("in the scope", lambda: _get(carried.remote(-1)), "ray")
    return {
        "in the scope": Case(lambda: carried.remote(1), "ray"),
        "60 bytes more": Case(lambda: stock.remote(1, params=SIXTY), None),
        "nothing more": Case(lambda: stock.remote(1), None),
        "the same dict": Case(lambda: stock.remote(1, params=values), None, fewer),
    }


def _get(reference: Any) -> Any:
    import ray

    return ray.get(reference)


def _compared(
    ray: Any, what: str, cases: Mapping[str, Case], size: int, figures: Figures, rounds: int
) -> Iterator[Row]:
    taken = _in_turns(ray, cases, rounds)
    for name, each in taken.items():
        figures[f"{what}: {name}"] = {"us a call": each.median * 1e6}
    scope, sixty, nothing, as_dict = taken.values()
    least = 1 if size >= _SMALLEST_DICT else None
    yield _row(f"{what}: throughput", sixty, scope, "x one argument of 60 bytes more", 0.95)
    yield _row(f"{what}: throughput", nothing, scope, "x without it", 0.85)
    yield _row(f"{what}: throughput", as_dict, scope, "x the same dict", least)


def _entered_again(ray: Any, figures: Figures, rounds: int) -> Iterator[Row]:
    """A scope that is entered anew around each call, as in a loop."""
    for size in (10, 1_000):
        scope, task, stock = hp.scope(**params(size)), _task(ray), _task(ray)

        def enter_and_submit(scope: Any = scope, task: Any = task) -> Any:
            with scope:
                return task.remote(1)

        cases = {
            "in the scope": Case(enter_and_submit, "ray"),
            "60 bytes more": Case(functools.partial(stock.remote, 1, params=SIXTY), None),
        }
        what = f"Ray tasks, {size:,} keys, entered around each: throughput"
        taken = _in_turns(ray, cases, rounds)
        for name, each in taken.items():
            figures[f"{what}: {name}"] = {"us a call": each.median * 1e6}
        yield _row(what, taken["60 bytes more"], taken["in the scope"],
                   "x one argument of 60 bytes more", 0.95)  # fmt: skip


def _own_scopes(ray: Any, figures: Figures, rounds: int, tasks: int = 10_000) -> Iterator[Row]:
    """Tasks each of which has values that no other has had."""
    task, stock = _task(ray), _task(ray)
    numbers = iter(range(10**9))

    def values() -> dict[str, float]:
        return {f"own.key{i}": float(next(numbers)) for i in range(_OWN)}

    def in_scope() -> Any:
        with hp.scope(**values()):
            return task.remote(1)

    calls = tasks // rounds
    cases = {
        "in the scope": Case(in_scope, "ray", calls),
        "the same dict": Case(lambda: stock.remote(1, params=values()), None, calls),
    }
    what = f"{tasks:,} Ray tasks, {_OWN} keys of their own: throughput"
    taken = _in_turns(ray, cases, rounds)
    for name, each in taken.items():
        figures[f"{what}: {name}"] = {"us a call": each.median * 1e6}
    yield _row(what, taken["the same dict"], taken["in the scope"], "x the same dict", 0.85)


def _row(what: str, one: Taken, other: Taken, unit: str, budget: float | None) -> Row:
    ratio, interval = ratio_of_medians(one, other)
    return Row(what, ratio, unit, budget, True, interval, by_interval=True)


def _in_turns(ray: Any, cases: Mapping[str, Case], rounds: int) -> dict[str, Taken]:
    bursts = {name: functools.partial(_burst, ray, case) for name, case in cases.items()}
    return in_random_turns(bursts, rounds)


def _burst(ray: Any, case: Case) -> float:
    """Return the seconds that a call takes."""
    submit = case.submit
    with carrying(case.engine):
        ray.get([submit() for _ in range(10)])
        start = time.perf_counter()
        ray.get([submit() for _ in range(case.calls)])
        return (time.perf_counter() - start) / case.calls
