"""What a record has of each read."""

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
