"""Processes and pools of `multiprocessing` that inherit the scope, under every start method.

A process takes the scope along as an attribute whose unpickling opens it before `run()`; a
forked one has it anyway.  A pool's tasks carry the scope of their submission.
"""

from __future__ import annotations

import functools
import multiprocessing.pool
import sys
from collections.abc import Callable
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from typing import Any

from ._carry.bound import Bound, Initializer
from ._carry.local_call import each, run, star_each
from ._carry.spool import Spool
from ._carry.submission import Carried, Parcel, arrive
from ._engines import Patches
from .exceptions import EngineError

_ATTRIBUTE = "_hyperparameter"


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
    arrive(Spool, data, along).open_for_good()


def patch(patches: Patches) -> None:
    """Replace the methods that start processes and submit tasks; `EngineError` without them."""
    patches.replace(BaseProcess, "start", _starting(BaseProcess.start))
    gone = [name for name in _POOL if name not in vars(Pool)]
    gone += [name for name in _MAPPERS if not hasattr(multiprocessing.pool, name)]
    if gone:
        raise EngineError(
            f"multiprocessing.Pool of Python {sys.version.split()[0]} has changed inside "
            f"({', '.join(gone)} gone), so it cannot inherit scopes. Pass hp_dist.bind(function) "
            "to its methods, and hp_dist.initializer() when it is made."
        )
    for name, wrap in _POOL.items():
        patches.replace(Pool, name, wrap(vars(Pool)[name]))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def wrapper(self: Any) -> None:
        arrival = _Arrival(Carried.capture())
        setattr(self, _ATTRIBUTE, arrival)
        try:
            start(self)
        finally:
            if not arrival.is_fetched:
                delattr(self, _ATTRIBUTE)

    return wrapper


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


def _applying(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def wrapper(
        self: Any,
        func: Any,
        args: Any = (),
        kwds: Any = None,
        *rest: Any,
        **more: Any,
    ) -> Any:
        if isinstance(self, ThreadPool) or isinstance(func, Bound):
            return apply(self, func, args, kwds or {}, *rest, **more)
        carried = Carried.capture()
        parcel = carried.parcel(Spool)
        result = apply(self, run, (*parcel, func, args, kwds or {}), {}, *rest, **more)
        if parcel.along:
            _keep(self, result._job, carried)
        return result

    return wrapper


def _generating(generate: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what makes the tasks of all the maps: a chunk of items each, in scopes opened once."""

    @functools.wraps(generate)
    def wrapper(self: Any, result_job: int, func: Any, iterable: Any) -> Any:
        tasks = generate(self, result_job, func, iterable)
        if isinstance(self, ThreadPool):
            return tasks
        carried = Carried.capture()
        try:
            parcel = carried.parcel(Spool)
        except BaseException:
            del self._cache[result_job]  # or the pool would wait for it when it is closed
            raise
        if parcel.along:
            _keep(self, result_job, carried)
        return (
            (job, index, *_in_scopes(parcel, function, args, kwds), {})
            for job, index, function, args, kwds in tasks
        )

    return wrapper


def _in_scopes(parcel: Parcel, function: Callable[..., Any], args: Any, kwds: Any) -> Any:
    """Return what makes the calls of a chunk inside the scopes, and its arguments."""
    if getattr(function, "__module__", None) == multiprocessing.pool.__name__:
        mapper = _MAPPERS.get(function.__name__)
        if mapper is not None:
            return mapper, (*parcel, *args[0])
    return run, (*parcel, function, args, kwds)


_MAPPERS = {"mapstar": each, "starmapstar": star_each}


def _keep(pool: Any, job: int, carried: Carried) -> None:
    """Keep what travels apart until the pool has the last result of the job."""
    result = pool._cache.get(job)
    if result is not None:  # not done yet
        setattr(result, _ATTRIBUTE, carried)
        result._set = functools.partial(_set, result)
        _release(result)


def _set(result: Any, index: int, value: Any) -> None:
    type(result)._set(result, index, value)
    _release(result)


def _release(result: Any) -> None:
    if result._job not in result._cache:
        vars(result).pop(_ATTRIBUTE, None)
        vars(result).pop("_set", None)


_POOL = {
    "__init__": _creating,
    "apply_async": _applying,
    "_guarded_task_generation": _generating,
}


class _Starting:
    """A process that takes the scope along."""

    start = _starting(BaseProcess.start)


class _Pool(Pool):
    """A pool whose workers and tasks take the scope along."""

    __init__ = _creating(Pool.__init__)
    apply_async = _applying(Pool.apply_async)
    _guarded_task_generation = _generating(vars(Pool)["_guarded_task_generation"])


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
