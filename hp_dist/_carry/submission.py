"""A submission: the scopes and the baseline of the moment when work is submitted.

It is captured in the submitting thread, and its `message` travels.  In the worker, `receive` makes
a submission of the message again, and `attach` opens its scopes over what is active there.  In
another process that also sets the baseline, and installs the engines that were installed where
the work came from, so that work submitted from there takes its scopes along too.
"""

import functools
import operator
import os
import threading
from collections.abc import Sequence
from typing import NamedTuple, Self

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import Recorder, State
from hyperparameter.context import Captured, Snapshot

from .. import _engines
from .._collect.address import TOKEN, Address, records_at, submitter_of, with_awaited
from .._collect.forward import forward_to
from .._collect.inbox import current_inbox
from .._collect.mailbox import keep_open
from ..exceptions import CarrierError
from . import failures
from .arrivals import bring
from .attachments import IS_ATTACHED, Attachment, Inline, Store, fetch_from
from .decoded import Decoded, decode, keep, known
from .encoded import EncodedSubmission, OriginProcess
from .frozen_values import FrozenValues
from .values import Group, OpenValue, write
from .wire import encode

Attachments = tuple[()] | tuple[Sequence[object], dict[bytes, object]]
"""What a message has besides its payload: nothing, or the engine values, and the places of the
attachments by their digests."""


class Message(NamedTuple):
    """A submission on its way: bytes, and what does not fit into them."""

    payload: bytes
    attachments: Attachments = ()


class Submission:
    """The scopes and the baseline of one moment."""

    _frozen: FrozenValues
    # Made for every task.
    __slots__ = (
        "_address", "_attachments", "_engines", "_frozen", "_origin_process", "awaited",
        "baseline", "records", "scopes",
    )  # fmt: skip

    def __init__(
        self,
        captured: Captured,
        engines: tuple[str, ...],
        process: OriginProcess,
        records: Sequence[Recorder] = (),
    ) -> None:
        self.scopes, self.baseline = captured
        self.records, self.awaited = records, ""
        self._engines = engines
        self._origin_process = process
        self._address: Address = ()

    @classmethod
    def capture(cls) -> Self:
        """Return what is active in this context now."""
        process, records = (TOKEN, os.getpid()), interface.records()
        return cls(interface.capture(), _engines.installed(), process, records)

    def frozen(self) -> Self:
        """Return this, to be sent later as it is now; `CarrierError` when a value cannot travel."""
        if opened := self._apart()[0]:
            self._frozen = FrozenValues(opened)
        return self

    @property
    def in_origin_process(self) -> bool:
        """Whether this is the process where it was captured."""
        return self._origin_process == (TOKEN, os.getpid())

    def attach(self, over: "Submission | None" = None) -> State | None:
        """Open the scopes, those of `over` below them, and the baseline at the bottom.

        Return what `context.detach` takes.
        """
        if self.in_origin_process:
            return interface.attach_here(self.scopes, self.records)
        failures.check()
        return self._attach_work(over)

    def _attach_work(self, over: "Submission | None") -> State | None:
        scopes, baseline = self._portable()
        bring(baseline)
        _engines.install_all(self._engines)
        records = self._records_here()
        # The baseline is attached as well as set: another call in this process, a thread's or a
        # coroutine's, may set its own meanwhile.
        if over is None or not over.scopes.depth:
            return interface.attach_work(scopes, baseline, records)
        before = interface.attach_work(over.scopes, baseline, records)
        context.attach(scopes)
        return before

    def attach_start(self) -> None:
        """Open what this process is started with, until work arrives."""
        scopes, baseline = self._portable()
        bring(baseline, at_start=True)
        _engines.install_all(self._engines)
        self._tell_from_start()
        interface.attach_start(scopes)

    def attach_initial(self) -> None:
        """Open the scopes for the life of this thread, under those of work that brings some."""
        if self.in_origin_process:
            interface.attach_initial(self.scopes)
            return
        scopes, baseline = self._portable()
        if threading.current_thread() is threading.main_thread():  # the process is the worker
            bring(baseline)
            _engines.install_all(self._engines)
            self._tell_from_start()
        interface.attach_initial(scopes, baseline)

    def _records_here(self) -> Sequence[Recorder]:
        """Return the records of this process that get what is read in the scopes.

        In a forked child, those of its parent tell the parent themselves.
        """
        return ()

    def _tell_from_start(self) -> None:
        """Tell what this process reads outside of work that arrives to where it was started."""
        if self._address:
            for destination in self._address:
                keep_open(destination.mailbox)
            interface.process_record().forward = forward_to(self._address, self._submitter)

    def note_start(self) -> None:
        """Make the records here known to processes that will be forked to start with this."""
        self._address = current_inbox().address(self.records, "host")

    @property
    def _submitter(self) -> str:
        return submitter_of(self._origin_process)

    def _portable(self) -> tuple[Snapshot, Snapshot]:
        """Return scopes and baseline for a forked child, with the parent named in their origins."""
        parent = interface.this_process()._replace(pid=self._origin_process[1])
        return self.scopes.portable(parent), self.baseline.portable(parent)

    def message(self, store: type[Store]) -> Message:
        """Encode now, so that a value which cannot travel raises here, in the caller."""
        interface.note_sent(self.scopes, self.records, is_told=True)
        encoded, (opened, attachments) = self._encoded(store), self._apart()
        groups: tuple[Group, ...] = ()
        engine_values: Sequence[object] = ()
        if opened:  # as they are now: what cannot change has been encoded before
            frozen: FrozenValues | None = getattr(self, "_frozen", None)  # not set for all
            written = frozen.write(store) if frozen else write(opened, store.picklers(), store)
            groups, more, engine_values = written
            attachments = [*attachments, *more]
        payload = encoded.payload(groups)
        if len(payload) > store.most_bytes:
            whole = encoded.as_attachment(payload)
            payload, attachments = IS_ATTACHED + whole.digest, [*attachments, whole]
        if not attachments and not engine_values:
            return Message(payload)
        # Kept as long as the work may need them: the next message may have others.
        self._attachments = attachments
        places = {attachment.digest: store.keep(attachment) for attachment in attachments}
        return Message(payload, (engine_values, places))

    def is_fixed(self) -> bool:
        """Tell whether its next message will have the same contents: no value may change."""
        return not self._apart()[0]

    def _apart(self) -> tuple[list[OpenValue], list[Attachment]]:
        """Return the values that may change, and the attachments, of baseline and scopes."""
        baseline, scopes = encode(self.baseline), encode(self.scopes)
        if scopes is baseline:
            return baseline.opened, baseline.attachments
        return [*baseline.opened, *scopes.opened], [*baseline.attachments, *scopes.attachments]

    def _encoded(self, store: type[Store]) -> EncodedSubmission:
        scopes, baseline = encode(self.scopes), encode(self.baseline)
        address = with_awaited(current_inbox().address(self.records, store.medium), self.awaited)
        made_from = baseline, self._engines, self._origin_process, address
        # Kept with the scopes: a thousand tasks of one scope are encoded once.
        encoded = scopes.submission
        if encoded is None or not encoded.is_made_from(*made_from):
            encoded = scopes.submission = EncodedSubmission(scopes, made_from)
        return encoded

    def attachments(self) -> list[Attachment]:
        """Return what of its last message, or of the one that it arrived in, travels apart."""
        return getattr(self, "_attachments", [])  # not set for all: one is made for every task

    def received(self) -> "Submission":
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return LazySubmission, (Inline, *self.message(Inline))


class LazySubmission:
    """A message that has arrived, received when somebody needs it.

    So an error in it is raised where the work runs, not where the engine unpickles the work: there,
    a pool would start its workers again and again.
    """

    __slots__ = ("_is_received", "_message", "_store")

    def __init__(self, store: type[Store], payload: bytes, attachments: Attachments = ()) -> None:
        self._store = store
        self._message = Message(payload, attachments)
        self._is_received = False

    def received(self) -> Submission:
        """Return the submission; `CarrierError` when the message is damaged."""
        self._is_received = True
        return receive(self._store, *self._message)

    def attach(self) -> State | None:
        return self.received().attach()

    def message(self, store: type[Store]) -> Message:
        # Once its values have been seen here they may have been changed here.
        if store is self._store and not self._is_received:
            return self._message
        return self.received().message(store)

    def __reduce__(self) -> tuple[object, ...]:
        return LazySubmission, (Inline, *self.message(Inline))


AnySubmission = Submission | LazySubmission


def receive(
    store: type[Store], payload: bytes, attachments: Attachments = ()
) -> "ReceivedSubmission":
    """Return the submission of a message; the same payload is decoded once.

    `CarrierError` when it is damaged, or when one of its attachments cannot be fetched.
    """
    if not isinstance(payload, bytes):
        raise CarrierError(f"A submitted scope is bytes, not {type(payload).__name__}.")
    if len(attachments) not in (0, 2):
        raise CarrierError(f"A submitted scope has 0 or 2 attachments, not {len(attachments)}.")
    submission: ReceivedSubmission | None = known(payload)
    if submission is None:
        engine_values, places = attachments or ((), {})
        decoded = decode(payload, functools.partial(fetch_from, store, places), engine_values)
        submission = ReceivedSubmission(decoded)
        if not engine_values:  # with the same payload, they may be others next time
            keep(payload, submission, decoded.weight)
    return submission


class ReceivedSubmission(Submission):
    """A submission from another process, which named itself in the origins when it sent it."""

    __slots__ = ("attached", "weight")

    def __init__(self, decoded: Decoded) -> None:
        super().__init__(decoded.captured, decoded.engines, decoded.process)
        self.weight = decoded.weight
        self._address = decoded.address
        # What the values are views of, and what work submitted from here takes along.
        self._attachments = decoded.attachments
        self.attached: tuple[Submission | None, State | None, State, State | None] | None = None

    def attach(self, over: Submission | None = None) -> State | None:
        """Open the scopes; where nothing has changed since the last time, put that state back.

        States never change, so the next task of the same submission may have the very same one,
        with the answers that it keeps: that is several times faster than making it again.
        """
        if self.in_origin_process:
            self.records = self.records or records_at(self._address)
            return interface.attach_here(self.scopes, self.records)
        failures.check()
        if self.attached is not None:
            *opened_over, attached = self.attached
            here = over, interface.active(), interface.baseline_state()
            if all(map(operator.is_, opened_over, here)):
                _engines.install_all(self._engines)
                return interface.swap(attached)
        before = self._attach_work(over)
        self.attached = over, before, interface.baseline_state(), interface.active()
        return before

    def _records_here(self) -> Sequence[Recorder]:
        if not self.records and self._address:
            forward = forward_to(self._address, self._submitter)
            forward.know(self.scopes, self.baseline)
            self.records = [forward, interface.process_record()]
        return self.records

    def _portable(self) -> tuple[Snapshot, Snapshot]:
        return self.scopes, self.baseline
