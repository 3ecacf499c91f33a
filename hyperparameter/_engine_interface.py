"""What `hp_dist` uses besides `hyperparameter.context`, named once.

It is not public: both packages are released together, and change together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._functions.wrapping import Args, Kwargs, Prepare, is_ordinary, mark_kind, wrap
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
from ._scopes.markers import DELETED, SHADOWED
from ._scopes.scope import scope_of
from ._scopes.shadowed import is_shadowed
from ._scopes.snapshot import EMPTY, Layer
from ._values.named_twice import check_names
from ._values.origin import Origin, Process, resolve, this_process
from ._values.untyped import (
    REMOVED,
    Blank,
    EmptyVariable,
    ScalarText,
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
    "SHADOWED",
    "Args",
    "Blank",
    "EmptyVariable",
    "Kwargs",
    "Layer",
    "Origin",
    "Prepare",
    "Process",
    "ScalarText",
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
    "check_names",
    "inherit",
    "is_attached",
    "is_ordinary",
    "is_shadowed",
    "isolated",
    "mark_kind",
    "plain",
    "resolve",
    "scope_of",
    "swap",
    "this_process",
    "wrap",
]
