"""A call that another process of this host makes inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a message and that function as its
arguments: that pickles faster than an object that holds them, and is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import starmap
from typing import TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .calling import call_and_detach
from .spool import Spool, UnreadableFile
from .submission import Attachments, receive

T = TypeVar("T")

ATTRIBUTE = "_hyperparameter"
"""The attribute of a future or result that keeps its submission, and so its spool files, alive.

A pool has there the store that its workers can use, where that is not the spool."""


def run(
    payload: bytes,
    attachments: Attachments,
    function: Callable[..., T],
    args: Iterable[object],
    kwargs: Mapping[str, object],
) -> T:
    """Call the function inside the scopes of the message that came with it."""
    try:
        before = receive(Spool, payload, attachments).attach()
    except UnreadableFile as error:
        error.payload = payload
        raise
    return call_and_detach(before, function, args, kwargs)


def each(
    payload: bytes,
    attachments: Attachments,
    function: Callable[..., T],
    items: Iterable[object],
) -> list[T]:
    """Return the results for all items; what one call leaves open is closed before the next."""
    return run(payload, attachments, _isolated, (map(function, items),), {})


def star_each(
    payload: bytes,
    attachments: Attachments,
    function: Callable[..., T],
    items: Iterable[Iterable[object]],
) -> list[T]:
    """Return the results for the arguments in each item, as `each` does."""
    return run(payload, attachments, _isolated, (starmap(function, items),), {})


def _isolated(calls: Iterable[T]) -> list[T]:
    here, active = interface.active(), interface.active
    results = []
    for result in calls:
        if active() is not here:  # to ask is far cheaper than to detach
            context.detach(here)
        results.append(result)
    return results
