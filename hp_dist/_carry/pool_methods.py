"""The methods of `multiprocessing.Pool` that make workers and tasks, with the scopes along.

A pool's tasks bring the scopes of their submission; its workers inherit none.
"""

from __future__ import annotations

import functools
import multiprocessing.pool
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import starmap
from multiprocessing.pool import Pool, ThreadPool
from typing import Any, TypeVar, cast

from hyperparameter import _engine_interface as interface

from .._collect.inbox import current_inbox
from .bound import note_sent
from .calling import as_here, call_and_detach, drawn_here
from .delivery import Delivery
from .initializer import worker_initializer
from .local_call import run, run_each
from .pool_jobs import Job, Result, error_of, jobs, keep
from .submission import Message, Submission

T = TypeVar("T")

_Task = tuple[int, int, Callable[..., object], tuple[object, ...], dict[str, object]]
"""What a pool sends to a worker: job, index in the job, function, its arguments."""


def creating(create: Callable[..., None]) -> Callable[..., None]:
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


def applying(apply: Callable[..., T]) -> Callable[..., T]:
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
        if isinstance(self, ThreadPool):
            return apply(self, func, args, kwds or {}, *callbacks, **more)
        submission = Submission.capture()
        delivery = Delivery(self, submission)
        call = (*delivery.message, func, args, kwds or {})
        result = apply(self, run, call, {}, *callbacks, **more)
        current_inbox().note_work([*submission.records, *note_sent(func)], result)
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


def generating(generate: Callable[..., Iterator[_Task]]) -> Callable[..., Iterator[_Task]]:
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
        if function.__name__ == RAISER:
            return function, args
        calls = MAPPERS.get(function.__name__)
        if calls is not None:
            return run_each, (*message, calls, *args[0])
    return run, (*message, function, args, kwds)


# What `map` and `starmap` run for a chunk, by the names of the private functions: ours put back
# between the items what one of them has left open.
MAPPERS = {"mapstar": map, "starmapstar": starmap}
# What raises in a worker the error of an iterable: the pool adds no traceback of the worker to it.
RAISER = "_helper_reraises_exception"


def _noted(tasks: Iterator[_Task], message: Message, job: Job) -> Iterator[_Task]:
    """Yield the tasks, each noted until its result is there."""
    for number, index, function, args, kwds in tasks:
        call, call_args = _in_scopes(message, function, args, kwds)
        job.calls[index] = call, *call_args
        yield number, index, call, call_args, {}


METHODS: dict[str, Callable[[Callable[..., Any]], Callable[..., object]]] = {
    "__init__": creating,
    "apply_async": applying,
    "_guarded_task_generation": generating,
}
