"""Calls that this process has submitted, and whether Ray calls them over.

A call whose worker was killed, or that never began, has nobody who tells that it has ended.  Ray
knows, and is asked without holding what the calls return.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable
from typing import Any
from weakref import ref

from .._collect.address import this_submitter
from .._collect.forward import Forward
from .internals import client, global_worker

_BLIND_SECONDS = 60.0
_WORKER_ID = 56  # the length of one
NUMBER_SIZE = 10
"""The length of the numbers of calls: the same, so that what comes before one is easily found."""


_Task = tuple[Any, Any]
"""The id of the call that has submitted a task, which is asked for it, and that of the task."""


def this_caller() -> str:
    """Return how the ids of calls begin that this process submits; the rest is their number."""
    pid = os.getpid()
    if pid not in _submitters:
        _submitters[pid] = _this_worker() or this_submitter()
    return f"{_submitters[pid]}/"


def new_number() -> bytes:
    """Return the number of a call that is submitted now."""
    return b"%0*d" % (NUMBER_SIZE, next(_numbers))


def _this_worker() -> str:
    import ray

    is_worker = global_worker().mode == ray.WORKER_MODE
    return ray.get_runtime_context().get_worker_id() if is_worker else ""


def current_task() -> object:
    """Return the id of the task that runs here, in a thread or a coroutine."""
    return global_worker().core_worker.get_current_task_id()


def submitter_of(call: str) -> str:
    """Return the id of the Ray worker that has submitted a call, "" for any other process."""
    submitter = call.partition("/")[0]
    return submitter if len(submitter) == _WORKER_ID else ""


class Watch:
    """The calls of this process that have not told that they have ended."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}
        self._of_client: dict[str, Callable[[], object]] = {}
        self._unseen: dict[str, float] = {}  # nobody has what could be asked about them

    def add(self, call: str, result: object) -> None:
        """Watch a call by what Ray has returned for it."""
        if isinstance(result, list):
            result = result[0] if result else None
        if client().is_connected():
            self._of_client[call] = _nothing if result is None else ref(result)
        else:
            self._tasks[call] = current_task(), _task_of(result)

    def forget(self, calls: Iterable[str]) -> None:
        for call in calls:
            self._tasks.pop(call, None)
            self._of_client.pop(call, None)
            self._unseen.pop(call, None)

    def over(self) -> list[str]:
        """Return the calls that Ray calls over, whatever has become of them; they are forgotten."""
        found = [*self._over_tasks(), *self._over_in_client()]
        self.forget(found)
        return found

    def _over_tasks(self) -> list[str]:
        tasks = list(self._tasks.items())
        if not tasks:  # a client has no core worker
            return []
        core = global_worker().core_worker
        # Private, and the only one that knows of calls whose references are gone.
        pending = {
            parent: set(core.get_pending_children_task_ids(parent))
            for parent in {parent for _, (parent, _) in tasks}
        }
        return [call for call, (parent, task) in tasks if not _is_among(task, pending[parent])]

    def _over_in_client(self) -> list[str]:
        import ray

        now, found = time.monotonic(), []
        for call, reference in list(self._of_client.items()):
            result: Any = reference()
            if isinstance(result, ray.ObjectRef):
                if ray.wait([result], timeout=0)[0]:
                    found.append(call)
            elif now - self._unseen.setdefault(call, now) > _BLIND_SECONDS:
                found.append(call)  # or whoever waits for it would wait for ever
        return found


def _task_of(result: Any) -> Any:
    """Return the id of the task that returns this; None where Ray does not tell."""
    import ray

    if isinstance(result, ray.ObjectRef):
        return result.task_id()
    if isinstance(result, ray.ObjectRefGenerator):
        return result._generator_ref.task_id()
    actor = getattr(result, "_actor_id", None)
    return None if actor is None else ray._raylet.TaskID.for_actor_creation_task(actor)


def _nothing() -> None:
    """Be the reference to nothing."""


def _is_among(task: object, pending: set[Any]) -> bool:
    return bool(pending) if task is None else task in pending  # None: it may be any of them


class Nested:
    """Calls that this worker has submitted, of which it tells the records of its own submitter."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._forwards: dict[str, list[Forward]] = {}

    def __bool__(self) -> bool:
        return bool(self._forwards)

    def add(self, call: str, result: object, forwards: list[Forward]) -> None:
        self._forwards[call] = forwards
        self._watch.add(call, result)

    def tell_over(self) -> None:
        """Tell of those that Ray calls over: their workers have told that, or never will."""
        for call in self._watch.over() if self._forwards else ():
            for forward in self._forwards.pop(call, ()):
                forward.tell_call("over", call)


nested = Nested()
_numbers = itertools.count()
_submitters: dict[int, str] = {}
