"""Toward the type of a default, where no annotation says what is wanted."""

from __future__ import annotations

from math import isfinite

from .convert import NOTHING, Converter, Unconvertible
from .hints import anything, converter, is_opaque
from .rules import to_number
from .untyped import Untyped, is_null


def by_default(default: object) -> Converter:
    """Return the converter toward the type of `default`; None asks for nothing."""
    if default is NOTHING:
        return anything
    if default is None:
        return _anything_or_none
    kind = type(default)
    convert = converter(kind)
    is_number = kind in (int, float)

    def toward_default(value: object, below: object) -> object:
        if value is None or (is_number and _is_other_number(value)):
            return value  # a number is never changed into another one
        try:
            return convert(value, below)
        except Unconvertible:
            # A number stays what it is where the type of the default cannot hold it.
            if is_number and (number := _number(value)) is not None:
                return number
            if isinstance(value, (str, Untyped)) or not is_opaque(kind):
                raise
            return value  # an object that stands in for another one

    return toward_default


def _anything_or_none(value: object, below: object) -> object:
    return None if is_null(value) else anything(value, below)


def _is_other_number(value: object) -> bool:
    """Tell a number that is not an int: of Python, or of a library, whose types mean something."""
    if isinstance(value, (int, str, Untyped)):
        return False
    try:
        to_number(value)
    except Unconvertible:
        return False
    return True


def _number(value: object) -> object:
    """Return the finite number that a value is, None for anything else."""
    try:
        number = None if isinstance(value, bool) else to_number(value)
    except Unconvertible:
        return None
    return None if isinstance(number, float) and not isfinite(number) else number
