"""The bindings that were in force during a record: each key, and each place that has set it."""

from __future__ import annotations

from collections.abc import Iterator

from .._scopes.snapshot import Layer
from .._values.origin import Origin, RawOrigin
from .kept_reads import MOST_KEYS, MOST_VALUES


class Overridden:
    """Bindings by key and place.

    Most keys are set in one place, so `last` has that, and only the others have more.
    """

    __slots__ = ("_several", "last")

    def __init__(self) -> None:
        self.last: dict[str, RawOrigin] = {}
        self._several: dict[str, dict[object, RawOrigin]] = {}

    def take(self, key: str, origin: RawOrigin) -> bool:
        """Keep a binding, within limits; return whether it is new."""
        last = self.last.get(key)
        if last is None:
            if len(self.last) >= MOST_KEYS:
                return False
            self.last[key] = origin
            return True
        if last == origin:
            return False
        places = self._several.get(key)
        if places is None:
            places = self._several[key] = {_identity(last): last}
        place = _identity(origin)
        is_new = place not in places and len(places) < MOST_VALUES
        if is_new:
            places[place] = origin
        self.last[key] = origin  # where it is set next, most likely: scopes look here first
        return is_new

    def take_layer(self, layer: Layer) -> None:
        """Keep the bindings of a layer, most of which are known where scopes arrive."""
        last, origin, origins = self.last, layer.origin, layer.origins
        for key in layer.values:
            at = origins.get(key, origin) if origins else origin
            if last.get(key) != at:
                self.take(key, at)

    def take_again(self, key: str, origin: RawOrigin) -> bool:
        """Take a binding, of a key that several places set, if it is kept; return whether it is."""
        places = self._several.get(key)
        if places is None or _identity(origin) not in places:
            return False
        self.last[key] = origin
        return True

    def all(self) -> Iterator[tuple[str, RawOrigin]]:
        """Yield each key with each place that has set it."""
        for key, origin in list(self.last.items()):
            several = self._several.get(key)
            for one in [origin] if several is None else list(several.values()):
                yield key, one


def _identity(origin: RawOrigin) -> object:
    if isinstance(origin, Origin):
        return origin[:2]  # the same place of a program, whichever process it is
    place, number = origin
    # Of code the identity, as to hash it is to go through all of it; the origin keeps it alive.
    return place if isinstance(place, str) else id(place), number
