"""What those who run code elsewhere build on: take the scopes along, open them there.

    scopes, baseline, _ = context.capture()  # here, in the submitting thread
    with context.attached(scopes): ...    # there

`hp_dist` uses this module and `exceptions`, and nothing else of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ._functions.wrapping import is_plain, mark_kind, wrap
from ._records.record import Record
from ._scopes import ambient
from ._scopes.ambient import current, set_baseline
from ._scopes.frames import attach, attached, is_attached, restore, swap
from ._scopes.scope import scope_of
from ._scopes.snapshot import DELETED, EMPTY, Layer, Snapshot
from ._values.convert import UntypedText
from ._values.origin import Origin, Process, this_process


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
    snapshot = current().snapshot
    _note_sent(snapshot)
    return Captured(snapshot, ambient.ground.snapshot, ambient.active.get())


def _note_sent(snapshot: Snapshot) -> None:
    """Tell the records open here what may be read in another process, each layer once."""
    records, new = ambient.records(), []
    known: Snapshot | None = snapshot
    while known is not None and known.sent_by != records:
        new.append(known)
        known = known.lower
    for layer in snapshot.layers if new else ():
        if known is None or not any(layer is sent for sent in known.layers):
            records[0].carry(layer)
    for each in new:
        each.sent_by = records


active = ambient.active.get
"""Return the state of this context, for `restore`; None where nothing is open."""


def ground() -> Any:
    """Return what is below all scopes now: another object for each baseline and record."""
    return ambient.ground


@contextmanager
def isolated(baseline: Snapshot = EMPTY) -> Iterator[None]:
    """Run the body as in a process of its own: no scope open, this baseline, an empty record.

    Afterwards all three are what they were, whatever the body has left open.  Baseline and
    record are the whole process's: threads that run meanwhile see them too.
    """
    scopes = swap(None)
    ground = ambient.swap_ground(ambient.view(EMPTY, Record()))
    set_baseline(baseline)
    try:
        yield
    finally:
        restore(scopes)
        ambient.swap_ground(ground)


__all__ = [
    "DELETED",
    "EMPTY",
    "Captured",
    "Layer",
    "Origin",
    "Process",
    "Snapshot",
    "UntypedText",
    "active",
    "attach",
    "attached",
    "capture",
    "current",
    "ground",
    "is_attached",
    "is_plain",
    "isolated",
    "mark_kind",
    "restore",
    "scope_of",
    "set_baseline",
    "swap",
    "this_process",
    "wrap",
]
