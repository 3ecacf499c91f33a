"""The cluster that this process is connected to, if it is: a worker there may be on any host."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol, cast

from hyperparameter._engine_interface import RawRead, Read, Recorder

Change = Literal["started", "ended", "over"]
"""What may become of a call: see `CallNews`."""


class Queue(Protocol):
    """A way for the reads of some records, of which there are many."""

    def put(self, read: RawRead | Read) -> None:
        """Send a read, soon."""


class Sender(Protocol):
    """A way to the process that submitted work, from the side of a worker."""

    def queue(self, mailbox: str, to: tuple[str, ...]) -> Queue:
        """Return a way for reads, to put each there without asking for more than once."""

    def tell(self, mailbox: str, to: tuple[str, ...], name: str, items: list[Any]) -> None:
        """Send a part of a report, or have it sent soon: see `mailbox`."""


class Cluster(Protocol):
    """The module that talks to a cluster."""

    def ensure_collector(self, records: Sequence[Recorder]) -> None:
        """Have a collector for calls that are submitted here, in these records."""

    def sender(self, collector: str) -> Sender:
        """Return the way to a collector."""

    def send_all(self) -> None:
        """Wait until the collectors have what was sent to them."""


class CollectorGone(Exception):
    """The collector of a cluster does not answer any more; the message says what has happened."""


class Collector(Protocol):
    """The collector of a cluster, for the process that has records."""

    name: str

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        """Return the reports since the last time, or wait for an answer to come later.

        `CollectorGone` when there will be none.
        """

    def over(self, calls: set[str]) -> list[str]:
        """Return those of the calls that have begun and ended, or never will, as the cluster knows.

        It takes a moment to find that out, so the answer may be that of the last time.
        """

    def forget(self, calls: Iterable[str]) -> None:
        """Forget calls, which have told that they have ended."""

    def leave_to_parent(self) -> None:
        """Let nothing that happens to this object in a forked child reach the cluster."""


def cluster() -> Cluster | None:
    """Return what talks to the cluster that this process is connected to."""
    ray = sys.modules.get("ray")
    if ray is None or _is_forked or not ray.is_initialized():
        return None
    return _collecting()


@functools.cache
def _collecting() -> Cluster:
    return cast(Cluster, importlib.import_module("hp_dist._ray.collecting"))


def send_all() -> None:
    """Tell all that was read before a call ends that nobody counts: its result may be awaited."""
    if (found := cluster()) is not None:
        found.send_all()


def _note_fork() -> None:
    global _is_forked
    ray = sys.modules.get("ray")
    _is_forked = ray is not None and ray.is_initialized()  # it says so, and cannot talk


_is_forked = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
