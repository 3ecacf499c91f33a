"""The immutable value that a scope is made of.

A `Snapshot` maps flat dotted keys to values and never changes: every write
returns a new one.  Rolling back is putting the old one back, shipping a scope
is encoding one, and two tasks may share one without seeing each other's writes.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .._values.containers import takes_parts, takes_place
from .._values.keys import nearest, prefixes
from .._values.origin import Origin, Process, RawOrigin, resolve, this_process
from .._values.untyped import REMOVED, may_be_mapping
from .markers import ABSENT, DELETED

_NO_ORIGINS: Mapping[str, RawOrigin] = MappingProxyType({})
_NO_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_NO_KINDS: Mapping[str, dict[Any, Any]] = MappingProxyType({})
_new_layer = tuple.__new__  # half the price of Layer(...), and paid for every scope that is read
_MOST_LAYERS = 8  # Deeper nesting merges layers, so that a search stays short ...
_SMALL = 16  # ... while they have no more bindings than this together.


class Layer(NamedTuple):
    """Bindings made in one place.

    `origins` has those that differ from `origin`.  A closed layer hides all that is below it.
    `names` has the names in a key where one of them was written with a dot in it, and those of a
    key that was written as a mapping, which has no value here; `kinds` an empty mapping of each one
    that has a class of its own, by its key.
    """

    values: Mapping[str, Any]
    origin: RawOrigin
    origins: Mapping[str, RawOrigin] = _NO_ORIGINS
    closed: bool = False
    names: Mapping[str, tuple[str, ...]] = _NO_NAMES
    kinds: Mapping[str, dict[Any, Any]] = _NO_KINDS

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

    def over(self, lower: "Layer") -> "Layer":
        """Return one layer that shows what these two show, this one on top."""
        origins = {
            **dict.fromkeys(lower.values, lower.origin),
            **lower.origins,
            **dict.fromkeys(self.values, self.origin),
            **self.origins,
        }
        names = {**lower.names, **self.names} if lower.names or self.names else _NO_NAMES
        kinds = {**_kept_kinds(lower, self), **self.kinds} if lower.kinds else self.kinds
        values = {**lower.values, **self.values}
        return Layer(values, self.origin, origins, lower.closed, names, kinds)

    def replacing(self, lower: "Snapshot") -> "Layer":
        """Return these bindings with the removal of the values below whose place mappings take."""
        mappings = self.names.keys() - self.values.keys()
        found = ((key, lower.find(key)) for key in mappings)
        taken = {key: REMOVED for key, one in found if one and not takes_parts(one[0])}
        return self._replace(values={**taken, **self.values}) if taken else self

    def onto(self, lower: "Snapshot") -> "Snapshot":
        """Return the snapshot that is visible inside a scope of this layer opened in `lower`."""
        values, _, _, closed, names, _ = self
        if closed:
            return Snapshot((self,), 1, True)
        if not values:
            return lower
        if names and (replacing := self.replacing(lower)) is not self:
            return replacing.onto(lower)
        if lower.depth >= _MOST_LAYERS:
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
        places: dict[RawOrigin, Origin] = {}

        def at(source: RawOrigin) -> Origin:
            if source not in places:
                origin = resolve(source)
                places[source] = origin._replace(process=origin.process or here)
            return places[source]

        origins = {key: at(source) for key, source in self.origins.items()}
        return self._replace(
            origin=at(self.origin), origins=origins, names=dict(self.names), kinds=dict(self.kinds)
        )


def _kept_kinds(lower: Layer, upper: Layer) -> dict[str, dict[Any, Any]]:
    """Return the kinds of `lower` whose mappings nothing in `upper` takes the place of."""
    taken = {k for k, one in upper.values.items() if one is not DELETED and takes_place(one)}
    return {k: one for k, one in lower.kinds.items() if taken.isdisjoint({k, *prefixes([k])})}


Bindings = list[Any]
"""What a scope binds, fastest to make: its values and where they were bound, or a layer and None.

The third item is what other contexts are told of a scope that is open: the state below it, with
what it binds by now once it was written (`elsewhere`).
"""


def as_layer(bindings: "Bindings | Layer | Snapshot") -> "Layer | Snapshot":
    if not isinstance(bindings, list):
        return bindings
    if bindings[1] is None:
        layer: Layer | Snapshot = bindings[0]
        return layer
    return _new_layer(Layer, (bindings[0], bindings[1], _NO_ORIGINS, False, _NO_NAMES, _NO_KINDS))


class Snapshot:
    """Layers of scopes over layers of the baseline, innermost first.

    `closed` tells that the scopes hide every baseline, here and wherever they are carried.
    """

    __slots__ = (
        "closed",
        "depth",
        "encoded",
        "layers",
        "lower",
        "noted_by",
        "prefixes",
        "sent_by",
        "upper",
    )

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
        self.encoded: Any = None  # this snapshot as bytes, kept by whoever encodes it
        self.noted_by: object = None  # the record of the process, when it has these overrides
        self.prefixes: set[str] | None = None  # of the keys that `lower` does not have
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
        layers = self.scopes() + lower.layers
        if any(layer.names for layer in self.scopes()):
            own = tuple(layer.replacing(lower) for layer in self.scopes())
            if any(one is not layer for one, layer in zip(own, self.scopes(), strict=True)):
                return Snapshot(own + lower.layers, len(own) + lower.depth, lower.closed, lower)
        return Snapshot(layers, self.depth + lower.depth, lower.closed, lower, self)

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

    def keys(self) -> Iterator[str]:
        return iter(self.flat())

    def has_below(self, key: str) -> bool:
        """Tell whether a key below `key` may be bound here; one that is deleted counts as well."""
        each: Snapshot | None = self
        while each is not None:
            if key in (each._prefixes() if each.prefixes is None else each.prefixes):
                return True
            if each.upper is not None and each.upper.has_below(key):
                return True
            each = each.lower
        return False

    def _prefixes(self) -> set[str]:
        """Return the keys with keys below them, without those that `lower` and `upper` know."""
        own, made_from = self.layers, (self.lower, self.upper)
        known = [layer for one in made_from if one is not None for layer in one.layers]
        if known:
            own = tuple(layer for layer in own if not any(layer is other for other in known))
        self.prefixes = set().union(*[prefixes(layer.values) for layer in own])
        return self.prefixes

    def below(self, key: str) -> dict[str, Any]:
        """Return the values under `key`, keyed by the rest of their names."""
        if not self.has_below(key):
            return {}
        start = f"{key}."
        return {k[len(start) :]: v for k, v in self.flat().items() if k.startswith(start)}

    def explain_missing(self, key: str) -> str:
        """Return a sentence about the keys below or near `key`, or nothing."""
        keys = self.flat()
        below = [k for k in keys if k.startswith(f"{key}.")]
        if below:
            more = f" and {len(below) - 5} more" if len(below) > 5 else ""
            return f" It has keys below it: {', '.join(below[:5])}{more}."
        near = nearest(key, keys)
        return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


EMPTY = Snapshot()
NOTHING = Layer({}, Origin("code", ""))
