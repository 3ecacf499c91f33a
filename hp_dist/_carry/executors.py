"""Process executors whose calls run inside the scopes of their submission, of any make.

`concurrent.futures` and `loky`, which joblib has a copy of, are alike in all that is used here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from itertools import starmap
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface

from .._collect.inbox import current_inbox
from .bound import note_sent
from .calling import as_here, call_and_detach
from .delivery import STATE, Delivery, keep_for
from .initializer import worker_initializer
from .local_call import run, run_each
from .spool import Spool
from .submission import Message, Submission

T = TypeVar("T")


def creating(create: Callable[..., None]) -> Callable[..., None]:
    """Wrap what makes an executor, so that its initializer sees what is active there."""
    signature = inspect.signature(create)

    @functools.wraps(create)
    def wrapper(self: object, *args: object, **kwargs: object) -> None:
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError:
            create(self, *args, **kwargs)  # says better what is wrong
        else:
            if "initializer" in given.arguments:
                user = given.arguments["initializer"]
                given.arguments["initializer"] = worker_initializer(user)
            create(*given.args, **given.kwargs)

    return wrapper


def submitting(
    submit: Callable[..., Future[T]],
    run_chunk: Callable[..., object],
    carries_itself: type | tuple[()] = (),
    store: type[Spool] = Spool,
) -> Callable[..., Future[T]]:
    """Wrap what submits a call.

    `map` submits partials of `run_chunk`; calls of the type `carries_itself` have their scopes.
    """

    @functools.wraps(submit)
    def wrapper(
        self: object, fn: Callable[..., T], /, *args: object, **kwargs: object
    ) -> Future[T]:
        delivery = None
        call: tuple[Any, ...] = (fn, *args)
        if not isinstance(fn, carries_itself):
            submission = Submission.capture()
            delivery = Delivery(self, submission, store)
            call, kwargs = _in_scopes(run_chunk, delivery.message, fn, args, kwargs), {}
        # A worker that is started now serves all later submissions: it inherits no scope.
        here = interface.swap(None)
        future = scoped(call_and_detach(here, submit, (self, *call), kwargs))
        if delivery is not None:
            current_inbox().note_work([*submission.records, *note_sent(fn)], future)
        if delivery is not None and delivery.message.attachments:
            keep_for(future, self, delivery, call)
            # A worker was faster than this thread.
            error = future.exception() if future.done() and not future.cancelled() else None
            if again := delivery.again(call, error):
                return scoped(submit(self, *again))
        return future

    return wrapper


def scoped(future: Future[T]) -> Future[T]:
    """Make a future one whose callbacks run in the scopes active here, done already or not."""
    future.__class__ = _scoped_type(type(future))  # type: ignore[arg-type]  # a class has a hash
    setattr(future, STATE, interface.active())
    return future


@functools.cache
def _scoped_type(kind: type[Future[Any]]) -> type[Future[Any]]:
    class ScopedFuture(kind):  # type: ignore[misc, valid-type]  # the executor's own
        _hyperparameter_state: interface.State | None

        def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
            super().add_done_callback(as_here(fn, self._hyperparameter_state))

    return ScopedFuture


def _in_scopes(
    run_chunk: Callable[..., object],
    message: Message,
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> tuple[object, ...]:
    """Return what makes the calls of a submission inside the scopes, and its arguments."""
    if isinstance(function, functools.partial) and function.func is run_chunk:
        return run_each, *message, starmap, *function.args, *args
    return run, *message, function, args, kwargs
