"""What is bound in a process that has had it from its start, by a fork or as an argument.

The start is its submission: its scopes lie over those that the process was started with.  They
hide these where it arrives later, as work of a pool of another make.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from hyperparameter import _engine_interface as interface

from ..subprocess import is_starting
from .submission import AnySubmission, LazySubmission


def attaching(submission: AnySubmission, *, again: bool = True) -> Callable[[], None]:
    """Return what opens the scopes of something bound; not `again` where they are open."""
    arrives_with_start = isinstance(submission, LazySubmission) and is_starting()
    arrived_in = 0 if arrives_with_start else os.getpid()  # another one after a fork

    def attach() -> None:
        if os.getpid() != arrived_in:
            interface.keep_start()
        submission.attach()

    def attach_once() -> None:
        if not interface.is_attached(submission.received().scopes):
            attach()

    return attach if again else attach_once
