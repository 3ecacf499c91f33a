"""Where the names of a mapping land in the one below it, which may spell them with other dots.

`{"a.b": 2}` and `{"a": {"b": 2}}` write the same flat key, so over `{"a": {"b": 1}}` both write its
only name.  A part of the first is written at a longer name that is beside `a`, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from .keys import prefixes
from .structures import structure_of
from .untyped import Layered, UntypedTree

Names: TypeAlias = tuple[str, ...]

_NOTHING: Any = object()
"""What is left of a value all of whose parts have landed."""


def landed(
    given: Mapping[Any, object],
    below: Mapping[Any, object],
    parts_of: Callable[[object], object],
    as_mapping: Callable[[dict[Any, object]], object] = UntypedTree,
) -> dict[object, list[object]]:
    """Return what `given` writes at each name, spelled as `below` has it; the last value wins."""
    landing = _Landing(below, parts_of, as_mapping)
    starts = prefixes(name for name in below if isinstance(name, str))
    for name, one in given.items():
        has_dots = isinstance(name, str) and ("." in name or name in starts)
        left = landing.put(name, one) if has_dots and below else one
        if left is not _NOTHING:
            landing.found.setdefault(name, []).append(left)
    return landing.found


class _Landing:
    """Writes of values, each with its parts, where `below` has their flat keys."""

    def __init__(
        self,
        below: Mapping[Any, object],
        parts_of: Callable[[object], object],
        as_mapping: Callable[[dict[Any, object]], object],
    ) -> None:
        self.found: dict[object, list[object]] = {}
        self._below = below
        self._parts_of = parts_of
        self._as_mapping = as_mapping

    def put(self, flat: str, value: object, around: Names = ()) -> object:
        """Write a value; return what is left, which has no place of its own.

        What has one inside of that to which the names `around` lead belongs to the value there.
        """
        paths = list(_paths_in(self._below, flat))
        if len(paths) > 1 or _has_below(self._below, flat):
            value = self._put_parts(flat, value, paths[0] if paths else around)
        if value is _NOTHING or not paths or (around and paths[0][: len(around)] == around):
            return value
        for name in reversed(paths[0][1:]):
            value = self._as_mapping({name: value})
        self.found.setdefault(paths[0][0], []).append(value)
        return _NOTHING

    def _put_parts(self, flat: str, value: object, path: Names) -> object:
        """Write those parts of a value that are elsewhere than in what a path leads to."""
        layered = value if type(value) is Layered else None
        parts = self._parts_of(value if layered is None else layered.parts)
        if not isinstance(parts, dict) or not parts:
            return value
        left = {name: self.put(f"{flat}.{name}", one, path) for name, one in parts.items()}
        left = {name: one for name, one in left.items() if one is not _NOTHING}
        if layered is None:
            return self._as_mapping(left) if left else _NOTHING
        if not left:
            return layered.displaced
        return Layered(layered.whole, UntypedTree(left, layered.parts.kind), layered.displaced)


def names_from(mapping: Mapping[Any, object], flat: str) -> dict[str, object]:
    """Return what a mapping has under names that begin with these, by the rest of each name."""
    start = f"{flat}."
    return {
        name[len(start) :]: value
        for name, value in mapping.items()
        if isinstance(name, str) and name.startswith(start)
    }


def _paths_in(value: object, flat: str) -> Iterator[Names]:
    """Yield the names that lead to a flat key, in each way in which they do; the longest first."""
    names = _names_of(value)
    if flat in names:
        yield (flat,)
    for head, rest in _splits(flat):
        if head in names:
            for path in _paths_in(names[head], rest):
                yield (head, *path)


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


def is_inside(key: str, names: Names | None, above: str) -> bool:
    """Tell whether a key is in the mapping `above`: a name with dots may only begin like it."""
    return names is None or len(above) in _ends(key, names) or key == above


class Spelling:
    """The names of flat keys, as they were written first: later writes land on them.

    `has` tells other keys that are known, with no dot in a name.
    """

    def __init__(self, has: Callable[[str], bool]) -> None:
        self._has = has
        self._names: dict[str, Names] = {}  # of keys, and of those above them

    @property
    def has_dots(self) -> bool:
        """Whether some name that was written has a dot."""
        return bool(self._names)

    def add(self, key: str, names: Names | None) -> None:
        """Note what is written at a key."""
        if names is None:
            return
        end, count = len(key), len(names)
        while count and key[:end] not in self._names and count <= key.count(".", 0, end):
            self._names[key[:end]] = names[:count]
            count -= 1
            end -= len(names[count]) + 1

    def landing(self, key: str, names: Names | None) -> Names | None:
        """Return the names where a write lands: the longest beginning that is known has its own.

        None stands for names without a dot.
        """
        if names is None and not self._names:
            return None
        written = tuple(key.split(".")) if names is None else names
        for count, end in reversed([*enumerate(_ends(key, written), 1)]):
            start = self._names.get(key[:end])
            if start is None and self._has(key[:end]):
                start = tuple(key[:end].split("."))
            if start is not None:
                found = (*start, *written[count:])
                return found if len(found) <= key.count(".") else None
        return names


def _ends(key: str, names: Names) -> list[int]:
    """Return where each of the names ends in a flat key."""
    ends, end = [], -1
    for name in names:
        end += len(name) + 1
        ends.append(end)
    return ends
