"""What of a value did not come back from the file that it was written to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from os import PathLike

from .._values.describe import show
from .._values.spelling import Unwritable, names_in, spelled_name
from .._values.structures import structure_of

Names = tuple[object, ...]
"""The names, as a file spells them, that lead from a value to a part of it."""


def lost_parts(
    value: object, back: object, names: Names = (), *, loosely: bool = False
) -> Iterator[Names]:
    """Yield where a value differs from what came back, which may have more names.

    No names at all stand for the whole.
    """
    inner, found = names_in(value), names_in(back)
    if inner is None or found is None:
        if not is_same(value, back, loosely=loosely):
            yield names
        return
    is_kind = isinstance(value, Mapping) or type(value) is type(back)
    if not is_kind or not _is_made_alike(value, back):
        yield names
        return
    yield from ((*names, _spelled(name)) for name in found.keys() - inner.keys())
    for name, one in inner.items():
        below = (*names, _spelled(name))
        if name in found:
            yield from lost_parts(one, found[name], below, loosely=loosely)
        else:
            yield below


def part_at(value: object, names: Names) -> object:
    """Return what these names, as `lost_parts` yields them, lead to in a value."""
    for name in names:
        inner = names_in(value) or {}
        value = next((one for own, one in inner.items() if _spelled(own) == name), None)
    return value


def _spelled(name: object) -> object:
    try:
        return spelled_name(name)
    except Unwritable:  # no file has it, so it is only shown
        return show("", name)


def _is_made_alike(value: object, back: object) -> bool:
    """Tell whether what no field keeps, an `InitVar`, has made the same of two instances."""
    structure = None if isinstance(value, Mapping) else structure_of(type(value))
    if structure is None or all(one.attribute for one in structure.fields.values()):
        return True
    own, other = getattr(value, "__dict__", None), getattr(back, "__dict__", None)
    if own is None or other is None:  # they have slots
        return bool(value == back)
    kept = {one.attribute for one in structure.fields.values()}
    return own.keys() == other.keys() and all(
        name in kept or is_same(one, other[name]) for name, one in own.items()
    )


def is_same(value: object, back: object, *, loosely: bool = False) -> bool:
    """Tell whether a value has come back: not as another type, nor as another zero.

    Loosely, it may be what a reader makes of a default that it has not converted: a float of an
    int, a path of a text, a tuple of a list.
    """
    if value is back:
        return True
    if isinstance(value, (set, frozenset)):
        return isinstance(back, (set, frozenset)) and value == back
    if names_in(value) is not None and names_in(back) is not None:
        return next(lost_parts(value, back, loosely=loosely), None) is None
    items, others = _items(value), _items(back)
    if items is not None and others is not None:
        if isinstance(value, tuple) is not isinstance(back, tuple) and not loosely:
            return False
        pairs = zip(items, others, strict=False)
        return len(items) == len(others) and all(is_same(*two, loosely=loosely) for two in pairs)
    if loosely and type(value) is str and isinstance(back, PathLike):
        return value == str(back)
    if type(value) is float:  # nan is not equal to itself, and -0.0 is to 0.0
        return type(back) is float and repr(value) == repr(back)
    if _is_number(value) and _is_number(back) and (loosely or type(value) is not int):
        return bool(value == back) or (type(value) is not int and repr(value) == repr(back))
    return type(value) is type(back) and bool(value == back)


def _items(value: object) -> list[object] | None:
    is_list = isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))
    return list(value) if is_list else None  # type: ignore[call-overload]  # it has items


def _is_number(value: object) -> bool:
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
