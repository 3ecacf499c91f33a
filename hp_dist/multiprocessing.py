"""Processes and pools of `multiprocessing` that inherit the scope, under every start method.

A process takes the scope along as an attribute whose unpickling opens it before `run()`; a
forked one has it anyway.  A pool's tasks carry the scope of their submission.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from typing import Any

from ._carried import Bound, Carried, Initializer
from ._engines import Patches

_ATTRIBUTE = "_hyperparameter_arrival"
_SUBMITTING = (
    "apply_async", "map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered",
)  # fmt: skip


class _Arrival:
    """Opens what it carries when it is unpickled, which is before the process runs."""

    def __init__(self, carried: Carried) -> None:
        self._carried = carried

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (self._carried,)


def _arrive(carried: Carried) -> None:
    carried.open()


def patch(patches: Patches) -> None:
    """Replace the methods that start processes and submit tasks."""
    patches.replace(BaseProcess, "start", _starting(BaseProcess.start))
    patches.replace(Pool, "__init__", _creating(Pool.__init__))
    for name in _SUBMITTING:
        patches.replace(Pool, name, _submitting(getattr(Pool, name)))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def wrapper(self: Any) -> None:
        setattr(self, _ATTRIBUTE, _Arrival(Carried.capture()))
        try:
            start(self)
        finally:
            delattr(self, _ATTRIBUTE)

    return wrapper


def _creating(create: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(create)
    def wrapper(
        self: Any, processes: Any = None, initializer: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        # Workers that replace others are started by a thread that knows no scope.
        if not isinstance(self, ThreadPool) and (initializer is None or callable(initializer)):
            initializer = Initializer(Carried.capture(), initializer)
        create(self, processes, initializer, *args, **kwargs)

    return wrapper


def _submitting(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def wrapper(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(self, ThreadPool) and not isinstance(func, Bound):
            func = Bound(func, Carried.capture().pack())
        return submit(self, func, *args, **kwargs)

    return wrapper
