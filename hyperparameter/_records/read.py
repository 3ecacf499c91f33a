"""What a record has of each read, and of overrides that nobody read."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .._values.keys import nearest
from .._values.origin import Origin, Process, RawOrigin, Site, location, resolve
from ..exceptions import CONTROLS


class Read(NamedTuple):
    """One value as somebody used it; a second reader of the same value adds nothing.

    `origin` is None where the default was used.  A bulk read is one of many: its reader has taken
    all that there was, as `as_dict()` and iteration do.
    """

    key: str
    value: Any
    default: Any
    origin: Origin | None
    default_used: bool
    reader: str
    process: Process
    bulk: bool = False


class Unused:
    """An override that nobody read.

    `suggestions` are keys that were read, of which one may have been meant.
    """

    __slots__ = ("_defaulted", "_used", "key", "origin")

    def __init__(self, key: str, origin: Origin, used: set[str], defaulted: set[str]) -> None:
        self.key = key
        self.origin = origin
        self._used = used
        self._defaulted = defaulted

    @property
    def suggestions(self) -> list[str]:
        # Not before somebody asks: to compare with each key that was read takes long.
        return nearest(self.key, self._used) or _beside(self.key, self._defaulted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unused) and (self.key, self.origin) == (other.key, other.origin)

    def __hash__(self) -> int:
        return hash((self.key, self.origin))

    def __repr__(self) -> str:
        return f"<Unused: {self}>"

    def __str__(self) -> str:
        return never_read(self.key, self.origin, self.suggestions)


def never_read(key: str, origin: Origin, suggestions: Iterable[str] = (), where: str = "") -> str:
    """Say that nobody read an override; `where` narrows it, as in "in this process"."""
    near = " or ".join(map(repr, suggestions))
    hint = f", did you mean {near}?" if near else ""
    return f"{key} ({origin}) was never read{f' {where}' if where else ''}{hint}".translate(
        CONTROLS
    )


def _beside(key: str, candidates: set[str]) -> list[str]:
    """Return the candidates of the same namespace, when they are few enough to help."""
    namespace = key.rpartition(".")[0]
    found = sorted(c for c in candidates if namespace and c.rpartition(".")[0] == namespace)
    return found if len(found) <= 3 else []


class RawRead(NamedTuple):
    """A read whose places have not been looked up yet."""

    key: str
    value: Any
    default: Any
    origin: RawOrigin | None
    site: Site
    process: Process
    bulk: bool = False

    def resolved(self, places: "Places") -> Read:
        origin = places.origin(self.origin) if self.origin is not None else None
        used = self.origin is None and not self.bulk
        place = places.location(self.site)
        return Read(
            self.key, self.value, self.default, origin, used, place, self.process, self.bulk
        )


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
