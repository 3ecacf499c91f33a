"""A call that another process of this host makes inside the scopes of its submission.

Engines submit `run` in place of the user's function, with a message and that function as its
arguments: that pickles faster than an object that holds them, and is done for each task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .._collect import unsent
from .._collect.inbox import arrived, wait_for_relayed
from .spool import Spool, UnreadableFile
from .submission import Attachments, receive

T = TypeVar("T")

ATTRIBUTE = "_hyperparameter"
"""The attribute of a future or result that keeps its submission, and so its spool files, alive.

A pool has there the store that its workers can use, where that is not the spool."""


# No helpers around the calls: tracebacks of tasks have one frame of ours.


def run(
    payload: bytes,
    attachments: Attachments,
    function: Callable[..., T],
    args: Iterable[object],
    kwargs: Mapping[str, object],
) -> T:
    """Call the function inside the scopes of the message that came with it."""
    before = _attach(payload, attachments)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        _end(before)
        if (sent := unsent.with_error(error, arrived)) is not error:
            raise sent from None
        raise
    _end(before)
    return unsent.with_result(result, arrived)


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
    before = _attach(payload, attachments)
    here, active = interface.active(), interface.active
    results = []
    try:
        for result in calls(function, items):
            if active() is not here:  # to ask is far cheaper than to detach
                context.detach(here)
            results.append(result)
    except BaseException as error:
        _end(before)
        if (sent := unsent.with_error(error, arrived)) is not error:
            raise sent from None
        raise
    _end(before)
    return unsent.with_result(results, arrived)


def _attach(payload: bytes, attachments: Attachments) -> interface.State | None:
    unsent.begin_task()
    try:
        return receive(Spool, payload, attachments).attach()
    except BaseException as error:
        unsent.end_task()
        if isinstance(error, UnreadableFile):
            error.payload = payload
        raise


def _end(before: interface.State | None) -> None:
    context.detach(before)
    wait_for_relayed()
    unsent.end_task()
