"""Cells drawn at random from grids and spaces: the same ones for the same seed.

Only `getrandbits` and `random` of the generator are used, whose sequences are the same in all
versions of Python.  What was drawn first stays first, however many are wanted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from .grid import Column, Grid, Point
from .spaces import Floats, Integers

if TYPE_CHECKING:
    from random import Random

_DIGITS = 10  # of a float that is drawn: it can be typed again, and no libm decides about it
_NARROW = 0.01  # relative; between closer ends, all digits are kept
_MOST_MISSES = 1000


def drawn(grids: Sequence[Grid], seed: int) -> Iterator[tuple[Grid, Point]]:
    """Yield points, each with its grid, and none of a grid twice.

    All cells are equally likely where they can be counted; else all grids are.
    """
    from random import Random

    random = Random(seed)  # no secrets are made with it
    points = {number: _points(grid, random) for number, grid in enumerate(grids)}
    left = {number: grid.count for number, grid in enumerate(grids)}
    while points:
        number = _one_of(left, random)
        point = next(points[number], None)
        remaining = left[number]
        if point is None or remaining == 0:
            del points[number], left[number]
            continue
        if remaining is not None:
            left[number] = remaining - 1
        yield grids[number], point


def _one_of(left: dict[int, int | None], random: Random) -> int:
    """Choose a grid by how many of its points are left."""
    counts = list(left.values())
    if None in counts:
        return list(left)[_below(len(left), random)]
    position = _below(max(sum(n or 0 for n in counts), 1), random)
    for number, remaining in left.items():
        position -= remaining or 0
        if position < 0:
            return number
    return next(iter(left))  # all are empty


def _points(grid: Grid, random: Random) -> Iterator[Point]:
    domains = [column.axis.domain for column in grid.columns]
    if grid.count is not None and not any(isinstance(d, Integers) and d.log for d in domains):
        yield from map(grid.point, _shuffled(grid.count, random))
        return
    seen: set[Point] = set()
    misses = 0
    while misses < _MOST_MISSES or grid.count is None:
        point = tuple(_one(column, random) for column in grid.columns)
        misses += 1
        if point not in seen:
            misses = 0
            seen.add(point)
            yield point
    for index in range(grid.count):  # those that are hardly ever drawn
        if (point := grid.point(index)) not in seen:
            yield point


def _shuffled(most: int, random: Random) -> Iterator[int]:
    """Yield the numbers below `most` in random order: Fisher and Yates, remembering only moves."""
    moved: dict[int, int] = {}
    for index in count():
        if index == most:
            return
        other = index + _below(most - index, random)
        yield moved.get(other, other)
        moved[other] = moved.pop(index, index)


def _one(column: Column, random: Random) -> int | float:
    domain = column.axis.domain
    if isinstance(domain, Floats):
        return _float_of(domain, random)
    if isinstance(domain, Integers) and domain.log:
        return _log_index(domain, random)
    return _below(domain.count, random)


def _float_of(domain: Floats, random: Random) -> float:
    low, high, share = domain.low, domain.high, random.random()
    if domain.log:
        exponent = math.log(low) * (1 - share) + math.log(high) * share
        found = math.exp(min(exponent, math.log(high)))  # the largest float has a largest exponent
    else:
        found = low * (1 - share) + high * share
    if high - low >= _NARROW * max(abs(low), abs(high)):
        found = float(f"{found:.{_DIGITS}g}")
    return min(max(found, low), high)


def _log_index(domain: Integers, random: Random) -> int:
    """Draw as if each integer were the interval around it, so that the ends are not rarer."""
    low, high, share = math.log(domain.low - 0.5), math.log(domain.high + 0.5), random.random()
    exponent = min(low * (1 - share) + high * share, math.log(domain.high))
    return min(max(round(math.exp(exponent)), domain.low), domain.high) - domain.low


def _below(most: int, random: Random) -> int:
    """Draw an integer from 0 to `most`, without `most`."""
    while (found := random.getrandbits(most.bit_length())) >= most:
        pass
    return found
