"""Whether data brings back the value that it was made of, to the reader who had it.

`{"mode": "FAST"}` is a configuration with a member of an enumeration to who asks for one, and a
dict with text to who asks for no type.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from .._values.checking import UNSEEN, StandIn, kind_of, only_checking
from .._values.convert import Converter, Unconvertible
from .._values.default_again import or_default
from .._values.describe import Spelled, Unrestored, has_secrets
from .._values.structures import structure_of

_NOT_RESTORED: Any = object()


def only_restored(
    described: Any, data: object, value: object, convert: Converter, default: object
) -> Any:
    """Return a described value in which each part is marked that its data does not bring back."""
    try:
        with only_checking(may_lack=has_secrets(described)):
            restored = or_default(convert, data, default)
    except Exception:  # noqa: BLE001  # in an instance of the user's, a property may fail
        restored = _NOT_RESTORED
    return _checked(described, value, restored)


def comes_back(data: object, convert: Converter, default: object) -> bool:
    """Tell whether plain data is the very same to a reader: not a float for an int, say."""
    try:
        with only_checking(may_lack=False):
            return _has_same_types(data, or_default(convert, data, default))
    except Unconvertible:
        return False


def _has_same_types(data: object, other: object) -> bool:
    """Tell whether each part of plain data is of the same type in what was made of it."""
    if type(data) is not type(other):
        return False
    if isinstance(data, dict) and isinstance(other, dict):
        return all(name in other and _has_same_types(data[name], other[name]) for name in data)
    if isinstance(data, (list, tuple)) and isinstance(other, (list, tuple)):
        return all(map(_has_same_types, data, other))
    return True


def _checked(described: Any, value: Any, restored: Any) -> Any:
    if type(described) is dict:
        found = restored if isinstance(restored, Mapping) else {}
        return {
            (
                shown if name in found or type(shown) is not Spelled else _unrestored(shown)
            ): _checked(part, value[name], found.get(name, _NOT_RESTORED))
            for (shown, part), name in zip(described.items(), value, strict=True)
        }
    if type(described) in (list, tuple):
        is_same_kind = type(restored) is type(described) and len(restored) == len(described)
        items = restored if is_same_kind else [_NOT_RESTORED] * len(described)
        parts = [
            _checked(part, item, again)
            for part, item, again in zip(described, value, items, strict=True)
        ]
        return parts if type(described) is list else tuple(parts)
    if type(described) is not Spelled or _is_same(value, restored):
        return described
    return _unrestored(described)


def _unrestored(described: Spelled) -> Unrestored:
    return Unrestored(str(described), described.data)


def _is_same(value: Any, restored: Any) -> bool:
    if value is restored or restored is UNSEEN:  # which only the user's code can tell
        return True
    structure = structure_of(type(value))
    if structure is not None and kind_of(restored) is type(value):
        return all(
            _is_same(one, _field(restored, structure.fields[name].attribute or name))
            for name, one in structure.values_of(value).items()
        )
    if type(value) is int and type(restored) is float:  # for a field of floats
        return value == restored
    if kind_of(restored) is not type(value):
        return False
    # A path of another library is not made to check.
    if isinstance(value, PathLike) and type(restored) is StandIn:
        return bool(vars(restored).get("path") == fspath(value))
    if isinstance(value, (list, tuple, deque)):
        pairs = zip(value, restored, strict=False)
        return len(value) == len(restored) and all(_is_same(*two) for two in pairs)
    if isinstance(value, dict):
        return value.keys() == restored.keys() and all(
            _is_same(one, restored[name]) for name, one in value.items()
        )
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value)) == sorted(map(repr, restored))
    return bool(value == restored) or repr(value) == repr(restored)  # nan


def _field(restored: object, attribute: str) -> object:
    if type(restored) is StandIn:
        return vars(restored).get(attribute, _NOT_RESTORED)
    return getattr(restored, attribute, _NOT_RESTORED)
