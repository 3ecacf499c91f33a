"""Processes and pools of `multiprocessing` that inherit the scope, under every start method.

A process takes the scope along as an attribute whose unpickling opens it before `run()`; a
forked one has it anyway.  A pool's tasks bring the scopes of their submission.
"""

from __future__ import annotations

import functools
import multiprocessing.pool
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import starmap
from multiprocessing.context import BaseContext
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, TypeVar, cast

from hyperparameter import _engine_interface as interface

from ._carry.bound import is_bound, note_work
from ._carry.calling import as_here, call_and_detach, drawn_here
from ._carry.delivery import Delivery
from ._carry.initializer import replaces_worker, start, start_without, worker_initializer
from ._carry.local_call import ATTRIBUTE, run, run_each
from ._carry.pool_jobs import Job, Result, error_of, jobs, keep
from ._carry.spool import Spool
from ._carry.submission import Attachments, Message, Submission
from ._collect.inbox import current_inbox
from ._engines import Patches
from ._private_folder import sweep_at_exit
from .exceptions import CarrierError, EngineError

__all__ = ["ScopedContext", "get_context"]

T = TypeVar("T")


_Task = tuple[int, int, Callable[..., object], tuple[object, ...], dict[str, object]]
"""What a pool sends to a worker: job, index in the job, function, its arguments."""


class _Attacher:
    """Attaches the scopes where it is unpickled, which a process does before it runs."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self.needs_spool = False  # whether the child will read files that have to be kept for it

    def __reduce__(self) -> tuple[object, ...]:
        try:
            message = self._submission.message(Spool)
        except CarrierError as error:
            if not replaces_worker():
                raise
            return start_without, (error,)
        self.needs_spool = bool(message.attachments)
        return _attach, tuple(message)


def _attach(payload: bytes, attachments: Attachments) -> None:
    start(Spool, payload, attachments)


def patch(patches: Patches) -> None:
    """Replace the methods that start processes and submit tasks; `EngineError` without them."""
    patches.replace(BaseProcess, "start", _starting(BaseProcess.start))
    missing = [f"Pool.{name}" for name in _POOL if name not in vars(Pool)]
    missing += [name for name in (*_MAPPERS, _RAISER) if not hasattr(multiprocessing.pool, name)]
    if missing:
        raise EngineError(
            f"multiprocessing.Pool of Python {sys.version.split()[0]} cannot inherit scopes by "
            f"itself: it has no {', '.join(missing)}. Pass hp_dist.bind(function) to its methods, "
            "and hp_dist.initializer() when you make it."
        )
    for name, wrap in _POOL.items():
        patches.replace(Pool, name, wrap(vars(Pool)[name]))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def wrapper(self: BaseProcess) -> None:
        # An attribute, because all of a process's attributes are pickled for its child.
        sweep_at_exit()  # a pool kills its workers, and these leave their files
        submission, inbox = Submission.capture(), current_inbox()
        inbox.address(submission.records, "host")  # a forked child looks for it
        interface.note_sent(submission.scopes, submission.records, is_told=True)
        attacher = _Attacher(submission)
        setattr(self, ATTRIBUTE, attacher)
        try:
            is_worker = _is_worker(self)  # it forgets its target when it starts
            start(self)
            if not is_worker:
                inbox.note_work(submission.records, self)
        finally:
            if not attacher.needs_spool:
                delattr(self, ATTRIBUTE)

    return wrapper


_WORKERS = "multiprocessing.pool", "futures.process", "process_executor"  # the last is loky's


def _is_worker(process: BaseProcess) -> bool:
    """Tell a worker of a pool or an executor, whose work is what is submitted to it."""
    target = getattr(process, "_target", None)
    return getattr(target, "__module__", "").endswith(_WORKERS)


def _creating(create: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(create)
    def wrapper(
        self: Pool,
        processes: int | None = None,
        initializer: object = None,
        *args: object,
        **kwargs: object,
    ) -> None:
        if isinstance(self, ThreadPool):
            return create(self, processes, initializer, *args, **kwargs)
        call = (self, processes, worker_initializer(initializer), *args)
        # The workers serve all later submissions: they inherit no scope.
        return call_and_detach(interface.swap(None), create, call, kwargs)

    return wrapper


def _applying(apply: Callable[..., T]) -> Callable[..., T]:
    """Wrap `apply_async`, which `apply` calls too."""

    @functools.wraps(apply)
    def wrapper(
        self: Pool,
        func: Callable[..., object],
        args: Iterable[object] = (),
        kwds: Mapping[str, object] | None = None,
        *callbacks: Callable[..., object] | None,
        **more: Callable[..., object] | None,
    ) -> T:
        if not isinstance(self, ThreadPool):
            callbacks = tuple(map(_as_here, callbacks))
            more = {name: _as_here(callback) for name, callback in more.items()}
        if isinstance(self, ThreadPool) or is_bound(func):
            result = apply(self, func, args, kwds or {}, *callbacks, **more)
            if not isinstance(self, ThreadPool):
                note_work(func, result)
            return result
        submission = Submission.capture()
        delivery = Delivery(self, submission)
        call = (*delivery.message, func, args, kwds or {})
        result = apply(self, run, call, {}, *callbacks, **more)
        current_inbox().note_work(submission.records, result)
        if delivery.message.attachments:
            job = keep(self, cast(Result, result)._job, delivery, (run, *call))
            # A worker was faster than this thread.
            if job is None and (again := delivery.again((run, *call), error_of(result))):
                return apply(self, again[0], again[1:], {}, *callbacks, **more)
        return result

    return wrapper


def _as_here(callback: Callable[..., object] | None) -> Callable[..., object] | None:
    """Return a callback, which a thread of the pool calls, that runs in the scopes active here."""
    return callback and as_here(callback, interface.active())


def _generating(generate: Callable[..., Iterator[_Task]]) -> Callable[..., Iterator[_Task]]:
    """Wrap what makes the tasks of all the maps: a chunk of items each, in scopes opened once.

    `_guarded_task_generation` is the one method that all of them call, in the submitting thread.
    The tasks are drawn from it by a thread of the pool.
    """

    @functools.wraps(generate)
    def wrapper(
        self: Pool, result_job: int, func: Callable[..., object], iterable: Iterable[object]
    ) -> Iterator[_Task]:
        if isinstance(self, ThreadPool):
            return generate(self, result_job, func, iterable)
        tasks = generate(self, result_job, func, drawn_here(iterable))
        submission = Submission.capture()
        try:
            delivery = Delivery(self, submission)
        except BaseException:
            # The job is there already, and the pool would wait for its result when it is closed.
            del jobs(self)[result_job]
            raise
        result = jobs(self).get(result_job)
        if result is not None:
            current_inbox().note_work(submission.records, result)
        for name in ("_callback", "_error_callback"):
            if hasattr(result, name):  # those of `map_async`
                setattr(result, name, _as_here(getattr(result, name)))
        message = delivery.message
        job = keep(self, result_job, delivery) if message.attachments else None
        if job is not None:
            return _noted(tasks, message, job)
        return (
            (number, index, *_in_scopes(message, function, args, kwds), {})
            for number, index, function, args, kwds in tasks
        )

    return wrapper


def _in_scopes(
    message: Message,
    function: Callable[..., object],
    args: tuple[Any, ...],
    kwds: dict[str, object],
) -> tuple[Callable[..., object], tuple[object, ...]]:
    """Return what makes the calls of a chunk inside the scopes, and its arguments."""
    if getattr(function, "__module__", None) == multiprocessing.pool.__name__:
        if function.__name__ == _RAISER:
            return function, args
        calls = _MAPPERS.get(function.__name__)
        if calls is not None:
            return run_each, (*message, calls, *args[0])
    return run, (*message, function, args, kwds)


# What `map` and `starmap` run for a chunk, by the names of the private functions: ours put back
# between the items what one of them has left open.
_MAPPERS = {"mapstar": map, "starmapstar": starmap}
# What raises in a worker the error of an iterable: the pool adds no traceback of the worker to it.
_RAISER = "_helper_reraises_exception"


def _noted(tasks: Iterator[_Task], message: Message, job: Job) -> Iterator[_Task]:
    """Yield the tasks, each noted until its result is there."""
    for number, index, function, args, kwds in tasks:
        call, call_args = _in_scopes(message, function, args, kwds)
        job.calls[index] = call, *call_args
        yield number, index, call, call_args, {}


_POOL: dict[str, Callable[[Callable[..., Any]], Callable[..., object]]] = {
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


class ScopedContext(BaseContext):
    """A context of `multiprocessing` whose `Process` and `Pool` take the scope along."""

    Process: ClassVar[type[BaseProcess]]

    def Pool(  # noqa: N802  # named as in multiprocessing
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[object] = (),
        maxtasksperchild: int | None = None,
    ) -> multiprocessing.pool.Pool:
        pool: Pool = _Pool(processes, initializer, initargs, maxtasksperchild, context=self)
        return pool

    def get_context(  # type: ignore[override]  # a scoped one for each of the standard ones
        self, method: str | None = None
    ) -> ScopedContext:
        return self if method is None else get_context(method)


def get_context(method: str | None = None) -> ScopedContext:
    """Return a context like `multiprocessing.get_context`, whose processes and pools carry scopes.

    `method` is a start method, by default that of the platform; `ValueError` for an unknown one.
    """
    standard = multiprocessing.get_context(method)
    return _contexts[standard.get_start_method()]


def _scoped(standard: BaseContext) -> ScopedContext:
    """Return a context like `standard`."""
    standard_process = vars(type(standard))["Process"]
    name = standard_process.__name__
    process = type(name, (_Starting, standard_process), {"__module__": __name__})
    globals()[name] = process  # pickle looks a class up by its name, and processes are pickled
    kind = type(standard)
    members = {"Process": process, "__module__": __name__}
    made: ScopedContext = type(kind.__name__, (ScopedContext, kind), members)()
    return made


_contexts = {
    method: _scoped(multiprocessing.get_context(method))
    for method in multiprocessing.get_all_start_methods()
}
