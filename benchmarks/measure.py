"""CPU time, everything that is compared taken in turns within one run."""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context


class Taken:
    """What one case took, turn by turn.

    The pace of a machine changes from second to second, so cases are compared within each turn:
    the quotient of two is the median of those of their turns, not the quotient of medians.
    """

    def __init__(self, turns: Iterable[float]) -> None:
        self.turns = tuple(turns)

    @property
    def median(self) -> float:
        return statistics.median(self.turns)

    def __sub__(self, other: Taken) -> Taken:
        return Taken(one - two for one, two in zip(self.turns, other.turns, strict=True))

    def __truediv__(self, other: Taken) -> float:
        return statistics.median(self.ratios(other))

    def ratios(self, other: Taken) -> list[float]:
        return [one / two for one, two in zip(self.turns, other.turns, strict=True)]


def in_turns(
    cases: Mapping[str, Callable[[], object]],
    rounds: int = 80,
    calls: int = 1_000,
    within: Mapping[str, Context] | None = None,
) -> dict[str, Taken]:
    """Return the nanoseconds of CPU time that one call of each case takes.

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
    return {name: Taken(times[name]) - Taken(times[empty]) for name in cases}


def _here(loop: Callable[..., float], function: Callable[[], object], calls: int) -> float:
    return loop(function, calls)


def _loop(function: Callable[[], object], calls: int) -> float:
    repeat = range(calls)
    start = time.process_time_ns()
    for _ in repeat:
        function()
    return (time.process_time_ns() - start) / calls


def programs_in_turns(programs: Mapping[str, Sequence[str]], rounds: int = 30) -> dict[str, Taken]:
    """Return the milliseconds of CPU time of whole Python processes."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, arguments in programs.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-P", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times[name].append(spent * 1000)
    return {name: Taken(taken) for name, taken in times.items()}


def seconds_in_turns(
    programs: Mapping[str, Sequence[str]],
    rounds: int = 3,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[dict[str, Taken], dict[str, Taken]]:
    """Return the seconds of wall time of whole Python processes, and what they say of them.

    Each runs in an empty folder, in the environment that there is for its name.  A program may
    print a number as its last line: its result, or its seconds spent on what is not its own.
    """
    times: dict[str, list[float]] = {name: [] for name in programs}
    said: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, arguments in programs.items():
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, *arguments], check=False, cwd=folder, capture_output=True,
                    text=True, env=(environments or {}).get(name),
                )  # fmt: skip
                times[name].append(time.perf_counter() - start)
            if done.returncode:
                raise RuntimeError(f"{name}: {done.stderr}")
            if (number := _number(done.stdout)) is not None:
                said.setdefault(name, []).append(number)
    return ({name: Taken(taken) for name, taken in times.items()},
            {name: Taken(numbers) for name, numbers in said.items()})  # fmt: skip


def _number(printed: str) -> float | None:
    try:
        return float(printed.splitlines()[-1])
    except (IndexError, ValueError):
        return None
