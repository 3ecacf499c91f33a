"""What a record holds, and what it answers; `Record` says how that gets there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from .._values.keys import nest
from .._values.origin import Origin, RawOrigin
from ..exceptions import ConfigurationError
from .kept_reads import Identity, KeptReads
from .overridden import Overridden
from .read import Places, RawRead, Read, divergent
from .sources import settle, sources, wait_for

if TYPE_CHECKING:
    from mmap import mmap
    from os import PathLike

    from .exports.target import Exported
    from .file import Saved
    from .run import Run
    from .unused import Unused

_UNTOLD = "a forked process has read something, and tells nobody without hp_dist.install()"


class Contents:
    """Reads and overrides, of this process and of those that were sent work.

    What other processes have read comes through `sources`, which are asked whenever this is.
    """

    def __init__(self) -> None:
        self._overridden = Overridden()
        self.overrides = self._overridden.last
        self.run: Run | None = None
        self.was_sent = False  # whether workers know of this
        self.has_tasks = False  # whether tasks were submitted, which workers tell of as they begin
        self.is_heard = False  # whether a worker has answered that its reads arrive here
        self.read_in_child: mmap | None = None  # whether a forked child has read, and told nobody
        self._open_runs = 0  # which tell what they have read as they end
        self._has_lost_run = False
        self._kept = KeptReads()
        self._carried: set[str] = set()  # to where nobody tells what is read
        self._sent: set[str] = set()  # to workers, which tell
        self._shown: set[str] = set()
        self._losses: dict[str, None] = {}  # in order, and each once

    def __repr__(self) -> str:
        self._collect()
        return f"<Record: {len(self._kept.by_key)} keys read, {len(self.overrides)} overridden>"

    def __str__(self) -> str:
        from .table import as_text

        return as_text(repr(self), self.reads)

    def _repr_html_(self) -> str:
        from .table import as_html

        return as_html(repr(self), self.reads)

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

    def _last(self) -> list[tuple[str, list[Read | RawRead]]]:
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
        pending = settle(self)
        self._collect()  # afterwards: what has ended has told all
        if self.has_tasks and not self.is_heard and not pending:
            pending = ["no worker could tell what it has read"]
        dropped = [f"{self.dropped} reads over its limits were dropped"] if self.dropped else []
        unheard = [reason for source in sources for reason in source.unheard(self)]
        untold = [_UNTOLD] if self._was_read_in_child() else []
        count = self._open_runs
        runs = [f"{count} run{' has' if count == 1 else 's have'} not ended"] if count else []
        return list(dict.fromkeys([*self._losses, *pending, *unheard, *untold, *runs, *dropped]))

    def _was_read_in_child(self) -> bool:
        return self.read_in_child is not None and self.read_in_child[0] == 1

    def begin_run(self) -> None:
        """Note that a run has begun elsewhere, which tells what it has read as it ends."""
        with self._kept.lock:
            self._open_runs += 1

    def end_run(self) -> None:
        """Note that such a run has ended, and that all it tells has been added."""
        with self._kept.lock:
            self._open_runs -= 1

    def lose_run(self, reason: str) -> None:
        """Note that nobody tells what a run has read, and why."""
        self._has_lost_run = True
        self.note_loss(reason)

    def note_loss(self, reason: str) -> None:
        """Note that reads may be missing here, and why."""
        self._losses[reason] = None

    def unused(self) -> list[Unused]:
        """Return the overrides that nobody read, in workers neither.

        A binding is known by its key and the place that sets it; a read uses the one that it took.
        Those that were carried to where nobody tells what is read are left out.  So are, with a
        warning, those sent to workers while the record is incomplete.
        """
        found, unknown = self.unused_and_unknown()
        if unknown:
            import warnings  # a tenth of our import

            warnings.warn(unknown, RuntimeWarning, stacklevel=2)
        return found

    def unused_and_unknown(self) -> tuple[list[Unused], str]:
        """Return what `unused` does, and the text of its warning, empty where it has none."""
        from .unused import of_unknown, unused  # a program that is imported alone asks for none

        reasons, reads = self.incomplete, self.reads
        with self._kept.lock:
            overrides, carried, untold = self._overrides(reasons)
        found = unused(overrides, reads, carried)
        lost = [one.key for one in found if one.key in untold] if reasons else []
        return [one for one in found if one.key not in untold], of_unknown(lost, reasons)

    def _overrides(
        self, reasons: list[str]
    ) -> tuple[list[tuple[str, RawOrigin]], set[str], set[str]]:
        """Return the overrides, the keys of which nobody tells, and those nobody has told of."""
        untold = set(self._sent) if reasons or not self.is_heard else set()
        if self._was_read_in_child() or self._open_runs or self._has_lost_run:
            untold.update(self.overrides)
        return list(self._overridden.all()), set(self._carried), untold

    def unseen(self) -> tuple[str, ...] | None:
        """Return the keys that cannot have made a difference; None where nobody can tell.

        To look at one without a read, as `repr` does, does not use it, but may make a difference.
        """
        if self.incomplete or any(read.bulk for read in self.reads):
            return None
        unread = [one.key for one in self.unused() if not one.instead]
        return tuple(key for key in dict.fromkeys(unread) if key not in self._shown)

    def divergent(self) -> dict[str, list[Read]]:
        """Return the keys that different readers saw with different values."""
        return divergent(self.reads)

    def _collect(self) -> None:
        """Take in what workers have told since."""
        for source in sources:
            source.collect()
            source.unpack(self)

    def add(self, reads: Iterable[Read]) -> None:
        """Add reads collected elsewhere, in another process or from a file, to this record."""
        for read in reads:
            self.take(read.key, read.identity(), read)

    def add_saved(self, saved: Saved) -> None:
        """Add all that another record has: its reads, its overrides, and what may be missing."""
        self.add_overrides((key, one) for key, each in saved.overrides.items() for one in each)
        self._carried.update(saved.carried)
        for reason in saved.losses:
            self.note_loss(reason)
        self.add(saved.reads)

    def add_overrides(self, overrides: Iterable[tuple[str, RawOrigin]]) -> None:
        """Add overrides from elsewhere, as `add` does reads."""
        for key, origin in overrides:
            self.take_override(key, origin)

    def override_again(self, key: str, origin: RawOrigin) -> bool:
        """Note an override, of a key that several places set, if it is known; return whether."""
        return self._overridden.take_again(key, origin)

    def take_override(self, key: str, origin: RawOrigin) -> bool:
        """Keep an override; return whether it is new."""
        return self._overridden.take(key, origin)

    def take_shown(self, keys: Iterable[str]) -> None:
        """Keep which overrides were shown without a read."""
        self._shown.update(key for key in keys if key in self.overrides)

    def lacks(self, key: str, identity: Identity) -> bool:
        """Tell whether a read is to be taken; where it is not, its value is the one seen last."""
        return not self._kept.see_again(key, identity)

    def take(self, key: str, identity: Identity, read: Read | RawRead) -> bool:
        """Keep a read, whose identity tells it from others of its key; return whether it is new."""
        return self._kept.take(key, identity, read)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the record as JSON; of a secret it has a digest under a key of the user."""
        from .file import write

        write(path, self._to_save())

    def _text_to_save(self) -> str:
        """Return what `save` writes."""
        from .file import lines

        return "".join(lines(self._to_save()))

    def _to_save(self) -> Saved:
        from .digest import with_keyed_digests
        from .file import Saved

        reasons = self.incomplete
        with self._kept.lock:
            overrides, carried, untold = self._overrides(reasons)
        places = Places()
        origins: dict[str, dict[Origin, None]] = {}
        for key, source in overrides:
            origins.setdefault(key, {})[places.origin(source)] = None
        reads = with_keyed_digests(self.reads, os.environ)
        each = {key: list(found) for key, found in origins.items()}
        return Saved(each, sorted(carried | untold), reads, self.dropped, reasons, self.run)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what `save` wrote; `ConfigurationError` for anything else, `OSError` as usual."""
        from .file import read

        return cls._of(path, lambda: read(path))

    @classmethod
    def _of(cls, path: str | PathLike[str], read: Callable[[], Saved]) -> Self:
        from .packed import without_garbage_collection

        with without_garbage_collection():
            record, saved = cls(), read()
            record._kept.dropped, record.run = saved.dropped, saved.run
            try:
                record.add_saved(saved)
            except RecursionError:
                raise ConfigurationError(
                    f"{path} is a damaged record: one of its values has too many levels."
                ) from None
            return record
