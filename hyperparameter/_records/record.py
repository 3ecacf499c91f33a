"""What a stretch of program read: the operative configuration.

A `Record` collects `Read`s.  One for the whole process always exists; `record()` opens one for a
block.  A read goes to the innermost record of its context and from there to those around it, so
each holds all that happened inside.  What other processes have read comes through `sources`, which
are asked whenever the record is.
"""

from __future__ import annotations

from _thread import RLock  # importing threading is a tenth of our import
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from .._functions import registry
from .._scopes import ambient, frames
from .._scopes.snapshot import Layer, Snapshot
from .._values.describe import describe
from .._values.keys import nest
from .._values.origin import RawOrigin, Site, this_process
from .._values.scalars import SCALARS, is_small
from .kept import kept  # not on use: a worker may have changed its root before it reads
from .kept_reads import MOST_KEYS, KeptReads
from .read import RawRead, Read, divergent
from .sources import sources, wait_at_close, wait_for
from .unused import Unused, unused, warn_of_unknown

if TYPE_CHECKING:
    from os import PathLike

    from .exports.target import Exported
    from .run import Run


class Record:
    """Reads and overrides of a stretch of program, and the context manager that collects them.

    At most 1 000 different values of a key and 100 000 keys are kept; `dropped` counts the rest.
    """

    def __init__(self) -> None:
        self.overrides: dict[str, RawOrigin] = {}
        self.run: Run | None = None  # of a launched program
        self.beyond: Record | None = None  # gets what is read here directly, for another process
        self.was_sent = False  # whether workers know of this
        self.has_tasks = False  # whether tasks were submitted, which workers tell of as they begin
        self.is_heard = False  # whether a worker has answered that its reads arrive here
        self._kept = KeptReads()
        self._carried: set[str] = set()  # to where nobody tells what is read
        self._sent: set[str] = set()  # to workers, which tell
        self._losses: dict[str, None] = {}  # in order, and each once

    def __enter__(self) -> Record:
        if self is not ambient.baseline_state.record:  # which gets everything anyway
            frames.push_record(self)
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        frames.remove(frames.frame_of(self))
        if self.was_sent:
            wait_at_close(self, value)

    def __repr__(self) -> str:
        self._collect()
        return f"<Record: {len(self._kept.by_key)} keys read, {len(self.overrides)} overridden>"

    def __str__(self) -> str:
        from .table import as_text

        return as_text(repr(self), self.reads)

    def _repr_html_(self) -> str:
        from .table import as_html

        return as_html(repr(self), self.reads)

    def known_keys(self) -> set[str]:
        """Return the keys that this process declares, and those that were read here so far."""
        with self._kept.lock:
            return {*registry.keys(), *self._kept.by_key}

    @property
    def reads(self) -> list[Read]:
        """All reads, by key in the order of their first read."""
        self._collect()
        return self._kept.all()

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
        self._collect()
        return self._kept.last()

    @property
    def dropped(self) -> int:
        """How many reads were over the limits."""
        return self._kept.dropped

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all work that was submitted in this record has ended and told what it read.

        Return whether it has, after at most `timeout` seconds where there is one.  Closing the
        record waits 2 s at most, and not at all after Ctrl-C or in an event loop.
        """
        return wait_for(self, timeout)

    def export(self, target: str, **options: object) -> Exported:
        """Return the values as "mlflow", "wandb" or another target takes them."""
        from .exports.exporting import export

        return export(self, target, options)

    def log_to(self, target: str, run: object = None, **options: object) -> Exported:
        """Log the record into a run of the target, by default the active one."""
        from .exports.exporting import log_to

        return log_to(self, target, run, options)

    @property
    def incomplete(self) -> list[str]:
        """Why something may be missing here that was read; empty for a complete record."""
        self._collect()
        pending = [reason for source in sources for reason in source.pending(self)]
        if self.has_tasks and not self.is_heard and not pending:
            pending = ["no worker could tell what it has read"]
        dropped = [f"{self.dropped} reads over its limits were dropped"] if self.dropped else []
        return list(dict.fromkeys([*self._losses, *pending, *dropped]))

    def note_loss(self, reason: str) -> None:
        """Note that reads may be missing here, and why."""
        self._losses[reason] = None

    def unused(self) -> list[Unused]:
        """Return the overrides that nobody read, in workers neither.

        Those that were carried to where nobody tells what is read are left out.  So are, with a
        warning, those sent to workers while the record is incomplete.
        """
        reasons, reads = self.incomplete, self.reads
        with self._kept.lock:
            overrides, unknown = list(self.overrides.items()), set(self._carried)
            open_here = self._sent if reasons or not self.is_heard else set()
        found = unused(overrides, reads, unknown)
        if reasons and (lost := [one.key for one in found if one.key in open_here]):
            warn_of_unknown(lost, reasons)
        return [one for one in found if one.key not in open_here]

    def divergent(self) -> dict[str, list[Read]]:
        """Return the keys that different readers saw with different values."""
        return divergent(self.reads)

    def _collect(self) -> None:
        """Take in what workers have told since."""
        for source in sources:
            source.collect()

    def begin_anew(self, beyond: Record | None) -> None:
        """Forget what was read, and tell another process what is read from now on."""
        self._kept = KeptReads()
        self.beyond = beyond

    def renew_lock(self) -> None:
        """Replace the lock, which a thread may have held that a fork has left behind."""
        self._kept.lock = RLock()

    def add(self, reads: Iterable[Read]) -> None:
        """Add reads collected elsewhere, in another process or from a file, to this record."""
        for read in reads:
            self.take(read.key, (repr(read[1:5]), read.process, read.bulk), read)

    def add_overrides(self, origins: Mapping[str, RawOrigin]) -> None:
        """Add overrides from elsewhere, as `add` does reads."""
        for key, origin in origins.items():
            if key not in self.overrides and len(self.overrides) < MOST_KEYS:
                self.take_override(key, origin)

    def override(self, layer: Layer | Snapshot) -> None:
        """Note bindings that are in force during this record."""
        for record in self._and_around():
            for key in layer.values:
                if key not in record.overrides and len(record.overrides) < MOST_KEYS:
                    record.take_override(key, layer.origin_of(key))

    def take_override(self, key: str, origin: RawOrigin) -> None:
        """Keep an override that is new."""
        self.overrides[key] = origin

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
    ) -> None:
        """Note one read; `origin` is None when the default was used."""
        kind, wanted = type(value), type(default)
        default_id = default if origin is None and wanted in SCALARS else wanted
        place: object = origin
        offset = None
        if type(origin) is tuple:
            place, offset = id(origin[0]), origin[1]
        seen = self._kept.by_key.get(key)
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
        self._keep(key, identity, RawRead(key, used, default, origin, site, this_process(), bulk))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record as JSON; of a secret it has a digest under a key of the user."""
        from .file import save

        told = self.reads, self.dropped, (reasons := self.incomplete), self.run
        with self._kept.lock:
            unheard = self._sent if reasons or not self.is_heard else set()
            overrides, carried = dict(self.overrides), sorted(self._carried | unheard)
        save(path, overrides, carried, told)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Record:
        """Read what `save` wrote; `ConfigurationError` for anything else, `OSError` as usual."""
        from .file import read, without_collection

        with without_collection():
            record, saved = cls(), read(path)
            record.overrides, record._carried = {**saved.overrides}, set(saved.carried)
            record._kept.dropped, record._losses = saved.dropped, dict.fromkeys(saved.losses)
            record.run = saved.run
            record.add(saved.reads)
        return record

    def _see_again(self, key: str, identity: object) -> None:
        for record in self._and_around():
            seen = record._kept.by_key.get(key)
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
        found += [] if self is process else [process]
        return found if self.beyond is None else [*found, self.beyond]

    def _keep(self, key: str, identity: object, read: RawRead) -> None:
        for record in self._and_around():
            record.take(key, identity, read)

    def take(self, key: str, identity: object, read: Read | RawRead) -> bool:
        """Keep a read, whose identity tells it from others of its key; return whether it is new."""
        return self._kept.take(key, identity, read)


def process_record() -> Record:
    """Return the record that always exists, of everything that this process reads."""
    return cast("Record", ambient.baseline_state.record)


def record() -> Record:
    """Return a record to collect reads in: `with hp.record() as rec: ...`."""
    return Record()


# From here on this process has a record of what is read outside of all others.
ambient.swap_baseline_state(ambient.view(ambient.baseline_state.snapshot, Record()))
