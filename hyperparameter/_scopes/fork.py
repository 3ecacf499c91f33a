"""What a forked child has to mend: places that are now another process's, and locks.

Its scopes were opened in its parent, so their origins get the parent's name.  Its locks may have
been held by threads that it does not have.
"""

from __future__ import annotations

import os

from .._values import origin
from . import ambient, reopened


def mend_child() -> None:
    """Run in the child, before anything else does."""
    parent = origin.leave_process()
    ambient.renew_lock()
    reopened.forget()
    for state in [*ambient.chain(ambient.active.get()), ambient.baseline_state]:
        state.name_process(parent)
    for record in ambient.records():
        record.begin_child()
    # The child has been given these, as a spawned one is given what it starts with.
    ambient.at_fork = ambient.active.get()
    ambient.baseline_state.owner = ambient.CARRIED


def prepare() -> None:
    """Run in the parent, before it forks."""
    for record in ambient.records():
        record.before_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=prepare, after_in_child=mend_child)
