"""A submission: the scopes and the baseline of the moment when work is submitted.

It is captured in the submitting thread, and its `message` travels.  In the worker, `receive` makes
a submission of the message again, and `attach` opens its scopes over what is active there.  In
another process that also sets the baseline, and installs the engines that were installed where
the work came from, so that work submitted from there takes its scopes along too.
"""

from __future__ import annotations

import functools
import os
import pickle
import threading
from typing import NamedTuple, Self

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import State
from hyperparameter.context import Captured, Snapshot

from .. import _engines
from ..exceptions import CarrierError, EngineError
from ..subprocess import in_worker
from . import failures
from .attachments import IS_ATTACHED, Attachment, Fetch, Inline, Store
from .encoded import EncodedSubmission, OriginProcess, unseal
from .recent import Recent
from .wire import EngineValues, decode, encode, weight_of

Attachments = tuple[()] | tuple[EngineValues, EngineValues, dict[bytes, object]]
"""What a message has besides its payload: nothing, or the engine values of the scopes, those of
the baseline, and the places of the attachments by their digests."""


class Message(NamedTuple):
    """A submission on its way: bytes, and what does not fit into them."""

    payload: bytes
    attachments: Attachments = ()


class Submission:
    """The scopes and the baseline of one moment."""

    __slots__ = ("_engines", "_origin_process", "baseline", "scopes")  # made for every task

    def __init__(
        self, captured: Captured, engines: tuple[str, ...], process: OriginProcess
    ) -> None:
        self.scopes, self.baseline = captured
        self._engines = engines
        self._origin_process = process

    @classmethod
    def capture(cls) -> Self:
        """Return what is active in this context now."""
        return cls(context.capture(), _engines.installed(), (_token, os.getpid()))

    @classmethod
    def capture_to_travel(cls) -> Self:
        """Return what is active now; `CarrierError` when one of the values cannot travel."""
        captured = cls.capture()
        captured.message(Inline)
        return captured

    @property
    def in_origin_process(self) -> bool:
        """Whether this is the process where it was captured."""
        return self._origin_process == (_token, os.getpid())

    def attach(self, over: Submission | None = None) -> State | None:
        """Open the scopes, those of `over` below them, and the baseline at the bottom.

        Return what `context.detach` takes.
        """
        if self.in_origin_process:
            return context.attach(self.scopes)
        failures.check()
        scopes, baseline = self._portable()
        _bring(baseline)
        _engines.install_all(self._engines)
        # The baseline is attached as well as set: another call in this process, a thread's or a
        # coroutine's, may set its own meanwhile.
        if over is None or not over.scopes.depth:
            return interface.attach_work(scopes, baseline)
        before = interface.attach_work(over.scopes, baseline)
        context.attach(scopes)
        return before

    def attach_start(self) -> None:
        """Open what this process is started with, until work arrives."""
        scopes, baseline = self._portable()
        _bring(baseline, at_start=True)
        _engines.install_all(self._engines)
        interface.attach_start(scopes)

    def attach_initial(self) -> None:
        """Open the scopes for the life of this thread, under those of work that brings some."""
        if self.in_origin_process:
            interface.attach_initial(self.scopes)
            return
        scopes, baseline = self._portable()
        if threading.current_thread() is threading.main_thread():  # the process is the worker
            _bring(baseline)
            _engines.install_all(self._engines)
        interface.attach_initial(scopes, baseline)

    def _portable(self) -> tuple[Snapshot, Snapshot]:
        """Return scopes and baseline for a forked child, with the parent named in their origins."""
        parent = interface.this_process()._replace(pid=self._origin_process[1])
        return self.scopes.portable(parent), self.baseline.portable(parent)

    def message(self, store: type[Store]) -> Message:
        """Encode now, so that a value which cannot travel raises here, in the caller."""
        scopes, baseline = encode(self.scopes), encode(self.baseline)
        made_from = baseline, self._engines, self._origin_process
        # Kept with the scopes: a thousand tasks of one scope are encoded once.
        encoded = scopes.submission
        if encoded is None or encoded.made_from != made_from:
            encoded = scopes.submission = EncodedSubmission(scopes, made_from)
        payload, attachments = encoded.data, encoded.attachments
        if len(payload) > store.most_bytes:
            whole = encoded.as_attachment()
            payload, attachments = IS_ATTACHED + whole.digest, [*attachments, whole]
        if not attachments and not any(encoded.engine_values):
            return Message(payload)
        places = {attachment.digest: store.keep(attachment) for attachment in attachments}
        return Message(payload, (*encoded.engine_values, places))

    def attachments(self) -> list[Attachment]:
        """Return what of it travels apart."""
        return [*encode(self.scopes).attachments, *encode(self.baseline).attachments]

    def received(self) -> Submission:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return LazySubmission, (Inline, *self.message(Inline))


class LazySubmission:
    """A message that has arrived, received when somebody needs it.

    So an error in it is raised where the work runs, not where the engine unpickles the work: there,
    a pool would start its workers again and again.
    """

    __slots__ = ("_message", "_store")

    def __init__(self, store: type[Store], payload: bytes, attachments: Attachments = ()) -> None:
        self._store = store
        self._message = Message(payload, attachments)

    def received(self) -> Submission:
        """Return the submission; `CarrierError` when the message is damaged."""
        return receive(self._store, *self._message)

    def attach(self) -> State | None:
        return self.received().attach()

    def message(self, store: type[Store]) -> Message:
        return self._message if store is self._store else self.received().message(store)

    def __reduce__(self) -> tuple[object, ...]:
        return LazySubmission, (Inline, *self.message(Inline))


AnySubmission = Submission | LazySubmission


def receive(store: type[Store], payload: bytes, attachments: Attachments = ()) -> Submission:
    """Return the submission of a message; the same payload is decoded once.

    `CarrierError` when it is damaged, or when one of its attachments cannot be fetched.
    """
    if not isinstance(payload, bytes):
        raise CarrierError(f"A submitted scope is bytes, not {type(payload).__name__}.")
    if len(attachments) not in (0, 3):
        raise CarrierError(f"A submitted scope has 0 or 3 attachments, not {len(attachments)}.")
    known: Submission | None = _received.get(payload)
    if known is None:
        of_scopes, of_baseline, places = attachments or ((), (), {})
        fetch = functools.partial(_fetch, store, places)
        is_attached = payload[:1] == IS_ATTACHED
        body = unseal(fetch(payload[1:]).stream if is_attached else payload)
        scopes, baseline, engines, process = pickle.loads(body)
        bottom = _decode_baseline(baseline, fetch, of_baseline)
        top = bottom if scopes is None else decode(scopes, fetch, of_scopes)
        known = ReceivedSubmission(Captured(top, bottom), engines, process)
        if not of_scopes and not of_baseline:  # with the same payload, they may be others next time
            _received.put(payload, known, _weight(top) + _weight(bottom))
    return known


def _fetch(store: type[Store], places: dict[bytes, object], digest: bytes) -> Attachment:
    if digest not in places:
        raise CarrierError(
            "An attachment of the submitted scope was lost on its way. Submit the work again."
        )
    found: object = store.fetch(digest, places[digest])
    # A store gives what somebody else may have put there: nothing is taken on trust.
    if not isinstance(found, Attachment) or found.digest != digest:
        raise CarrierError("An attachment of the submitted scope is not the one that was sent.")
    return found


def _decode_baseline(data: bytes, fetch: Fetch, engine_values: EngineValues) -> Snapshot:
    """Decode a baseline once: whether a task brings a new one is told by the object's identity."""
    known: Snapshot | None = None if engine_values else _received.get(data)
    if known is None:
        known = decode(data, fetch, engine_values)
        if not engine_values:
            _received.put(data, known, _weight(known))
    return known


def start(store: type[Store], payload: bytes, attachments: Attachments = ()) -> None:
    """Open what this process is started with; what cannot be opened is raised where it is read."""
    try:
        receive(store, payload, attachments).attach_start()
    except (CarrierError, EngineError) as error:
        failures.open_nothing(error, whole_process=True)


def _bring(baseline: Snapshot, at_start: bool = False) -> None:
    global _has_arrived
    if not _has_arrived:
        _has_arrived = True
        at_start = at_start or in_worker()
    interface.bring_baseline(baseline, at_start)


def _note_fork() -> None:
    global _has_arrived
    _has_arrived = True  # what this process was started with has come by the fork


_has_arrived = False  # anything, in this process
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def _weight(snapshot: Snapshot) -> int:
    pairs = encode(snapshot).layers
    return sum(weight_of(layer, encoded.attachments) for layer, encoded in pairs)


# Tells this process, and with the pid those forked from it, from all others.
_token = os.urandom(8)
_received = Recent(256, 32 * 1024 * 1024)


class ReceivedSubmission(Submission):
    """A submission from another process, which named itself in the origins when it sent it."""

    __slots__ = ("_attached",)

    def __init__(
        self, captured: Captured, engines: tuple[str, ...], process: OriginProcess
    ) -> None:
        super().__init__(captured, engines, process)
        self._attached: tuple[State | None, object, State | None] | None = None

    def attach(self, over: Submission | None = None) -> State | None:
        """Open the scopes; where nothing has changed since the last time, put that state back.

        States never change, so the next task of the same submission may have the very same one,
        with the answers that it keeps: that is several times faster than making it again.
        """
        if over is not None or self.in_origin_process:
            return super().attach(over)
        if self._attached is not None:
            failures.check()
            before, below, attached = self._attached
            if interface.active() is before and interface.baseline_state() is below:
                _engines.install_all(self._engines)
                return interface.swap(attached)
        before = super().attach()
        self._attached = before, interface.baseline_state(), interface.active()
        return before

    def _portable(self) -> tuple[Snapshot, Snapshot]:
        return self.scopes, self.baseline


class SubmissionToThreads(Submission):
    """A submission that threads of its process attach as it was, with the records open in it."""

    __slots__ = ("_state",)

    def __init__(
        self, captured: Captured, engines: tuple[str, ...], process: OriginProcess
    ) -> None:
        super().__init__(captured, engines, process)
        self._state = interface.active()

    def attach(self, over: Submission | None = None) -> State | None:
        return interface.swap(self._state) if self.in_origin_process else super().attach(over)
