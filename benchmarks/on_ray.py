"""Ray: calls that do nothing, with a scope, with the same dict as an argument, and stock.

A function or class of Ray that once carried a scope may stay wrapped: stock ones are others,
and nothing is installed while they are called.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bursts
import numpy as np
from bursts import Measured, carrying, check, compared, in_turns, look, params
from measure import Taken
from table import Figures, Row

import hyperparameter as hp
from hp_dist._ray.calls import argument
from hp_dist._ray.store import ObjectStore

SIZES = (10, 100, 1_000, 10_000)
LEAST = {100: 0.9, 1_000: 0.9, 10_000: 0.8}
ARRAY_MB = 80
ARRAY_TASKS = 100


class Call(NamedTuple):
    """One way to make a call; `calls` of it are a burst."""

    remote: Callable[..., Any]
    arguments: tuple[Any, ...]
    engine: str | None
    calls: int


@contextlib.contextmanager
def settings() -> Iterator[str]:
    """Have all Rays that are started here, or in a process, keep their files in one folder."""
    folder = tempfile.mkdtemp(prefix="hpb", dir="/tmp")  # its sockets need a short path
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_TMPDIR=folder, RAY_USAGE_STATS_ENABLED="0")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def started() -> Iterator[Any]:
    """Start a Ray with one CPU for workers: the other is the driver's."""
    with settings() as folder, contextlib.chdir(folder):  # workers import nothing of the checkout
        import ray

        ray.cloudpickle.register_pickle_by_value(bursts)  # workers cannot import it
        ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR", log_to_driver=False,
                 object_store_memory=6 * ARRAY_MB * 1_000_000,
                 _system_config={"event_stats_print_interval_ms": 1_000})  # fmt: skip
        try:
            yield ray
        finally:
            ray.shutdown()


def rows(ray: Any, figures: Figures, rounds: int = 15) -> Iterator[Row]:
    stock, carried = _task(ray), _task(ray)
    for size in SIZES:
        values = params(size)
        with hp.scope(**values):
            calls = _calls(stock.remote, carried.remote, values, 300)
            yield from _compared(ray, "Ray task", size, calls, figures, rounds)
    for size in SIZES:
        values = params(size)
        with hp.scope(**values):
            with carrying("ray"):
                actor = _actor(ray).remote()
                ray.get(actor.call.remote())
            plain = _actor(ray).remote()
            calls = _calls(plain.call.remote, actor.call.remote, values, 600)
            yield from _compared(ray, "Ray actor call", size, calls, figures, rounds)
            ray.kill(actor)
            ray.kill(plain)
    yield from _array(ray, figures)


def _task(ray: Any) -> Any:
    """Return a function of Ray; local, so that it is shipped by value."""

    def idle(argument: int = 0, params: object = None) -> object:
        return look() if argument < 0 else None

    return ray.remote(idle)


def _actor(ray: Any) -> Any:
    class Idle:
        def call(self, argument: int = 0, params: object = None) -> object:
            return look() if argument < 0 else None

    return ray.remote(num_cpus=0)(Idle)


def _calls(stock: Any, carried: Any, values: dict[str, float], calls: int) -> dict[str, Call]:
    with_dict = calls // 5 if len(values) >= 10_000 else calls
    return {
        "stock": Call(stock, (1,), None, calls),
        "scope": Call(carried, (1,), "ray", calls),
        "dict as an argument": Call(stock, (1, values), None, with_dict),
        "the same as an argument": Call(stock, (1, argument(ObjectStore)), None, calls),
        "stock, no argument": Call(stock, (), None, calls // 2),
        "scope, no argument": Call(carried, (), "ray", calls // 2),
    }


def _compared(
    ray: Any,
    what: str,
    size: int,
    calls: dict[str, Call],
    figures: Figures,
    rounds: int,
) -> Iterator[Row]:
    what = f"{what}, {size:,} keys"
    for name, call in calls.items():
        check(f"{what}, {name}", functools.partial(_seen, ray, call), call.engine)
    taken = in_turns({name: _burst(ray, call) for name, call in calls.items()}, rounds, 20)
    for name, measured in taken.items():
        figures[f"{what}: {name}"] = _absolute(measured)
    yield from _rows(what, size, taken)


def _seen(ray: Any, call: Call) -> Any:
    return ray.get(call.remote(-1, *call.arguments[1:]))


def _rows(what: str, size: int, taken: Measured) -> Iterator[Row]:
    stock, scope, as_dict, as_argument, bare, bare_scope = taken.values()
    least = LEAST.get(size)
    yield compared(f"{what}: throughput", stock["wall"], scope["wall"], "x stock", least, True)
    yield compared(f"{what}: throughput", as_dict["wall"], scope["wall"],
                   "x dict as argument", 1 if least else None, True)  # fmt: skip
    yield compared(f"{what}: throughput", as_argument["wall"], scope["wall"],
                   "x the same as argument", None, True)  # fmt: skip
    yield compared(f"{what}: submission", scope["submission"], stock["submission"], "x stock")
    yield compared(f"{what}: latency", scope["latency"], stock["latency"], "x stock")
    yield compared(f"{what}, no argument: throughput", bare["wall"], bare_scope["wall"], "x stock")


def _absolute(measured: dict[str, Taken]) -> dict[str, float]:
    return {
        "calls/s": 1 / measured["wall"].median,
        "submission us": measured["submission"].median * 1e6,
        "latency us": measured["latency"].median * 1e6,
    }


def _burst(ray: Any, call: Call) -> Callable[[], dict[str, float]]:
    """Return a burst of calls: seconds of wall time and of the submitter's CPU for each."""
    remote, arguments = call.remote, call.arguments

    def burst() -> dict[str, float]:
        with carrying(call.engine):
            ray.get([remote(*arguments) for _ in range(20)])
            latencies = []
            for _ in range(20):
                start = time.perf_counter()
                ray.get(remote(*arguments))
                latencies.append(time.perf_counter() - start)
            start, submitting = time.perf_counter(), time.thread_time()
            references = [remote(*arguments) for _ in range(call.calls)]
            submitted = time.thread_time() - submitting
            ray.get(references)
            wall = time.perf_counter() - start
            return {
                "wall": wall / call.calls,
                "submission": submitted / call.calls,
                "latency": statistics.median(latencies),
            }

    return burst


def _array(ray: Any, figures: Figures, rounds: int = 3) -> Iterator[Row]:
    """Compare a large array in the scope with `ray.put` of it, passed to each task."""

    @ray.remote  # type: ignore[untyped-decorator]  # Ray is not typed here
    def given(array: Any) -> float:
        return float(array[-1])

    @ray.remote  # type: ignore[untyped-decorator]
    def found() -> float:
        return float(hp.scope.array()[-1])

    def put(array: Any) -> list[Any]:
        reference = ray.put(array)
        return [given.remote(reference) for _ in range(ARRAY_TASKS)]

    def scope(array: Any) -> list[Any]:
        with hp.scope(array=array):
            return [found.remote() for _ in range(ARRAY_TASKS)]

    cases = {
        "ray.put, passed on": lambda: _array_burst(ray, put, None),
        "scope": lambda: _array_burst(ray, scope, "ray"),
    }
    taken = in_turns(cases, rounds, 15)
    what = f"{ARRAY_MB} MB array in {ARRAY_TASKS} Ray tasks"
    for name, measured in taken.items():
        figures[f"{what}: {name}"] = {unit: value.median for unit, value in measured.items()}
    by_put, by_scope = taken.values()
    times = by_scope["MB put"].median / ARRAY_MB
    yield Row(f"{what}: stored", times, "x its size", 1.1)
    yield compared(f"{what}: seconds", by_scope["s"], by_put["s"], "x ray.put, passed on")


def _array_burst(
    ray: Any, submit: Callable[[Any], list[Any]], engine: str | None
) -> dict[str, float]:
    last = time.time()
    array = np.full(ARRAY_MB * 125_000, last)  # never seen before
    before = _stored()
    with carrying(engine):
        start = time.perf_counter()
        results = ray.get(submit(array))
        seconds = time.perf_counter() - start
    if results != [last] * ARRAY_TASKS:
        raise AssertionError(f"tasks found {results[:3]}, the array has {last}")
    return {"s": seconds, "MB put": (_stored() - before) / 1e6}


def _stored() -> int:
    """Return how many bytes were ever put into the object store; Ray logs it every second."""
    log = Path(os.environ["RAY_TMPDIR"], "ray", "session_latest", "logs", "raylet.out")
    said = re.compile(r"num bytes created total: (\d+)")
    known = len(said.findall(log.read_text()))
    for _ in range(600):
        now = said.findall(log.read_text())
        if len(now) >= known + 2:  # the first may have been under way
            return int(now[-1])
        time.sleep(0.05)
    raise TimeoutError("Ray says nothing of its object store")
