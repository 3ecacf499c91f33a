"""Executors of `concurrent.futures` that carry the scope of each submission.

Processes inherit it in automatic mode too; threads only in the `ThreadPoolExecutor` of this module.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.process
import contextvars
import functools
from collections.abc import Callable
from typing import Any

from ._bound import Bound, Initializer, bound
from ._carried import Carried
from ._engines import Patches
from ._spool import Spool

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
        function = fn if _is_bound(fn) else bound(fn, Spool)
        future = submit(self, function, *args, **kwargs)
        setattr(future, _ATTRIBUTE, function)  # keeps what travels apart until it is done
        return future

    return wrapper


def _mapping(map_: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(map_)
    def wrapper(self: Any, fn: Any, *iterables: Any, **kwargs: Any) -> Any:
        return map_(self, fn if _is_bound(fn) else bound(fn, Spool), *iterables, **kwargs)

    return wrapper


def _is_bound(function: Any) -> bool:
    """Tell a bound function, also inside the partial that `map` makes of it."""
    return isinstance(function, Bound) or (
        isinstance(function, functools.partial)
        and function.func is concurrent.futures.process._process_chunk
        and isinstance(function.args[0], Bound)
    )


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
        context = contextvars.copy_context()  # one for all: `map` may submit some of them later

        def call(*args: Any) -> Any:
            return context.copy().run(fn, *args)

        return super().map(call, *iterables, **kwargs)
