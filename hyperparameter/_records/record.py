"""What a stretch of program read: the operative configuration.

A `Record` collects `Read`s.  One for the whole process always exists; `record()` opens one
for a block.  A read goes to the innermost record of its context and from there to those
around it, so each holds all that happened inside.  Batches from elsewhere are simply added.
"""

from __future__ import annotations

import os
from _thread import RLock  # importing threading is a tenth of our import
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from .._functions import registry
from .._scopes import ambient, frames
from .._scopes.snapshot import Layer, Snapshot
from .._values.describe import describe, told_apart
from .._values.keys import nest
from .._values.origin import RawOrigin, Site, resolve, this_process
from .._values.scalars import SCALARS, is_small
from .kept import kept  # not on use: a worker may have changed its root before it reads
from .read import Places, RawRead, Read, Unused

if TYPE_CHECKING:
    from os import PathLike

    from .run import Run

# A record of a long program must not grow without end.
_MOST_VALUES = 1_000
_MOST_KEYS = 100_000


class Record:
    """Reads and overrides of a stretch of program, and the context manager that collects them.

    At most 1 000 different values of a key and 100 000 keys are kept; `dropped` counts the rest.
    `run` tells what a launched program ran.
    """

    def __init__(self) -> None:
        self.overrides: dict[str, RawOrigin] = {}
        self.dropped = 0
        self.run: Run | None = None
        self._seen: dict[str, _Seen] = {}
        self._carried: set[str] = set()
        self._losses: dict[str, None] = {}  # in order, and each once
        self._lock = RLock()  # reentrant: the collector may run finalizers here, which may read

    def __enter__(self) -> Record:
        if self is not ambient.baseline_state.record:  # which gets everything anyway
            frames.push_record(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        frames.remove(frames.frame_of(self))

    def __repr__(self) -> str:
        return f"<Record: {len(self._seen)} keys read, {len(self.overrides)} overridden>"

    def __str__(self) -> str:
        from .table import as_text

        return as_text(repr(self), self.reads)

    def _repr_html_(self) -> str:
        from .table import as_html

        return as_html(repr(self), self.reads)

    def known_keys(self) -> set[str]:
        """Return the keys that this process declares, and those that were read here so far."""
        with self._lock:
            return {*registry.keys(), *self._seen}

    @property
    def reads(self) -> list[Read]:
        """All reads, by key in the order of their first read."""
        with self._lock:
            found = [read for seen in self._seen.values() for read in seen.by_value.values()]
        places = Places()
        return [read if isinstance(read, Read) else read.resolved(places) for read in found]

    def operative(self, nested: bool = False) -> dict[str, Any]:
        """Return each key with its value, defaults included; of several, the one seen last.

        A scope answers later reads of a key by itself, so its first one tells the order.
        Given as a scope or to `hp.config`, it has the same program do the same.  What is not
        plain data is spelled as in a file; `left_out` names secrets and what has no such spelling.
        """
        from .operative import operative

        flat = operative(self._last())[0]
        return nest(flat) if nested else flat

    @property
    def left_out(self) -> dict[str, str]:
        """The keys of the values that `operative` leaves out, each with the reason."""
        from .operative import operative

        return operative(self._last())[1]

    def _last(self) -> list[tuple[str, Any]]:
        with self._lock:
            last = [seen.by_value[seen.last] for seen in self._seen.values()]
        return [(read.key, read.value) for read in last]

    @property
    def incomplete(self) -> list[str]:
        """Why something may be missing here that was read; empty for a complete record."""
        dropped = [f"{self.dropped} reads over its limits were dropped"] if self.dropped else []
        return [*self._losses, *dropped]

    def note_loss(self, reason: str) -> None:
        """Note that reads may be missing here, and why."""
        self._losses[reason] = None

    def wait(self, timeout: float) -> bool:
        """Wait for what others still have to tell, and return whether all of it is here."""
        return True

    def unused(self) -> list[Unused]:
        """Return the overrides that nobody read.

        Those that were carried to another process are left out: what it read is not known here.
        """
        reads = self.reads
        used = {read.key for read in reads}
        defaulted = {read.key for read in reads if read.default_used}
        with self._lock:
            overrides = list(self.overrides.items())
        return [
            Unused(key, resolve(source), used, defaulted)
            for key, source in overrides
            if key not in used and key not in self._carried
        ]

    def divergent(self) -> dict[str, list[Read]]:
        """Return the keys that different readers saw with different values."""
        by_key: dict[str, dict[str, Read]] = {}
        for read in self.reads:
            values = by_key.setdefault(read.key, {})
            values.setdefault(f"{type(read.value).__name__} {told_apart(read.value)}", read)
        return {key: list(values.values()) for key, values in by_key.items() if len(values) > 1}

    def renew_lock(self) -> None:
        """Replace the lock, which a thread may have held that a fork has left behind."""
        self._lock = RLock()

    def add(self, reads: Iterable[Read]) -> None:
        """Add reads collected elsewhere, in another process or from a file, to this record."""
        for read in reads:
            self._take(read.key, (repr(read[1:5]), read.process, read.bulk), read)

    def override(self, layer: Layer | Snapshot) -> None:
        """Note bindings that are in force during this record."""
        for record in self._and_around():
            for key in layer.values:
                if key not in record.overrides and len(record.overrides) < _MOST_KEYS:
                    record.overrides[key] = layer.origin_of(key)

    def carry(self, layer: Layer) -> None:
        """Note that these bindings may be read in another process."""
        for record in self._and_around():
            if len(record._carried) < _MOST_KEYS:
                record._carried.update(layer.values)

    def note(
        self,
        key: str,
        value: object,
        default: object,
        origin: RawOrigin | None,
        site: Site,
        *,
        bulk: bool = False,
    ) -> None:
        """Note one read; `origin` is None when the default was used."""
        kind, wanted = type(value), type(default)
        default_id = default if origin is None and wanted in SCALARS else wanted
        place: object = origin
        offset = None
        if type(origin) is tuple:
            place, offset = id(origin[0]), origin[1]
        seen = self._seen.get(key)
        if seen is not None:
            last = seen.last  # most reads are the last one again: do not hash for them
            if last[0] is kind and last[1] is value and last[2] is default_id:  # noqa: SIM102
                if last[3] == place and last[4] == offset and last[5] is bulk:
                    return
        identity = (
            kind,
            value if is_small(value) else repr(describe("", value)),
            default_id,
            place,
            offset,
            bulk,
        )
        if seen is not None and identity in seen.by_value:
            if seen.last != identity:
                self._see_again(key, identity)
            return
        used = kept(key, value)
        default = used if origin is None else describe(key, default)
        raw = RawRead(key, used, default, origin, site, this_process(), bulk)
        self._keep(key, identity, raw)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record as JSON; of a secret it has a digest under a key of the user."""
        from .digest import with_keyed_digests
        from .file import Saved, write

        with self._lock:
            overrides, carried = dict(self.overrides), sorted(self._carried)
        places = Places()
        origins = {key: places.origin(source) for key, source in overrides.items()}
        reads = with_keyed_digests(self.reads, os.environ)
        write(path, Saved(origins, carried, reads, self.dropped, list(self._losses), self.run))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Record:
        """Read what `save` wrote; `ConfigurationError` for anything else, `OSError` as usual."""
        from .file import read, without_collection

        def loaded() -> Record:
            record, saved = cls(), read(path)
            record.overrides.update(saved.overrides)
            record._carried.update(saved.carried)
            record.dropped, record.run = saved.dropped, saved.run
            record._losses.update(dict.fromkeys(saved.losses))
            record.add(saved.reads)
            return record

        return without_collection(loaded)

    def _see_again(self, key: str, identity: object) -> None:
        for record in self._and_around():
            seen = record._seen.get(key)
            if seen is not None and identity in seen.by_value:
                seen.last = identity

    def _and_around(self) -> list[Record]:
        """Return this record and those open around it in this context, which get what it gets."""
        process, found = process_record(), [self]
        state = ambient.active.get()
        while state is not None and state.record is not process:
            if state.is_record and state.owner not in found:
                found.append(cast("Record", state.owner))
            state = state.parent
        return found if self is process else [*found, process]

    def _keep(self, key: str, identity: object, read: RawRead) -> None:
        for record in self._and_around():
            record._take(key, identity, read)

    def _take(self, key: str, identity: object, read: Read | RawRead) -> None:
        with self._lock:
            seen = self._seen.get(key)
            if seen is None and len(self._seen) < _MOST_KEYS:
                seen = self._seen[key] = _Seen()
            if seen is None or len(seen.by_value) >= _MOST_VALUES:
                self.dropped += 1
            else:
                seen.by_value.setdefault(identity, read)
                seen.last = identity


class _Seen:
    """What has been read of one key: each different value, and which of them last."""

    __slots__ = ("by_value", "last")

    def __init__(self) -> None:
        self.by_value: dict[Any, Read | RawRead] = {}
        self.last: Any = (None,)


def process_record() -> Record:
    """Return the record that always exists, of everything that this process reads."""
    return cast("Record", ambient.baseline_state.record)


def record() -> Record:
    """Return a record to collect reads in: `with hp.record() as rec: ...`."""
    return Record()


# From here on this process has a record of what is read outside of all others.
ambient.swap_baseline_state(ambient.view(ambient.baseline_state.snapshot, Record()))
