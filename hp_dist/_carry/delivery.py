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

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import State
from hyperparameter.context import Snapshot

from .attachments import Attachment, digest_of
from .local_call import ATTRIBUTE
from .spool import Spool, UnreadableFile, packed, without_files
from .submission import Submission

STATE = "_hyperparameter_state"
"""The attribute of a future that has the state which its callbacks run in."""

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
        known = {attachment.digest: attachment for attachment in self._submission.attachments()}
        found = {digest: _bytes(known[digest], place) for digest, place in places.items()}
        if None in found.values():
            return None
        setattr(self._pool, ATTRIBUTE, without_files(self._store))  # type: ignore[arg-type]  # a class has a hash
        function, payload, _, *rest = call
        return (function, payload, (engine_values, found), *rest)

    def state(self) -> State | None:
        """Return a state with the scopes of the submission that keeps none of its files."""
        scopes = self._submission.scopes
        before = interface.swap(None)
        # Another snapshot of the same: what a snapshot has been encoded as is kept with it.
        again = Snapshot(scopes.layers, scopes.depth, scopes.closed)
        again.noted_by = scopes.noted_by  # or each task would note all its keys
        context.attach(again)
        scopes.noted_by = again.noted_by
        return interface.swap(before)


def _bytes(attachment: Attachment, place: object) -> object:
    """Return what was sent, None where nobody has it: the file is gone and the value changed."""
    if not isinstance(place, str):
        return place
    try:
        return Path(place).read_bytes()
    except OSError:
        is_same = digest_of(attachment.stream, *attachment.buffers) == attachment.digest
        return packed(attachment) if is_same else None


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
    delivery: Delivery = vars(future).pop(ATTRIBUTE)
    for name in ("set_exception", "set_running_or_notify_cancel"):
        vars(future).pop(name, None)
    setattr(future, STATE, delivery.state())


_numbers = itertools.count(1)
