"""The axes of a sweep as Optuna sees them, and cells from what it suggests.

Optuna's categories are None, booleans, numbers and texts.  A listed value is any object, so it goes
by its place in the list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from random import Random
from typing import TYPE_CHECKING, cast

from ..._values.untyped import Untyped, UntypedText, plain
from ..plan.spaces import Axis, Choices, Domain, Floats, Integers, cell_of
from ..run import Cell

if TYPE_CHECKING:
    from types import ModuleType

    from optuna.distributions import BaseDistribution

Number = int | float
Point = tuple[Number, ...]
"""One number for each axis: a place in a list, or the number itself."""


class Space:
    """All that a search may choose from."""

    def __init__(self, axes: Sequence[Axis], distributions: ModuleType) -> None:
        self.axes = axes
        self.distributions: dict[str, BaseDistribution] = {
            axis.name: _distribution(axis.domain, distributions) for axis in axes
        }

    @cached_property
    def count(self) -> float:
        """How many cells there are; infinite where an axis is continuous."""
        return math.prod(_count(axis.domain) for axis in self.axes)

    @cached_property
    def numeric(self) -> set[str]:
        """The names of the axes that have numbers to search between."""
        return {
            axis.name
            for axis in self.axes
            if not isinstance(axis.domain, Choices) and _count(axis.domain) > 1
        }

    def cell(self, point: Point) -> Cell:
        values = [
            axis.domain.at(int(number)) if isinstance(axis.domain, Choices) else number
            for axis, number in zip(self.axes, point, strict=True)
        ]
        return cell_of(self.axes, values)

    def params(self, point: Point) -> dict[str, Number]:
        return {axis.name: number for axis, number in zip(self.axes, point, strict=True)}

    def numbers(self, point: Point) -> dict[str, Number]:
        """Return the parameters of a point between which there are others."""
        every = self.params(point)
        return {name: number for name, number in every.items() if name in self.numeric}

    def point(self, params: Mapping[str, object]) -> Point:
        """Return what Optuna suggests as plain numbers: those of numpy have another repr."""
        return tuple(
            float(cast("float", params[axis.name]))
            if isinstance(axis.domain, Floats)
            else int(cast("int", params[axis.name]))
            for axis in self.axes
        )

    def point_of(self, cell: Cell) -> Point | None:
        """Return where a cell is, None if it is outside."""
        found = [_place(axis, cell.values) for axis in self.axes]
        return None if None in found else cast("Point", tuple(found))

    def all_points(self) -> Iterator[Point]:
        """Yield the points of a finite space, the last axis fastest, as a grid has them."""
        return product(*(_numbers(axis.domain) for axis in self.axes)) if self.axes else iter(())

    def draw(self, random: Random) -> Point:
        return tuple(_draw(axis.domain, random) for axis in self.axes)


def _distribution(domain: Domain, distributions: ModuleType) -> BaseDistribution:
    if isinstance(domain, Choices):
        found = distributions.CategoricalDistribution(range(domain.count))
    elif isinstance(domain, Integers):
        found = distributions.IntDistribution(
            domain.low, domain.high, log=domain.log, step=1 if domain.log else domain.step
        )
    else:
        found = distributions.FloatDistribution(domain.low, domain.high, log=domain.log)
    return cast("BaseDistribution", found)


def _count(domain: Domain) -> float:
    if isinstance(domain, Floats):
        return 1 if domain.low == domain.high else math.inf
    return domain.count


def _numbers(domain: Domain) -> Sequence[Number]:
    if isinstance(domain, Choices):
        return range(domain.count)
    return domain.numbers if isinstance(domain, Integers) else [domain.low]


def _draw(domain: Domain, random: Random) -> Number:
    if isinstance(domain, Choices):
        return random.randrange(domain.count)
    if isinstance(domain, Integers) and not domain.log:
        return domain.at(random.randrange(domain.count))
    number = _drawn_float(domain, random)
    return number if isinstance(domain, Floats) else round(number)


def _drawn_float(domain: Integers | Floats, random: Random) -> float:
    low, high = domain.low, domain.high
    if domain.log:
        number = math.exp(random.uniform(math.log(low), math.log(high)))
    else:
        number = random.uniform(low, high)
    return min(max(number, low), high)  # rounding may leave the interval


def _place(axis: Axis, values: Mapping[str, object]) -> Number | None:
    if any(key not in values for key in axis.keys):
        return None
    domain = axis.domain
    if isinstance(domain, Choices):
        return _place_in_list(axis, domain, values)
    try:
        number = float(cast("str", _plain_number(values[axis.keys[0]])))
        if isinstance(domain, Floats):
            return number if domain.low <= number <= domain.high else None
        whole = int(cast("str", _plain_number(values[axis.keys[0]])))
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if whole == number and whole in domain.numbers else None


def _plain_number(value: object) -> object:
    return value.text if isinstance(value, UntypedText) else value


def _place_in_list(axis: Axis, domain: Choices, values: Mapping[str, object]) -> int | None:
    for index in range(domain.count):
        bindings = axis.bindings(domain.at(index))
        if all(_is_same(values[key], value) for key, value in bindings):
            return index
    return None


def _is_same(one: object, other: object) -> bool:
    if one is other:
        return True
    if isinstance(one, Untyped) or isinstance(other, Untyped):
        one, other = plain(one), plain(other)
    return type(one) is type(other) and _is_true(lambda: one == other)


def _is_true(compare: Callable[[], object]) -> bool:
    try:
        return bool(compare())
    except (TypeError, ValueError):  # arrays, of which each element is compared
        return False
