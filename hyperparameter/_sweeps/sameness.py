"""Whether two values of a sweep are the same one: `0.10` is `0.1`, and 1 is not true."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from .._values.untyped import plain

Reading = Callable[[str, object], object]
"""Returns what a value of a key means to the program: `0.10` as a float, or as a version."""


def without_type(key: str, value: object) -> object:  # a `Reading`
    """Return what `value` means where nobody says its type."""
    return plain(value)


def code(value: object) -> Hashable:
    """Return what is equal for values that are the same.

    What cannot be compared in general, such as an array, is the same only as itself.
    """
    try:
        return _code(value)
    except RecursionError:
        return "object", id(value)


def codes(bindings: Mapping[str, object], read: Reading) -> dict[str, Hashable]:
    return {key: code(read(key, value)) for key, value in bindings.items()}


def _code(value: object) -> Hashable:
    kind = type(value)
    if kind is int or kind is float:
        return "number", value if value == value else "nan"  # noqa: PLR0124  # nan is not itself
    if kind is list or kind is tuple:
        return kind, tuple(map(_code, value))  # type: ignore[call-overload]  # one of these
    if kind is dict:
        return kind, frozenset((_code(name), _code(item)) for name, item in value.items())  # type: ignore[attr-defined]  # it is one
    try:
        hash(value)
    except TypeError:
        return "object", id(value)
    return kind, value
