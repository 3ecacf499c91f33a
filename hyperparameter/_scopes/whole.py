"""A key and all that is written below it, as the one value that a reader of the whole gets.

What was written last wins: a value replaces all below it, a mapping only the names that it has.
Text keeps waiting for its type, so a whole is made of untyped parts; see `_values.untyped`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .._values.containers import parts_of
from .._values.keys import is_key
from .._values.origin import RawOrigin
from .._values.structures import structure_of
from .._values.untyped import (
    REMOVED,
    EmptyVariable,
    Layered,
    UntypedText,
    UntypedTree,
    is_null,
)
from .snapshot import ABSENT, DELETED, Snapshot

Names = tuple[str, ...]
Source = tuple[str, RawOrigin]
"""A flat key, and where it was bound."""


class Whole(NamedTuple):
    """The value of a key with all below it; `origins` has where each flat key of it was bound."""

    value: object
    origin: RawOrigin
    origins: dict[str, RawOrigin]


def whole(snapshot: Snapshot, key: str, default: object = None) -> Whole | None:
    """Return what is written at and below `key`, all if it is empty; None where nothing is.

    Keys with dots meet the names with these dots that `default` has.
    """
    root = _Node(default)
    last: RawOrigin | None = None
    start = f"{key}." if key else ""
    for layer in reversed(snapshot.layers):
        for flat, value in layer.values.items():
            if flat == key or flat.startswith(start):
                names = _names_below(key, flat, layer.names) if flat != key else ()
                origin = layer.origin_of(flat)
                root.write(names, value, (flat, origin))
                last = last if value is DELETED else origin
    origins = dict(root.sources())
    value = root.value()
    if value is ABSENT or value is REMOVED or last is None:  # taken away, so the default is back
        return None
    return Whole(value, last, origins)


def _names_below(key: str, flat: str, written: Mapping[str, Names]) -> Names:
    """Return the names that lead from `key` to `flat`; a single one if they are not known."""
    rest = flat[len(key) + 1 :] if key else flat
    names = written.get(flat)
    if names is None:
        return tuple(rest.split(".")) if "." in rest else (rest,)
    if not key:
        return names
    length = -1
    for index, name in enumerate(names):
        length += len(name) + 1
        if length == len(key):
            return names[index + 1 :]
    return tuple(rest.split("."))  # `key` ends inside of a name with dots


class _Node:
    """A place in what is read: a value, and the parts that were written over it later."""

    __slots__ = ("below", "is_mapping", "parts", "source", "written")

    def __init__(self, below: object = None) -> None:
        self.below = below  # what the default has here
        self.written: object = ABSENT
        self.source: Source | None = None
        self.parts: dict[str, _Node] = {}
        self.is_mapping = False  # whether an empty mapping was written over None

    def write(self, names: Names, value: object, source: Source) -> None:
        if names:
            self._part(names, value, source)
        elif value is DELETED:
            self.written, self.is_mapping = ABSENT, False
        elif (mapping := mapping_of(value)) is not None and self._takes_names():
            self._join(mapping, value, source)
        else:
            if type(value) is EmptyVariable and (lower := self.value()) is not ABSENT:
                value = EmptyVariable(lower=lower)
            self.written, self.source, self.parts, self.is_mapping = value, source, {}, False
            if value is REMOVED:
                self.below = None

    def _takes_names(self) -> bool:
        """Tell whether a mapping joins what is here; it replaces a number, text or list."""
        written = self.written
        if written is ABSENT:
            return bool(self.parts)
        if _is_nothing(written) or mapping_of(written) is not None:
            return True
        return structure_of(type(written)) is not None

    def _join(self, mapping: Mapping[str, object], value: object, source: Source) -> None:
        self._split()
        if not mapping and self.written is ABSENT:
            self.written, self.source = value, source
        elif not mapping:
            self.is_mapping = self.is_mapping or _is_nothing(self.written)
        for name, part in mapping.items():
            self._part((name,), part, source)

    def _split(self) -> None:
        """Turn a mapping that was written as a whole into parts."""
        mapping = mapping_of(self.written)
        if mapping and self.source is not None:  # an empty one stays what was written
            self.written = ABSENT
            for name, part in mapping.items():
                self._part((name,), part, self.source)

    def _part(self, names: Names, value: object, source: Source) -> None:
        self._split()
        # A dotted key means the longest name with these dots that is known here.
        for count in range(len(names), 0, -1):
            name = ".".join(names[:count])
            if count == 1 or name in self.parts or self._has_below(name):
                break
        if name not in self.parts:
            self.parts[name] = _Node(_part_of(self.below, name))
        self.parts[name].write(names[count:], value, source)

    def _has_below(self, name: str) -> bool:
        return isinstance(self.below, Mapping) and name in self.below

    def value(self) -> object:
        found = ((name, node.part()) for name, node in self.parts.items())
        parts: dict[object, object] = {n: part for n, part in found if part is not ABSENT}
        if not parts and not self.is_mapping:
            return self.written
        tree = UntypedTree(parts)
        return tree if self.written is ABSENT else Layered(self.written, tree)

    def part(self) -> object:
        """Return the value as that of a part, where a mapping replaces a number, text or list."""
        value = self.value()
        is_json = isinstance(self.written, str) and self.written.lstrip()[:1] == "{"
        if type(value) is not Layered or self._takes_names() or is_json:
            return value
        return value.parts

    def sources(self) -> Iterator[Source]:
        """Yield each flat key that takes part, and where it was bound."""
        if self.written is not ABSENT and self.source is not None:
            yield self.source
        for node in self.parts.values():
            yield from node.sources()


def _is_nothing(value: object) -> bool:
    """Tell what takes away all that is below it and has no parts of its own."""
    return value is None or value is REMOVED or is_null(value)


def mapping_of(value: object) -> Mapping[str, object] | None:
    """Return the names that a mapping writes; None for other values, and for one that is whole."""
    if isinstance(value, (dict, UntypedTree)) or (
        type(value) is UntypedText and value.text.lstrip()[:1] == "{"
    ):
        found = parts_of(value)
        if isinstance(found, dict) and all(map(is_key, found)):
            return found
    return None


def _part_of(below: object, name: str) -> object:
    if isinstance(below, Mapping):
        return below.get(name)
    structure = structure_of(type(below))
    return structure.values_of(below).get(name) if structure is not None else None
