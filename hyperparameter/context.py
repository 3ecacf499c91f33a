"""What those who run code elsewhere build on: take the scopes along, open them there.

    scopes, baseline = context.capture()  # here, in the submitting thread
    with context.attached(scopes): ...    # there

`hp_dist` uses this module and `exceptions`, and nothing else of the package.
"""

from __future__ import annotations

from typing import NamedTuple

from . import _state
from ._frames import attach, attached, restore
from ._kinds import mark_kind, wrap
from ._origin import Origin, Process, this_process
from ._snapshot import Layer, Snapshot
from ._state import current, set_baseline


class Captured(NamedTuple):
    """What is active at one moment: the scopes, and apart from them the baseline."""

    scopes: Snapshot
    baseline: Snapshot


def capture() -> Captured:
    """Return what is active in this context now, and note that it goes elsewhere."""
    state, baseline = current(), _state.ground.snapshot
    state.record.carry(state.snapshot.layers)
    return Captured(state.snapshot, baseline)


__all__ = [
    "Captured",
    "Layer",
    "Origin",
    "Process",
    "Snapshot",
    "attach",
    "attached",
    "capture",
    "current",
    "mark_kind",
    "restore",
    "set_baseline",
    "this_process",
    "wrap",
]
