"""Calls of `joblib.Parallel` that run inside the scopes of the call to it, in every backend.

The scopes are captured in the thread that calls; joblib takes tasks from the iterable in others
too, and the iterable runs inside the same scopes.  The workers that a call or a `with` starts show
these scopes to their initializer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter.context import Captured

from ._carry.bound import Bound
from ._carry.calling import call_and_detach, inside
from ._carry.encoded import OriginProcess
from ._carry.executors import creating, submitting
from ._carry.initializer import worker_initializer
from ._carry.local_call import ATTRIBUTE, run
from ._carry.spool import LokySpool, Spool
from ._carry.submission import Submission
from ._collect.inbox import current_inbox
from ._collect.work import Ending
from ._engines import Patches

if TYPE_CHECKING:
    from joblib import Parallel

__all__: list[str] = []  # `install("joblib")` is all there is to use

T = TypeVar("T")
Task = tuple[Callable[..., object], Iterable[object], Mapping[str, object]]
"""What `joblib.delayed` makes: the function and its arguments."""


def patch(patches: Patches) -> None:
    """Replace `Parallel.__call__`, the one public method through which all tasks go.

    The executor of the `loky` in joblib carries what is submitted to it otherwise.
    """
    from joblib import Parallel
    from joblib.externals.loky import process_executor
    from joblib.parallel import BatchedCalls

    patches.replace(Parallel, "__call__", _calling(Parallel.__call__))
    patches.replace(Parallel, "__enter__", _entering(Parallel.__enter__))
    executor, run_chunk = process_executor.ProcessPoolExecutor, process_executor._process_chunk
    patches.replace(executor, "__init__", creating(executor.__init__))
    submit = submitting(executor.submit, run_chunk, BatchedCalls, LokySpool)
    patches.replace(executor, "submit", submit)


class _SubmissionToThreads(Submission):
    """A submission that threads of its process attach as it was, with the records open in it."""

    __slots__ = ("_state",)

    def __init__(
        self,
        captured: Captured,
        engines: tuple[str, ...],
        process: OriginProcess,
        records: Sequence[interface.Recorder] = (),
    ) -> None:
        super().__init__(captured, engines, process, records)
        self._state = interface.active()

    def attach(self, over: Submission | None = None) -> interface.State | None:
        return interface.swap(self._state) if self.in_origin_process else super().attach(over)


def _calling(call: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(call)
    def wrapper(self: Parallel, iterable: Iterable[Task]) -> object:
        submission = _SubmissionToThreads.capture()
        run_inside = _runner(self, submission)
        setattr(self, ATTRIBUTE, submission)  # keeps the files of the spool until the next call

        def tasks() -> Iterator[Task]:
            for function, args, kwargs in iterable:
                yield run_inside, (function, args, kwargs), {}

        items: Iterable[Task] = inside(tasks, submission.attach)()
        if hasattr(iterable, "__len__"):  # joblib tells the progress by it
            items = [*items]
        under_way = Ending()
        current_inbox().note_work(submission.records, under_way)
        # No scope is active meanwhile, or the workers that joblib starts would inherit it for good.
        with _initializers_inside(self):
            results = call_and_detach(interface.swap(None), call, (self, items), {})
        if isinstance(results, Iterator):
            return _until_ended(results, under_way)
        under_way.has_ended = True
        return results

    return wrapper


def _entering(enter: Callable[..., T]) -> Callable[..., T]:
    @functools.wraps(enter)
    def wrapper(self: Parallel) -> T:
        with _initializers_inside(self):
            return call_and_detach(interface.swap(None), enter, (self,), {})

    return wrapper


@contextmanager
def _initializers_inside(parallel: Parallel) -> Iterator[None]:
    """Show what is active here to the initializers of workers that are started meanwhile."""
    # Private, both: those given to `Parallel`, and those of `parallel_config`.
    arguments = parallel._backend_kwargs, getattr(parallel._backend, "backend_kwargs", {})
    given = [(each, each["initializer"]) for each in arguments if each.get("initializer")]
    for each, user in given:
        each["initializer"] = worker_initializer(user)
    try:
        yield
    finally:
        for each, user in given:
            each["initializer"] = user


def _until_ended(results: Iterator[T], under_way: Ending) -> Iterator[T]:
    try:
        yield from results
    finally:
        under_way.has_ended = True


def _runner(parallel: Parallel, submission: Submission) -> Callable[..., object]:
    """Return what makes a call inside the scopes, in threads, processes or further away.

    `CarrierError` when a value that has to travel for it cannot.
    """
    from joblib._parallel_backends import LokyBackend, MultiprocessingBackend

    # Private, but only the backend tells where the tasks run; `with parallel_config()` may have
    # chosen it.
    backend = parallel._backend
    shares_memory = getattr(backend, "supports_sharedmem", False)
    if shares_memory or backend.effective_n_jobs(parallel.n_jobs) == 1:
        return functools.partial(_run_in_thread, submission)
    if isinstance(backend, (LokyBackend, MultiprocessingBackend)):  # whose processes are local
        store = LokySpool if isinstance(backend, LokyBackend) else Spool
        return functools.partial(run, *submission.message(store))
    return Bound(_apply, submission.frozen())


def _run_in_thread(
    submission: Submission,
    function: Callable[..., T],
    args: Iterable[object],
    kwargs: Mapping[str, object],
) -> T:
    before = submission.attach()
    try:
        return function(*args, **kwargs)
    finally:
        context.detach(before)


def _apply(function: Callable[..., T], args: Iterable[object], kwargs: Mapping[str, object]) -> T:
    return function(*args, **kwargs)
