"""Processes and pools of `multiprocessing` that inherit the scope, under every start method.

A process takes the scope along as an attribute whose unpickling opens it before `run()`; a
forked one has it anyway.  What a pool does is in `_carry.pool_methods`.
"""

from __future__ import annotations

import functools
import multiprocessing.pool
import sys
from collections.abc import Callable, Iterable
from multiprocessing.context import BaseContext
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from typing import ClassVar

from hyperparameter import _engine_interface as interface

from ._carry.attacher import Attacher
from ._carry.local_call import ATTRIBUTE
from ._carry.pool_methods import (
    MAPPERS,
    METHODS,
    RAISER,
    applying,
    creating,
    generating,
)
from ._carry.submission import Submission
from ._collect.inbox import current_inbox
from ._engines import Patches
from ._private_folder import sweep_at_exit
from .exceptions import EngineError

__all__ = ["ScopedContext", "get_context"]


def patch(patches: Patches) -> None:
    """Replace the methods that start processes and submit tasks; `EngineError` without them."""
    patches.replace(BaseProcess, "start", _starting(BaseProcess.start))
    missing = [f"Pool.{name}" for name in METHODS if name not in vars(Pool)]
    missing += [name for name in (*MAPPERS, RAISER) if not hasattr(multiprocessing.pool, name)]
    if missing:
        raise EngineError(
            f"multiprocessing.Pool of Python {sys.version.split()[0]} cannot inherit scopes by "
            f"itself: it has no {', '.join(missing)}. Pass hp_dist.bind(function) to its methods, "
            "and hp_dist.initializer() when you make it."
        )
    for name, wrap in METHODS.items():
        patches.replace(Pool, name, wrap(vars(Pool)[name]))


def _starting(start: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(start)
    def wrapper(self: BaseProcess) -> None:
        # An attribute, because all of a process's attributes are pickled for its child.
        sweep_at_exit()  # a pool kills its workers, and these leave their files
        submission, inbox = Submission.capture(), current_inbox()
        inbox.address(submission.records, "host")  # a forked child looks for it
        interface.note_sent(submission.scopes, submission.records, is_told=True)
        is_worker = _is_worker(self)  # it forgets its target when it starts
        attacher = Attacher(submission, None if is_worker else self)
        setattr(self, ATTRIBUTE, attacher)
        try:
            start(self)
        except BaseException:
            inbox.under_way.note_heard([submission.awaited])
            raise
        else:
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


class _Starting:
    """A process that takes the scope along."""

    start = _starting(BaseProcess.start)


class _Pool(Pool):
    """A pool whose workers and tasks take the scope along."""

    __init__ = creating(Pool.__init__)
    apply_async = applying(Pool.apply_async)
    _guarded_task_generation = generating(vars(Pool)["_guarded_task_generation"])


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
