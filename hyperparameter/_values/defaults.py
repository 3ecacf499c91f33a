"""Toward the type of a default, where no annotation says what is wanted."""

from __future__ import annotations

from .convert import NOTHING, Converter, Unconvertible
from .hints import anything, converter, is_opaque
from .rules import to_number
from .untyped import Untyped


def by_default(default: object) -> Converter:
    """Return the converter toward the type of `default`; None asks for nothing."""
    if default is None or default is NOTHING:
        return anything
    kind = type(default)
    convert = converter(kind)

    def toward_default(value: object, below: object) -> object:
        if value is None or (kind is int and type(value) is float):
            return value  # a number is never changed into another one
        try:
            return convert(value, below)
        except Unconvertible as error:
            # A number stays what it is where the type of the default cannot hold it.
            if kind in (int, float) and not isinstance(value, bool):
                try:
                    return to_number(value)
                except Unconvertible:
                    raise error from None
            if isinstance(value, (str, Untyped)) or not is_opaque(kind):
                raise
            return value  # an object that stands in for another one

    return toward_default
