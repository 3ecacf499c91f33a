"""Initializers for pools: what opens scopes in a worker for good, then runs the user's own.

An initializer that raises makes a `Pool` start its workers again and again, so what cannot be
opened in a worker is raised by what reads there, and by the tasks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from multiprocessing.pool import Pool
from typing import NoReturn

from hyperparameter import context
from hyperparameter.exceptions import HyperparameterError

from ..exceptions import CarrierError, EngineError
from . import failures
from .attachments import Inline, Store
from .spool import Spool
from .submission import AnySubmission, Attachments, LazySubmission, Submission, receive


class Initializer:
    """An initializer for pools: opens scopes in a worker for good, then runs the user's own."""

    _store: type[Store] = Inline

    def __init__(
        self, submission: AnySubmission, user: Callable[..., object] | None = None
    ) -> None:
        self._submission = submission
        self._user = user
        if isinstance(submission, Submission):
            submission.note_start()

    def __call__(self, *args: object) -> None:
        context.detach(None)  # a forked worker has inherited the same scopes
        try:
            self._open(self._submission.received())
        except (CarrierError, EngineError) as error:
            failures.open_nothing(error, initial=type(self) is Initializer)
        if self._user is not None:
            try:
                self._user(*args)
            except CarrierError as error:  # it has read what could not be opened
                failures.fail_all(error)

    def _open(self, submission: Submission) -> None:
        submission.attach_initial()

    def __reduce__(self) -> tuple[object, ...]:
        try:
            message = self._submission.message(self._store)
        except CarrierError as error:  # a value has been changed since the pool was made
            if not replaces_worker():
                raise
            return type(self), (_Unsent(error), self._user)
        return _initializer, (type(self), self._user, *message)


class _Unsent:
    """Takes the place of a submission that could not be sent."""

    def __init__(self, error: CarrierError) -> None:
        self._error = error

    def received(self) -> NoReturn:
        raise self._error


class WorkerInitializer(Initializer):
    """The initializer of a pool that carries scopes: tasks see nothing of what it opens."""

    _store = Spool

    def _open(self, submission: Submission) -> None:
        submission.attach_start()

    def __eq__(self, other: object) -> bool:
        # loky makes new workers when the initializer is another one.
        return isinstance(other, WorkerInitializer) and self._user == other._user

    def __hash__(self) -> int:
        return hash(self._user)


def _initializer(
    kind: type[Initializer],
    user: Callable[..., object] | None,
    payload: bytes,
    attachments: Attachments = (),
) -> Initializer:
    return kind(LazySubmission(kind._store, payload, attachments), user)


def initializer(user_initializer: Callable[..., object] | None = None) -> Initializer:
    """Return a pool initializer that opens the scopes active here and now in each worker.

    Work that brings no scope of its own sees them.  `TypeError` is raised for what cannot be
    called, `CarrierError` when a value cannot travel.
    """
    if user_initializer is not None and not callable(user_initializer):
        raise TypeError(
            "hp_dist.initializer takes a function that each worker calls, not "
            f"{user_initializer!r:.200}. Pass the function itself, not its result."
        )
    return Initializer(Submission.capture().frozen(), user_initializer)


def worker_initializer(user: object) -> object:
    """Return an initializer for a pool made here, which shows the user's own what is active here.

    The workers that replace others are started by a thread of the pool, which has no scopes.
    Without an initializer nothing reads there but tasks, which bring scopes of their own.  What
    cannot be called is left for the pool to refuse.
    """
    if not callable(user) or isinstance(user, WorkerInitializer):
        return user
    return WorkerInitializer(Submission.capture(), user)


def replaces_worker() -> bool:
    """Tell whether a thread of a pool or an executor starts a worker here, in place of another.

    An error would end that thread, and whoever uses the pool, or only terminates it, would wait
    for ever.  So the worker is started without scopes: its tasks bring theirs.
    """
    thread = threading.current_thread()
    is_of_pool = getattr(thread, "_target", None) == getattr(Pool, "_handle_workers", start)
    return is_of_pool or type(thread).__name__ == "_ExecutorManagerThread"  # loky has one too


def start_without(error: HyperparameterError) -> None:
    """Raise the error where something reads what this process should have been started with."""
    failures.open_nothing(error, whole_process=True)


def start(store: type[Store], payload: bytes, attachments: Attachments = ()) -> None:
    """Open what this process is started with; what cannot be opened is raised where it is read."""
    try:
        receive(store, payload, attachments).attach_start()
    except (CarrierError, EngineError) as error:
        start_without(error)
