"""What is active in a context, as it is taken elsewhere: scopes, and apart from them a baseline."""

from __future__ import annotations

import operator

from . import ambient
from .ambient import CARRIED, State
from .snapshot import Snapshot


def captured() -> tuple[Snapshot, Snapshot]:
    """Return the scopes that are open in this context, to be opened over the baseline, and that.

    What scopes inherit is decided when they are entered.  Where `frozen()` has changed the baseline
    since, and they would show something else over it, they are closed, with what they inherit.
    A task that came with no scope passes on the baseline that it has made itself.
    """
    scopes, baseline = ambient.current().snapshot, ambient.baseline_state.snapshot
    if scopes is baseline or scopes.closed or _end_alike(scopes, baseline):
        return scopes, baseline
    if not scopes.depth and all(
        _is_brought(frame) for frame in ambient.chain(ambient.active.get())
    ):
        return scopes, baseline
    known = scopes.captured
    if known is None or known[0] is not baseline:
        known = scopes.captured = baseline, _over(scopes, baseline)
    return known[1], baseline


def _is_brought(frame: State) -> bool:
    return frame.is_record or frame.owner is CARRIED


def _end_alike(scopes: Snapshot, baseline: Snapshot) -> bool:
    """Tell scopes that have the layers of the baseline at their bottom already."""
    below = baseline.layers
    if not below:
        return len(scopes.layers) == scopes.depth
    tail = scopes.layers[-len(below) :]
    return len(tail) == len(below) and all(map(operator.is_, tail, below))


def _over(scopes: Snapshot, baseline: Snapshot) -> Snapshot:
    shown, elsewhere = scopes.flat(), Snapshot(scopes.scopes() + baseline.layers).flat()
    if shown.keys() == elsewhere.keys() and all(
        value is elsewhere[key] for key, value in shown.items()
    ):
        return scopes
    return Snapshot(scopes.layers, len(scopes.layers), True)
