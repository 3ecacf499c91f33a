"""Parts of values that references take: found by name, written as text, told from secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._values.containers import parts_of
from .._values.secrets import is_secret
from .._values.untyped import ScalarText, UntypedText, UntypedTree
from .place import Place

ABSENT: Final = object()


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
