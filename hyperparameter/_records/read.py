"""What a record has of each read, and which of them differ."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .._values.describe import told_apart
from .._values.origin import Origin, Process, RawOrigin, Site, location, resolve


class Read(NamedTuple):
    """One value as somebody used it; a second reader of the same value adds nothing.

    `origin` is None where the default was used.  A bulk read is one of many: its reader has taken
    all that there was, as `as_dict()` and iteration do.  `written` is what the value was made of,
    such as text that has no type; None where that is the value itself.
    """

    key: str
    value: Any
    default: Any
    origin: Origin | None
    default_used: bool
    reader: str
    process: Process
    bulk: bool = False
    written: Any = None

    def identity(self) -> tuple[object, ...]:
        """Return what tells this read from others of its key; its reader does not."""
        value, default = self.value, self.default
        told = told_apart(value)
        of_default = told if default is value else told_apart(default)
        return told, of_default, self.origin, self.default_used, self.process, self.bulk


class RawRead(NamedTuple):
    """A read whose places have not been looked up yet."""

    key: str
    value: Any
    default: Any
    origin: RawOrigin | None
    site: Site
    process: Process
    bulk: bool = False
    written: Any = None

    def resolved(self, places: "Places") -> Read:
        origin = places.origin(self.origin) if self.origin is not None else None
        used = self.origin is None and not self.bulk
        place = places.location(self.site)
        key, value, default, _, _, process, bulk, written = self
        return Read(key, value, default, origin, used, place, process, bulk, written)


def divergent(reads: Iterable[Read]) -> dict[str, list[Read]]:
    """Return the reads of each key that was read with different values, one for each value."""
    by_key: dict[str, dict[str, Read]] = {}
    for read in reads:
        values = by_key.setdefault(read.key, {})
        values.setdefault(f"{type(read.value).__name__} {told_apart(read.value)}", read)
    return {key: list(values.values()) for key, values in by_key.items() if len(values) > 1}


class Places:
    """Looks up places, each once: a program reads and sets most of its keys in a few of them.

    It may be used as long as what it is asked for is kept.
    """

    def __init__(self) -> None:
        self._locations: dict[tuple[int, int], str] = {}
        self._origins: dict[tuple[int, int], Origin] = {}

    def location(self, site: Site) -> str:
        key = id(site[0]), site[1]  # to hash code is to go through all of it
        found = self._locations.get(key)
        if found is None:
            found = self._locations[key] = location(site)
        return found

    def origin(self, source: RawOrigin) -> Origin:
        if isinstance(source, Origin):
            return source
        key = id(source[0]), source[1]
        found = self._origins.get(key)
        if found is None:
            found = self._origins[key] = resolve(source)
        return found
