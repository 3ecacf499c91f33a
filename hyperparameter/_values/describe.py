"""Values as a record keeps them: plain data copied, everything else described in words.

A record outlives what was read, so it must hold neither large objects nor ones that change.
"""

from __future__ import annotations

import math
import os
from typing import Any

from .convert import is_enum
from .json_marks import Readers, checked, needs_items, pairs_of, unmarked
from .secrets import MASK, is_secret
from .untyped import UntypedText, plain

_MOST_ITEMS = 256
_MOST_DEPTH = 20
_MOST_TEXT = 4096
_MOST_BITS = 2048  # larger ones Python refuses to write in decimal, sooner or later
_MOST_MARSHALLED = 1_000_000
_FIELD_MARKS = ("__dataclass_fields__", "__struct_fields__", "_fields")


class Description(str):
    """Words that stand for a value which is not plain data, such as `<ndarray (3, 2) float64>`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def describe(key: str, value: object) -> Any:
    """Return `value` as plain data, masked when `key` looks secret."""
    if value is not None and is_secret(key):
        return MASK
    return _copy(plain(value), [_MOST_ITEMS], _MOST_DEPTH)


def show(key: str, value: object) -> str:
    """Return `value` for a message: one line, not long, masked when `key` looks secret."""
    return _short(repr(describe(key, value)))


def _copy(value: Any, budget: list[int], depth: int) -> object:
    kind = type(value)
    if kind in (float, bool, type(None)) or (kind is str and len(value) <= _MOST_TEXT):
        return value
    if kind is int and value.bit_length() <= _MOST_BITS:
        return value
    if kind is Description:
        return value
    if kind is UntypedText:  # an item of a list
        return _copy(plain(value), budget, depth)
    if kind in (list, tuple, dict) and len(value) <= budget[0] and depth:
        budget[0] -= len(value)
        if kind is dict:
            return {_name(k): _item(k, v, budget, depth) for k, v in value.items()}
        return kind([_copy(item, budget, depth - 1) for item in value])
    return Description(_words(value, budget, depth))


def _name(key: object) -> object:
    if type(key) in (str, int, float, bool, type(None)):
        return key
    return Description(_words(key, [0], 0))


def _item(key: object, value: object, budget: list[int], depth: int) -> object:
    secret = isinstance(key, str) and is_secret(key)
    return MASK if secret else _copy(value, budget, depth - 1)


def _words(value: object, budget: list[int], depth: int) -> str:
    try:
        return _short(_unguarded_words(value, budget, depth))
    except Exception as error:  # noqa: BLE001  # whatever a user's object raises must not get out
        return f"<{type(value).__qualname__} that raises {type(error).__name__}>"


def _unguarded_words(value: Any, budget: list[int], depth: int) -> str:
    kind = type(value)
    name = kind.__qualname__
    if is_enum(kind):
        return f"{name}.{value.name}"
    if hasattr(kind, "shape") and hasattr(kind, "dtype"):
        return f"<{name} {value.shape} {value.dtype}>"
    fields = [field for mark in _FIELD_MARKS for field in getattr(kind, mark, ())]
    if fields and depth:
        shown = [f"{f}={_item(f, getattr(value, f), budget, depth)!r}" for f in fields]
        return f"{name}({', '.join(shown)})"
    if isinstance(value, (list, tuple, dict, set, frozenset, str, bytes, bytearray)):
        return f"<{name} of {len(value)}{_fingerprint(value)}>"
    if isinstance(value, int):
        return f"<{name} of {value.bit_length()} bits>"
    if isinstance(value, type) or hasattr(value, "__code__"):
        return f"{value.__module__}.{value.__qualname__}"
    return os.fspath(value) if hasattr(kind, "__fspath__") else repr(value)


def _fingerprint(value: Any) -> str:
    """Return what tells plain data of the same length apart; nothing for other or large values."""
    import marshal
    import zlib

    if len(value) > _MOST_MARSHALLED:
        return ""
    try:
        return f", {zlib.crc32(marshal.dumps(value)):08x}"
    except ValueError:
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."


def to_json(value: object) -> object:
    """Return what a described value is in JSON; `from_json` undoes it exactly."""
    if isinstance(value, Description):
        return {"$text": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, tuple):
        return {"$tuple": [to_json(item) for item in value]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        if needs_items(value):
            return {"$items": [[to_json(key), to_json(item)] for key, item in value.items()]}
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(value: object) -> object:
    """Return the described value; `TypeError` or `ValueError` for what `to_json` never gives."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = unmarked(value, _READERS)
    if found is not value:
        return found
    return {key: from_json(item) for key, item in value.items()}


_READERS: Readers = {
    "$text": lambda inner: Description(checked(inner, str)),
    "$float": lambda inner: float(checked(inner, str)),
    "$tuple": lambda inner: tuple(from_json(item) for item in checked(inner, list)),
    "$items": lambda inner: {from_json(key): from_json(item) for key, item in pairs_of(inner)},
}
