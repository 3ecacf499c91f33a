"""The way of a submission to the workers of a pool: files, or the bytes where these do not arrive.

Nobody can tell beforehand whether a worker can read the files of this process: it may have become
another user, have changed its root, or mounted other folders.  The first task that cannot is sent
again with the bytes in its message, and so is all that the pool gets from then on.
"""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from concurrent.futures.process import _WorkItem
from pathlib import Path
from typing import Any

from .local_call import ATTRIBUTE
from .spool import Spool, UnreadableFile, without_files
from .submission import Submission

Call = tuple[Any, ...]
"""What makes a call inside scopes, the payload and attachments of its message, the rest."""


class Delivery:
    """A submission on its way to the workers of `pool`; its files are kept as long as this is."""

    def __init__(self, pool: object, submission: Submission, store: type[Spool] = Spool) -> None:
        self.message = submission.message(getattr(pool, ATTRIBUTE, store))
        self._pool = pool
        self._submission = submission
        self._store = store

    def again(self, call: Call | None, error: object) -> Call | None:
        """Return the call with the bytes in its message, if its worker could not read the files.

        They are those of the files: the values may have been changed since.
        """
        if call is None or not isinstance(error, UnreadableFile):
            return None
        if error.payload != self.message.payload:  # that of work which the task has submitted
            return None
        engine_values, places = self.message.attachments  # type: ignore[misc]  # or all is in the payload
        try:
            found = {digest: _bytes(place) for digest, place in places.items()}
        except OSError:  # they are gone, and nobody has them
            return None
        setattr(self._pool, ATTRIBUTE, without_files(self._store))  # type: ignore[arg-type]  # a class has a hash
        function, payload, _, *rest = call
        return (function, payload, (engine_values, found), *rest)


def _bytes(place: object) -> object:
    return Path(place).read_bytes() if isinstance(place, str) else place


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
    Future.add_done_callback(future, _release)


def _release(future: Future[Any]) -> None:
    for name in (ATTRIBUTE, "set_exception", "set_running_or_notify_cancel"):
        vars(future).pop(name, None)


_numbers = itertools.count(1)
