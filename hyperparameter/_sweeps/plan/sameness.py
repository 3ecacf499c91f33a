"""Whether two values of a sweep are the same one: `0.10` is `0.1`, and 1 is not true."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from ..._values.keys import flatten, is_nested
from ..._values.untyped import UntypedText, plain

Reading = Callable[[str, object], object]
"""Returns what a value of a key means to the program: `0.10` as a float, or as a version."""


_MOST_READ = 10_000  # characters; reading a number of a million digits takes minutes


def without_type(key: str, value: object) -> object:
    """Return what `value` means where nobody says its type; very long text is itself."""
    is_long = isinstance(value, UntypedText) and len(value.text) > _MOST_READ
    return value.text if is_long else plain(value)  # type: ignore[attr-defined]  # text if long


def fields_of(key: str, value: object) -> Iterator[str]:
    """Yield the keys that a value sets: those of a mapping, and otherwise the key itself."""
    if isinstance(value, UntypedText):
        value = without_type(key, value) if value.text.lstrip().startswith("{") else None
    if is_nested(value):
        yield from flatten({key: value})[0]
    else:
        yield key


def code(key: str, value: object, read: Reading) -> Hashable:
    """Return what is equal for values of a key that mean the same.

    What cannot be compared in general, such as an array, is the same only as itself.
    """
    return code_and_type(key, value, read)[0]


def code_and_type(key: str, value: object, read: Reading) -> tuple[Hashable, type]:
    """Return the code of a value, and the type that it is read as."""
    means: object = None
    try:
        means = read(key, value)
        return _code(means), type(means)
    except (TypeError, RecursionError):
        # What has been read may be gone by the time the next one is, which then has its id.
        own = ("text", value.text) if isinstance(value, UntypedText) else ("object", id(value))
        return own, type(means)


def _code(value: object) -> Hashable:
    """Return the same for equal values; `TypeError` for what has no hash."""
    kind = type(value)
    if kind is int or isinstance(value, float):
        return "number", value if value == value else "nan"  # noqa: PLR0124  # nan is not itself
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(_code, value))
    if isinstance(value, dict):
        return kind, frozenset((_code(name), _code(item)) for name, item in value.items())
    hash(value)
    return kind, value
