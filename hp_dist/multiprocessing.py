"""Processes and pools of `multiprocessing` that inherit the scope, under every start method.

A process takes the scope along as an attribute whose unpickling opens it before `run()`; a
forked one has it anyway.  A pool's tasks carry the scope of their submission.
"""

from __future__ import annotations

import functools
import multiprocessing.context
from collections.abc import Callable
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from typing import Any

from ._bound import Bound, Initializer, bound
from ._carried import Carried, arrive
from ._engines import Patches
from ._spool import Spool

_ATTRIBUTE = "_hyperparameter"
_SUBMITTING = (
    "apply_async", "map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered",
)  # fmt: skip


class _Arrival:
    """Opens what it carries when it is unpickled, which is before the process runs."""

    def __init__(self, carried: Carried) -> None:
        self._carried = carried
        self.is_fetched = False  # whether the child takes something that has to be kept for it

    def __reduce__(self) -> tuple[Any, ...]:
        data, along = self._carried.parcel(Spool)
        self.is_fetched = bool(along)
        return _arrive, (data, along)


def _arrive(data: bytes, along: Any) -> None:
    arrive(Spool, data, along).open()


def patch(patches: Patches) -> None:
    """Replace the methods that start processes and submit tasks."""
    patches.replace(BaseProcess, "start", _starting(BaseProcess.start))
    patches.replace(Pool, "__init__", _creating(Pool.__init__))
    for name in _SUBMITTING:
        patches.replace(Pool, name, _submitting(getattr(Pool, name)))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def wrapper(self: Any) -> None:
        if _is_of_executor(self):
            return start(self)
        arrival = _Arrival(Carried.capture())
        setattr(self, _ATTRIBUTE, arrival)
        try:
            start(self)
        finally:
            if not arrival.is_fetched:
                delattr(self, _ATTRIBUTE)

    return wrapper


def _is_of_executor(process: Any) -> bool:
    """Tell a worker that serves all later calls from one that belongs to this one."""
    return "loky" in type(process).__module__.split(".")


def _creating(create: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(create)
    def wrapper(
        self: Any, processes: Any = None, initializer: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        # Workers that replace others are started by a thread that knows no scope.
        if not isinstance(self, ThreadPool) and (initializer is None or callable(initializer)):
            initializer = Initializer(Carried.capture(), initializer, Spool)
        create(self, processes, initializer, *args, **kwargs)

    return wrapper


def _submitting(submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def wrapper(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self, ThreadPool) or isinstance(func, Bound):
            return submit(self, func, *args, **kwargs)
        func = bound(func, Spool)
        result = submit(self, func, *args, **kwargs)
        _keep(result, func)
        return result

    return wrapper


def _keep(result: Any, function: Bound) -> None:
    """Keep what travels apart until the result is there: the pool holds it so long."""
    if hasattr(result, "gi_frame"):  # an imap in chunks: a generator over the pool's own result
        result = result.gi_frame.f_locals[".0"]
    if hasattr(result, "_cache"):
        setattr(result, _ATTRIBUTE, function)


class _Starting:
    """A process that takes the scope along."""

    start = _starting(BaseProcess.start)


class _Pool(Pool):
    """A pool whose workers and tasks take the scope along."""

    __init__ = _creating(Pool.__init__)


for _name in _SUBMITTING:
    setattr(_Pool, _name, _submitting(getattr(Pool, _name)))


def get_context(method: str | None = None) -> Any:
    """Return a context of `multiprocessing` whose `Process` and `Pool` take the scope along.

    `method` is a start method, the default one if not given; `ValueError` for an unknown one.
    """
    standard = multiprocessing.get_context(method)
    return _contexts[standard.get_start_method()]


class _Carrying:
    """What the contexts here have in common; they are used as those of `multiprocessing`."""

    def Pool(  # noqa: N802  # named as in multiprocessing
        self,
        processes: int | None = None,
        initializer: Callable[..., Any] | None = None,
        initargs: Any = (),
        maxtasksperchild: int | None = None,
    ) -> Any:
        return _Pool(processes, initializer, initargs, maxtasksperchild, context=self)

    def get_context(self, method: str | None = None) -> Any:
        return self if method is None else get_context(method)


def _carrying(standard: Any) -> Any:
    """Return a context like `standard`; its process class is known here, so it can be pickled."""
    name = standard.Process.__name__
    process = type(name, (_Starting, standard.Process), {"__module__": __name__})
    globals()[name] = process
    kind = type(standard)
    return type(kind.__name__, (_Carrying, kind), {"Process": process, "__module__": __name__})()


_contexts = {
    method: _carrying(multiprocessing.get_context(method))
    for method in multiprocessing.get_all_start_methods()
}
