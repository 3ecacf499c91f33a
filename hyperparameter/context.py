"""What those who run code elsewhere build on: take the scopes along, open them there.

    scopes, baseline, _ = context.capture()  # here, in the submitting thread
    with context.attached(scopes): ...    # there

`hp_dist` uses this module and `exceptions`, and nothing else of the package.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import _state
from ._frames import attach, attached, is_attached, restore, swap
from ._kinds import is_plain, mark_kind, wrap
from ._origin import Origin, Process, this_process
from ._snapshot import Layer, Snapshot
from ._state import current, set_baseline


class Captured(NamedTuple):
    """What is active at one moment: the scopes, and apart from them the baseline.

    `here` is the state itself, with the records that are open in it: `swap` puts it in place in
    another thread of this process.
    """

    scopes: Snapshot
    baseline: Snapshot
    here: Any = None


def capture() -> Captured:
    """Return what is active in this context now, and note that it goes elsewhere."""
    state, baseline = current(), _state.ground.snapshot
    state.record.carry(state.snapshot.layers)
    return Captured(state.snapshot, baseline, _state.active.get())


def is_active() -> bool:
    """Tell whether a scope or a record is open in this context."""
    return _state.active.get() is not None


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
    "is_active",
    "is_attached",
    "is_plain",
    "mark_kind",
    "restore",
    "set_baseline",
    "swap",
    "this_process",
    "wrap",
]
