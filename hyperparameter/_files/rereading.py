"""What a reader of a file gets for a value that was written to it, without writing a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._values.convert import Converter, Unconvertible
from .._values.keys import is_key
from .._values.spelling import names_in, spelled_name
from .._values.untyped import Digits, UntypedText, as_untyped, infer

NOT_READ: Any = object()
"""Stands for what a file does not say."""
_WORDS = {True: "true", False: "false", None: "null"}


def reads_back(
    kind: str, value: object, written: object, convert: Converter, default: Any, is_whole: bool
) -> bool:
    """Tell whether `written`, in a file of this kind, is read as `value` again.

    If it is not whole, what it lacks may be just what `convert` needs.
    """
    read = _as_read(kind, written)
    try:
        back = default if read is NOT_READ else convert(as_untyped(read), default)
    except Unconvertible:
        return not is_whole
    return _is_same(value, back, written)


def _as_read(kind: str, written: object) -> object:
    """Return plain data as the reader of a format gives it; an empty section says nothing."""
    if type(written) is dict:
        parts = {name: _as_read(kind, one) for name, one in written.items()}
        if not all(map(is_key, parts)):  # which makes it one value, with its empty parts
            return {n: written[n] if one is NOT_READ else one for n, one in parts.items()}
        return {name: one for name, one in parts.items() if one is not NOT_READ} or NOT_READ
    if type(written) is list:
        parts_of_list = [_as_read(kind, one) for one in written]
        return [{} if one is NOT_READ else one for one in parts_of_list]
    if kind == "yaml":
        return _from_yaml(written)
    is_digits = type(written) is float and math.isfinite(written)
    return Digits(repr(written)) if is_digits else written


def _from_yaml(written: object) -> object:
    if isinstance(written, str):
        return UntypedText(written) if infer(written) == written else written
    if written is None or isinstance(written, bool):
        return UntypedText(_WORDS[written])
    is_special = isinstance(written, float) and not math.isfinite(written)
    return written if is_special else UntypedText(str(written))


def _is_same(value: object, back: object, written: object) -> bool:
    """Tell whether a value came back, as far as it was written."""
    names, found = names_in(value), names_in(back)
    if names is not None and isinstance(written, dict):
        if found is None or not found.keys() <= names.keys():
            return False
        is_whole = isinstance(value, Mapping) or type(value) is type(back)
        return is_whole and all(
            name in found and _is_same(one, found[name], written[spelled_name(name)])
            for name, one in names.items()
            if spelled_name(name) in written
        )
    if isinstance(value, (set, frozenset)):
        return isinstance(back, (set, frozenset)) and value == back
    if isinstance(written, list):
        items, others = list(value), _items(back)  # type: ignore[call-overload]  # a list
        return others is not None and len(items) == len(others) and all(
            map(_is_same, items, others, written)
        )
    if type(value) is str:  # a text for a path, as a default
        return value == back or value == str(back)
    if _is_number(value) and _is_number(back):
        return value == back or (value != value and back != back)
    return type(value) is type(back) and bool(value == back)


def _items(value: object) -> list[object] | None:
    is_list = hasattr(type(value), "__iter__") and not isinstance(value, (str, bytes, Mapping))
    return list(value) if is_list else None  # type: ignore[call-overload]  # it has items


def _is_number(value: object) -> bool:
    return hasattr(type(value), "__float__") and not isinstance(value, bool)
