"""Snapshots of scopes that are opened again: what has been found out about one is known by then.

Such a scope has a snapshot of its own, from which those over others are made, so that it is not
encoded again.  That has no part of what the scope has been opened over.
"""

from __future__ import annotations

from .bound import Bindings, as_layer
from .snapshot import MOST_LAYERS, Layer, Snapshot


def opened_over(bindings: Bindings, lower: Snapshot) -> Snapshot:
    """Return the snapshot that is visible inside a scope with these bindings, opened in `lower`."""
    known: tuple[object, Layer | Snapshot] | None = bindings[3]
    if known is None or known[0] is not _process:  # most scopes are opened once
        own = as_layer(bindings)
        bindings[3] = _process, own
    elif lower.depth >= MOST_LAYERS:  # where layers are joined, so there is nothing to share
        own = as_layer(bindings)
    else:
        own = known[1]
        if own.__class__ is Layer and own.values:
            own = Snapshot((own,), 1, own.closed)
            bindings[3] = _process, own
    return own.onto(lower)


def forget() -> None:
    """Forget all: a forked child is another process in what has been encoded."""
    global _process
    _process = object()


_process = object()
