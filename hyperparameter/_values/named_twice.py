"""Two names of one mapping that mean the same key, as in `{"a.b": 1, "a": {"b": 2}}`: an error.

One of the two would be lost, or win by its place alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .keys import is_same
from .scalars import SCALARS_AND_TEXT


class NamedTwice(ValueError):
    """Two names of a mapping mean `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"two of its names mean {key!r:.80}")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object as a dict, in which no key is named twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise NamedTwice(next(name for name in names if names.count(name) > 1))
    check_own_names(found)
    return found


def check_own_names(mapping: dict[Any, Any], *, may_agree: bool = False) -> None:
    """Raise `NamedTwice` where two names of a mapping, or of those in it, mean one key of it.

    Those that have the same value may stand beside each other if they `may_agree`.
    """
    if not any(isinstance(name, str) and "." in name for name in mapping):
        return
    seen: dict[str, object] = {}
    for key, value in _flat_items(mapping, ""):
        if key in seen and not (may_agree and is_same(seen[key], value)):
            raise NamedTwice(key)
        seen[key] = value


def check_names(value: object) -> None:
    """Raise `NamedTwice` for a mapping that has one key twice, at any depth, in lists too."""
    if isinstance(value, dict):
        check_own_names(value)
        for inner in value.values():
            check_names(inner)
    elif isinstance(value, list) and not SCALARS_AND_TEXT.issuperset(map(type, value)):
        for inner in value:
            check_names(inner)


def _flat_items(mapping: dict[Any, Any], start: str) -> Iterator[tuple[str, object]]:
    for name, value in mapping.items():
        if not isinstance(name, str):  # what has such a name is one value
            continue
        if isinstance(value, dict) and value:
            yield from _flat_items(value, f"{start}{name}.")
        else:
            yield f"{start}{name}", value
