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

from ._carry.bound import bind
from ._carry.calling import drawn_here
from ._carry.executors import creating, scoped, submitting
from ._carry.initializer import Initializer
from ._collect.inbox import current_inbox
from ._engines import Patches

__all__ = ["ProcessPoolExecutor", "ThreadPoolExecutor"]

T = TypeVar("T")

_Executor = concurrent.futures.ProcessPoolExecutor


def patch(patches: Patches) -> None:
    """Replace what creates the executor and what submits to it."""
    for name, wrap in _WRAPPERS.items():
        patches.replace(_Executor, name, wrap(vars(_Executor)[name]))


def _mapping(map_: Callable[..., Iterator[T]]) -> Callable[..., Iterator[T]]:
    @functools.wraps(map_)
    def wrapper(
        self: _Executor, fn: Callable[..., T], *iterables: Iterable[object], **kwargs: object
    ) -> Iterator[T]:
        if kwargs.get("buffersize") is not None:  # then it submits when results are taken
            fn = bind(fn)
            iterables = tuple(map(drawn_here, iterables))
        return map_(self, fn, *iterables, **kwargs)

    return wrapper


_WRAPPERS: dict[str, Callable[[Callable[..., Any]], Callable[..., object]]] = {
    "__init__": creating,
    "submit": functools.partial(submitting, run_chunk=_process_chunk),
    "map": _mapping,
}


class ProcessPoolExecutor(_Executor):
    """The standard executor, whose calls run inside the scopes of their submission."""

    __init__ = creating(_Executor.__init__)
    submit = submitting(_Executor.submit, _process_chunk)
    map = _mapping(_Executor.map)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard executor, whose calls run in a copy of the context of their submission.

    Its initializer runs in copies of the context where the executor is made.  What that of
    `hp_dist.initializer` opens is seen by calls that bring no scope.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if callable(initializer):
            initializer = _initializing(contextvars.copy_context(), initializer)
        super().__init__(max_workers, thread_name_prefix, initializer, initargs)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future = scoped(super().submit(_run, contextvars.copy_context(), fn, *args, **kwargs))
        current_inbox().threads.note(interface.records(), future)
        return future

    def map(self, fn: Callable[..., T], *iterables: Iterable[object], **kwargs: Any) -> Iterator[T]:
        # One context for all: `map` may submit some of them later.
        call = _in_copies(contextvars.copy_context(), fn)
        return super().map(call, *map(drawn_here, iterables), **kwargs)


def _in_copies(captured: contextvars.Context, function: Callable[..., T]) -> Callable[..., T]:
    def call(*args: object) -> T:
        # A copy for each: two threads cannot run in one context at the same time.
        return _run(captured.copy(), function, *args)

    return call


def _initializing(
    captured: contextvars.Context, function: Callable[..., object]
) -> Callable[..., None]:
    def initialize(*args: object) -> None:
        copy = captured.copy()
        copy.run(function, *args)
        if isinstance(function, Initializer):
            interface.swap(copy.run(interface.active))  # for good

    return initialize


def _run(
    captured: contextvars.Context, function: Callable[..., T], /, *args: Any, **kwargs: Any
) -> T:
    """Call the function in a context, over what an initializer has opened in this thread."""
    initial = interface.active()
    if initial is not None:
        captured.run(interface.attach_under, initial)
    return captured.run(function, *args, **kwargs)
