"""The cluster that this process is connected to, if it is: a worker there may be on any host."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Protocol, cast

from hyperparameter._engine_interface import Recorder

Report = dict[str, object]
"""What a worker tells at once: `to` ids of records `reads`, `overrides`, `losses`, calls."""


class Post(Protocol):
    """A way to the process that submitted work, from the side of a worker."""

    def put(self, mailbox: str, report: Report) -> None:
        """Send a report, or have it sent soon."""

    def count(self, mailbox: str, to: tuple[str, ...], by: str, started: int, ended: int) -> None:
        """Tell of calls that a process has submitted, or that have ended, with what is next."""


class Cluster(Protocol):
    """The module that talks to a cluster."""

    def ensure_collector(self, records: Sequence[Recorder]) -> None:
        """Have a collector for calls that are submitted here, in these records."""

    def post(self, collector: str) -> Post:
        """Return the way to a collector."""

    def settle(self) -> None:
        """Wait until the collectors have what was sent to them."""


class CollectorGone(Exception):
    """The collector of a cluster does not answer any more."""


class Collector(Protocol):
    """The collector of a cluster, for the process that has records."""

    name: str

    def take(self, mailbox: str, *, waits: bool) -> list[dict[str, Any]]:
        """Return the reports since the last time, or wait for an answer to come later.

        `CollectorGone` when there will be none.
        """

    def leave_to_parent(self) -> None:
        """Let nothing that happens to this object in a forked child reach the cluster."""


def cluster() -> Cluster | None:
    """Return what talks to the cluster that this process is connected to."""
    ray = sys.modules.get("ray")
    if ray is None or _is_forked or not ray.is_initialized():
        return None
    return cast(Cluster, importlib.import_module("hp_dist._ray.collector"))


def settle() -> None:
    """Tell all that was read before a call ends that nobody counts: its result may be awaited."""
    if (found := cluster()) is not None:
        found.settle()


def _note_fork() -> None:
    global _is_forked
    ray = sys.modules.get("ray")
    _is_forked = ray is not None and ray.is_initialized()  # it says so, and cannot talk


_is_forked = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
