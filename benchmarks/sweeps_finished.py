"""Finished runs: looked through by a launch that resumes, listed by `hp runs`, kept on disk."""

from __future__ import annotations

import statistics
import sysconfig
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from measure import seconds_in_turns
from table import Row

import hyperparameter as hp
from hyperparameter._sweeps.store.store import Store

_FEW, _MANY = 1_000, 10_000
_HP = f"{sysconfig.get_path('scripts')}/hp"


@hp.param("five")
def five(
    a: int = 0, b: int = 1, c: float = 0.5, d: str = "text", e: bool = True
) -> dict[str, float]:
    return {"loss": a / 7, "accuracy": c}


def rows() -> Iterator[Row]:
    for count, scan_ms, resume_s in ((_FEW, 50, None), (_MANY, None, 0.5)):
        name = f"finished-{count}"
        _sweep(name, count, is_new=True)
        folder = Path("sweeps", name).absolute()
        scanned = _median(partial(_scan, folder)) * 1e3
        yield Row(f"scan of {count:,} finished runs", scanned, "ms", scan_ms)
        resumed = _median(partial(_sweep, name, count, is_new=False))
        yield Row(f"resume of {count:,} finished runs", resumed, "s", resume_s)
    size = sum(file.stat().st_size for file in folder.glob("sweep.sqlite*"))
    yield Row(f"store of {_MANY:,} runs that have read 5 keys", size / 1e6, "MB", 20)
    taken, _ = seconds_in_turns({"hp runs": [_HP, "runs", str(folder)]})
    yield Row(f"hp runs of {_MANY:,} runs", taken["hp runs"].median, "s", 0.5)


def _sweep(name: str, count: int, *, is_new: bool) -> None:
    sweep = hp.sweep(five, {"five.a": range(count)}, minimize="loss", name=name,
                     resume=False if is_new else "keep", progress=False).run()  # fmt: skip
    if len(sweep) != count:
        raise AssertionError(f"{len(sweep)} of {count} runs are in the store")


def _scan(folder: Path) -> None:
    store = Store.open(str(folder))
    try:
        if any(one.state != "done" for one in store.known().values()):
            raise AssertionError("not all runs are finished")
        store.launches()
    finally:
        store.close()


def _median(function: Callable[[], None], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
