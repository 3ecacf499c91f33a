"""What an axis of a grid ranges over: values that are listed, integers, or real numbers.

An `Axis` is one domain, and the key or keys that a value of it sets.  A search reads the domain,
chooses a value in its own way, and makes a cell of one value for each axis with `cell_of`:

    Choices   a member of `values`: any object, or a tuple of one for each key of the axis
    Integers  an int from `low` to `high`, both included, in steps of `step` from `low`; on a
              logarithmic scale where `log` says so, and then `step` is 1
    Floats    a float from `low` to `high`; on a logarithmic scale where `log` says so
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..._values.untyped import UntypedText
from ..run import Cell


@dataclass(frozen=True)
class Choices:
    """Values that are listed, in their order."""

    values: Sequence[object]
    is_space = False

    @property
    def count(self) -> int:
        return len(self.values)

    def at(self, index: int) -> object:
        return self.values[index]


@dataclass(frozen=True)
class Integers:
    """Integers in equal steps, in the order of `numbers`, which may fall.

    A range of them is listed in a grid, as choices are.  An interval of them `is_space`: it is
    drawn from.
    """

    numbers: range
    log: bool = False
    is_space: bool = False

    @property
    def low(self) -> int:
        return min(self.numbers[0], self.numbers[-1])

    @property
    def high(self) -> int:
        return max(self.numbers[0], self.numbers[-1])

    @property
    def step(self) -> int:
        return abs(self.numbers.step)

    @cached_property
    def count(self) -> int:  # `len` cannot tell more than `sys.maxsize`
        return (self.high - self.low) // self.step + 1

    def at(self, index: int) -> int:
        return self.numbers[index]


@dataclass(frozen=True)
class Floats:
    """Real numbers between two ends; there is no counting them."""

    low: float
    high: float
    log: bool = False
    is_space = True


Domain = Choices | Integers | Floats


@dataclass(frozen=True)
class Axis:
    """The keys that are set together, and what they range over.

    `written` is the word of the user, for messages.
    """

    keys: tuple[str, ...]
    domain: Domain
    written: str = ""

    @property
    def name(self) -> str:
        """The key, or the keys as the user writes them: `train.lr,train.bs`."""
        return ",".join(self.keys)

    def bindings(self, value: object) -> list[tuple[str, object]]:
        """Return what a value of the domain sets: a number becomes text whose type is open."""
        if not isinstance(self.domain, Choices):
            return [(self.keys[0], UntypedText(repr(value)))]
        if len(self.keys) == 1:
            return [(self.keys[0], value)]
        assert isinstance(value, tuple)  # as the grammar has made it
        return list(zip(self.keys, value, strict=True))


def cell_of(axes: Iterable[Axis], values: Iterable[object]) -> Cell:
    """Return the cell that has, on each axis, one value of its domain."""
    found: dict[str, object] = {}
    for axis, value in zip(axes, values, strict=True):
        found.update(axis.bindings(value))
    return Cell(found)
