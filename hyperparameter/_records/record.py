"""What a stretch of program read: the operative configuration.

A `Record` collects `Read`s.  One for the whole process always exists; `record()` opens one for a
block.  A read goes to the innermost record of its context and from there to those around it, so
each holds all that happened inside.  What other processes have read comes through `sources`, which
are asked whenever the record is.
"""

from __future__ import annotations

from _thread import RLock  # importing threading is a tenth of our import
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from .._functions import registry
from .._scopes import ambient, frames
from .._scopes.markers import ABSENT, DELETED, SHADOWED
from .._scopes.snapshot import Layer, Snapshot
from .._values.convert import Converter
from .._values.describe import describe
from .._values.origin import RawOrigin, Site, this_process
from .._values.scalars import SCALARS, is_small
from .._values.untyped import REMOVED
from .contents import Contents
from .kept import kept  # not on use: a worker may have changed its root before it reads
from .kept_reads import MOST_KEYS, Identity, KeptReads
from .read import RawRead, Read
from .sources import closing_seconds, wait_for
from .written import kept_written

if TYPE_CHECKING:
    from mmap import mmap

_NOTHING_BOUND = DELETED, REMOVED, SHADOWED
"""In the place of a value that nobody can read."""


class Record(Contents):
    """Reads and overrides of a stretch of program, and the context manager that collects them.

    At most 1 000 different values of a key and 100 000 keys are kept; `dropped` counts the rest.
    `run` tells what a launched program ran.
    """

    tells = False
    """Whether it is itself what tells another process."""

    def __init__(self) -> None:
        super().__init__()
        self.forward: Record | None = None  # tells another process what is read here
        self.is_always_within_the_same = True
        """Whether the records around this one have its reads, since they were always around it."""
        self._was_entered = False

    def __enter__(self) -> Record:
        if self is not ambient.baseline_state.record:  # which gets everything anyway
            if self._was_entered:  # only then other records may be around it
                self.is_always_within_the_same = False
            self._was_entered = True
            frames.push_record(self)
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        frames.remove(frames.frame_of(self))
        if self.was_sent:
            wait_for(self, closing_seconds(value))

    def known_keys(self) -> set[str]:
        """Return the keys that this process declares, and those that were read here so far."""
        with self._kept.lock:
            return {*registry.keys(), *self._kept.by_key}

    def declares(self, key: str) -> bool:
        """Tell whether this process declares a key."""
        return any(registry.declarations(key))

    def begin_anew(self, forward: Record | None) -> None:
        """Forget what was read, and tell another process what is read from now on."""
        self._kept = KeptReads()
        self.forward = forward

    def before_fork(self) -> None:
        """Share a byte with the child, which says whether anything is read there."""
        if self.read_in_child is None:
            from mmap import mmap  # most programs do not fork

            self.read_in_child = mmap(-1, 1)

    def begin_child(self) -> None:
        """Replace the lock, and have what is read here set the byte, unless it is told."""
        self._kept.lock = RLock()
        if self.read_in_child is not None:
            if self.forward is None or isinstance(self.forward, _Untold):
                known = () if self.forward is None else self.forward.flags
                self.forward = _Untold((self.read_in_child, *known))
            self.read_in_child = None  # it was the parent's

    def override(self, layer: Layer | Snapshot) -> None:
        """Note bindings that are in force during this record."""
        for record in self._and_around():
            known = record.overrides
            for key, value in layer.values.items():
                origin = layer.origin_of(key)
                if known.get(key) != origin and not any(value is one for one in _NOTHING_BOUND):
                    record.take_override(key, origin)

    def carry(self, layer: Layer, *, is_told: bool = False) -> None:
        """Note that these bindings may be read in another process, which tells it or not."""
        keys = self._sent if is_told else self._carried
        if len(keys) < MOST_KEYS:
            keys.update(layer.values)

    def note(
        self,
        key: str,
        value: object,
        default: object,
        origin: RawOrigin | None,
        site: Site,
        *,
        bulk: bool = False,
        written: object = ABSENT,
        convert: Converter | None = None,
    ) -> None:
        """Note one read; see `Recorder`."""
        kind, wanted = type(value), type(default)
        default_id = default if origin is None and wanted in SCALARS else wanted
        place: object = origin
        offset = None
        if type(origin) is tuple:
            place, offset = id(origin[0]), origin[1]
        seen = self._kept.by_key.get(key)
        if seen is not None and self.is_always_within_the_same:
            last = seen.last  # most reads are the last one again: do not hash for them
            if last[0] is value and last[1] is kind and last[2] is default_id:  # noqa: SIM102
                if last[3] == place and last[4] == offset and last[5] is bulk:
                    return
        told = value if is_small(value) else repr(describe("", value))
        identity = told, kind, default_id, place, offset, bulk
        if seen is not None and seen.last == identity and self.is_always_within_the_same:
            return
        lacking = [record for record in self._and_around() if record.lacks(key, identity)]
        if not lacking:
            return
        used = kept(key, value, convert, default)
        default = used if origin is None else describe(key, default)
        is_same = written is ABSENT or written is value
        source = None if is_same else kept_written(key, written, value)
        read = RawRead(key, used, default, origin, site, this_process(), bulk, source)
        for record in lacking:
            record.take(key, identity, read)

    def note_shown(self, keys: Iterable[str]) -> None:
        """Note what the program may have seen of these keys without a read of them."""
        shown = list(keys)
        for record in self._and_around():
            record.take_shown(shown)

    def _and_around(self) -> list[Record]:
        """Return this record and those open around it in this context, which get what it gets."""
        process, found = cast("Record", ambient.baseline_state.record), [self]
        state = ambient.active.get()
        while state is not None and state.record is not process:
            if state.is_record and state.owner not in found:
                found.append(cast("Record", state.owner))
            state = state.parent
        if self is not process:
            found.append(process)
        for one in list(found):
            if one.forward is not None:
                found.append(one.forward)
            if one.tells:  # who has submitted a task, and not those who have started its worker
                break
        return found


class _Untold(Record):
    """Stands in a forked child for what tells another process: it says that there was a read.

    Without `hp_dist` nobody tells what it is, but the records of the parent, and of those above it,
    must not be taken for complete.
    """

    def __init__(self, flags: tuple[mmap, ...]) -> None:
        super().__init__()
        self.flags = flags

    def take(self, key: str, identity: Identity, read: Read | RawRead) -> bool:
        for flag in self.flags:
            flag[0] = 1
        return super().take(key, identity, read)


def process_record() -> Record:
    """Return the record that always exists, of everything that this process reads."""
    return cast("Record", ambient.baseline_state.record)


def listening() -> list[Record]:
    """Return the records that get what is read in this context, innermost first."""
    return cast("Record", ambient.current().record)._and_around()


def record() -> Record:
    """Return a record to collect reads in: `with hp.record() as rec: ...`."""
    return Record()


# From here on this process has a record of what is read outside of all others.
ambient.swap_baseline_state(ambient.view(ambient.baseline_state.snapshot, Record()))
