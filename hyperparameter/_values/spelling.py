"""Values as plain data that reads back as the same values: what files and records hold.

The counterpart of `rules`, `choices` and `structures`, which read what is spelled here.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

from .convert import is_enum
from .describe import show
from .scalars import SCALARS_AND_TEXT
from .structures import structure_of

_LISTS = (list, tuple, set, frozenset, deque)


class Unwritable(Exception):
    """Raised for what a file cannot hold, with the reason."""


class QuotedText(str):
    """Text that YAML has in quotes, although nothing in it asks for them."""

    __slots__ = ()


def spelled(
    value: object,
    is_native: Callable[[object], bool] = lambda _: False,
    *,
    keeps_tuples: bool = False,
) -> object:
    """Return a value as mappings, lists, text and scalars; `Unwritable` for any other object.

    `is_native` tells further values that stay as they are.  A tuple is a list, unless it is kept.
    """
    kind = type(value)
    if kind in SCALARS_AND_TEXT or is_native(value):
        return value
    if is_enum(kind):
        return _member(value)
    spell = _BY_NAME.get((kind.__module__, kind.__name__))
    if spell is not None:
        return spell(value)
    names = names_in(value)
    if names is not None:
        made = {
            spelled_name(name): spelled(one, is_native, keeps_tuples=keeps_tuples)
            for name, one in names.items()
        }
        if len(made) < len(names):
            raise Unwritable("two of its names are spelled alike")
        return made
    if isinstance(value, _LISTS):
        # Sets have no order, and the same set must give the same text.
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        written = [spelled(item, is_native, keeps_tuples=keeps_tuples) for item in items]
        return tuple(written) if keeps_tuples and isinstance(value, tuple) else written
    if isinstance(value, os.PathLike) and isinstance(path := os.fspath(value), str):
        return path
    if "pydantic" in sys.modules:
        return _by_pydantic(value)
    raise Unwritable(f"its value is {show('', value)}, which no file can hold")


def _by_pydantic(value: object) -> object:
    if hasattr(type(value), "get_secret_value"):  # which whoever describes it masks
        return value
    from .validated import spelled_by_pydantic  # many programs have no such values

    try:
        return spelled_by_pydantic(value)
    except ValueError:
        raise Unwritable(f"its value is {show('', value)}, which no file can hold") from None


def names_in(value: object) -> Mapping[Any, object] | None:
    """Return what a mapping has, or an instance by the names under which its fields are given."""
    if isinstance(value, Mapping):
        return value
    structure = structure_of(type(value))
    return None if structure is None else structure.given_values_of(value)


def spelled_name(name: object) -> object:
    """Return the name of a mapping as text; numbers, true, false and null stay as they are."""
    if type(name) in SCALARS_AND_TEXT:
        return name
    if is_enum(type(name)):
        return cast("Any", name).name or _member(name)
    found = spelled(name)
    if not isinstance(found, str):
        raise Unwritable(f"it has a name of type {type(name).__name__}, which no file can hold")
    return found


def _member(member: Any) -> object:
    """Return the name of a member, or its value where another member has this name as its value."""
    kind = type(member)
    if member.name is None:  # several flags, in Python 3.10
        return member.value
    try:
        is_told = kind(member.name) is member
    except (ValueError, TypeError):
        is_told = True
    return member.name if is_told else spelled(member.value)


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unwritable("its bytes are not text in UTF-8") from None


def _duration(value: Any) -> str:
    from datetime import timedelta

    if value < timedelta(0):
        return f"-{_duration(-value)}"
    minutes, seconds = divmod(value.seconds, 60)
    counts = zip(
        (value.days, *divmod(minutes, 60), seconds, value.microseconds),
        ("d", "h", "m", "s", "us"),
        strict=True,
    )
    return "".join(f"{count}{unit}" for count, unit in counts if count) or "0s"


def _iso(value: Any) -> str:
    return str(value.isoformat())


_BY_NAME: dict[tuple[str, str], Callable[[Any], str]] = {
    ("builtins", "bytes"): _bytes, ("builtins", "complex"): str, ("decimal", "Decimal"): str,
    ("fractions", "Fraction"): str, ("uuid", "UUID"): str, ("datetime", "date"): _iso,
    ("datetime", "datetime"): _iso, ("datetime", "time"): _iso,
    ("datetime", "timedelta"): _duration,
}  # fmt: skip
"""How text spells values of types that files do not have; `rules` reads it."""
