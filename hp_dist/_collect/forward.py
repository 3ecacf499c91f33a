"""A record in a worker that tells what it gets to the records where the work was submitted."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import (
    Identity,
    Overridden,
    RawOrigin,
    RawRead,
    Read,
    Record,
    SentReads,
)
from hyperparameter.context import Snapshot

from . import unsent
from .address import Address, Destination, Medium
from .cluster import Change, Queue, cluster
from .mailbox import Marked, append, mark_inherited


class Sent:
    """What has been sent to an address: forwards of several submitters share it."""

    def __init__(self) -> None:
        self.reads = SentReads()
        self.overridden = Overridden()
        self.shown: set[str] = set()


class Forward(Record):
    """A record in a worker: each different read goes once to the records at its address."""

    tells = True

    def __init__(self, address: Address, submitter: str, sent: Sent) -> None:
        super().__init__()
        # It is opened for each task, and a worker may have records of its own.
        self.is_always_within_the_same = False
        self._reads, self._overridden, self._shown = sent.reads, sent.overridden, sent.shown
        self.overrides = sent.overridden.last
        self._sent_before = sent
        self._tells_of_dropped = False
        self.address = address
        self.submitter = submitter
        self._queues: tuple[int, Address, Sequence[Queue | _Mailbox]] = 0, (), ()

    def is_reached_by(self, medium: Medium) -> bool:
        """Tell whether workers reached by a medium can tell the address themselves."""
        if medium == "any":
            return True
        return all(uses_collector(each) is (medium == "cluster") for each in self.address)

    def announce(self) -> None:
        """Tell that what is read here arrives."""
        self._tell("here", [True])

    def know(self, *snapshots: Snapshot) -> None:
        """Take these bindings for known where they came from."""
        for snapshot in snapshots:
            for layer in snapshot.layers:
                self._overridden.take_layer(layer)

    def lacks(self, key: str, identity: Identity) -> bool:
        return not self._reads.has(key, identity)

    def take(self, key: str, identity: Identity, read: Read | RawRead) -> bool:
        is_new = self._reads.note(key, identity)
        if is_new:
            pid, address, queues = self._queues
            if pid != os.getpid() or address is not self.address:
                queues = self._queues_here()
            for queue in queues:
                queue.put(read)
        elif self._reads.dropped and not self._tells_of_dropped:
            self._tells_of_dropped = True
            self.tell_loss("a worker has read more than its record can hold")
        return is_new

    def take_override(self, key: str, origin: RawOrigin) -> bool:
        is_new = super().take_override(key, origin)
        if is_new:
            self._tell("overrides", [[key, interface.pack_origin(origin)]])
        return is_new

    def take_shown(self, keys: Iterable[str]) -> None:
        before = set(self._shown)
        super().take_shown(keys)
        if new := sorted(self._shown - before):
            self._tell("shown", new)

    def note_loss(self, reason: str) -> None:
        super().note_loss(reason)
        self.tell_loss(reason)

    def tell_loss(self, reason: str) -> None:
        self._tell("losses", [reason])

    def tell_call(self, change: Change, call: str) -> None:
        """Tell collectors what has become of a call."""
        for mailbox, collector, to in self.address:
            if collector and (found := cluster()) is not None:
                found.sender(collector).tell(mailbox, to, change, [call])

    def _queues_here(self) -> Sequence[Queue | _Mailbox]:
        """Return where reads are put; in a forked child, or told elsewhere, others."""
        queues = [_queue_to(destination) for destination in self.address]
        self._queues = os.getpid(), self.address, queues
        return queues

    def _tell(self, name: str, items: list[Any]) -> None:
        for destination in self.address:
            _send(destination, name, items)


def forward_to(address: Address, submitter: str, *, is_announced: bool = True) -> Forward:
    """Return the forward of a submitter's work, the existing one while there is one."""
    pid = os.getpid()
    place = pid, address, submitter
    known = _recent.get(place)
    if known is not None:
        return known
    known = _forwards.get(place)
    if known is None:
        sent = _sent.setdefault((pid, address), Sent())
        known = _forwards[place] = Forward(address, submitter, sent)
        if is_announced:
            known.announce()
    if len(_recent) >= _MOST_RECENT:
        _recent.clear()
    _recent[place] = known
    return known


def uses_collector(destination: Destination) -> bool:
    """Tell whether reads go to the collector: in workers of a cluster, which may be anywhere."""
    return bool(destination.collector) and cluster() is not None


class _Mailbox:
    """The way of reads to a mailbox."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def put(self, read: Read | RawRead) -> None:
        _send(self._destination, "reads", interface.pack([read]))


def _queue_to(destination: Destination) -> Queue | _Mailbox:
    mailbox, collector, to = destination
    if collector and (found := cluster()) is not None:
        return found.sender(collector).queue(mailbox, to)
    return _Mailbox(destination)


def _send(destination: Destination, name: str, items: list[Any]) -> None:
    mailbox, collector, to = destination
    try:
        if collector and (found := cluster()) is not None:
            found.sender(collector).tell(mailbox, to, name, items)
        else:
            _append(mailbox, to, {name: items})
    except OSError as error:
        _warn(error)


def _append(path: str, to: tuple[str, ...], report: dict[str, list[Any]]) -> None:
    try:
        append(path, to, report)
    except Marked:  # the submitter finds out by itself
        return
    except OSError:
        if not (unsent.keep(to, report) or mark_inherited(path) or path[:1] == "!"):
            raise


def _warn(error: OSError) -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        warnings.warn(
            "What this worker reads cannot be told to the record of the program that submitted "
            f"its work: {error}. That record is incomplete.",
            RuntimeWarning,
            stacklevel=2,
        )


_has_warned = False
_MOST_RECENT = 4
_recent: dict[tuple[int, Address, str], Forward] = {}  # or each task would have one of its own
_forwards: WeakValueDictionary[tuple[int, Address, str], Forward] = WeakValueDictionary()
_sent: WeakValueDictionary[tuple[int, Address], Sent] = WeakValueDictionary()
