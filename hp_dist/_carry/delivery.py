"""The way of a submission to the workers of a pool: files, or the bytes where these do not arrive.

Nobody can tell beforehand whether a worker can read the files of this process: it may have become
another user, have changed its root, or mounted other folders.  The first task that cannot is sent
again with the bytes in its message, and so is all that the pool gets from then on.
"""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from concurrent.futures.process import _WorkItem
from typing import Any

from .attachments import Inline, Store
from .local_call import ATTRIBUTE
from .spool import Spool, UnreadableFile
from .submission import Submission

Call = tuple[Any, ...]
"""What makes a call inside scopes, the payload and attachments of its message, the rest."""


class Delivery:
    """A submission on its way to the workers of `pool`."""

    def __init__(self, pool: object, submission: Submission) -> None:
        store: type[Store] = getattr(pool, ATTRIBUTE, Spool)
        self.message = submission.message(store)
        self._pool = pool
        self._submission = submission

    def again(self, call: Call | None, error: object) -> Call | None:
        """Return the call with the bytes in its message, if its worker could not read the files."""
        if call is None or not isinstance(error, UnreadableFile):
            return None
        if error.payload != self.message.payload:  # that of work which the task has submitted
            return None
        setattr(self._pool, ATTRIBUTE, Inline)
        function, _, _, *rest = call
        return (function, *self._submission.message(Inline), *rest)


def keep_for(future: Future[Any], executor: Any, delivery: Delivery, call: Call) -> None:
    """Keep the files until the future of an executor is done, and deliver the call again if needed.

    The executor may have been shut down by then, so it cannot be submitted: it goes where the
    executor has the calls that wait.
    """
    setattr(future, ATTRIBUTE, delivery)

    def set_exception(error: BaseException | None) -> None:
        again = delivery.again(call, error)
        if again is None:
            type(future).set_exception(future, error)
            return
        vars(future)["set_running_or_notify_cancel"] = lambda: True  # it runs already
        number = -next(_numbers)  # the executor's own are positive
        executor._pending_work_items[number] = _WorkItem(future, again[0], again[1:], {})
        executor._work_ids.put(number)

    vars(future)["set_exception"] = set_exception
    future.add_done_callback(_release)


def _release(future: Future[Any]) -> None:
    for name in (ATTRIBUTE, "set_exception", "set_running_or_notify_cancel"):
        vars(future).pop(name, None)


_numbers = itertools.count(1)
