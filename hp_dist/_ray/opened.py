"""Submissions as they are open while calls run here, kept for calls that bring the same again."""

from __future__ import annotations

from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import State

from .. import _engines
from .._carry import failures
from .._carry.submission import ReceivedSubmission, Submission, receive
from . import collecting, published, store
from .argument import END
from .watch import NUMBER_SIZE

_MOST_END = 128
_MOST = 64
_MOST_BYTES = 8 * 1024 * 1024


class Opened:
    """A submission as it was opened here, over the scopes that an actor was created in."""

    __slots__ = (
        "_before",
        "_creation",
        "_ends",
        "_engines",
        "_ground",
        "caller",
        "state",
        "submission",
    )

    def __init__(
        self,
        submission: ReceivedSubmission,
        creation: Submission | None,
        before: State | None,
        caller: str,
    ) -> None:
        self.submission = submission
        self.caller = caller
        self.state = interface.active()
        self._before, self._creation = before, creation
        self._ground, self._engines = interface.baseline_state(), _engines.installed()
        self._ends = collecting.ends_over(before)

    def can_be_open(self, before: State | None, creation: Submission | None) -> bool:
        """Tell whether to open it anew would give the same state."""
        return (
            self._before is before
            and self._creation is creation
            and self._ground is interface.baseline_state()
            and self._engines is _engines.installed()
        )

    def note_end(self, number: bytes) -> None:
        collecting.note_end(self._ends, self.caller + number.decode(errors="replace"))


Call = tuple[State | None, Opened | None, bytes]
"""A call that runs: the state to go back to, what is open for it, and its number."""


def begin(sent: Any, creation: Submission | None) -> Call:
    """Open what a call has brought over the scopes of the creation; `end` takes what this returns.

    What is found in `sent` may be anything: `CarrierError` for what is damaged.
    """
    before = interface.active()
    if sent.__class__ is bytes:
        opened = _kept.get(sent[:-NUMBER_SIZE])
        if opened is not None and opened.can_be_open(before, creation):
            failures.check()
            interface.swap(opened.state)
            return before, opened, sent[-NUMBER_SIZE:]
    try:
        return _begin_anew(sent, creation, before)
    except BaseException:
        context.detach(before)
        raise


def _begin_anew(sent: Any, creation: Submission | None, before: State | None) -> Call:
    if sent is None:
        # A method that another one calls directly runs in the scopes of that, if there are any.
        if creation is not None and before is None:
            context.attach(creation.scopes)
        return before, None, b""
    is_pair = isinstance(sent, tuple) and len(sent) == 2
    payload, attachments = sent if is_pair else (sent, ())
    call = b""
    if isinstance(payload, bytes):
        _, end, call = payload[-_MOST_END:].rpartition(END)
        payload = payload[: len(payload) - len(end) - len(call)] if end else payload
        call = call if end else b""
        if published.is_published(payload):
            payload, attachments = published.message_of(payload)
    submission = receive(store.ObjectStore, payload, attachments)
    is_known = submission.attached is not None
    submission.attach(over=creation)
    caller = call[:-NUMBER_SIZE].decode(errors="replace")
    opened = Opened(submission, creation, before, caller)
    # Not at first sight: of scopes that are used once nothing is kept.
    if is_known and call and not is_pair and submission.weight < _MOST_BYTES:
        _kept.put(sent[:-NUMBER_SIZE], opened)
    return before, opened, call[-NUMBER_SIZE:]


def end(call: Call) -> None:
    """Put back what was there before a call, and tell that it has ended."""
    before, opened, number = call
    context.detach(before)
    if opened is not None and number:
        opened.note_end(number)
    store.give_back()


class _Kept:
    """What was opened last.  It is read without a lock: what was used least goes by half of it."""

    def __init__(self) -> None:
        self._new: dict[bytes, Opened] = {}
        self._old: dict[bytes, Opened] = {}
        self._weight = 0

    def get(self, sent: bytes) -> Opened | None:
        found = self._new.get(sent)
        if found is None and (found := self._old.get(sent)) is not None:
            self.put(sent, found)
        return found

    def put(self, sent: bytes, opened: Opened) -> None:
        if len(self._new) >= _MOST or self._weight > _MOST_BYTES:
            self._old, self._new, self._weight = self._new, {}, 0
        self._weight += opened.submission.weight
        self._new[sent] = opened


_kept = _Kept()
