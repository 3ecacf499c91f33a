"""Baselines that arrive in this process, the first of them among what it is started with."""

from __future__ import annotations

import os

from hyperparameter import _engine_interface as interface
from hyperparameter.context import Snapshot

from ..subprocess import in_worker


def bring(baseline: Snapshot, at_start: bool = False) -> None:
    """Make what has arrived the baseline, unless this process has set one itself."""
    global _has_arrived
    if not _has_arrived:
        _has_arrived = True
        at_start = at_start or in_worker()
    interface.bring_baseline(baseline, at_start)


def _note_fork() -> None:
    global _has_arrived
    _has_arrived = True  # what this process was started with has come by the fork


_has_arrived = False  # anything, in this process
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
