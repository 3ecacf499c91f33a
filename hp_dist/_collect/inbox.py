"""What workers have told this process, handed to its records, and what they have yet to tell.

It is a `Source` of records, which they ask whenever somebody asks them.
"""

from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Iterable, Sequence
from multiprocessing.process import BaseProcess
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record, Recorder

from .address import (
    Address,
    Destination,
    Medium,
    forget_ids,
    id_of,
    is_known,
    own_records,
    record_of,
    this_submitter,
)
from .cluster import Collector, CollectorGone, cluster
from .forward import Forward, forward_to, uses_collector
from .mailbox import Mailbox
from .work import Calls, Ending, Work, count_of_pending

_TORN = "a worker could not tell all that it read: it was killed, or its disk was full"
_GONE = "the file was deleted in which workers tell what they read"
_MOST_SECONDS = 1.0
_PASSING_SECONDS = 2.0


class Inbox:
    """The mailbox of this process, its collector in a cluster, and the work under way."""

    def __init__(self) -> None:
        self._collector: Collector | None = None
        self._last_address: tuple[Medium, list[Recorder], Address] | None = None
        self._mailbox: Mailbox | None = None
        self._without_mailbox = f"!{os.urandom(6).hex()}"
        self._work: WeakKeyDictionary[object, WeakSet[Any]] = WeakKeyDictionary()
        self._calls: WeakKeyDictionary[object, Calls] = WeakKeyDictionary()
        self._collected_at = time.monotonic()
        self._has_warned = False
        self._hops: WeakSet[Forward] = WeakSet()  # what is told to them has to be told further
        self._lock = RLock()  # reentrant: a finalizer may ask a record

    def address(self, records: Sequence[Recorder], medium: Medium) -> Address:
        """Return where workers tell what they read for these records, innermost first.

        A forward sends them straight to its own address, unless they cannot get there.
        """
        if medium != "host" and (found_cluster := cluster()) is not None:
            found_cluster.ensure_collector(records)
        last = self._last_address  # most submissions are made in the records of the last one
        if last is not None and last[0] == medium and last[1] == records:
            return last[2]
        address = self._make_address(records, medium)
        self._last_address = medium, list(records), address
        return address

    def _make_address(self, records: Sequence[Recorder], medium: Medium) -> Address:
        found: list[Destination] = []
        own: list[Record] = []
        is_worker = any(isinstance(record, Forward) for record in records)
        for record in records[:-1] if is_worker else records:  # nobody asks a worker's last one
            if isinstance(record, Forward) and reaches(record, medium):
                found += [each for each in record.address if each not in found]
            elif isinstance(record, Record):
                own.append(record)
        if own:
            self._hops.update(record for record in own if isinstance(record, Forward))
            name = self.collector.name if self.collector and medium != "host" else ""
            to = Destination(self.ensure_mailbox(own), name, tuple(map(id_of, own)))
            found.insert(0, to)
        return tuple(found)

    def hop(self, forward: Forward) -> Address:
        """Return where a forked child tells what it reads, for the parent to tell it further."""
        forward.address = ()
        return (Destination(self._path, "", (id_of(forward),)),)

    def note_work(self, records: Sequence[Recorder], work: Work) -> None:
        """Note what has been submitted, until it ends."""
        self._collect_sometimes()
        with self._lock:
            for record in records:
                if isinstance(record, Record):
                    self._work.setdefault(record, WeakSet()).add(work)
                    record.has_tasks |= not isinstance(work, (BaseProcess, Ending))

    def note_call(self, records: Sequence[Recorder]) -> None:
        """Note a call in a cluster, whose worker will tell the collector when it has ended."""
        self._collect_sometimes()
        with self._lock:
            for record in records:
                if isinstance(record, Forward) and reaches(record, "cluster"):
                    record.tell_start()
                elif isinstance(record, Record):
                    self._calls.setdefault(record, Calls()).add(this_submitter(), 1, 0)

    def pass_on(self) -> None:
        """Tell further what work that was submitted here has read, before its submitter ends."""
        if asyncio._get_running_loop() is not None:  # other calls run here, and would wait
            self.collect(waits=False)
            return
        for forward in list(self._hops):
            if not forward.wait(_PASSING_SECONDS):
                forward.tell_loss("work that a worker had submitted had not ended when it ended")

    def collect(self, *, waits: bool = True) -> None:
        """Hand what has arrived to the records; `waits` for an answer from far away."""
        self._collected_at = time.monotonic()
        with self._lock:
            if self._mailbox is not None:
                reports, is_torn = self._mailbox.take()
                with interface.without_garbage_collection():
                    self._deliver(reports)
                if is_torn:
                    self._note_loss(_TORN)
                if self._mailbox.is_gone:
                    self._note_loss(_GONE)
                    self._mailbox.close()
                    self._mailbox = self._last_address = None
            if self.collector is not None:
                try:
                    reports = self.collector.take(self._path, waits=waits)
                except CollectorGone as error:
                    # What has ended has told it with what it read, so nothing else is lost.
                    reason = f"the collector of the Ray job has gone ({error})"
                    self.leave_cluster(reason if self.awaits_calls else "")
                else:
                    with interface.without_garbage_collection():
                        self._deliver(reports)

    @property
    def has_hops(self) -> bool:
        return bool(self._hops)

    @property
    def collector(self) -> Collector | None:
        return self._collector

    @collector.setter
    def collector(self, collector: Collector | None) -> None:
        self._collector, self._last_address = collector, None

    def _collect_sometimes(self) -> None:
        """Collect where nobody asks for long: what arrives must not fill disk and memory."""
        if time.monotonic() - self._collected_at > _MOST_SECONDS:
            self.collect(waits=False)

    @property
    def awaits_calls(self) -> bool:
        """Whether calls in the cluster have not told that they have ended."""
        with self._lock:
            return any(calls.open for calls in self._calls.values())

    def pending(self, record: object) -> list[str]:
        with self._lock:
            count = count_of_pending(self._work.get(record, ()))
            calls = self._calls.get(record)
            count += 0 if calls is None else calls.open
        return [f"{count} of the submitted tasks and processes have not ended"] if count else []

    def is_late(self, record: object) -> bool:
        """Tell whether calls may have ended and told it, which takes a moment in a cluster."""
        with self._lock:
            calls = self._calls.get(record)
            return calls is not None and calls.open > 0

    def leave_cluster(self, reason: str = "") -> None:
        """Forget the collector; what it has not told yet is lost, for that reason."""
        with self._lock:
            self.collector = None
            for record, calls in self._calls.items():
                if calls.open and isinstance(record, Record):
                    record.note_loss(f"{calls.open} calls had not ended when Ray was shut down")
            self._calls.clear()
        if reason:
            self._note_loss(reason)

    def _note_loss(self, reason: str) -> None:
        for record in own_records():
            record.note_loss(reason)
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
                to, reads = report["to"], [*map(interface.unpack, report.get("reads", ()))]
                overrides = interface.unpack_overrides(report.get("overrides", ()))
                losses = [str(loss) for loss in report.get("losses", ())]
                by, *counts = report.get("calls", ("", 0, 0))
                started, ended = map(int, counts)
                records = [record for known in to if (record := record_of(known)) is not None]
            except (AttributeError, LookupError, TypeError, ValueError):
                self._note_loss("a report of a worker could not be read")
                continue
            for record in records:
                record.is_heard = True
                record.add(reads)
                record.add_overrides(overrides)
                for loss in losses:
                    record.note_loss(loss)
                if started or ended:
                    self._calls.setdefault(record, Calls()).add(str(by), started, ended)


def reaches(forward: Forward, medium: Medium) -> bool:
    """Tell whether workers reached by a medium can tell the address of a forward themselves."""
    if medium == "any":
        return True
    return all(uses_collector(each) is (medium == "cluster") for each in forward.address)


def _become_worker() -> None:
    """In a forked child, tell the parent what is read: the records that are open are its own."""
    global _inbox
    parents, _inbox = _inbox, Inbox()
    by = this_submitter()
    _of_parents.append(parents)  # never deleted here: its collector would go
    if parents.collector is not None:
        parents.collector.leave_to_parent()
    open_here = [each for each in interface.records() if isinstance(each, Record)]
    records = [each for each in open_here if isinstance(each, Forward) or is_known(each)]
    for index, record in enumerate(records):
        if isinstance(record, Forward):
            # What the parent reaches through its cluster, this process cannot reach itself.
            address = parents.hop(record) if is_known(record) else ()
        else:
            address = parents.address(records[index:], "host")
        beyond = forward_to(address, by, is_announced=False) if address else None
        record.begin_anew(beyond)
    interface.forget_answers()
    forget_ids()


class _Source:
    """The inbox of this process, which in a forked child is another one."""

    def collect(self) -> None:
        _inbox.collect()

    def pending(self, record: object) -> list[str]:
        return _inbox.pending(record)

    def is_late(self, record: object) -> bool:
        return _inbox.is_late(record)


def current_inbox() -> Inbox:
    return _inbox


def pass_on() -> None:
    """Do so where a call of this process ends: see `Inbox.pass_on`."""
    if _inbox.has_hops:
        _inbox.pass_on()


_inbox = Inbox()
_of_parents: list[Inbox] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_become_worker)
interface.sources.append(_Source())
