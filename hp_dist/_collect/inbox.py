"""What workers have told this process, handed to its records, and what they have yet to tell.

It is a `Source` of records, which they ask whenever somebody asks them.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Sequence
from multiprocessing.process import BaseProcess
from threading import RLock
from typing import Any
from weakref import WeakSet, ref

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record, Recorder

from .address import Address, Destination, Medium, id_of, is_known, own_records, record_of
from .cluster import Collector, CollectorGone, cluster
from .forward import Forward
from .mailbox import Mailbox, parsed
from .reads import PackedReads
from .threads import Threads
from .work import Ending, UnderWay, Work, news_in

_TORN = "a worker could not tell all that it read: it was killed, or its disk was full"
_GONE = "the file was deleted in which workers tell what they read"
_UNTOLD = (
    "calls of Ray ended without telling what they had read: they were cancelled, or could not "
    "begin, or their workers died"
)
_MOST_SECONDS = 1.0
_RELAYED_SECONDS = 2.0


class Inbox:
    """The mailbox of this process, its collector in a cluster, and the work under way."""

    def __init__(self) -> None:
        self._collector: Collector | None = None
        self._last_address: tuple[Medium, list[Any], Address] | None = None
        self.epoch = object()  # another one whenever addresses change that were given out
        self._mailbox: Mailbox | None = None
        self._without_mailbox = f"!{os.urandom(6).hex()}"
        self.under_way = UnderWay()
        self._packed = PackedReads()
        self._collected_at = time.monotonic()
        self._has_warned = False
        self._relayed: WeakSet[Forward] = WeakSet()  # what is told to them has to be told further
        self.has_relayed = False
        self.threads = Threads()
        self._lock = RLock()  # reentrant: a finalizer may ask a record
        self._asking = RLock()  # who has it may be waiting for the network

    def address(self, records: Sequence[Recorder], medium: Medium) -> Address:
        """Return where workers tell what they read for these records, innermost first.

        A forward sends them straight to its own address, unless they cannot get there.
        """
        if medium != "host" and (found_cluster := cluster()) is not None:
            found_cluster.ensure_collector(records)
        last = self._last_address  # most submissions are made in the records of the last one
        if last is not None and last[0] == medium and _are_these(last[1], records):
            return last[2]
        address = self._make_address(records, medium)
        self._last_address = medium, list(map(ref, records)), address
        return address

    def _make_address(self, records: Sequence[Recorder], medium: Medium) -> Address:
        found: list[Destination] = []
        own: list[Record] = []
        is_worker = any(isinstance(record, Forward) for record in records)
        for record in records[:-1] if is_worker else records:  # nobody asks a worker's last one
            if isinstance(record, Forward) and record.is_reached_by(medium):
                found += [each for each in record.address if each not in found]
            elif isinstance(record, Record):
                own.append(record)
        if own:
            self._relayed.update(record for record in own if isinstance(record, Forward))
            self.has_relayed = len(self._relayed) > 0
            name = self.collector.name if self.collector and medium != "host" else ""
            to = Destination(self.ensure_mailbox(own), name, tuple(map(id_of, own)))
            found.insert(0, to)
        return tuple(found)

    def address_for_child(self, forward: Forward) -> Address:
        """Return where a forked child tells what it reads, for this process to tell it further."""
        forward.address = ()
        return (Destination(self._path, "", (id_of(forward),)),)

    def note_work(self, records: Sequence[Recorder], work: Work) -> None:
        """Note what has been submitted, until it ends."""
        self.collect_sometimes()
        for record in records:
            if isinstance(record, Record):
                self.under_way.add(record, work)
                record.has_tasks |= not isinstance(work, (BaseProcess, Ending))

    def wait_for_relayed(self) -> None:
        """Tell further what work that was submitted here has read, before its submitter ends."""
        if interface.is_in_event_loop():  # other calls run here, and would wait
            self.collect(waits=False)
            return
        for forward in list(self._relayed):
            if not forward.wait(_RELAYED_SECONDS):
                forward.tell_loss("work that a worker had submitted had not ended when it ended")

    def collect(self, *, waits: bool = True) -> None:
        """Take what has arrived; `waits` for an answer from far away, and for other threads."""
        self._collected_at = time.monotonic()
        self._collect_from_mailbox()
        if self._collector is not None and self._asking.acquire(blocking=waits):
            try:
                self._collect_from_cluster(waits)
            finally:
                self._asking.release()

    def _collect_from_mailbox(self) -> None:
        with self._lock:
            if self._mailbox is None:
                return
            reports, is_torn = self._mailbox.take()
            self._deliver(reports)
            if is_torn:
                self._note_loss(_TORN)
            if self._mailbox.is_gone:
                self._note_loss(_GONE)
                self._mailbox.close()
                self._mailbox, self._last_address, self.epoch = None, None, object()

    def _collect_from_cluster(self, waits: bool) -> None:
        """Ask the collector, without the lock: others go on meanwhile."""
        collector = self._collector
        if collector is None:
            return
        try:
            reports = collector.take(self._path, waits=waits)
        except CollectorGone as error:
            # What has ended has told it with what it read, so nothing else is lost.
            self.leave_cluster(str(error))
            return
        with self._lock:
            self._deliver(reports)
        if self.under_way.has_calls():
            self.under_way.note_over(collector.over(self.under_way.open_calls()))
            for record in self.under_way.given_up():
                if isinstance(record, Record):
                    record.note_loss(_UNTOLD)

    @property
    def collector(self) -> Collector | None:
        return self._collector

    @collector.setter
    def collector(self, collector: Collector | None) -> None:
        self._collector, self._last_address, self.epoch = collector, None, object()

    def collect_sometimes(self) -> None:
        """Collect where nobody asks for long: what arrives must not fill disk and memory."""
        if time.monotonic() - self._collected_at > _MOST_SECONDS:
            self.collect(waits=False)

    def leave_cluster(self, event: str) -> None:
        """Forget the collector; what it has not told yet is lost by this event."""
        with self._lock:
            self.collector = None
            lost = self.under_way.forget_calls()
        for record, count in lost.items():
            if isinstance(record, Record):
                record.note_loss(f"{count} calls of Ray had not told what they read when {event}")
        if lost and event != "Ray was shut down":
            self._warn(
                f"{max(lost.values())} calls of Ray had not told what they read when {event}"
            )

    def _note_loss(self, reason: str) -> None:
        for record in own_records():
            record.note_loss(reason)
        self._warn(reason)

    def _warn(self, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"The record of what workers read is incomplete: {reason}.",
                RuntimeWarning,
                stacklevel=2,
            )

    def ensure_mailbox(self, records: Iterable[Record] = ()) -> str:
        """Return the path of the mailbox; where none can be made, the records lack something."""
        if self._mailbox is None:
            try:
                self._mailbox = Mailbox()
            except OSError as error:
                for record in records:
                    record.note_loss(f"no file could be made for what workers read ({error})")
        return self._path

    @property
    def _path(self) -> str:
        return self._mailbox.path if self._mailbox is not None else self._without_mailbox

    def _deliver(self, reports: Iterable[dict[str, Any]]) -> None:
        for report in reports:
            try:
                overrides = interface.unpack_overrides(report.get("overrides", ()))
                shown = [str(key) for key in report.get("shown", ())]
                losses = [str(loss) for loss in report.get("losses", ())]
                news = news_in(report)
                records = [found for known in report["to"] if (found := record_of(known))]
                self.under_way.note_heard(report["to"])
            except (AttributeError, LookupError, TypeError, ValueError):
                self._note_loss("a report of a worker could not be read")
                continue
            if "reads" in report:
                self._packed.add(records, report["reads"])
            for record in records:
                record.is_heard = True
                if isinstance(record, Forward):  # which tells them further
                    self._packed.unpack(record)
                record.add_overrides(overrides)
                record.take_shown(shown)
                for loss in losses:
                    record.note_loss(loss)
                if news is not None:
                    self.under_way.note_calls(record, news)
            if news is not None and self._collector is not None:
                self._collector.forget(news.ended)

    def take_lines(self, lines: bytes) -> None:
        """Take reports that have come in another way than through the mailbox."""
        with self._lock:
            self._deliver(parsed(lines)[0])

    def unpack(self, record: object) -> None:
        """Give a record the reads that have arrived for it."""
        if isinstance(record, Record):
            self._packed.unpack(record)


def _are_these(known: Sequence[Any], records: Sequence[Recorder]) -> bool:
    return [one() for one in known] == [*records]


class _Source:
    """The inbox of this process, which in a forked child is another one."""

    def collect(self) -> None:
        _inbox.collect()

    def unpack(self, record: object) -> None:
        _inbox.unpack(record)

    def is_pending(self, record: object) -> bool:
        return _inbox.under_way.is_open(record)

    def pending(self, record: object) -> list[str]:
        count = _inbox.under_way.count(record)
        return [f"{count} of the submitted tasks and processes have not ended"] if count else []

    def unheard(self, record: object) -> list[str]:
        count = _inbox.under_way.unheard(record)
        processes = "1 process has" if count == 1 else f"{count} processes have"
        return [f"{processes} ended without telling what was read there"] if count else []

    def has_lost(self, record: object) -> bool:
        return _inbox.under_way.has_lost(record)

    def is_late(self, record: object) -> bool:
        return _inbox.under_way.has_calls(record)  # which may have ended and told it

    def hears_children(self, record: object) -> bool:
        return isinstance(record, Record) and is_known(record)


def current_inbox() -> Inbox:
    return _inbox


def arrived(result: object, lines: bytes) -> object:
    """Take the reports that have come with a result; return that."""
    _inbox.take_lines(lines)
    return result


def replace_inbox() -> Inbox:
    """Begin anew in a forked child, and return the inbox of its parent."""
    global _inbox
    parents, _inbox = _inbox, Inbox()
    _of_parents.append(parents)  # never deleted here: its collector would go
    if parents.collector is not None:
        parents.collector.leave_to_parent()
    return parents


def wait_for_relayed() -> None:
    """Do so where a call of this process ends, and tell of its threads."""
    if _inbox.has_relayed:
        _inbox.wait_for_relayed()
    _inbox.threads.tell()


_inbox = Inbox()
_of_parents: list[Inbox] = []
interface.sources.append(_Source())
