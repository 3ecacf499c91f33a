"""What a process that is started takes along: its scopes, opened before it runs anything."""

from __future__ import annotations

from multiprocessing.process import BaseProcess

from .._collect.address import new_awaited_id
from .._collect.inbox import current_inbox
from ..exceptions import CarrierError
from .initializer import replaces_worker, start, start_without
from .spool import Spool
from .submission import Attachments, Submission


class Attacher:
    """Attaches the scopes where it is unpickled, which a process does before it runs."""

    def __init__(self, submission: Submission, awaited: BaseProcess | None) -> None:
        self._submission = submission
        self._awaited = awaited
        self.needs_spool = False  # whether the child will read files that have to be kept for it

    def __reduce__(self) -> tuple[object, ...]:
        submission = self._submission
        if self._awaited is not None:  # forked ones pickle nothing, and share a flag instead
            submission.awaited = new_awaited_id()
            under_way = current_inbox().under_way
            under_way.expect(submission.records, self._awaited, submission.awaited)
        try:
            message = submission.message(Spool)
        except CarrierError as error:
            if not replaces_worker():
                raise
            return start_without, (error,)
        self.needs_spool = bool(message.attachments)
        return _attach, tuple(message)


def _attach(payload: bytes, attachments: Attachments) -> None:
    start(Spool, payload, attachments)
