"""Executors of `concurrent.futures` that carry the scope of each submission.

Processes inherit it in automatic mode too; threads only in the `ThreadPoolExecutor` of this module.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures.process import _process_chunk
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from ._carry.bound import Bound, Initializer, bind
from ._carry.local_call import run, star_each
from ._carry.spool import Spool
from ._carry.submission import Carried, Parcel
from ._engines import Patches

_ATTRIBUTE = "_hyperparameter"
_Executor = concurrent.futures.ProcessPoolExecutor


def patch(patches: Patches) -> None:
    """Replace what creates the executor and what submits to it."""
    for name, wrap in _WRAPPERS.items():
        patches.replace(_Executor, name, wrap(vars(_Executor)[name]))


def _creating(create: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(create)
    def wrapper(
        self: Any,
        max_workers: Any = None,
        mp_context: Any = None,
        initializer: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        # A worker is started by whichever submission finds too few, and serves all others.
        if initializer is None or callable(initializer):
            initializer = Initializer(Carried.capture(), initializer, Spool)
        create(self, max_workers, mp_context, initializer, *args, **kwargs)

    return wrapper


def _submitting(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def wrapper(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        carried = None
        if not _is_bound(fn):
            carried = Carried.capture()
            fn, args = _in_scopes(carried.parcel(Spool), fn, args, kwargs)
            kwargs = {}
        # A worker that is started now serves all later submissions: it inherits none.
        before = interface.swap(None)
        try:
            future = submit(self, fn, *args, **kwargs)
        finally:
            context.detach(before)
        if carried is not None:
            setattr(future, _ATTRIBUTE, carried)  # keeps what travels apart ...
            future.add_done_callback(_release)  # ... until it is done
        return future

    return wrapper


def _in_scopes(parcel: Parcel, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return what makes the calls of a submission in the scopes, and its arguments."""
    if isinstance(function, functools.partial) and function.func is _process_chunk:
        return star_each, (*parcel, *function.args, *args)
    return run, (*parcel, function, args, kwargs)


def _release(future: Any) -> None:
    delattr(future, _ATTRIBUTE)


def _mapping(map_: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(map_)
    def wrapper(self: Any, fn: Any, *iterables: Any, **kwargs: Any) -> Any:
        if kwargs.get("buffersize") is not None:  # then it submits when results are taken
            fn = bind(fn)
        return map_(self, fn, *iterables, **kwargs)

    return wrapper


def _is_bound(function: Any) -> bool:
    """Tell a bound function, also inside the partial that `map` makes of it."""
    if isinstance(function, functools.partial) and function.args:
        function = function.args[0]
    return isinstance(function, Bound)


_WRAPPERS = {"__init__": _creating, "submit": _submitting, "map": _mapping}


class ProcessPoolExecutor(_Executor):
    """The standard executor, whose calls run inside the scopes of their submission."""

    __init__ = _creating(_Executor.__init__)
    submit = _submitting(_Executor.submit)
    map = _mapping(_Executor.map)


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard executor, whose calls run in a copy of the context of their submission."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return super().submit(contextvars.copy_context().run, fn, *args, **kwargs)

    def map(self, fn: Callable[..., Any], *iterables: Any, **kwargs: Any) -> Any:
        captured = contextvars.copy_context()  # one for all: `map` may submit some of them later

        def call(*args: Any) -> Any:
            return captured.copy().run(fn, *args)

        return super().map(call, *iterables, **kwargs)
