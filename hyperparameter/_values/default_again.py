"""A value that says what the default is: it is one, whether or not its annotation would have it.

`n: int = "auto"` takes integers, and `auto`.  What a run has used as a default can be written down
and read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .checking import made
from .containers import parts_of
from .convert import Converter, Unconvertible, Unset, settled
from .untyped import Untyped, UntypedText, plain


def or_default(convert: Converter, value: object, default: object) -> object:
    """Convert a value; one that cannot be, and that says what the default is, is the default."""
    try:
        return settled(convert, value, default)
    except Unset:
        raise
    except Unconvertible:
        if says(value, default):
            return default
        raise


def or_below(convert: Converter) -> Converter:
    """Return a converter that does so with an item, of which the default is below it."""
    return lambda value, below: or_default(convert, value, below)


def or_made(
    convert: Converter, value: object, below: object, make: Callable[[], object] | None
) -> object:
    """Convert the value of a field, whose default is made only where it decides."""
    try:
        return convert(value, below)
    except Unset:
        raise
    except Unconvertible:
        if make is not None and says(value, default := made(make)):
            return default
        raise


def says(value: object, default: object) -> bool:
    """Tell whether a value is a default, as code or text has it: a list for a tuple as well."""
    if value is default:
        return True
    if isinstance(value, UntypedText) and isinstance(default, str):
        return value.text == default
    given = parts_of(value) if isinstance(value, Untyped) else value
    if isinstance(default, Mapping):
        return (
            isinstance(given, Mapping)
            and given.keys() == default.keys()
            and all(says(one, default[name]) for name, one in given.items())
        )
    if isinstance(default, (list, tuple)):
        return (
            isinstance(given, (list, tuple))
            and len(given) == len(default)
            and all(map(says, given, default))
        )
    if not isinstance(default, (bool, int, float, str)):
        return False  # what no text spells, or None, which converters know
    meant = plain(value)
    if type(meant) is not type(default):
        return False
    return meant == default or (meant != meant and default != default)  # noqa: PLR0124  # nan
