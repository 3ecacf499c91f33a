"""What workers read, told back: what it costs the tasks, and what it costs to take it in."""

from __future__ import annotations

import contextlib
import itertools
import json
import resource
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from typing import Any

from bursts import ROUNDS, carrying, in_random_turns, ratio_of_medians
from table import Row

import hyperparameter as hp
from hp_dist._collect.address import id_of
from hp_dist._collect.inbox import Inbox, current_inbox
from hp_dist._collect.mailbox import parsed

_TASKS = 1_000
_KEYS = 100
_ENTRIES = 100_000
_MB = 1 << 20
_MEMORY = f"{_TASKS:,} Ray tasks reading {_KEYS} keys of their own: memory of the driver for it"


def rows_on_ray(ray: Any, rounds: int = ROUNDS) -> Iterator[Row]:
    """Tasks that read 100 keys, told to a record or not: under one scope, and under their own."""
    numbers = itertools.count()

    def read(argument: int) -> int:
        namespace = hp.scope.told
        return sum(namespace[f"key{n}"] | 0 for n in range(argument))

    with carrying("ray"):
        task = ray.remote(read)

        def one_scope() -> None:
            with hp.scope(**_values(next(numbers))):
                ray.get([task.remote(_KEYS) for _ in range(_TASKS)])

        def own_scopes() -> None:
            references = []
            for _ in range(_TASKS):
                with hp.scope(**_values(next(numbers))):
                    references.append(task.remote(_KEYS))
            ray.get(references)

        yield Row(_MEMORY, _growth(own_scopes) / _MB, "MB", 100)
        cases = {"one scope": (one_scope, 0.95), "values of their own": (own_scopes, 0.85)}
        for name, (burst, least) in cases.items():
            ways = {"untold": _timed(burst, False), "told": _timed(burst, True)}
            taken = in_random_turns(ways, rounds)
            what = f"{_TASKS:,} Ray tasks reading {_KEYS} keys, {name}: throughput, recorded"
            ratio, interval = ratio_of_medians(taken["untold"], taken["told"])
            yield Row(what, ratio, "x not recorded", least, True, interval, by_interval=True)


def _growth(burst: Callable[[], None]) -> int:
    """Return the bytes by which this process has grown when it can tell what a burst has read."""
    before = _resident()
    with hp.record() as told:
        burst()
    if len(told.reads) != _TASKS * _KEYS:
        raise AssertionError(f"{len(told.reads)} of {_TASKS * _KEYS} reads were recorded")
    return _resident() - before


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _timed(burst: Callable[[], None], is_told: bool) -> Callable[[], float]:
    def run() -> float:
        # A record of its own: what another has already been told, nobody tells it again.
        with hp.record() if is_told else _untold():
            start = time.perf_counter()
            burst()
            return time.perf_counter() - start

    return run


@contextlib.contextmanager
def _untold() -> Iterator[None]:
    """Send work whose workers do not know where to tell what they read."""
    inbox: Any = current_inbox()
    inbox.address = lambda records, medium: ()
    try:
        yield
    finally:
        del inbox.address


def rows() -> Iterator[Row]:
    """Taking in 100 000 reads; a worker that reads 100 keys a million times."""
    record, inbox = hp.record(), Inbox()
    known, process = id_of(record), ["elsewhere", 1]
    origin: list[object] = ["code", "train.py:3", process]
    lines = [
        _line(
            known, [[origin, False, "train.py:9", process, False, True, _reads(range(n, n + 100))]]
        )
        for n in range(0, _ENTRIES, 100)
    ]
    start = time.perf_counter()
    inbox._deliver(parsed(b"".join(lines))[0])
    inbox.unpack(record)
    yield Row(f"taking in {_ENTRIES:,} reads", time.perf_counter() - start, "s", 1)
    if len(record.reads) != _ENTRIES:
        raise AssertionError(f"{len(record.reads)} of {_ENTRIES} reads were taken in")
    with carrying("multiprocessing"), get_context("spawn").Pool(1) as pool:
        with hp.record() as told, hp.scope(**_values(1)):
            pool.apply(_read_often, (1_000_000 // _KEYS,))
        count = len(told.reads)
    yield Row(f"entries of a worker that makes 1 000 000 reads of {_KEYS} keys", count, "", _KEYS)


def _line(known: str, reads: list[object]) -> bytes:
    head, body = json.dumps({"to": [known]}), json.dumps(reads)
    return f"{head}\t{body}\n".encode()


def _reads(numbers: range) -> list[object]:
    return [each for n in numbers for each in (f"group{n % 1000}.key{n % 25_000}", n, 0)]


def _read_often(times: int) -> None:
    for _ in range(times):
        for n in range(_KEYS):
            hp.scope.told[f"key{n}"] | 0


def _values(of: int) -> dict[str, int]:
    return {f"told.key{n}": of * 1_000 + n for n in range(_KEYS)}
