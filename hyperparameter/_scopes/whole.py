"""A key and all that is written below it, as the one value that a reader of the whole gets.

What was written last wins: a value replaces all below it, a mapping only the names that it has.
Text keeps waiting for its type, so a whole is made of untyped parts; see `_values.untyped`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .._values.containers import names_written, takes_parts, takes_place
from .._values.landing import is_inside
from .._values.origin import RawOrigin
from .._values.untyped import (
    REMOVED,
    EmptyVariable,
    Layered,
    UntypedText,
    UntypedTree,
    is_null,
)
from .markers import ABSENT, DELETED
from .snapshot import Layer, Snapshot

Names = tuple[str, ...]
Source = tuple[str, RawOrigin]
"""A flat key, and where it was bound."""


class Whole:
    """The value of a key with all below it.

    `origins` has where each flat key of it was bound, and of one that others have been written
    over, where they were.  `joined` are further bindings of these keys that it has parts of.
    """

    __slots__ = ("joined", "origin", "origins", "value")

    def __init__(
        self,
        value: object,
        origin: RawOrigin,
        origins: dict[str, RawOrigin],
        joined: tuple[Source, ...] = (),
    ) -> None:
        self.value = value
        self.origin = origin
        self.origins = origins
        self.joined = joined


def whole(snapshot: Snapshot, key: str) -> Whole | None:
    """Return what is written at and below `key`, all if it is empty; None where nothing is."""
    root = _Node()
    last: RawOrigin | None = None
    for layer, keys in snapshot.keys_at(key):
        for one in _beside_others(layer, keys, len(key)) if layer.names else ():
            root.clear(_names_below(key, one, layer.names) if one != key else ())
        for flat in keys:
            value = layer.values[flat]
            if value is DELETED and _is_set_by_word(layer, flat, len(key)):
                continue
            names = _names_below(key, flat, layer.names) if flat != key else ()
            origin = layer.origin_of(flat)
            root.write(names, value, (flat, origin))
            if layer.kinds:
                root.take_kinds(key, names, layer.kinds)
            last = last if value is DELETED else origin
    sources = list(root.sources())
    origins = dict(sources)
    value = root.value()
    if value is ABSENT or value is REMOVED or last is None:  # taken away, so the default is back
        return None
    joined = tuple(one for one in sources if one[1] != (last if one[0] == key else origins[one[0]]))
    for flat in root.replaced_keys():
        above = next((one for one in (flat, *_above(flat)) if one in origins), None)
        origins.setdefault(flat, last if above is None else origins[above])
    return Whole(value, last, origins, joined)


def _above(key: str) -> Iterator[str]:
    while key := key.rpartition(".")[0]:
        yield key


def _is_set_by_word(layer: Layer, flat: str, least: int) -> bool:
    """Tell a key that is away for its own readers, since a mapping in one word has it."""
    words = (layer.values.get(above) for above in _above(flat) if len(above) >= least)
    return any(type(word) is UntypedText and names_written(word) is not None for word in words)


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


def _beside_others(layer: Layer, keys: Collection[str], least: int) -> list[str]:
    """Return the keys of values that take the place of all below, beside names that begin alike.

    What such a name would land on is not there any more, in whichever order the two are written.
    """
    values, names = layer.values, layer.names
    return [
        above
        for key in keys
        if key in names
        for above in _above(key)
        if len(above) >= least and above in values and not is_inside(key, names[key], above)
        if values[above] is not DELETED and values[above] is not REMOVED
        if takes_place(values[above])
    ]


class _Node:
    """A place in what is read: a value, and the parts that were written over it later."""

    __slots__ = ("is_mapping", "is_taken", "kind", "parts", "replaced", "source", "written")

    def __init__(self) -> None:
        self.written: object = ABSENT
        self.source: Source | None = None
        self.parts: dict[str, _Node] = {}
        self.is_mapping = False  # whether an empty mapping was written over None
        self.is_taken = False  # whether it has taken away something, and not only says so
        self.kind: dict[Any, Any] | None = None  # an empty mapping of the class that it has
        self.replaced: set[str] = set()  # the flat keys that something was written over

    def write(self, names: Names, value: object, source: Source) -> None:
        if names:
            self._part(names, value, source)
        elif value is DELETED:
            self.written, self.is_mapping = ABSENT, False
        elif (mapping := names_written(value)) is not None and self._is_written():
            if not takes_parts(self.written) and self.written is not ABSENT:
                # What it takes the place of has itself replaced all that was below.
                self.write((), REMOVED, source)
            self._join(mapping, value, source)
        else:
            if type(value) is EmptyVariable and (lower := self.value()) is not ABSENT:
                value = EmptyVariable(lower=lower)
            self.is_taken = value is REMOVED and self._is_written()
            self.replaced = {*self.replaced_keys(), *(flat for flat, _ in self.sources())}
            self.written, self.source, self.parts, self.is_mapping = value, source, {}, False
            self.kind = None
            if value is REMOVED:
                self.replaced = set()

    def clear(self, names: Names) -> None:
        """Empty the place that these names lead to, for a value that will be written there."""
        if names and (node := self._at(".".join(names))) is not None:
            node.replaced = {*node.replaced_keys(), *(flat for flat, _ in node.sources())}
            node.written, node.parts = ABSENT, {}

    def take_kinds(self, key: str, names: Names, kinds: Mapping[str, dict[Any, Any]]) -> None:
        """Note the class of each mapping on the way that these names lead."""
        self.kind = kinds.get(key, self.kind)
        for count in range(1, len(names)):
            name = ".".join(names[:count])
            node, inner = self._at(name), f"{key}.{name}" if key else name
            if node is not None:
                node.kind = kinds.get(inner, node.kind)

    def _is_plain(self) -> bool:
        written = self.written
        return written is not ABSENT and (_is_nothing(written) or not takes_parts(written))

    def _is_written(self) -> bool:
        return self.written is not ABSENT or bool(self.parts)

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
        mapping = names_written(self.written)
        if mapping and self.source is not None:  # an empty one stays what was written
            self.written = ABSENT
            for name, part in mapping.items():
                self._part((name,), part, self.source)

    def _part(self, names: Names, value: object, source: Source) -> None:
        self._split()
        # A flat key is one place, however it is spelled: the longest beginning that is known here.
        for count in range(len(names), 0, -1):
            known = self._at(".".join(names[:count]))
            if known is not None:
                known.write(names[count:], value, source)
                return
        if value is REMOVED and self._is_plain():  # nothing is below it, and it stays
            return
        self.parts.setdefault(names[0], _Node()).write(names[1:], value, source)

    def _at(self, flat: str) -> "_Node | None":
        """Return the place of a flat key, whichever dots of it belong to names."""
        if flat in self.parts or not self.parts:
            return self.parts.get(flat)
        end = flat.rfind(".")
        while end > 0:
            node = self.parts.get(flat[:end])
            if node is not None:
                node._split()
                found = node._at(flat[end + 1 :])
                if found is not None:
                    return found
            end = flat.rfind(".", 0, end)
        return None

    def value(self) -> object:
        found = ((name, node.part()) for name, node in self.parts.items())
        parts: dict[object, object] = {n: part for n, part in found if part is not ABSENT}
        if not parts and not self.is_mapping:
            return self.written
        kind = self.kind
        if kind is None and any(node.is_taken for node in self.parts.values()):
            kind = {}  # the mapping stays, also without its last name
        tree = UntypedTree(parts, kind)
        return tree if self.written is ABSENT else Layered(self.written, tree)

    def part(self) -> object:
        """Return the value as that of a part, where a mapping replaces a number, text or list."""
        value = self.value()
        is_json = isinstance(self.written, str) and self.written.lstrip()[:1] == "{"
        if type(value) is not Layered or takes_parts(self.written) or is_json:
            return value
        return Layered(REMOVED, value.parts, value.whole)  # so that no default is below them

    def sources(self) -> Iterator[Source]:
        """Yield each flat key that takes part, and where it was bound."""
        if self.written is not ABSENT and self.source is not None:
            yield self.source
        for node in self.parts.values():
            yield from node.sources()

    def replaced_keys(self) -> Iterator[str]:
        """Yield each flat key here that something was written over, and that is not taken away."""
        yield from self.replaced
        for node in self.parts.values():
            yield from node.replaced_keys()


def _is_nothing(value: object) -> bool:
    """Tell what takes away all that is below it and has no parts of its own."""
    return value is None or value is REMOVED or is_null(value)
