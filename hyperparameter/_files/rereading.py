"""What a reader of a file gets for a value that was written to it, without writing a file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .._values.convert import Converter, Unconvertible
from .._values.keys import is_key
from .._values.spelling import names_in, spelled_name
from .._values.untyped import ScalarText, UntypedText, as_untyped, is_bare

_NOT_READ: Any = object()
"""Stands for what a file does not say."""
_WORDS = {True: "true", False: "false", None: "null"}
Names = tuple[object, ...]


def lost_part(
    kind: str, value: object, written: object, convert: Converter, default: object
) -> Names | None:
    """Return the names of a part of `written` that a file of this kind would not give back.

    They are empty for the whole.  None if reading gives `value`, as far as it is written.
    """
    read = _as_read(kind, written)
    try:
        back = default if read is _NOT_READ else convert(as_untyped(read), default)
    except Unconvertible as error:
        return _names_of(written, error.path)
    return next(_lost(value, back, written, ()), None)


def _names_of(written: object, path: Names) -> Names:
    """Return the beginning of a path that leads through names alone."""
    for count, step in enumerate(path):
        if not isinstance(written, dict) or step not in written:
            return path[:count]
        written = written[step]
    return path


def _as_read(kind: str, written: object) -> object:
    """Return plain data as the reader of a format gives it; an empty section says nothing."""
    if type(written) is dict and all(map(is_key, written)):
        parts = {name: _as_read(kind, one) for name, one in written.items()}
        return {name: one for name, one in parts.items() if one is not _NOT_READ} or _NOT_READ
    return _in_value(kind, written)


def _in_value(kind: str, written: object) -> object:
    """Do the same inside of a list, and of a mapping that is one value."""
    if type(written) is dict:
        return {name: _in_value(kind, one) for name, one in written.items()}
    if type(written) is list:
        return [_in_value(kind, one) for one in written]
    if kind == "yaml":
        return _from_yaml(written)
    if type(written) is bool:
        return ScalarText(_WORDS[written])
    is_digits = type(written) is float and math.isfinite(written)
    return ScalarText(repr(written)) if is_digits else written


def _from_yaml(written: object) -> object:
    if isinstance(written, str):
        return UntypedText(written) if is_bare(written) else written
    if written is None or isinstance(written, bool):
        return UntypedText(_WORDS[written])
    is_special = isinstance(written, float) and not math.isfinite(written)
    return written if is_special else UntypedText(str(written))


def _lost(value: object, back: object, written: object, names: Names) -> Iterator[Names]:
    """Yield the names of each part that did not come back, as far as it was written."""
    inner, found = names_in(value), names_in(back)
    if inner is None or not isinstance(written, dict):
        if not _is_same(value, back, written):
            yield names
        return
    is_kind = isinstance(value, Mapping) or type(value) is type(back)
    if found is None or not is_kind or not found.keys() <= inner.keys():
        yield names
        return
    for name, one in inner.items():
        spelled = next((s for s in (spelled_name(name), str(name)) if s in written), _NOT_READ)
        if spelled is not _NOT_READ and name not in found:
            yield (*names, spelled)
        elif spelled is not _NOT_READ:
            yield from _lost(one, found[name], written[spelled], (*names, spelled))


def _is_same(value: object, back: object, written: object) -> bool:
    if isinstance(value, (set, frozenset)):
        return isinstance(back, (set, frozenset)) and value == back
    if isinstance(written, dict):
        return next(_lost(value, back, written, ()), None) is None
    if isinstance(written, list):
        items, others = list(value), _items(back)  # type: ignore[call-overload]  # a list
        return (
            others is not None
            and len(items) == len(others)
            and all(map(_is_same, items, others, written))
        )
    if type(value) is str:  # a text for a path, as a default
        return value == back or value == str(back)
    if _is_number(value) and _is_number(back):
        return repr(value) == repr(back) or bool(value == back)  # nan is not equal to itself
    return type(value) is type(back) and bool(value == back)


def _items(value: object) -> list[object] | None:
    is_list = hasattr(type(value), "__iter__") and not isinstance(value, (str, bytes, Mapping))
    return list(value) if is_list else None  # type: ignore[call-overload]  # it has items


def _is_number(value: object) -> bool:
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
