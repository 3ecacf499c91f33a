"""Where the names of a mapping land in the one below it, which may spell them with other dots.

`{"a.b": 2}` and `{"a": {"b": 2}}` write the same flat key, so over `{"a": {"b": 1}}` both write its
only name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .structures import structure_of
from .untyped import UntypedTree

_NOTHING: Any = object()
"""What is left of a value all of whose parts have landed."""


def landed(
    given: Mapping[Any, object], below: Mapping[Any, object], parts_of: Callable[[object], object]
) -> dict[object, list[object]]:
    """Return what `given` writes at each name, spelled as `below` has it; the last value wins."""
    found: dict[object, list[object]] = {}

    def put(flat: str, value: object) -> object:
        """Write a value and its parts where `below` has their flat keys; return what is left."""
        if path := _path_in(below, flat):
            for name in reversed(path[1:]):
                value = UntypedTree({name: value})
            found.setdefault(path[0], []).append(value)
            return _NOTHING
        parts = parts_of(value)
        if not isinstance(parts, dict) or not parts or not _has_below(below, flat):
            return value
        left = {name: put(f"{flat}.{name}", one) for name, one in parts.items()}
        left = {name: one for name, one in left.items() if one is not _NOTHING}
        return UntypedTree(left) if left else _NOTHING

    for name, one in given.items():
        left = put(name, one) if below and isinstance(name, str) else one
        if left is not _NOTHING:
            found.setdefault(name, []).append(left)
    return found


def _path_in(value: object, flat: str) -> tuple[str, ...]:
    """Return the names that lead to a flat key, the longest first; none where it is not."""
    names = _names_of(value)
    if flat in names:
        return (flat,)
    for head, rest in _splits(flat):
        if head in names and (path := _path_in(names[head], rest)):
            return (head, *path)
    return ()


def _has_below(value: object, flat: str) -> bool:
    names, start = _names_of(value), f"{flat}."
    if any(isinstance(name, str) and name.startswith(start) for name in names):
        return True
    return any(head in names and _has_below(names[head], rest) for head, rest in _splits(flat))


def _names_of(value: object) -> Mapping[Any, object]:
    if isinstance(value, Mapping):
        return value
    structure = structure_of(type(value))
    return {} if structure is None else structure.values_of(value)


def _splits(flat: str) -> Iterator[tuple[str, str]]:
    """Yield each way to take a flat key apart in two, the longest beginning first."""
    end = flat.rfind(".")
    while end > 0:
        yield flat[:end], flat[end + 1 :]
        end = flat.rfind(".", 0, end)
