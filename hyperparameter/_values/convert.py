"""What all conversions share: a converter, its error, and what it says about a part.

Conversion happens on read, toward the wanted type, and never with a silent loss.  `hints` has the
converter of each annotation, `defaults` that of a default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .keys import did_you_mean
from .untyped import REMOVED, EmptyVariable, takes_away_only

Converter = Callable[[object, object], object]
"""Takes a value and what is below it, an instance or mapping whose parts stay where the value says
nothing; returns the value of the wanted type or raises `Unconvertible`."""

NOTHING: Any = object()
"""What is below a value where nothing is."""


class Unconvertible(Exception):
    """Raised inside conversions; whoever knows the key turns it into a `ConversionError`.

    `reason` says what is wrong; or else `value` is not what `wanted` says.  `path` leads to the
    part of the value that it is about.
    """

    def __init__(
        self,
        reason: str = "",
        path: tuple[Any, ...] = (),
        *,
        wanted: str = "",
        value: object = None,
    ) -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path
        self.wanted = wanted
        self.value = value

    def inside(self, where: object) -> Unconvertible:
        """Return this error as that of the whole, in which the part is at `where`."""
        return Unconvertible(self.reason, (where, *self.path), wanted=self.wanted, value=self.value)

    def again(self) -> Unconvertible:
        """Return this error anew: a raised one collects the places that it passes."""
        return Unconvertible(self.reason, self.path, wanted=self.wanted, value=self.value)


class Unset(Unconvertible):
    """Raised for what is not a value of the type, and sets none.

    This is an empty variable that shadows nothing, and a mapping of names that are taken away.
    """


def settled(convert: Converter, value: object, below: object) -> object:
    """Convert a value, or what an empty variable shadows that is not of the type."""
    if type(value) is not EmptyVariable:
        try:
            return convert(value, below)
        except Unconvertible:
            if takes_away_only(value):
                raise Unset from None
            raise
    try:
        return convert(value, below)
    except Unconvertible:
        if value.lower is REMOVED:
            raise Unset from None
        return settled(convert, value.lower, below)


def part(convert: Converter, value: object, where: object, below: object = NOTHING) -> object:
    """Convert a part of a value; an error says which part."""
    try:
        return settled(convert, value, below)
    except Unset:
        raise
    except Unconvertible as error:
        raise error.inside(where) from None


def is_enum(kind: type) -> bool:
    return any(base.__module__ == "enum" and base.__name__ == "Enum" for base in kind.__mro__)


def shown_choice(choice: object) -> object:
    """Return a value of a `Literal` as people write it: a member of an enumeration by name."""
    return getattr(choice, "name", choice)


def one_of(choices: Iterable[object], given: object) -> str:
    """Return what a value with these choices has to be, in words."""
    texts = [str(choice) for choice in choices]
    near = did_you_mean(given, texts) if isinstance(given, str) else ""
    return f"one of {', '.join(texts)}{near.replace(' Did', '; did', 1)}"
