"""What text and scalars become: one rule for each type, wherever a value of it stands.

A rule takes a value that is not None and returns one of its type, or raises `Unconvertible`.
Numbers are never rounded.  Types that few programs use import their modules when they are met.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TypeVar

from .convert import Unconvertible, is_enum
from .untyped import (
    INFINITE,
    MOST_DIGITS,
    Blank,
    EmptyVariable,
    UntypedText,
    exact_int,
    is_nan,
    yaml_number,
)

TRUE_WORDS = frozenset(["true", "t", "yes", "y", "1", "on"])
FALSE_WORDS = frozenset(["false", "f", "no", "n", "0", "off"])

_MOST_EXPONENT = 4  # digits
_SAYS_NOTHING = (Blank, EmptyVariable)
Rule = Callable[[object], object]
T = TypeVar("T")


def written(value: object) -> str:
    """Return the text that a value is, or was written as; `Unconvertible` for anything else.

    An empty variable is text toward `str` alone.
    """
    if isinstance(value, UntypedText) and type(value) not in _SAYS_NOTHING:
        return value.text
    if isinstance(value, str):
        return value
    raise Unconvertible


def is_bool(value: object) -> bool:
    """Tell a boolean, of NumPy as well, whose name there has changed."""
    kind = type(value)
    return kind is bool or (kind.__name__ in ("bool", "bool_") and kind.__module__ == "numpy")


def to_bool(value: object) -> bool:
    if is_bool(value):
        return bool(value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    word = written(value).strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise Unconvertible


def to_int(value: object) -> int:
    if isinstance(value, int) and not is_bool(value):
        return value
    exact = _exact_whole(written(value)) if isinstance(value, (str, UntypedText)) else None
    number = to_number(value) if exact is None else exact
    if isinstance(number, int):
        return number
    if hasattr(type(number), "__index__"):
        return operator.index(number)  # type: ignore[arg-type]  # of another library
    try:
        whole = int(number)  # type: ignore[call-overload]  # a number
    except (TypeError, ValueError, ArithmeticError):
        raise Unconvertible from None
    if whole != number:
        raise Unconvertible
    return int(whole)


def _exact_whole(text: str) -> int | None:
    """Return the whole number that a text with a point or an exponent is, with all its digits."""
    if "." not in text and "e" not in text.lower():
        return None
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() > MOST_DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else None


def to_float(value: object) -> float:
    if isinstance(value, float):
        return value
    number = to_number(value)
    is_text = isinstance(value, (str, UntypedText))
    if is_text and number in INFINITE and written(value).strip()[-1].isdecimal():
        raise Unconvertible  # beyond the range of floats
    try:
        converted = float(number)  # type: ignore[arg-type]  # a number
    except (TypeError, ValueError, ArithmeticError):
        raise Unconvertible from None
    if converted != number and not is_nan(converted):
        raise Unconvertible
    return converted


def to_str(value: object) -> str:
    if isinstance(value, (bool, int, float)):
        try:
            return str(value)
        except ValueError:  # an int of more digits than the interpreter writes
            raise Unconvertible from None
    return "" if type(value) is EmptyVariable else written(value)


def to_complex(value: object) -> complex:
    if isinstance(value, bool):
        raise Unconvertible
    if isinstance(value, (int, float, complex)):
        return complex(value)
    return _made(lambda: complex(written(value).replace(" ", "")))


def to_bytes(value: object) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return _made(lambda: written(value).encode())


def to_decimal(value: object) -> object:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or is_enum(type(value)):
        raise Unconvertible
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(float.__repr__(value))  # the digits that Python shows, not the binary's
    return _made(lambda: Decimal(written(value).strip()))


def to_fraction(value: object) -> object:
    from fractions import Fraction

    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or is_enum(type(value)):
        raise Unconvertible
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float):
        return _made(lambda: Fraction(float.__repr__(value)))
    text = written(value).replace(" ", "")
    exponent = text.lower().rpartition("e")[2].lstrip("+-")
    if len(exponent) > _MOST_EXPONENT and exponent.isdecimal() and "e" in text.lower():
        raise Unconvertible  # making it would take minutes, or all memory
    return _made(lambda: Fraction(text))


def to_uuid(value: object) -> object:
    from uuid import UUID

    return value if isinstance(value, UUID) else _made(lambda: UUID(written(value).strip()))


def to_date(value: object) -> object:
    from datetime import date, datetime

    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return _made(lambda: date.fromisoformat(written(value).strip()))


def to_datetime(value: object) -> object:
    from datetime import datetime

    if isinstance(value, datetime):
        return value
    return _made(lambda: datetime.fromisoformat(written(value).strip()))


def to_time(value: object) -> object:
    from datetime import time

    return value if isinstance(value, time) else _made(lambda: time.fromisoformat(written(value)))


def to_timedelta(value: object) -> object:
    """Read `90s`, `1h30m`, `1:30:00`, `2 days, 1:00:00` as Python writes it, and ISO 8601."""
    from datetime import timedelta

    if isinstance(value, timedelta):
        return value
    text = written(value).strip()
    found = next((f for p in _durations() if (f := p.fullmatch(text)) and f[0]), None)
    if found is None:
        raise Unconvertible
    parts = {unit: float(n) for unit, n in found.groupdict().items() if n and unit != "sign"}
    if not parts:
        raise Unconvertible
    made = _made(lambda: timedelta(**parts))
    return -made if found["sign"] == "-" else made


def _durations() -> tuple[re.Pattern[str], ...]:
    number = r"\d+(?:\.\d+)?"
    units = [("days", "d"), ("hours", "h"), ("minutes", "m(?!s)"), ("seconds", "s"),
             ("milliseconds", "ms"), ("microseconds", "us")]  # fmt: skip
    short = "".join(rf"(?:(?P<{name}>{number}) ?{unit} ?)?" for name, unit in units)
    clock = (
        rf"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d)(?::(?P<seconds>{number}))?"
    )
    iso = (
        rf"P(?:(?P<weeks>{number})W)?(?:(?P<days>{number})D)?"
        rf"(?:T(?:(?P<hours>{number})H)?(?:(?P<minutes>{number})M)?(?:(?P<seconds>{number})S)?)?"
    )
    return tuple(re.compile(rf"(?P<sign>[-+]?){form}") for form in (short, clock, iso))


def to_number(value: object) -> object:
    """Return the number that a value is, exactly; `Unconvertible` for what is not one."""
    if isinstance(value, (UntypedText, str)):
        text = value.text if isinstance(value, UntypedText) else value
        found = yaml_number(text.strip())
        return python_number(text) if found is None else found
    kind = type(value)
    is_number = hasattr(kind, "__index__") or hasattr(kind, "__float__")
    # An array of one element has __float__ too.
    if not is_number or hasattr(kind, "__len__") or is_bool(value):
        raise Unconvertible
    return value


def python_number(text: str) -> int | float:
    """Return the number in a spelling that Python has and YAML lacks: inf, nan, 1_000."""
    for number in (exact_int, float):
        try:
            return number(text)
        except (ValueError, ArithmeticError):
            continue
    raise Unconvertible


def _made(make: Callable[[], T]) -> T:
    try:
        return make()
    except Unconvertible:
        raise
    except (ValueError, ArithmeticError):
        raise Unconvertible from None


BY_TYPE: dict[object, tuple[Rule, str]] = {
    bool: (to_bool, "true or false"), int: (to_int, "an int"), float: (to_float, "a float"),
    str: (to_str, "text"), complex: (to_complex, "a complex number"), bytes: (to_bytes, "bytes"),
}  # fmt: skip
"""The rule of each type, and how messages call what it makes."""

BY_NAME: dict[tuple[str, str], tuple[Rule, str]] = {
    ("decimal", "Decimal"): (to_decimal, "a decimal number"),
    ("fractions", "Fraction"): (to_fraction, "a fraction"),
    ("uuid", "UUID"): (to_uuid, "a UUID"),
    ("datetime", "date"): (to_date, "a date such as 2025-01-31"),
    ("datetime", "datetime"): (to_datetime, "a date and time such as 2025-01-31T12:00"),
    ("datetime", "time"): (to_time, "a time such as 12:00"),
    ("datetime", "timedelta"): (to_timedelta, "a duration such as 90s, 1h30m or 1:30:00"),
}
"""The same for types whose modules are imported by whoever uses them, and not by us."""


def rule_of(kind: type) -> tuple[Rule, str] | None:
    return BY_TYPE.get(kind) or BY_NAME.get((kind.__module__, kind.__name__))
