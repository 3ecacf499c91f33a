"""Executors of `concurrent.futures` that carry the scope of each submission.

After `install`, standard process executors do so by themselves; threads only in the
`ThreadPoolExecutor` of this module.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

# Private, but the only way to tell the chunks of `map` from a user's partial.
from concurrent.futures.process import _process_chunk
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface

from ._carry.bound import Bound, bind
from ._carry.calling import call_and_detach
from ._carry.delivery import Delivery, keep_for
from ._carry.initializer import worker_initializer
from ._carry.local_call import run, star_each
from ._carry.submission import Message, Submission
from ._engines import Patches

__all__ = ["ProcessPoolExecutor", "ThreadPoolExecutor"]

T = TypeVar("T")

_Executor = concurrent.futures.ProcessPoolExecutor


def patch(patches: Patches) -> None:
    """Replace what creates the executor and what submits to it."""
    for name, wrap in _WRAPPERS.items():
        patches.replace(_Executor, name, wrap(vars(_Executor)[name]))


def _creating(create: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(create)
    def wrapper(
        self: _Executor,
        max_workers: int | None = None,
        mp_context: object = None,
        initializer: object = None,
        *args: object,
        **kwargs: object,
    ) -> None:
        initializer = worker_initializer(initializer)
        create(self, max_workers, mp_context, initializer, *args, **kwargs)

    return wrapper


def _submitting(submit: Callable[..., Future[T]]) -> Callable[..., Future[T]]:
    @functools.wraps(submit)
    def wrapper(
        self: _Executor, fn: Callable[..., T], /, *args: object, **kwargs: object
    ) -> Future[T]:
        delivery = None
        call: tuple[object, ...] = (fn, *args)
        if not _is_bound(fn):
            delivery = Delivery(self, Submission.capture())
            call = _in_scopes(delivery.message, fn, args, kwargs)
            kwargs = {}
        # A worker that is started now serves all later submissions: it inherits no scope.
        future = call_and_detach(interface.swap(None), submit, (self, *call), kwargs)
        if delivery is not None and delivery.message.attachments:
            keep_for(future, self, delivery, call)
            # A worker was faster than this thread.
            error = future.exception() if future.done() and not future.cancelled() else None
            if again := delivery.again(call, error):
                return submit(self, *again)
        return future

    return wrapper


def _in_scopes(
    message: Message,
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> tuple[object, ...]:
    """Return what makes the calls of a submission inside the scopes, and its arguments."""
    if isinstance(function, functools.partial) and function.func is _process_chunk:
        return star_each, *message, *function.args, *args
    return run, *message, function, args, kwargs


def _mapping(map_: Callable[..., Iterator[T]]) -> Callable[..., Iterator[T]]:
    @functools.wraps(map_)
    def wrapper(
        self: _Executor, fn: Callable[..., T], *iterables: Iterable[object], **kwargs: object
    ) -> Iterator[T]:
        if kwargs.get("buffersize") is not None:  # then it submits when results are taken
            fn = bind(fn)
        return map_(self, fn, *iterables, **kwargs)

    return wrapper


def _is_bound(function: object) -> bool:
    """Tell a bound function, also inside the partial that `map` makes of it."""
    if isinstance(function, functools.partial) and function.args:
        function = function.args[0]
    return isinstance(function, Bound)


_WRAPPERS: dict[str, Callable[[Callable[..., Any]], Callable[..., object]]] = {
    "__init__": _creating,
    "submit": _submitting,
    "map": _mapping,
}


class ProcessPoolExecutor(_Executor):
    """The standard executor, whose calls run inside the scopes of their submission."""

    __init__ = _creating(_Executor.__init__)
    submit = _submitting(_Executor.submit)
    map = _mapping(_Executor.map)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard executor, whose calls run in a copy of the context of their submission."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return super().submit(contextvars.copy_context().run, fn, *args, **kwargs)

    def map(self, fn: Callable[..., T], *iterables: Iterable[object], **kwargs: Any) -> Iterator[T]:
        captured = contextvars.copy_context()  # one for all: `map` may submit some of them later

        def call(*args: object) -> T:
            # A copy for each: two threads cannot run in one context at the same time.
            return captured.copy().run(fn, *args)

        return super().map(call, *iterables, **kwargs)
