"""What a run of a sweep costs besides itself, with workers that have been started.

Two sweeps are compared, one of which has 1 000 runs more: what it takes longer is theirs, from the
check of their cells to their place in the store.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from table import Figures, Row

import hyperparameter as hp

_FEW, _MANY = 100, 1_100
_ROUNDS = 3
_MB = 1024  # of the kilobytes in which the system tells it


class _Cost(NamedTuple):
    """Milliseconds of a run: of time, and of the launcher's CPU."""

    wall: float
    launcher: float


@hp.param("idle")
def idle(n: int = 0) -> int:
    return n


def rows(figures: Figures) -> Iterator[Row]:
    for on, budget in (("local", None), ("processes:2", 1)):
        yield _row(on, budget, figures)


def rows_on_ray(ray: Any, figures: Figures, *, is_long: bool) -> Iterator[Row]:
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import it
    yield _row("ray", 2, figures)
    plain = ray.remote(lambda n: n)
    ray.get([plain.remote(n) for n in range(_FEW)])
    start = time.perf_counter()
    ray.get([plain.remote(n) for n in range(_MANY)])
    figures["a task of Ray alone"] = {"ms": (time.perf_counter() - start) / _MANY * 1e3}
    if is_long:
        yield from _memory()


def _row(on: str, budget: float | None, figures: Figures) -> Row:
    taken = [_cost(on) for _ in range(_ROUNDS)]
    cost = _Cost(*map(statistics.median, zip(*taken, strict=True)))
    figures[f"a run, {on}"] = {"ms": cost.wall, "ms of the launcher": cost.launcher}
    return Row(f"overhead of a run, {on}", cost.wall, "ms", budget)


def _cost(on: str) -> _Cost:
    few, many = _swept(_FEW, on), _swept(_MANY, on)
    wall, launcher = (
        (two - one) / (_MANY - _FEW) * 1e3 for one, two in zip(few, many, strict=True)
    )
    return _Cost(wall, launcher)


def _swept(count: int, on: str) -> tuple[float, float]:
    """Return the seconds of a sweep, and those of this process's CPU."""
    start, used = time.perf_counter(), time.process_time()
    sweep = hp.sweep(idle, {"idle.n": range(count)}, on=on, progress=False).run()
    taken = time.perf_counter() - start, time.process_time() - used
    if [run.result for run in sweep] != list(range(count)):
        raise AssertionError(f"the sweep on {on} has other results")
    return taken


def _memory() -> Iterator[Row]:
    """Tell what the launcher of 10 000 runs needs over what it needs for 2 000."""
    before = 0.0
    for count in (2_000, 10_000):
        _swept(count, "ray")
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB
        yield Row(f"memory of the launcher after {count:,} runs on Ray", used, "MB")
        grown, before = used - before, used
    yield Row("memory of the launcher, 10 000 runs over 2 000", grown, "MB", 100)
