"""What a record has of each read, and of overrides that nobody read."""

from typing import Any, NamedTuple

from .._values.origin import Origin, Process, RawOrigin, Site, location, resolve


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


class Unused(NamedTuple):
    """An override that nobody read."""

    key: str
    origin: Origin
    suggestions: list[str]

    def __str__(self) -> str:
        hint = f", did you mean {' or '.join(map(repr, self.suggestions))}?"
        return f"{self.key} ({self.origin}) was never read" + (hint if self.suggestions else "")


class RawRead(NamedTuple):
    """A read whose places have not been looked up yet."""

    key: str
    value: Any
    default: Any
    origin: RawOrigin | None
    site: Site
    process: Process
    bulk: bool = False

    def resolved(self) -> Read:
        origin = resolve(self.origin) if self.origin is not None else None
        used = self.origin is None and not self.bulk
        place = location(self.site)
        return Read(
            self.key, self.value, self.default, origin, used, place, self.process, self.bulk
        )
