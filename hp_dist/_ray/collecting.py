"""What the collection of reads asks of Ray: the `Cluster` of `hp_dist._collect`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record, Recorder, State

from .._collect.cluster import Change
from .._collect.forward import Forward
from .._collect.inbox import current_inbox, wait_for_relayed
from .._collect.work import news_of
from .collector import CollectorHandle
from .sender import CollectorSender
from .store import cluster_connection
from .watch import nested, new_call

_PAUSE = 0.05
_LEAVING_SECONDS = 0.5

T = TypeVar("T")


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


def submit(records: Sequence[Recorder], invoke: Callable[[str], T]) -> T:
    """Submit a call, which `invoke` does with the id that it gets; its end is waited for."""
    call, inbox, forwards = new_call(), current_inbox(), _forwards_of(records)
    own = [each for each in records if isinstance(each, Record) and each not in forwards]
    inbox.collect_sometimes()
    _note(own, forwards, "started", call)
    try:
        result = invoke(call)
    except BaseException:  # Ray has not taken it, so nobody will run it
        _note(own, forwards, "ended", call)
        raise
    if forwards:
        nested.add(call, result, forwards)
    if isinstance(inbox.collector, CollectorHandle):
        inbox.collector.watch.add(call, result)
    return result


def _forwards_of(records: Sequence[Recorder]) -> list[Forward]:
    """Return the forwards whose address the workers of this cluster can tell themselves."""
    found = [each for each in records if isinstance(each, Forward)]
    return [each for each in found if each.is_reached_by("cluster")]


def _note(own: list[Record], forwards: list[Forward], change: Change, call: str) -> None:
    for forward in forwards:
        forward.tell_call(change, call)
    news = news_of(change, call)
    for record in own:
        current_inbox().under_way.note_calls(record, news)


def note_end(before: State | None, call: str) -> None:
    """Tell that a call has ended whose state this is, over that of `before` it."""
    if not _senders:
        return
    around = interface.record_frames(before)
    for frame in interface.record_frames(interface.active()):
        if isinstance(frame.record, Forward) and frame not in around:
            wait_for_relayed()
            frame.record.tell_call("ended", call)
    for each in list(_senders.values()):
        each.flush_soon()


def leave() -> None:
    """Take what the collector has, before this process leaves the cluster."""
    inbox = current_inbox()
    end = time.monotonic() + _LEAVING_SECONDS
    while inbox.collector is not None:
        inbox.collect()
        if not inbox.under_way.has_calls() or time.monotonic() > end:
            inbox.leave_cluster("Ray was shut down")
        else:
            time.sleep(_PAUSE)


_lock = threading.Lock()
_senders: dict[str, CollectorSender] = {}
