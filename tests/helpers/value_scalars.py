"""What is written for a value, and what scalars and choices become: the leaves of the oracle.

Each rule takes something written and returns the value, or raises `Refused` where it does not fit
and `Unsettled` where the contract does not say.
"""

import enum
import functools
import json
import math
import numbers
import operator
import re
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from value_structures import named


@dataclass(frozen=True)
class Word:
    """Text that has no type: from a command line, the environment, `"k=v"`, a scalar of YAML."""

    text: str


@dataclass(frozen=True)
class Digits:
    """A float of JSON or TOML, as it stands in the file."""

    text: str


NOTHING = named("NOTHING")


class Refused(Exception):
    """The value does not fit."""


class Unsettled(Exception):
    """The contract does not say."""


# -- text without a type: YAML 1.2 core and JSON --------------------------------------------------

NULLS = ("", "~", "null", "Null", "NULL")
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII)
OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
DECIMAL = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", re.ASCII)
LEADING_ZERO = re.compile(r"[-+]?0\d")


def meaning(text: str) -> Any:
    """Return what text means to a reader without a type: a scalar, JSON, or the text."""
    if text in NULLS:
        return None
    if text in TRUTHS:
        return TRUTHS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(text.replace(".", ""))
    if DECIMAL.fullmatch(text) and not LEADING_ZERO.match(text):
        return text if math.isinf(float(text)) else float(text)
    loaded = json_of(text)
    return text if loaded is NOTHING else plain(loaded)


def json_of(text: str) -> Any:
    """Return the JSON list, object or text that this is, floats as digits, or NOTHING."""
    if not text.startswith(("[", "{", '"')):
        return NOTHING
    try:
        return with_nulls(json.loads(text, parse_float=Digits))
    except ValueError:
        return NOTHING


def with_nulls(loaded: Any) -> Any:
    """Return JSON of a command line, in which null has no more type than outside of it."""
    if type(loaded) is list:
        return [with_nulls(one) for one in loaded]
    if type(loaded) is dict:
        return {name: with_nulls(one) for name, one in loaded.items()}
    return Word("null") if loaded is None else loaded


def plain(given: Any, base: Any = NOTHING) -> Any:
    """Return what a reader without a type gets, over a mapping that was there."""
    if isinstance(given, Word):
        return meaning(given.text)
    if isinstance(given, Digits):
        return float(given.text)
    if type(given) is list:
        return [plain(one) for one in given]
    if type(given) is dict:
        below = base if isinstance(base, dict) and are_keys(given) else {}
        return {**below, **{k: plain(v, below.get(k, NOTHING)) for k, v in given.items()}}
    return given


def are_keys(names: Iterable[Any]) -> bool:
    """Tell whether names can be keys; a mapping with others is one value."""
    return all(isinstance(name, str) and name for name in names)


def text_of(given: Any) -> str:
    """Return text, with or without a type; nothing else is text."""
    if isinstance(given, Word):
        return given.text
    if type(given) is str:
        return given
    raise Refused


# -- numbers --------------------------------------------------------------------------------------

TRUE_WORDS = ("true", "t", "yes", "y", "1", "on")
FALSE_WORDS = ("false", "f", "no", "n", "0", "off")


def number_of(given: Any) -> Any:
    """Return a float of Python or of a file; nothing for what is no float."""
    if isinstance(given, Digits):
        return float(given.text)
    return given if type(given) is float else None


def to_bool(given: Any) -> bool:
    if type(given) in (bool, int) and given in (0, 1):
        return bool(given)
    if (number := number_of(given)) is not None:
        raise Unsettled if number in (0.0, 1.0) else Refused
    word = text_of(given).strip().lower()
    if word not in TRUE_WORDS + FALSE_WORDS:
        raise Refused
    return word in TRUE_WORDS


def to_int(given: Any) -> int:
    if type(given) is int:
        return given
    if (number := number_of(given)) is not None:
        if not number.is_integer():
            raise Refused
        return int(number)
    if isinstance(given, numbers.Number):
        whole = isinstance(given, (int, Decimal, Fraction)) and given == int(given)
        raise Unsettled if whole and type(given) is not bool else Refused
    text = text_of(given).strip()
    if re.fullmatch(r"[-+]?\d+(_\d+)*", text, re.ASCII):
        return int(text)
    if OTHER_BASE.fullmatch(text) and isinstance(given, Word):
        return int(text, 0)
    if not DECIMAL.fullmatch(text):
        raise Unsettled if OTHER_BASE.fullmatch(text) else Refused
    if math.isinf(float(text)) or LEADING_ZERO.match(text):
        raise Unsettled
    return to_int(float(text))


def to_float(given: Any) -> float:
    if (number := number_of(given)) is not None:
        return number
    if type(given) is int and abs(given) <= 2**53:
        return float(given)
    if isinstance(given, numbers.Number):
        raise Refused if type(given) in (bool, complex) else Unsettled
    text = text_of(given).strip()
    if re.fullmatch(r"[-+]?(\.?inf|\.?nan)", text, re.IGNORECASE):
        return float(text.replace(".", ""))
    if DECIMAL.fullmatch(text) and not math.isinf(float(text)):
        return float(text)
    loose = DECIMAL.fullmatch(text) or OTHER_BASE.fullmatch(text) or "_" in text
    raise Unsettled if loose else Refused


def to_complex(given: Any) -> complex:
    if type(given) is complex:
        return given
    if isinstance(given, Digits) or (isinstance(given, numbers.Number) and type(given) is not bool):
        raise Unsettled
    text = text_of(given)
    if re.fullmatch(r"\d+(\.\d+)?[-+]\d+(\.\d+)?j", text, re.ASCII):
        return complex(text)
    raise Unsettled if reads_loosely(text, complex) or OTHER_BASE.fullmatch(text) else Refused


def to_decimal(given: Any) -> Decimal:
    if type(given) in (Decimal, int):
        return Decimal(given)
    if isinstance(given, Digits):
        return Decimal(given.text)
    if type(given) is float and math.isfinite(given):
        return Decimal(repr(given))  # the digits that Python shows
    if isinstance(given, (float, Fraction)):
        raise Unsettled
    text = text_of(given)
    if DECIMAL.fullmatch(text):
        return Decimal(text)
    raise Unsettled if reads_loosely(text, Decimal) else Refused


def to_fraction(given: Any) -> Fraction:
    if type(given) in (Fraction, int):
        return Fraction(given)
    if isinstance(given, (Digits, float, Decimal)):
        raise Unsettled
    text = text_of(given)
    if re.fullmatch(r"[-+]?\d+(/[1-9]\d*)?|[-+]?\d*\.\d+", text, re.ASCII):
        return Fraction(text)
    raise Unsettled if re.fullmatch(r"[\s\d.+_eE-]*\d[\s\d.+_eE-]*", text) else Refused


def reads_loosely(text: str, read: Callable[[str], Any]) -> bool:
    """Tell whether Python reads text that is no ordinary spelling, as with blanks."""
    try:
        read(text.strip().lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    except (ValueError, ArithmeticError):
        return False
    return True


# -- text, and what is written as text ------------------------------------------------------------


def to_str(given: Any) -> str:
    if isinstance(given, (Word, str)) and not isinstance(given, enum.Enum):
        return text_of(given)
    if isinstance(given, Digits):
        return given.text
    if type(given) is int or (type(given) is float and math.isfinite(given)):
        return repr(given)
    spelt = (numbers.Number, enum.Enum, date, time, timedelta, Path, UUID)
    raise Unsettled if isinstance(given, spelt) else Refused


def to_bytes(given: Any) -> bytes:
    if type(given) is bytes:
        return given
    if isinstance(given, (Digits, numbers.Number)) and type(given) is not bool:
        raise Unsettled
    return text_of(given).encode()


def to_path(given: Any) -> Any:
    if isinstance(given, (Digits, numbers.Number)):
        raise Unsettled
    return given if isinstance(given, Path) else Path(text_of(given))


def to_pure_path(given: Any) -> Any:
    return given if isinstance(given, PurePosixPath) else PurePosixPath(to_path(given))


def to_uuid(given: Any) -> UUID:
    if type(given) is UUID:
        return given
    text = text_of(given)
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return UUID(text)
    raise Refused


def to_moment(kind: Any, spelling: str) -> Callable[[Any], Any]:
    """Make the rule of a type that has `fromisoformat`, for its usual spelling."""

    def rule(given: Any) -> Any:
        if type(given) is kind:
            return given
        if isinstance(given, date):
            raise Refused if kind is date else Unsettled  # a day would drop the time of day
        text = text_of(given)
        if re.fullmatch(spelling, text, re.ASCII):
            try:
                return kind.fromisoformat(text)
            except ValueError:
                raise Refused from None
        loose = re.match(r"\s*\d", text) and reads_loosely(text.upper(), kind.fromisoformat)
        moment_for_a_day = kind is date and re.match(r"\d{4}-\d\d-\d\d", text)
        raise Unsettled if loose or moment_for_a_day else Refused

    return rule


UNITS = r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?"
ISO_DURATION = r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
CLOCK = r"()(\d+):(\d\d):(\d\d)"


def to_timedelta(given: Any) -> timedelta:
    if type(given) is timedelta:
        return given
    if isinstance(given, (Digits, numbers.Number)) and type(given) not in (bool, complex):
        raise Unsettled  # of which unit?
    text = text_of(given)
    for spelling in (UNITS, ISO_DURATION, CLOCK):
        found = re.fullmatch(spelling, text, re.ASCII)
        if found and any(found.groups()):
            days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return timedelta(days, seconds, minutes=minutes, hours=hours)
    numeric = re.fullmatch(r"[\s\d.:+_eExXa-fA-F-]*\d[\s\d.:+_eExXa-fA-F-]*", text)
    raise Unsettled if numeric else Refused


def to_none(given: Any) -> None:
    if given is not None and given not in [Word(text) for text in ("None", *NULLS[1:])]:
        raise Unsettled if given == Word("") else Refused


SCALARS: dict[Any, Callable[[Any], Any]] = {
    types.NoneType: to_none, bool: to_bool, int: to_int, float: to_float, complex: to_complex,
    Decimal: to_decimal, Fraction: to_fraction, str: to_str, bytes: to_bytes, UUID: to_uuid,
    Path: to_path, type(Path()): to_path, PurePosixPath: to_pure_path,
    date: to_moment(date, r"\d{4}-\d\d-\d\d"),
    datetime: to_moment(datetime, r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"),
    time: to_moment(time, r"\d\d:\d\d(:\d\d)?"), timedelta: to_timedelta,
}  # fmt: skip


# -- choices --------------------------------------------------------------------------------------


def scalar(kind: Any, given: Any) -> Any:
    """Return what a scalar or choice becomes; `Refused` and `Unsettled` for what has no value."""
    try:
        return to_enum(kind, given) if issubclass(kind, enum.Enum) else SCALARS[kind](given)
    except Refused:
        return Refused
    except Unsettled:
        return Unsettled


def to_literal(choices: tuple[Any, ...], given: Any) -> Any:
    """Text is the choice that it spells; anything else has to be the choice itself."""
    typed = not isinstance(given, Word)
    for choice in choices:
        if type(choice) is str and not typed and given.text == choice:
            return choice
        if typed and type(choice) is type(given) and choice == given:
            return choice
    for choice in () if typed else choices:
        if type(choice) is not str and is_spelt(choice, given):
            return choice
    others = [choice for choice in choices if not (type(choice) is type(given) is str)]
    if typed and (given is None or type(given) is bool):
        raise Refused
    if not typed and isinstance(json_of(given.text), str):
        raise Unsettled  # a choice in quotes
    if any(scalar(type(choice), given) in (choice, Unsettled) for choice in others):
        is_bool_of_a_digit = (
            not typed and given.text in ("0", "1") and set(map(type, others)) <= {bool, str}
        )
        raise Refused if is_bool_of_a_digit else Unsettled  # another spelling of the choice
    raise Refused


def is_spelt(choice: Any, word: Word) -> bool:
    """Tell whether text is the ordinary spelling of a choice that is no text."""
    if isinstance(choice, enum.Enum) or choice is None:
        return scalar(type(choice), word) is choice
    value = meaning(word.text)
    return type(value) is type(choice) and bool(value == choice)


def to_enum(kind: type[enum.Enum], given: Any) -> Any:
    """Text is a name first, a typed value is a value first."""
    if isinstance(given, kind):
        return given
    if isinstance(given, (enum.Enum, bool)) or given is None:
        raise Refused
    if issubclass(kind, enum.Flag):
        return to_flag(kind, given)
    names = kind.__members__
    if isinstance(given, Word):
        seen = (given.text, meaning(given.text))
        if given.text in names:
            return names[given.text]
    else:
        seen = (given,)
    for member in kind:
        if any(type(member.value) is type(one) and member.value == one for one in seen):
            return member
    if type(given) is str and given in names:
        return names[given]
    whole = [member.value for member in kind if type(member.value) is int]
    raise Unsettled if scalar(int, given) in (*whole, Unsettled) else Refused


def to_flag(kind: type[enum.Flag], given: Any) -> Any:
    if type(given) is int and given > 0:
        if given >= 1 << len(kind.__members__):
            raise Refused
        return kind(given)
    if scalar(int, given) is not Refused:
        raise Unsettled  # zero, or a number as text
    parts = text_of(given).split("|")
    if not all(part in kind.__members__ for part in parts):
        raise Refused
    return functools.reduce(operator.or_, (kind[part] for part in parts))
