"""Rows of what grows with the number of keys: memory, and questions about all of them."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator

from table import Row

import hyperparameter as hp

KEYS = [f"group{i // 10}.key{i}" for i in range(100_000)]
UNUSED = 1_000


def rows() -> Iterator[Row]:
    yield from _memory()
    yield _unused()
    yield from _missing()


def _memory() -> Iterator[Row]:
    params = dict.fromkeys(KEYS, 1)
    tracemalloc.start()
    with hp.scope(**params):
        hp.scope.group1.key10 | 0
        size, _ = tracemalloc.get_traced_memory()
        yield Row("100 000 keys", size / 1e6, "MB", 14)
        with hp.scope(x=1):
            pass
        before, _ = tracemalloc.get_traced_memory()
        with hp.scope(nested=1):
            hp.scope.nested | 0
            after, _ = tracemalloc.get_traced_memory()
            yield Row("a nested scope on top", (after - before) / 1e3, "KB", 2)
    tracemalloc.stop()


def _unused() -> Row:
    with hp.record() as record, hp.scope(**{f"unused.key{i}": i for i in range(UNUSED)}):
        for number in range(UNUSED):
            hp.scope[f"read.kez{number}"] | 0
        seconds = _seconds(record.unused, 5)
    return Row("unused() of 1 000 keys beside 1 000 that were read", seconds, "s", 0.1)


def _missing() -> Iterator[Row]:
    def read() -> None:
        try:
            hp.scope.group1.kez10()
        except hp.MissingParameter:
            return
        raise AssertionError("it is not missing")

    with hp.scope(**dict.fromkeys(KEYS, 1)):
        milliseconds = _seconds(read, 100) * 1e3
        yield Row("MissingParameter among 100 000 keys", milliseconds, "ms", 0.2)


def _seconds(function: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        function()
        taken.append(time.process_time() - start)
    return statistics.median(taken)
