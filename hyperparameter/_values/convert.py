"""From stored values to the type of a reader's default, and never with a silent loss.

Conversion happens on read.  Numbers are never rounded: what a type cannot hold exactly stays the
number that it was.  `annotations` does the same toward annotations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .untyped import MOST_DIGITS, UntypedText, exact_int, infer, plain, yaml_number

TRUE_WORDS = frozenset(["true", "t", "yes", "y", "1", "on"])
FALSE_WORDS = frozenset(["false", "f", "no", "n", "0", "off"])
_EXACT_DIGITS = 16  # an int of fewer digits is exact in any float

Conversion = Callable[[object, object], object]
"""Takes the value and the default; raises `Unconvertible`."""


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

    def __str__(self) -> str:
        return ", ".join([*(f"at {part!r}" for part in self.path), *filter(None, [self.reason])])


def convert(value: object, default: object) -> object:
    """Return `value` converted toward the type of `default`.

    `None`, on either side, and defaults of a type that is not plain data ask for nothing.
    """
    wanted = type(default)
    if type(value) is wanted or value is None:
        return value
    conversion = _TOWARD.get(wanted)
    if conversion is None:
        conversion = _toward_subclass(wanted)
    return conversion(value, default)


def to_bool(value: object, _: object = None) -> bool:
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


def to_int(value: object, _: object = None) -> object:
    """Return an int; what is not a whole number stays the float that it is."""
    if type(value) is not str:
        if _is_number(value):
            return value
        value = _text(value)
    if value.isdecimal() and value.isascii() and len(value) < MOST_DIGITS:
        return int(value)  # most texts are these, and need no pattern
    number = yaml_number(value.strip())
    return _python_number(value) if number is None else number


def to_float(value: object, _: object = None) -> object:
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
        except ValueError:  # a spelling of YAML, or no number at all
            pass
    number = yaml_number(value.strip())
    if number is None:
        number = _python_number(value)
    return to_float(number) if isinstance(number, int) else number


def to_str(value: object, _: object = None) -> str:
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, (str, bool, int, float)):
        try:
            return value if isinstance(value, str) else str(value)
        except ValueError:  # an int of more digits than the interpreter writes
            raise Unconvertible from None
    raise Unconvertible


def to_list(value: object, _: object = None) -> list[object]:
    value = _structured(value)
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, list) else list(value)
    raise Unconvertible


def _toward_tuple(value: object, _: object) -> tuple[object, ...]:
    value = _structured(value)
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, tuple) else tuple(value)
    raise Unconvertible


def _toward_dict(value: object, _: object) -> object:
    value = _structured(value)
    if hasattr(type(value), "keys"):
        return value
    raise Unconvertible


def _toward_enum(value: object, default: object) -> object:
    """Return the member of the default's enumeration with this name, or else this value."""
    enumeration: type = type(default)
    if isinstance(value, enumeration):
        return value
    text = value.text if type(value) is UntypedText else value
    if isinstance(text, str) and text in enumeration.__members__:  # type: ignore[attr-defined]  # an Enum
        return enumeration[text]  # type: ignore[index]  # as above; importing enum would cost
    for candidate in (text, plain(value)):
        try:
            return enumeration(candidate)
        except ValueError:
            continue
    raise Unconvertible


def _toward_path(value: object, default: object) -> object:
    if hasattr(type(value), "__fspath__"):
        return value
    kind: type = type(default)
    return kind(_text(value))


def _unchanged(value: object, _: object) -> object:
    return plain(value)


def _structured(value: object) -> object:
    return infer(_text(value)) if isinstance(value, (str, UntypedText)) else value


def _text(value: object) -> str:
    if type(value) is UntypedText:
        return value.text
    if isinstance(value, str):
        return value
    raise Unconvertible


def _is_number(value: object) -> bool:
    """Tell numbers of any library from arrays of one element, which have __float__ too."""
    return isinstance(value, (int, float)) or (
        (hasattr(type(value), "__index__") or hasattr(type(value), "__float__"))
        and not hasattr(type(value), "__len__")
    )


def _python_number(text: str) -> int | float:
    """Return the number in a spelling that Python has and YAML lacks: inf, nan, 1_000."""
    for number in (exact_int, float):
        try:
            return number(text)
        except (ValueError, ArithmeticError):
            continue
    raise Unconvertible


_TOWARD: dict[type, Conversion] = {
    bool: to_bool, int: to_int, float: to_float, str: to_str,
    list: to_list, tuple: _toward_tuple, dict: _toward_dict,
    type(None): _unchanged,
}  # fmt: skip


def is_enum(kind: type) -> bool:
    return any(base.__module__ == "enum" and base.__name__ == "Enum" for base in kind.__mro__)


def _toward_subclass(wanted: type) -> Conversion:
    # Neither module needs importing: a default of their types has done that.
    if is_enum(wanted):
        return _toward_enum
    if any(base.__module__.startswith("pathlib") for base in wanted.__mro__):
        return _toward_path
    return _unchanged
