"""What the collection of reads asks of Ray: the `Cluster` of `hp_dist._collect`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record, Recorder, State

from .._collect.forward import Forward
from .._collect.inbox import current_inbox, wait_for_relayed
from .collector import CollectorHandle
from .sender import CollectorSender
from .store import cluster_connection
from .watch import nested

_PAUSE = 0.05

T = TypeVar("T")
Arguments = dict[str, object]


def ensure_collector(records: Sequence[Recorder]) -> None:
    """Have a collector for calls that are submitted in these records."""
    inbox = current_inbox()
    known = inbox.collector
    if isinstance(known, CollectorHandle) and known.connection is cluster_connection():
        return
    if known is not None:
        inbox.leave_cluster("Ray was shut down")
    forwards = _forwards_of(records)
    if forwards and len(forwards) == len(records) - 1:
        return  # what the calls read they tell straight to whom these do
    names = [to.collector for each in forwards for to in each.address]
    try:
        inbox.collector = CollectorHandle(names[0] if names else "")
    except ValueError as error:  # that of the job is gone
        for record in records:
            if isinstance(record, Record):
                record.note_loss(f"there is no collector in this job of Ray ({error})")


def sender(collector: str) -> CollectorSender:
    """Return the way of this process to a collector."""
    found = _senders.get(collector)
    if found is None:
        with _lock:
            found = _senders.get(collector) or CollectorSender(collector)
            _senders[collector] = found
    return found


def send_all() -> None:
    """Wait until the collectors have what this worker has read."""
    for each in list(_senders.values()):
        each.send_all()


class Told:
    """Who is told of the calls that are submitted in these records."""

    __slots__ = ("_calls", "forwards")

    def __init__(self, records: Sequence[Recorder]) -> None:
        self.forwards = _forwards_of(records)
        own = [each for each in records if isinstance(each, Record) and each not in self.forwards]
        self._calls = [current_inbox().under_way.calls_of(each) for each in own]

    def start(self, call: str) -> None:
        for calls in self._calls:
            calls.open[call] = None
        for forward in self.forwards:
            forward.tell_call("started", call)

    def end(self, call: str) -> None:
        for calls in self._calls:
            calls.open.pop(call, None)
        for forward in self.forwards:
            forward.tell_call("ended", call)


def submit(told: Told, call: str, invoke: Callable[[Arguments], T], arguments: Arguments) -> T:
    """Submit a call, as `invoke` does, and have its end waited for."""
    inbox = current_inbox()
    inbox.collect_sometimes()
    told.start(call)
    try:
        result = invoke(arguments)
    except BaseException:  # Ray has not taken it, so nobody will run it
        told.end(call)
        raise
    if told.forwards:
        nested.add(call, result, told.forwards)
    if isinstance(inbox.collector, CollectorHandle):
        inbox.collector.watch.add(call, result)
    return result


def _forwards_of(records: Sequence[Recorder]) -> list[Forward]:
    """Return the forwards whose address the workers of this cluster can tell themselves."""
    found = [each for each in records if isinstance(each, Forward)]
    return [each for each in found if each.is_reached_by("cluster")]


End = tuple[CollectorSender, tuple[str, tuple[str, ...]]]
"""Whom the end of a call is told to: the collector, and there the mailbox and records."""


def ends_over(before: State | None) -> list[End]:
    """Return whom the end of a call is told to whose state this is, over that of `before` it."""
    around = interface.record_frames(before)
    return [
        (sender(collector), (mailbox, to))
        for frame in interface.record_frames(interface.active())
        if isinstance(frame.record, Forward) and frame not in around
        for mailbox, collector, to in frame.record.address
        if collector
    ]


def note_end(ends: Sequence[End], call: str) -> None:
    """Tell that a call has ended."""
    if ends:
        wait_for_relayed()
    for to, records in ends:
        to.tell_end(records, call)
    for each in list(_senders.values()):
        each.flush_soon()


def leave() -> None:
    """Take what the collector has, and wait as a record does, before this process leaves."""
    inbox = current_inbox()
    end = time.monotonic() + interface.closing_seconds(sys.exception())
    while inbox.collector is not None:
        inbox.collect()
        if not inbox.under_way.has_calls() or time.monotonic() >= end:
            inbox.leave_cluster("Ray was shut down")
        else:
            time.sleep(_PAUSE)


_lock = threading.Lock()
_senders: dict[str, CollectorSender] = {}
