"""A call that another process of this host makes inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a message and that function as its
arguments: that pickles faster than an object that holds them, and is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .bound import Initializer
from .spool import Spool
from .submission import Attachments, Submission, receive

T = TypeVar("T")

ATTRIBUTE = "_hyperparameter"
"""The attribute of a future or result that keeps its submission, and so its spool files, alive."""


# No helpers here: tracebacks of tasks have one frame of ours.


def run(
    payload: bytes,
    attachments: Attachments,
    function: Callable[..., T],
    args: Iterable[object],
    kwargs: Mapping[str, object],
) -> T:
    """Call the function inside the scopes of the message that came with it."""
    before = receive(Spool, payload, attachments).attach()
    try:
        return function(*args, **kwargs)
    finally:
        context.detach(before)


def run_each(
    payload: bytes,
    attachments: Attachments,
    calls: Callable[[Callable[..., T], Iterable[Any]], Iterable[T]],
    function: Callable[..., T],
    items: Iterable[Any],
) -> list[T]:
    """Return the results for all items; what one call leaves open is closed before the next.

    `calls` is `map`, or `starmap` where an item has all the arguments of a call.
    """
    before = receive(Spool, payload, attachments).attach()
    here, active = interface.active(), interface.active
    results = []
    try:
        for result in calls(function, items):
            if active() is not here:  # to ask is far cheaper than to detach
                context.detach(here)
            results.append(result)
    finally:
        context.detach(before)
    return results


def worker_initializer(user: object) -> object:
    """Return an initializer for the workers of a pool made here, which runs the user's own.

    It opens the scopes that are active where the pool is made: the workers that replace others are
    started by a thread of the pool, which has none.  What cannot be called is left for the pool
    to refuse.
    """
    if user is None or callable(user):
        return Initializer(Submission.capture(), user, Spool)
    return user
