"""What calls take along: made once for a state, and completed with the id of each call."""

from __future__ import annotations

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import State

from .. import _engines
from .._carry.attachments import Store
from .._carry.submission import Attachments, Message, Submission
from .._collect.inbox import current_inbox
from . import published
from .collecting import Told
from .store import cluster_connection
from .watch import this_caller

NAME = "_hyperparameter_carried"  # part of the wire format: both sides look for it
END = b"#call:"  # of a payload; behind it comes the id of the call

Sent = bytes | tuple[bytes, Attachments]
"""What one call takes along: bytes, which Ray passes on as they are, or more."""


class Argument:
    """What calls take along that are submitted in one state.

    A state keeps its own, as long as it decides all that is in it: not where a value may be changed
    in place, which travels as it is at each submission, nor where something travels apart, which is
    another's in the next call of a worker.  Until it is published, a state with a large one counts
    its uses instead.
    """

    __slots__ = (
        "_attachments",
        "_connection",
        "_engines",
        "_epoch",
        "_ground",
        "_head",
        "caller",
        "told",
    )

    def __init__(self, state: State, store: type[Store]) -> None:
        # Looked at before the scopes: what another thread changes meanwhile makes this invalid.
        ground = interface.baseline_state()
        self._ground = None if ground is state else ground  # or the state would be in a cycle
        self._engines, self._epoch = _engines.installed(), current_inbox().epoch
        self._connection = cluster_connection()
        submission = Submission.capture()
        message = submission.message(store)
        is_lasting = submission.is_fixed() and self._connection is not None
        if is_lasting and published.is_large(message):
            is_lasting, message = _perhaps_published(state, submission, message)
        payload, self._attachments = message
        self.told, self.caller = Told(submission.records), this_caller()
        self._head = b"".join([payload, END, self.caller.encode()])
        if is_lasting and not self._attachments:
            state.sent = self

    def holds(self) -> bool:
        """Tell whether it is still what the state would be sent as."""
        return (
            (self._ground is None or self._ground is interface.baseline_state())
            and self._engines is _engines.installed()
            and self._epoch is current_inbox().epoch
            and self._connection is cluster_connection()
        )

    def of_call(self, number: bytes) -> Sent:
        """Return what a call takes along; its id is that of the caller and the number."""
        # A plain tuple, because that pickles faster than one of a class of ours.
        whole = self._head + number
        return (whole, self._attachments) if self._attachments else whole


def _perhaps_published(
    state: State, submission: Submission, message: Message
) -> tuple[bool, Message]:
    """Count one more use, and publish after many; tell whether it will be no other message."""
    uses = getattr(state, "sent", 0)
    uses = uses if isinstance(uses, int) else 0
    state.sent = uses + 1
    if uses < published.LEAST_USES:
        return False, message
    keys = published.publish(submission, message)
    state.sent = 0  # where it could not be published, that is tried again after as many
    return True, message if keys is None else Message(keys)


def argument_here(store: type[Store]) -> Argument:
    """Return what a call takes along that is submitted here; `CarrierError` for what cannot."""
    state = interface.visible()
    known = getattr(state, "sent", None)
    return known if isinstance(known, Argument) and known.holds() else Argument(state, store)
