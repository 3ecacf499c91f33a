"""Text whose type nobody has said yet, and what it means where nobody ever does.

This is the one place where a type is inferred: as a YAML 1.2 core scalar, or as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from .own_class import filled

# The core schema of YAML 1.2.2, chapter 10.3.2.
_CORE = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER = (
    r"(?P<int>[-+]?[0-9]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<based>0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_NULLS = frozenset(["~", "null", "Null", "NULL", "None"])
INFINITE = (float("inf"), float("-inf"))
_NUMERIC = frozenset("0123456789+-.")
MOST_DIGITS = 600  # every interpreter converts that many, whatever its limit is set to
_pattern = cache(re.compile)  # when first needed: compiling it is a tenth of our import


def is_nan(number: float) -> bool:
    """Return what `math.isnan` does: to load `math` is a hundredth of our import."""
    return number != number  # noqa: PLR0124


class Untyped:
    """What a source wrote without saying its type; it never leaves as this object."""

    __slots__ = ()

    def plain(self) -> object:
        raise NotImplementedError


class UntypedText(Untyped):
    """Text from a command line, the environment or `"k=v"`: its type is the reader's choice."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return repr(self.text)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[type[UntypedText], tuple[str]]:
        return type(self), (self.text,)

    def plain(self) -> object:
        return infer(self.text)


class ScalarText(UntypedText):
    """A number or boolean of JSON or TOML: its type is known, and toward text, `3.10` is text."""

    __slots__ = ()

    def plain(self) -> object:
        if self.text in ("true", "false"):
            return self.text == "true"
        if (whole := self.whole()) is not None:
            return whole
        number = float(self.text)
        return self.text if number in INFINITE and self.text[-1].isdecimal() else number

    def whole(self) -> int | None:
        """Return the int that this is, None for anything else; TOML has 0x10, 0o7, 1_000 and +5."""
        digits = self.text.lstrip("+-").replace("_", "")
        if digits.isdecimal():
            return exact_int(self.text.replace("_", ""))
        return int(digits, 0) if digits[:2] in ("0x", "0o", "0b") else None


class Blank(UntypedText):
    """What a YAML file has behind a name with nothing after it: an empty section, or null."""

    __slots__ = ()

    def __init__(self, text: str = "") -> None:
        super().__init__(text)

    def plain(self) -> None:
        return None


class EmptyVariable(UntypedText):
    """An environment variable that is set to nothing: text where text is wanted, and else not set.

    `lower` is what it shadows, which then counts; REMOVED where that is nothing.
    """

    __slots__ = ("lower",)

    def __init__(self, text: str = "", lower: object = Ellipsis) -> None:
        super().__init__(text)
        self.lower = REMOVED if lower is Ellipsis else lower


class UntypedTree(Untyped):
    """A list or mapping, some of whose parts have no type yet, at any depth.

    Lists and mappings of Python never have such parts, so a reader looks into none of them.
    """

    __slots__ = ("kind", "value")

    def __init__(
        self, value: list[object] | dict[object, object], kind: dict[Any, Any] | None = None
    ) -> None:
        self.value = value
        self.kind = kind  # an empty mapping of the class that a whole has, where that is not dict

    def __repr__(self) -> str:
        return repr(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedTree) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __reduce__(self) -> tuple[type[UntypedTree], tuple[object, ...]]:
        return UntypedTree, (self.value,) if self.kind is None else (self.value, self.kind)

    def plain(self) -> object:
        found = _plain_parts(self.value)
        return filled(self.kind, found) if self.kind is not None else found  # type: ignore[arg-type]  # a mapping


class Layered(Untyped):
    """A value, and parts of it that were written over it later.

    `displaced` is the number, text or list that they take the place of: it stays where a mapping
    below has all of them elsewhere, at names with dots.
    """

    __slots__ = ("displaced", "parts", "whole")

    def __init__(self, whole: object, parts: UntypedTree, displaced: object = Ellipsis) -> None:
        self.whole = whole
        self.parts = parts
        self.displaced = whole if displaced is Ellipsis else displaced

    def plain(self) -> object:
        """Return the whole, joined where it is a mapping; `hints.anything` knows structures too."""
        whole, parts = plain(self.whole), self.parts.plain()
        if whole is REMOVED or whole is None:
            return parts
        return {**whole, **parts} if isinstance(whole, dict) and isinstance(parts, dict) else whole


class _Removed:
    """Stands for a value that was taken away together with what lies below it."""

    def __repr__(self) -> str:
        return "REMOVED"

    def __reduce__(self) -> str:
        return "REMOVED"


REMOVED = _Removed()


def plain(value: object) -> object:
    """Return `value` as a reader without a wanted type sees it, without objects of ours."""
    return value.plain() if isinstance(value, Untyped) else value


def is_null(value: object) -> bool:
    """Tell text without a type that means None where the type has it; an empty word does not."""
    return type(value) is Blank or (type(value) is UntypedText and value.text.strip() in _NULLS)


def sets_nothing(value: object) -> bool:
    """Tell a section that is empty."""
    return type(value) is Blank or (isinstance(value, Mapping) and not value)


def is_bare(text: str) -> bool:
    """Tell text that is read as itself without quotes, whatever the type that is wanted."""
    return text.isprintable() and text not in _NULLS and infer(text) == text


def may_be_mapping(value: object) -> bool:
    """Tell what is a mapping, or may be one toward a type that takes names."""
    if isinstance(value, UntypedText):
        return value.text.lstrip()[:1] == "{"
    if type(value) is UntypedTree:
        value = value.value
    return isinstance(value, (dict, Layered))


def takes_away_only(value: object) -> bool:
    """Tell a mapping that says nothing but what is taken away below it."""
    inner = value.value if isinstance(value, UntypedTree) else value
    if not isinstance(inner, dict) or not issubclass(type(inner), dict):  # a mock says it is one
        return inner is REMOVED
    return bool(inner) and all(map(takes_away_only, inner.values()))


def as_untyped(value: object) -> object:
    """Return a list or mapping as a reader takes it, some of whose parts may be untyped."""
    return UntypedTree(value) if type(value) in (list, dict) and value else value  # type: ignore[arg-type]  # one of these


def _plain_parts(value: object) -> object:
    if type(value) is list:
        return [_plain_parts(item) for item in value]
    if type(value) is dict:
        return {
            _plain_parts(name): _plain_parts(item)
            for name, item in value.items()
            if item is not REMOVED
        }
    return plain(value)


def infer(text: str) -> object:
    """Return what `text` means as a YAML 1.2 core scalar or as JSON; else the text itself."""
    bare = text.strip(" \t\r\n")
    if bare and bare[0] in '[{"':
        import json

        from .named_twice import unique

        try:
            return json.loads(bare, parse_int=exact_int, object_pairs_hook=unique)
        except (ValueError, RecursionError):
            return text
    value = core_scalar(bare)
    return text if type(value) is str else value


def core_scalar(text: str) -> object:
    """Return what a plain scalar means in the core schema of YAML 1.2; else the text itself.

    A number with leading zeros, and one beyond the range of floats, is text: most are identifiers.
    """
    if text in _CORE:
        return _CORE[text]
    if text[0] not in _NUMERIC:
        return text
    digits = text.lstrip("+-")
    if digits[:1] == "0" and digits[1:2].isdecimal():
        return text
    number = yaml_number(text)
    if number is None or (number in INFINITE and text[-1].isdecimal()):
        return text
    return number


def yaml_number(text: str) -> int | float | None:
    """Return the number that `text` is in YAML 1.2, None where it is none."""
    if text.isdecimal() and text.isascii() and len(text) < MOST_DIGITS:
        return int(text)  # most numbers are these, and need no pattern
    found = _pattern(_NUMBER).fullmatch(text)
    return _NUMBERS[found.lastgroup](text) if found and found.lastgroup else None


def exact_int(text: str) -> int:
    """Return the int of any number of digits; `ValueError` or `ArithmeticError` for other text."""
    if len(text) < MOST_DIGITS:
        return int(text)
    from decimal import Decimal  # has no limit on digits

    number = Decimal(text)
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


_NUMBERS: dict[str, Callable[[str], int | float]] = {
    "int": exact_int, "float": float,
    "based": lambda text: int(text, 0), "special": lambda text: float(text.replace(".", "")),
}  # fmt: skip
