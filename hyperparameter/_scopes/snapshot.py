"""The immutable value that a scope is made of.

A `Snapshot` maps flat dotted keys to values and never changes: every write
returns a new one.  Rolling back is putting the old one back, shipping a scope
is encoding one, and two tasks may share one without seeing each other's writes.
"""

from collections.abc import Collection, Iterator, Mapping
from operator import is_
from types import MappingProxyType
from typing import Any, NamedTuple

from .._values.keys import by_prefix, prefixes
from .._values.origin import Origin, Process, RawOrigin, resolve, this_process
from .._values.scalars import SCALARS_AND_TEXT
from .._values.untyped import REMOVED, may_be_mapping
from .joined import kept_kinds, kept_names
from .markers import ABSENT, DELETED
from .taken_away import removed, replaced

NO_ORIGINS: Mapping[str, RawOrigin] = MappingProxyType({})
NO_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({})
NO_KINDS: Mapping[str, dict[Any, Any]] = MappingProxyType({})
MOST_LAYERS = 8  # Deeper nesting merges layers, so that a search stays short ...
_SMALL = 16  # ... while they have no more bindings than this together.


class Layer(NamedTuple):
    """Bindings made in one place.

    `origins` has those that differ from `origin`.  A closed layer hides all that is below it.
    `names` has the names in a key where one of them was written with a dot in it, those of an
    instance of a class with fields, and those of a key that was written as a mapping, which has no
    value here; `kinds` an empty mapping of each one that has a class of its own, by its key.
    """

    values: Mapping[str, Any]
    origin: RawOrigin
    origins: Mapping[str, RawOrigin] = NO_ORIGINS
    closed: bool = False
    names: Mapping[str, tuple[str, ...]] = NO_NAMES
    kinds: Mapping[str, dict[Any, Any]] = NO_KINDS

    def origin_of(self, key: str) -> RawOrigin:
        return self.origins.get(key, self.origin)

    def can_join(self, lower: "Layer") -> bool:
        """Tell whether merging the two would keep the order of what is written.

        A key that `lower` has keeps its position there: but not one that it deletes, nor one with
        a mapping, which may join what `lower` has, nor one that replaces as a whole what `lower`
        has below it, nor one below what `lower` has as a whole.
        """
        both = lower.values.keys() & self.values.keys()
        if not both:
            return True
        if any(lower.values[k] is DELETED or may_be_mapping(self.values[k]) for k in both):
            return False
        return both.isdisjoint(prefixes(lower.values)) and prefixes(both).isdisjoint(lower.values)

    def takes_place_of(self, lower: "Layer") -> bool:
        """Tell at once that `over` would return this layer: the same keys are written again."""
        if lower.names or lower.kinds or lower.closed or self.names or self.kinds:
            return False
        for key, value in self.values.items():
            if type(value) not in SCALARS_AND_TEXT or lower.values.get(key, DELETED) is DELETED:
                return False
        return len(lower.values) == len(self.values)

    def over(self, lower: "Layer") -> "Layer":
        """Return one layer that shows what these two show, this one on top."""
        origins = {
            **dict.fromkeys(lower.values, lower.origin),
            **lower.origins,
            **dict.fromkeys(self.values, self.origin),
            **self.origins,
        }
        below, above = lower.values, self.values
        names = (
            {**kept_names(lower.names, below, above), **self.names} if lower.names else self.names
        )
        kinds = {**kept_kinds(lower.kinds, above), **self.kinds} if lower.kinds else self.kinds
        values = {**below, **above}
        return Layer(values, self.origin, origins, lower.closed, names, kinds)

    def replacing(self, lower: "Snapshot") -> "Layer":
        """Return these bindings with the removal of what mappings and instances replace below."""
        return self._taking(replaced(self.values, self.names, lower))

    def removing(self, lower: "Snapshot") -> "Layer":
        """Return these bindings with a deletion of each key below one that they remove."""
        return self._taking(removed(self.values, lower))

    def _taking(self, away: Mapping[str, object]) -> "Layer":
        new = {key: marker for key, marker in away.items() if key not in self.values}
        return self._replace(values={**new, **self.values}) if new else self

    def onto(self, lower: "Snapshot") -> "Snapshot":
        """Return the snapshot that is visible inside a scope of this layer opened in `lower`."""
        values, _, _, closed, names, _ = self
        if closed:
            return Snapshot((self,), 1, True)
        if not values:
            return lower
        if names and (layer := self.replacing(lower)) is not self:
            return layer.onto(lower)
        if lower.depth >= MOST_LAYERS:
            top = lower.layers[0]
            if len(top.values) + len(values) <= _SMALL and self.can_join(top):
                layers = (self.over(top), *lower.layers[1:])
                return Snapshot(layers, lower.depth, lower.closed, lower)
        return Snapshot((self, *lower.layers), lower.depth + 1, lower.closed, lower)

    def bind(self, change: "Layer") -> "Layer | Snapshot":
        """Return these bindings with `change` written over them."""
        return change if change.closed else Snapshot((self,), 1, self.closed).bind(change)

    def scopes(self) -> tuple["Layer", ...]:
        return (self,)

    def portable(self, process: Process | None = None) -> "Layer":
        """Return this layer with its places looked up and a process, this one, named in them."""
        here = process or this_process()
        origins: dict[str, Origin] = {}
        places: dict[RawOrigin, Origin] = {}
        for key, source in self.origins.items():
            if source not in places:
                places[source] = _in_process(source, here)
            origins[key] = places[source]
        origin, names, kinds = _in_process(self.origin, here), dict(self.names), dict(self.kinds)
        return Layer(self.values, origin, origins, self.closed, names, kinds)


class Snapshot:
    """Layers of scopes over layers of the baseline, innermost first.

    `closed` tells that the scopes hide every baseline, here and wherever they are carried.
    """

    __slots__ = (
        "captured", "closed", "depth", "encoded", "indexes", "layers", "lower", "noted_by",
        "sent_by", "upper",
    )  # fmt: skip

    def __init__(
        self,
        layers: tuple[Layer, ...] = (),
        depth: int = 0,
        closed: bool = False,
        lower: "Snapshot | None" = None,
        upper: "Snapshot | None" = None,
    ) -> None:
        self.layers = layers
        self.depth = depth  # how many of the layers belong to scopes
        self.closed = closed
        # The snapshots that this one was made from and shares layers with, so that what has been
        # encoded for them is not encoded again.
        self.lower = lower
        self.upper = upper
        # What it is over another baseline than its own, and over which.
        self.captured: tuple[Snapshot, Snapshot] | None = None
        self.encoded: Any = None  # this snapshot as bytes, kept by whoever encodes it
        self.noted_by: object = None  # the record of the process, when it has these overrides
        # Of each layer that `lower` does not have, which keys lie below each key.
        self.indexes: list[tuple[Layer, dict[str, list[str]]]] | None = None
        self.sent_by: object = None  # the records that know that these go to other processes

    @property
    def values(self) -> dict[str, Any]:
        """The values of the scopes, without those of the baseline."""
        return Snapshot(self.scopes()).flat()

    def origin_of(self, key: str) -> RawOrigin:
        found = self.find(key)
        return found[1] if found else NOTHING.origin

    def bind(self, change: Layer) -> "Layer | Snapshot":
        """Return the scopes with `change` written over them.

        Layers at least double in size downwards, so writing n keys one by one is O(n log n).
        """
        if change.closed:
            return change
        if change.names:
            change = change.replacing(Snapshot(self.scopes()))
        if self.depth and change.takes_place_of(self.layers[0]):
            return Snapshot((change, *self.layers[1 : self.depth]), self.depth, self.closed)
        layers = list(self.scopes())
        while layers and len(layers[0].values) < 2 * len(change.values):
            if not change.can_join(layers[0]):
                break
            change = change.over(layers.pop(0))
        return Snapshot((change, *layers), len(layers) + 1, self.closed)

    def scopes(self) -> tuple[Layer, ...]:
        """Return the layers of the scopes, innermost first."""
        return self.layers[: self.depth]

    def __reduce__(self) -> tuple[Any, ...]:
        portable = self.portable()
        return Snapshot, (portable.layers, portable.depth, portable.closed)

    def portable(self, process: Process | None = None) -> "Snapshot":
        """Return this snapshot with portable layers."""
        if not self.layers:
            return self
        layers = tuple(layer.portable(process) for layer in self.layers)
        return Snapshot(layers, self.depth, self.closed)

    def onto(self, lower: "Snapshot") -> "Snapshot":
        """Return this snapshot's scopes opened over `lower`, whose baseline stays the baseline."""
        if self.closed:
            return Snapshot(self.scopes(), self.depth, True, upper=self)
        if not self.depth:
            return lower
        own = tuple([layer.replacing(lower) if layer.names else layer for layer in self.scopes()])
        upper = self if all(map(is_, own, self.layers)) else None
        return Snapshot(own + lower.layers, self.depth + lower.depth, lower.closed, lower, upper)

    def find(self, key: str) -> tuple[Any, RawOrigin] | None:
        """Return the value of `key` and where it was bound, None where nothing binds it."""
        for values, origin, origins, _, _, _ in self.layers:
            value = values.get(key, ABSENT)
            if value is not ABSENT:
                if value is DELETED or value is REMOVED:
                    return None
                return value, origins.get(key, origin) if origins else origin
        return None

    def flat(self) -> dict[str, Any]:
        """Return all visible values by key, in the order in which they were bound."""
        flat: dict[str, Any] = {}
        for layer in reversed(self.layers):
            for key, value in layer.values.items():
                if value is DELETED or value is REMOVED:
                    flat.pop(key, None)
                else:
                    flat[key] = value
        return flat

    def has_below(self, key: str) -> bool:
        """Tell whether a key below `key` may be bound here; one that is deleted counts as well."""
        each: Snapshot | None = self
        while each is not None:
            for _, below in each._indexes() if each.indexes is None else each.indexes:
                if key in below:
                    return True
            if each.upper is not None and each.upper.has_below(key):
                return True
            each = each.lower
        return False

    def keys_at(self, key: str) -> Iterator[tuple[Layer, Collection[str]]]:
        """Yield each layer, innermost last, with its keys at and below `key`; "" is above all."""
        found = self._keys_below(key)
        for layer in reversed(self.layers):
            if not key:
                yield layer, layer.values.keys()
            elif id(layer) in found:
                yield layer, found[id(layer)]
            elif key in layer.values:
                yield layer, (key,)

    def _keys_below(self, key: str) -> dict[int, list[str]]:
        """Return the keys that each layer has at and below `key`, where it has any below."""
        found: dict[int, list[str]] = {}
        pending: list[Snapshot | None] = [self]
        while pending:
            each = pending.pop()
            while each is not None:
                for layer, below in each._indexes():
                    if key in below:
                        found[id(layer)] = below[key]
                pending.append(each.upper)
                each = each.lower
        return found

    def _indexes(self) -> list[tuple[Layer, dict[str, list[str]]]]:
        """Return the index of each layer that `lower` and `upper` do not have."""
        if self.indexes is None:
            made_from = (self.lower, self.upper)
            known = [layer for one in made_from if one is not None for layer in one.layers]
            own = [layer for layer in self.layers if not any(layer is other for other in known)]
            self.indexes = [(layer, by_prefix(layer.values)) for layer in own]
        return self.indexes

    def below(self, key: str) -> dict[str, Any]:
        """Return the values under `key`, keyed by the rest of their names."""
        below: dict[str, Any] = {}
        for layer, keys in self.keys_at(key):
            for flat in keys:
                value = layer.values[flat]
                if value is DELETED or value is REMOVED:
                    below.pop(flat[len(key) + 1 :], None)
                elif flat != key:
                    below[flat[len(key) + 1 :]] = value
        return below


def _in_process(source: RawOrigin, here: Process) -> Origin:
    found = resolve(source)
    return found if found.process is not None else Origin(found.kind, found.location, here)


EMPTY = Snapshot()
NOTHING = Layer({}, Origin("code", ""))
