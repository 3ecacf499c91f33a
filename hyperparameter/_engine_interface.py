"""What `hp_dist` uses besides `hyperparameter.context`, named once.

It is not public: both packages are released together, and change together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._functions.wrapping import Args, Kwargs, Prepare, mark_kind, wrap
from ._records.record import Record
from ._scopes import ambient
from ._scopes.ambient import State
from ._scopes.carried import (
    attach_error,
    attach_initial,
    attach_start,
    attach_work,
    bring_baseline,
    inherit,
    is_attached,
)
from ._scopes.frames import detach, swap
from ._scopes.scope import scope_of
from ._scopes.snapshot import DELETED, EMPTY, Layer
from ._values.origin import Origin, Process, this_process
from ._values.untyped import (
    REMOVED,
    Blank,
    Digits,
    EmptyVariable,
    UntypedText,
    UntypedTree,
    plain,
)
from .context import Snapshot, set_baseline

active = ambient.active.get
"""Return the state of this context, for `detach`; None where nothing is open."""


def baseline_state() -> object:
    """Return what lies below all scopes now: another object for each baseline and record."""
    return ambient.baseline_state


@contextmanager
def isolated(baseline: Snapshot = EMPTY) -> Iterator[None]:
    """Run the body as in a process of its own: no scope open, this baseline, an empty record.

    Afterwards all three are what they were, whatever the body has left open.  Baseline and
    record are the whole process's: threads that run meanwhile see them too.
    """
    scopes = swap(None)
    below = ambient.swap_baseline_state(ambient.view(EMPTY, Record()))
    set_baseline(baseline)
    try:
        yield
    finally:
        detach(scopes)
        ambient.swap_baseline_state(below)


__all__ = [
    "DELETED",
    "EMPTY",
    "REMOVED",
    "Args",
    "Blank",
    "Digits",
    "EmptyVariable",
    "Kwargs",
    "Layer",
    "Origin",
    "Prepare",
    "Process",
    "State",
    "UntypedText",
    "UntypedTree",
    "active",
    "attach_error",
    "attach_initial",
    "attach_start",
    "attach_work",
    "baseline_state",
    "bring_baseline",
    "inherit",
    "is_attached",
    "isolated",
    "mark_kind",
    "plain",
    "scope_of",
    "swap",
    "this_process",
    "wrap",
]
