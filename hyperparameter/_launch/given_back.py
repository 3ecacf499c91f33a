"""What of a value did not come back from the file that it was written to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from os import PathLike

from .._values.spelling import names_in, spelled_name

Names = tuple[object, ...]
"""The names, as a file spells them, that lead from a value to a part of it."""


def lost_parts(value: object, back: object, names: Names = ()) -> Iterator[Names]:
    """Yield where a value differs from what came back, which may have more names.

    No names at all stand for the whole.
    """
    inner, found = names_in(value), names_in(back)
    if inner is None or found is None:
        if not is_same(value, back):
            yield names
        return
    is_kind = isinstance(value, Mapping) or type(value) is type(back)
    if not is_kind:
        yield names
        return
    yield from ((*names, spelled_name(name)) for name in found.keys() - inner.keys())
    for name, one in inner.items():
        spelled = spelled_name(name)
        if name in found:
            yield from lost_parts(one, found[name], (*names, spelled))
        else:
            yield (*names, spelled)


def is_same(value: object, back: object) -> bool:
    """Tell whether a value has come back: not as another type, nor as another zero."""
    if value is back:
        return True
    if isinstance(value, (set, frozenset)):
        return isinstance(back, (set, frozenset)) and value == back
    if names_in(value) is not None and names_in(back) is not None:
        return next(lost_parts(value, back), None) is None
    items, others = _items(value), _items(back)
    if items is not None and others is not None:
        return len(items) == len(others) and all(map(is_same, items, others))
    if type(value) is str:  # a text for a path, as a default
        return value == (str(back) if isinstance(back, PathLike) else back)
    if type(value) is float:  # nan is not equal to itself, and -0.0 is to 0.0
        return type(back) is float and repr(value) == repr(back)
    if type(value) is not int and _is_number(value) and _is_number(back):
        return bool(value == back) or repr(value) == repr(back)
    return type(value) is type(back) and bool(value == back)


def _items(value: object) -> list[object] | None:
    is_list = isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))
    return list(value) if is_list else None  # type: ignore[call-overload]  # it has items


def _is_number(value: object) -> bool:
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
