"""A value and the parts that are written over it, converted one after the other."""

from __future__ import annotations

from .containers import check_named_once, parts_of, takes_parts
from .convert import Converter, Unset, settled
from .untyped import REMOVED, EmptyVariable, Layered, is_null

_WITHOUT_NAMES = (type(None), str, bytes, int, float, complex, list, tuple, set, frozenset)


def layered(convert: Converter) -> Converter:
    return lambda value, below: over(convert, value, below)


def over(convert: Converter, value: object, below: object) -> object:
    """Convert a value, and then the parts that were written over it."""
    if type(value) is not Layered:
        return convert(value, below)
    whole = value.whole
    # What takes all away is itself below the parts, so that no default is.
    base = under(convert, value, below) if _has_parts(whole) else REMOVED
    try:
        return settled(convert, value.parts, base)
    except Unset:
        if whole is REMOVED:
            raise
        return settled(convert, whole, below)


def _has_parts(whole: object) -> bool:
    """Tell what names change, from what takes away all below it and has none: null, a number."""
    if whole is REMOVED or whole is None or is_null(whole):
        return False
    known = takes_parts(whole) or type(whole) is EmptyVariable
    if not known:
        check_named_once(whole)
    return known or not isinstance(parts_of(whole), _WITHOUT_NAMES)


def under(convert: Converter, value: Layered, below: object) -> object:
    """Convert what the parts were written over; below an empty variable that is what was there."""
    try:
        return settled(convert, value.whole, below)
    except Unset:
        return below
