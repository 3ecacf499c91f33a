"""Medians of CPU time, everything that is compared taken in turns within one run."""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context


def in_turns(
    cases: Mapping[str, Callable[[], object]],
    rounds: int = 40,
    calls: int = 2_000,
    within: Mapping[str, Context] | None = None,
) -> dict[str, float]:
    """Return the median nanoseconds of CPU time that one call of each case takes.

    A case is a function without arguments, run in the context that `within` has for its name;
    the cost of calling an empty one is taken off.
    """
    contexts = within or {}
    empty = "the empty call"
    functions: dict[str, Callable[[], object]] = {empty: lambda: None, **cases}
    times: dict[str, list[float]] = {name: [] for name in functions}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, function in functions.items():
                run = contexts[name].run if name in contexts else _here
                times[name].append(run(_loop, function, calls))
    finally:
        gc.enable()
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    call = medians.pop(empty)
    return {name: median - call for name, median in medians.items()}


def _here(loop: Callable[..., float], function: Callable[[], object], calls: int) -> float:
    return loop(function, calls)


def _loop(function: Callable[[], object], calls: int) -> float:
    repeat = range(calls)
    start = time.process_time_ns()
    for _ in repeat:
        function()
    return (time.process_time_ns() - start) / calls


def programs_in_turns(programs: Mapping[str, Sequence[str]], rounds: int = 15) -> dict[str, float]:
    """Return the median milliseconds of CPU time of whole Python processes."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, arguments in programs.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-P", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times[name].append(spent * 1000)
    return {name: statistics.median(taken) for name, taken in times.items()}
