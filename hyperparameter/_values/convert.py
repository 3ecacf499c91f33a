"""From stored values to the type that the reader wants, and never with a silent loss.

Conversion happens on read, toward the type of the default.  Numbers are never rounded: what a
type cannot hold exactly stays the number that it was.  Annotations are in `_hints`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

TRUE_WORDS = frozenset(["true", "t", "yes", "y", "1", "on"])
FALSE_WORDS = frozenset(["false", "f", "no", "n", "0", "off"])

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
_NUMERIC = frozenset("0123456789+-.")
_pattern = cache(re.compile)  # when first needed: it is a tenth of our import


_EXACT_DIGITS = 16  # fewer make an int that any float holds
_MOST_DIGITS = 600  # no interpreter refuses to convert so many


class Unconvertible(Exception):
    """Raised inside conversions; whoever knows the key turns it into a `ConversionError`.

    `path` leads to the part of the value that it is about.
    """

    def __init__(self, reason: str = "", path: tuple[Any, ...] = ()) -> None:
        super().__init__(reason, path)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return ", ".join([*(f"at {part!r}" for part in self.path), *filter(None, [self.reason])])


class UntypedText:
    """Text from a command line, the environment or `"k=v"`: its type is the reader's choice."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return repr(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedText) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return UntypedText, (self.text,)


def infer(text: str) -> Any:
    """Return what `text` means as a YAML 1.2 core scalar or as JSON; else the text itself."""
    bare = text.strip(" \t\r\n")
    if bare and bare[0] in '[{"':
        import json

        try:
            return json.loads(bare)
        except (ValueError, RecursionError):
            return text
    value = core(bare)
    return text if type(value) is str else value


def core(text: str) -> Any:
    """Return what a plain scalar means in the core schema of YAML 1.2; else the text itself."""
    if text in _CORE:
        return _CORE[text]
    if text[0] not in _NUMERIC:
        return text
    number = _number(text)
    return text if number is None else number


def plain(value: Any) -> Any:
    """Return `value` as a reader without a wanted type sees it."""
    return infer(value.text) if type(value) is UntypedText else value


def convert(value: Any, default: Any) -> Any:
    """Return `value` converted toward the type of `default`.

    `None`, on either side, and defaults of a type that is not plain data ask for nothing.
    """
    wanted = type(default)
    if type(value) is wanted or value is None:
        return value
    conversion = _toward.get(wanted)
    if conversion is None:
        conversion = _toward_subclass(wanted)
    return conversion(value, default)


def to_bool(value: Any, _: Any = None) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    word = _text(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise Unconvertible


def to_int(value: Any, _: Any = None) -> Any:
    """Return an int; what is not a whole number stays the float that it is."""
    if type(value) is not str:
        if _is_number(value):
            return value
        value = _text(value)
    if value.isdecimal() and value.isascii() and len(value) < _MOST_DIGITS:
        return int(value)
    number = _number(value.strip())
    return _python_number(value) if number is None else number


def to_float(value: Any, _: Any = None) -> Any:
    """Return a float; an int that no float can hold exactly stays an int."""
    if isinstance(value, int):
        try:
            return float(value) if float(value) == value else value
        except OverflowError:
            return value
    if type(value) is not str:
        if _is_number(value):
            return value
        value = _text(value)
    if "." in value or len(value) < _EXACT_DIGITS:
        try:
            return float(value)
        except ValueError:  # a spelling of YAML, or none at all
            pass
    number = _number(value.strip())
    if number is None:
        number = _python_number(value)
    return to_float(number) if isinstance(number, int) else number


def to_str(value: Any, _: Any = None) -> str:
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, (str, bool, int, float)):
        try:
            return value if isinstance(value, str) else str(value)
        except ValueError:  # an int of more digits than the interpreter writes
            raise Unconvertible from None
    raise Unconvertible


def _toward_list(value: Any, _: Any) -> Any:
    value = _structured(value)
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, list) else list(value)
    raise Unconvertible


def _toward_tuple(value: Any, _: Any) -> Any:
    value = _structured(value)
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, tuple) else tuple(value)
    raise Unconvertible


def _toward_dict(value: Any, _: Any) -> Any:
    value = _structured(value)
    if hasattr(type(value), "keys"):
        return value
    raise Unconvertible


def _toward_enum(value: Any, default: Any) -> Any:
    """Return the member of the default's enumeration with this name, or else this value."""
    members = type(default)
    if isinstance(value, members):
        return value
    text = value.text if type(value) is UntypedText else value
    if isinstance(text, str) and text in members.__members__:
        return members[text]
    for candidate in (text, plain(value)):
        try:
            return members(candidate)
        except ValueError:
            continue
    raise Unconvertible


def _toward_path(value: Any, default: Any) -> Any:
    if hasattr(type(value), "__fspath__"):
        return value
    return type(default)(_text(value))


def _unchanged(value: Any, _: Any) -> Any:
    return plain(value)


def _structured(value: Any) -> Any:
    return infer(_text(value)) if isinstance(value, (str, UntypedText)) else value


def _text(value: Any) -> str:
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, str):
        return value
    raise Unconvertible


def _is_number(value: Any) -> bool:
    """Tell numbers of any library; an array of one element, though it has __float__, is none."""
    return isinstance(value, (int, float)) or (
        (hasattr(type(value), "__index__") or hasattr(type(value), "__float__"))
        and not hasattr(type(value), "__len__")
    )


def _number(text: str) -> int | float | None:
    """Return the number that `text` is in YAML 1.2, None if it is none."""
    if text.isdecimal() and text.isascii() and len(text) < _MOST_DIGITS:
        return int(text)
    found = _pattern(_NUMBER).fullmatch(text)
    return _NUMBERS[found.lastgroup](text) if found and found.lastgroup else None


def _python_number(text: str) -> int | float:
    """Return the number in a spelling that Python has and YAML has not: inf, nan, 1_000."""
    for number in (_exact, float):
        try:
            return number(text)
        except (ValueError, ArithmeticError):
            continue
    raise Unconvertible


def _exact(text: str) -> int:
    if len(text) < _MOST_DIGITS:
        return int(text)
    from decimal import Decimal  # has no limit on digits

    number = Decimal(text)
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


_NUMBERS: dict[str, Callable[[str], int | float]] = {
    "int": _exact, "float": float,
    "based": lambda text: int(text, 0), "special": lambda text: float(text.replace(".", "")),
}  # fmt: skip

_toward: dict[type, Callable[[Any, Any], Any]] = {
    bool: to_bool, int: to_int, float: to_float, str: to_str,
    list: _toward_list, tuple: _toward_tuple, dict: _toward_dict,
    type(None): _unchanged,
}  # fmt: skip


def is_enum(kind: type) -> bool:
    return any(base.__module__ == "enum" and base.__name__ == "Enum" for base in kind.__mro__)


def _toward_subclass(wanted: type) -> Callable[[Any, Any], Any]:
    # Neither module needs importing: a default of their types has done that.
    if is_enum(wanted):
        return _toward_enum
    if any(base.__module__.startswith("pathlib") for base in wanted.__mro__):
        return _toward_path
    return _unchanged
