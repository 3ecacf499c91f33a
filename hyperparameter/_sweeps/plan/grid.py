"""One grid: the product of its axes, of which no cell is made before somebody asks for it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod

from .sameness import Reading, code, code_and_type, without_type
from .spaces import Axis, Choices, Floats

Point = tuple[int | float, ...]
"""For each axis the index of a value, or on an axis of real numbers the value itself."""

Bindings = Sequence[tuple[str, object]]
Codes = tuple[Hashable, ...]


class Column:
    """An axis of a grid, with what its values mean to the program; each meaning is there once.

    `repeated` are the values that mean the same as one before them.
    """

    def __init__(self, axis: Axis, read: Reading) -> None:
        self.axis = axis
        self.keys = axis.keys
        self.repeated: list[object] = []
        self._read = read
        self._kept: list[Codes] = []  # of each value by its index
        self._seen: set[tuple[Codes, tuple[type, ...]]] = set()
        self._by_keys: dict[tuple[str, ...], dict[Codes, set[int]]] = {}
        if isinstance(axis.domain, Choices):
            kept = [value for value in axis.domain.values if self._is_new(value)]
            if self.repeated:
                self.axis = replace(axis, domain=Choices(tuple(kept)))

    @property
    def count(self) -> int | None:
        """How many values there are; None for real numbers."""
        domain = self.axis.domain
        return None if isinstance(domain, Floats) else domain.count

    def bindings(self, at: int | float) -> list[tuple[str, object]]:
        domain = self.axis.domain
        return self.axis.bindings(at if isinstance(domain, Floats) else domain.at(int(at)))

    def having(self, wanted: Bindings) -> frozenset[int]:
        """Return the indices of the values that set these keys to the same."""
        domain = self.axis.domain
        if isinstance(domain, Choices):
            keys = tuple(key for key, _ in wanted)
            return frozenset(self._indices_by(keys).get(self.codes(wanted), ()))
        number = without_type(*wanted[0])
        if isinstance(domain, Floats) or type(number) not in (int, float):
            return frozenset()
        if number not in domain.numbers:  # 3.0 is in it, and nan is not
            return frozenset()
        index = domain.numbers.index(int(number))  # type: ignore[call-overload]  # a number
        same = self.codes(self.bindings(index)) == self.codes(wanted)
        return frozenset([index] if same else [])

    def _is_new(self, value: object) -> bool:
        """Note what a value means; 7 and 7.0 are two values unless both are read as one type."""
        means = [code_and_type(*binding, self._read) for binding in self.axis.bindings(value)]
        codes = tuple(one for one, _ in means)
        exact = codes, tuple(kind for _, kind in means)
        if exact in self._seen:
            self.repeated.append(value)
            return False
        self._seen.add(exact)
        self._kept.append(codes)
        return True

    def codes(self, bindings: Bindings) -> Codes:
        return tuple(code(key, value, self._read) for key, value in bindings)

    def _indices_by(self, keys: tuple[str, ...]) -> dict[Codes, set[int]]:
        """Return the indices of values by what they set these keys to."""
        if keys not in self._by_keys:
            places = [self.keys.index(key) for key in keys]
            found: dict[Codes, set[int]] = {}
            for index, codes in enumerate(self._kept):
                found.setdefault(tuple(codes[place] for place in places), set()).add(index)
            self._by_keys[keys] = found
        return self._by_keys[keys]


class Grid:
    """The cells that have one value of each axis; the last axis varies fastest."""

    def __init__(self, axes: Iterable[Axis], read: Reading) -> None:
        self.columns = [Column(axis, read) for axis in axes]
        self.column_of = {
            key: number for number, column in enumerate(self.columns) for key in column.keys
        }

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(column.axis for column in self.columns)

    @property
    def spaces(self) -> list[Axis]:
        """The axes that are drawn from, and cannot be listed."""
        return [axis for axis in self.axes if axis.domain.is_space]

    @cached_property
    def count(self) -> int | None:
        """How many cells there are; None where an axis is of real numbers."""
        counts = [column.count for column in self.columns if column.count is not None]
        return prod(counts) if len(counts) == len(self.columns) else None

    def point(self, index: int) -> Point:
        """Return where the cell of this number is."""
        found: list[int] = []
        for column in reversed(self.columns):
            index, position = divmod(index, column.count or 1)
            found.append(position)
        return tuple(reversed(found))

    def values(self, point: Point) -> dict[str, object]:
        return {
            key: value
            for column, at in zip(self.columns, point, strict=True)
            for key, value in column.bindings(at)
        }
