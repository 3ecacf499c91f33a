"""The reads that a record keeps, by key: each different value once, within limits."""

from __future__ import annotations

from _thread import RLock  # importing threading is a tenth of our import
from typing import Any

from .read import Places, RawRead, Read

# A record of a long program must not grow without end.
MOST_VALUES = 1_000
MOST_KEYS = 100_000


Identity = tuple[Any, ...]
"""What tells a read from others of its key: what is told of the value, and the rest."""


class Seen:
    """What has been read of one key: each different value, and which of them last."""

    __slots__ = ("by_value", "last")

    def __init__(self) -> None:
        self.by_value: dict[Any, Read | RawRead] = {}
        self.last: Any = (None,)

    def in_order(self) -> list[Read | RawRead]:
        """Return the reads, the last one at the end."""
        if len(self.by_value) == 1:
            return list(self.by_value.values())
        last = self.by_value[self.last]
        return [*(one for one in self.by_value.values() if one is not last), last]


class KeptReads:
    """Reads by key, in the order of their first read."""

    def __init__(self) -> None:
        self.by_key: dict[str, Seen] = {}
        self.dropped = 0
        self.lock = RLock()  # reentrant: the collector may run finalizers here, which may read

    def see_again(self, key: str, identity: Identity) -> bool:
        """Note which value was seen last, if its read is kept; return whether it is."""
        seen = self.by_key.get(key)
        if seen is None or identity not in seen.by_value:
            return False
        seen.last = identity
        return True

    def take(self, key: str, identity: Identity, read: Read | RawRead) -> bool:
        """Keep a read, whose identity tells it from others of its key; return whether it is new."""
        with self.lock:
            seen = self.by_key.get(key)
            if seen is None and len(self.by_key) < MOST_KEYS:
                seen = self.by_key[key] = Seen()
            if seen is None or (
                len(seen.by_value) >= MOST_VALUES and identity not in seen.by_value
            ):
                self.dropped += 1
                return False
            seen.last = identity
            # In one step: to hash an identity takes longer than all else here.
            return seen.by_value.setdefault(identity, read) is read

    def all(self) -> list[Read]:
        with self.lock:
            found = [read for seen in self.by_key.values() for read in seen.by_value.values()]
        places = Places()
        return [read if isinstance(read, Read) else read.resolved(places) for read in found]

    def last(self) -> list[tuple[str, list[Read | RawRead]]]:
        """Return each key with its reads, that of the value that was seen last at the end."""
        with self.lock:
            return [(key, seen.in_order()) for key, seen in self.by_key.items()]


class SentReads:
    """Which reads have been sent on: a worker may have a hundred thousand, and keeps none."""

    def __init__(self) -> None:
        # By key: of each value what else tells its read apart; of others of an equal value all.
        self._values: dict[str, dict[object, object]] = {}
        self._others: dict[object, object] = {}  # each once, so that no read has an object here
        self.dropped = 0

    def has(self, key: str, identity: Identity) -> bool:
        """Tell whether a read has been noted."""
        values = self._values.get(key, _NOTHING)
        known = values.get(identity[0])
        return known is not None and (known == identity[1:] or identity in values)

    def note(self, key: str, identity: Identity) -> bool:
        """Note a read, within the limits of a record; return whether it is new.

        Two threads may get that answer: what has arrived twice is one read.
        """
        values = self._values.get(key)
        if values is None:
            if len(self._values) >= MOST_KEYS:
                self.dropped += 1
                return False
            values = self._values.setdefault(key, {})
        told, others = identity[0], identity[1:]
        known = values.get(told)
        if known == others or (known is not None and identity in values):
            return False
        if len(values) >= MOST_VALUES:
            self.dropped += 1
            return False
        if len(self._others) >= MOST_VALUES:
            self._others.clear()
        values[told if known is None else identity] = self._others.setdefault(others, others)
        return True


_NOTHING: dict[object, object] = {}
