"""Values that have references and values that references take: told, found, written as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._scopes.markers import DELETED
from .._values.containers import parts_of
from .._values.scalars import SCALARS
from .._values.secrets import is_secret
from .._values.untyped import ScalarText, UntypedText, UntypedTree
from .place import Place

ABSENT: Final = object()


class Resolved:
    """The value of a reference, to tell it from the pieces of text around it."""

    def __init__(self, value: object) -> None:
        self.value = value


def value_of(found: str | Resolved) -> object:
    return found.value if isinstance(found, Resolved) else found


def has_no_reference(value: object) -> bool:
    """Return True if a value certainly contains no reference, which is true of most."""
    try:
        return _has_none(value)
    except RecursionError:  # which resolving it will tell with the key
        return False


def _has_none(value: object) -> bool:
    kind = type(value)
    if kind is UntypedText or kind is ScalarText:
        return "${" not in value.text  # type: ignore[attr-defined]  # one of these
    if kind is str:
        return "${" not in value  # type: ignore[operator]  # a str
    if kind is UntypedTree:
        value = value.value  # type: ignore[attr-defined]
        kind = type(value)
    if kind is list:
        return SCALARS.issuperset(map(type, value)) or all(map(_has_none, value))  # type: ignore[call-overload]
    if kind is dict:
        return all(map(_has_none, value.values()))  # type: ignore[attr-defined]  # a dict
    return kind in SCALARS or value is DELETED


def written(value: object, place: Place) -> str:
    """Return a value as text, in the spelling that a configuration file would have."""
    if isinstance(value, UntypedText):
        return value.text
    if isinstance(value, UntypedTree):
        value = value.value
    if isinstance(value, (dict, list, tuple)):
        raise place.error(
            f"a reference to a {type(value).__name__} cannot be part of a text. Write it alone"
        )
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return str(value)
    except ValueError:  # an int of more digits than the interpreter writes
        raise place.error("a number with too many digits cannot be part of a text") from None


def is_secret_part(key: str, value: object) -> bool:
    return any(is_secret(key, text) for text in texts_in(value))


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, (str, UntypedText)) and type(value) is not ScalarText:
        yield value.text if isinstance(value, UntypedText) else value
    elif isinstance(value, UntypedTree):
        yield from texts_in(value.value)
    elif isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def inside(value: object, target: list[str]) -> object:
    for name in target:
        parts = parts_of(value)
        if isinstance(parts, dict) and name in parts:
            value = parts[name]
        elif isinstance(parts, (list, tuple)) and name.isdecimal() and int(name) < len(parts):
            value = parts[int(name)]
        else:
            return ABSENT
    return value
