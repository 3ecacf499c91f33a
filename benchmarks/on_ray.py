"""Ray: what is started for the rows of all sections; a large array in the scope of tasks."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bursts
import numpy as np
import ray_calls
from bursts import carrying, compared, in_turns
from table import Figures, Row

import hyperparameter as hp

ARRAY_MB = 80
ARRAY_TASKS = 100


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


def rows(ray: Any, figures: Figures) -> Iterator[Row]:
    yield from ray_calls.rows(ray, figures)
    yield from _array(ray, figures)


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
