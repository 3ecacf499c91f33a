"""What a record has of each read, and which of them differ."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from .._values.describe import told_apart
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


def divergent(reads: Iterable[Read]) -> dict[str, list[Read]]:
    """Return the reads of each key that was read with different values, one for each value."""
    by_key: dict[str, dict[str, Read]] = {}
    for read in reads:
        values = by_key.setdefault(read.key, {})
        values.setdefault(f"{type(read.value).__name__} {told_apart(read.value)}", read)
    return {key: list(values.values()) for key, values in by_key.items() if len(values) > 1}
