"""Bursts of work for engines: the same work with and without a scope that travels, in turns."""

from __future__ import annotations

import contextlib
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from measure import Taken
from table import Row

import hp_dist
import hyperparameter as hp

Burst = Callable[[], Mapping[str, float]]
Measured = dict[str, dict[str, Taken]]
_LEAST_TURNS = 5
ROUNDS = 40
"""For work on Ray, whose bursts take now 0.9 and now 1.1 times what they took before."""


def params(size: int) -> dict[str, float]:
    return {f"group{i // 10}.key{i}": i / 7 for i in range(size)}


@contextlib.contextmanager
def carrying(engine: str | None) -> Iterator[None]:
    """Install an engine for a block; without one the block is stock."""
    if engine:
        hp_dist.install(engine)
    try:
        yield
    finally:
        hp_dist.uninstall()


def look() -> tuple[int, bool]:
    """Return how many keys the function that calls this sees, and whether we called it."""
    caller = sys._getframe(2).f_globals["__name__"].partition(".")[0]
    return len(hp.scope.storage().storage()), caller in ("hp_dist", "hyperparameter")


def check(what: str, submit: Callable[[], tuple[int, bool]], engine: str | None) -> None:
    """Make sure that what `submit` runs sees this very scope, or is stock without an engine."""
    with hp.scope(checked=True), carrying(engine):
        keys, is_ours = submit()
        here = len(hp.scope)
    if (keys != here) if engine else (keys or is_ours):
        raise AssertionError(f"{what}: {keys} of {here} keys seen, called by us: {is_ours}")


def in_turns(cases: Mapping[str, Burst], rounds: int, seconds: float) -> Measured:
    """Return each figure of each case, turn by turn; after `seconds` five turns are enough.

    Every round begins with another case, and every second one goes backwards: none profits
    from its place.
    """
    names = list(cases)
    figures: dict[str, list[Mapping[str, float]]] = {name: [] for name in names}
    end = time.perf_counter() + seconds
    for turn in range(rounds):
        if turn >= _LEAST_TURNS and time.perf_counter() > end:
            break
        start = turn % len(names)
        order = names[start:] + names[:start]
        for name in order if turn % 2 == 0 else reversed(order):
            gc.collect()
            gc.disable()
            try:
                figures[name].append(cases[name]())
            finally:
                gc.enable()
    return {
        name: {figure: Taken(one[figure] for one in taken) for figure in taken[0]}
        for name, taken in figures.items()
    }


def compared(
    what: str, one: Taken, other: Taken, unit: str, budget: float | None = None, least: bool = False
) -> Row:
    """Return a row of how many times what `other` took `one` took."""
    ratios = one.ratios(other)
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Row(what, middle, unit, budget, least, (low, high))


def in_random_turns(cases: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Taken]:
    """Return the figure of each case, burst by burst, in an order drawn anew for each round.

    The first round is not counted.
    """
    names, figures = list(cases), {name: list[float]() for name in cases}
    for turn in range(rounds + 1):
        random.shuffle(names)
        for name in names:
            gc.collect()
            gc.disable()
            try:
                figure = cases[name]()
            finally:
                gc.enable()
            if turn:
                figures[name].append(figure)
    return {name: Taken(taken) for name, taken in figures.items()}


def ratio_of_medians(
    one: Taken, other: Taken, resamples: int = 2_000
) -> tuple[float, tuple[float, float]]:
    """Return how many times the median of `other` that of `one` is, with its 90 % interval."""
    draw = random.Random(0)
    found = sorted(
        statistics.median(draw.choices(one.turns, k=len(one.turns)))
        / statistics.median(draw.choices(other.turns, k=len(other.turns)))
        for _ in range(resamples)
    )
    interval = found[resamples // 20], found[-resamples // 20]
    return one.median / other.median, interval
