"""What runs return, as bytes: JSON where that gives the same value back, else a pickle.

The one change that is made: a number of numpy or torch (a scalar, an array without dimensions) is
the plain number, at any depth, so that results can be compared, stored and read without numpy.  In
a result that has to be pickled, everything stays as it is.
"""

from __future__ import annotations

import json
import pickle
from typing import Any

from ..run import Result
from .summary import summary_of

_AS_THEY_ARE = (type(None), bool, float)
_NUMBERS = frozenset(
    "biuf"
)  # kinds of dtypes; an item of others is not a number, or loses its unit


class Unpicklable(TypeError):
    """A run has returned what cannot leave its process."""


class _NotPlain(Exception):  # never leaves this module
    """JSON would give another value back."""


def pack(value: object) -> Result:
    """Return a result as bytes; `Unpicklable` for one that cannot be."""
    try:
        plain = _plain(value)
        data = json.dumps(plain, separators=(",", ":")).encode()
        return Result("json", data, summary_of(plain))
    except (_NotPlain, RecursionError, ValueError):  # ValueError for an int of over 4 300 digits
        data = _pickled(value)
        _check_readable(data, value)
        return Result("pickle", data, summary_of(value))


def unpack(result: Result) -> Any:
    """Return the value of a result.  A pickle needs the classes of the program that made it."""
    return json.loads(result.data) if result.kind == "json" else pickle.loads(result.data)


def _check_readable(data: bytes, value: object) -> None:
    """Raise `Unpicklable` for what can be written and not read, before it counts as a result."""
    try:
        pickle.loads(data)
    except Exception as error:  # noqa: BLE001  # of any kind, by the value's own code
        raise Unpicklable(
            f"the result, which is of type {type(value).__qualname__}, cannot be unpickled "
            f"({type(error).__name__}: {error})"
        ) from None


def _plain(value: Any) -> object:
    kind = type(value)
    if kind in _AS_THEY_ARE or kind is int:
        return value
    if kind is str:
        return _text(value)
    if kind is list:
        return [_plain(item) for item in value]
    if kind is dict:
        if any(type(name) is not str for name in value):
            raise _NotPlain
        return {_text(name): _plain(item) for name, item in value.items()}
    return _number(value)


def _text(text: str) -> str:
    """Return text that JSON gives back: two surrogates would become one character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _NotPlain from None
    return text


def _number(value: Any) -> object:
    is_scalar = getattr(value, "shape", None) == () and not hasattr(value, "mask")
    if not is_scalar or getattr(getattr(value, "dtype", None), "kind", "f") not in _NUMBERS:
        raise _NotPlain
    try:
        number = value.item()
    except Exception:  # noqa: BLE001  # whatever has a shape, may have its own `item`
        raise _NotPlain from None
    if type(number) not in (bool, int, float):
        raise _NotPlain
    return number


def _pickled(value: object) -> bytes:
    try:
        return pickle.dumps(value, 5)
    except Exception:  # noqa: BLE001  # of any kind, by the value's own code
        import cloudpickle

        try:
            return bytes(cloudpickle.dumps(value, 5))
        except Exception as error:  # noqa: BLE001  # likewise
            raise Unpicklable(
                f"the result, which is of type {type(value).__qualname__}, cannot be pickled "
                f"({type(error).__name__}: {error})"
            ) from None
