"""Values as a record keeps them: plain data copied, everything else described in words.

A record outlives what was read, so it must hold neither large objects nor ones that change.
"""

from __future__ import annotations

import math
from typing import Any

from ._convert import plain
from ._secrets import MASK, is_secret

_MOST_ITEMS = 256
_MOST_TEXT = 4096


class Description(str):
    """Words that stand for a value which is not plain data, such as `<ndarray (3, 2) float64>`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def describe(key: str, value: Any) -> Any:
    """Return `value` as plain data, masked when `key` looks secret."""
    kind = type(value)
    if kind in (int, float, bool, type(None)) or (kind is str and len(value) <= _MOST_TEXT):
        return MASK if value is not None and is_secret(key) else value
    if is_secret(key):
        return MASK
    return _copy(plain(value), [_MOST_ITEMS])


def show(key: str, value: Any) -> str:
    """Return `value` for a message: one line, not long, masked when `key` looks secret."""
    text = repr(describe(key, value))
    return text if len(text) <= 200 else f"{text[:197]}..."


def _copy(value: Any, budget: list[int]) -> Any:
    kind = type(value)
    if kind in (int, float, bool, type(None)) or (kind is str and len(value) <= _MOST_TEXT):
        return value
    if kind in (list, tuple, dict) and len(value) <= budget[0]:
        budget[0] -= len(value)
        if kind is dict:
            return {_name(k): _item(k, v, budget) for k, v in value.items()}
        return kind(_copy(item, budget) for item in value)
    return Description(_words(value))


def _name(key: Any) -> str:
    return key if type(key) is str else str(Description(_words(key)))


def _item(key: Any, value: Any, budget: list[int]) -> Any:
    return MASK if isinstance(key, str) and is_secret(key) else _copy(value, budget)


def _words(value: Any) -> str:
    name = type(value).__qualname__
    if hasattr(type(value), "shape") and hasattr(type(value), "dtype"):
        return f"<{name} {getattr(value, 'shape', '?')} {getattr(value, 'dtype', '?')}>"
    if isinstance(value, (list, tuple, dict, set, frozenset, str, bytes, bytearray)):
        return f"<{name} of {len(value)}>"
    if isinstance(value, type) or hasattr(value, "__code__"):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(type(value), "__fspath__"):
        return str(value)
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # whatever a user's __repr__ raises must not reach the reader
        return f"<{name} whose repr raises {type(error).__name__}>"
    return text if len(text) <= 200 else f"{text[:197]}..."


def to_json(value: Any) -> Any:
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
        pairs = {key: to_json(item) for key, item in value.items()}
        return {"$dict": pairs} if any(key.startswith("$") for key in pairs) else pairs
    return value


def from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, inner), *_ = value.items()
        if tag == "$text":
            return Description(inner)
        if tag == "$float":
            return float(inner)
        if tag == "$tuple":
            return tuple(from_json(item) for item in inner)
        if tag == "$dict":
            return {key: from_json(item) for key, item in inner.items()}
    return {key: from_json(item) for key, item in value.items()}
