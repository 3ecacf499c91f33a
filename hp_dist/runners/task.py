"""A run as a task of Ray: what its worker does."""

import os
import pickle
import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from hyperparameter import _runner_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import active, this_process

from .._carry.submission import receive
from .._collect.inbox import wait_for_relayed
from .._ray.store import ObjectStore, give_back, lend
from .desk import Mark
from .errors import packed_error
from .signals import Signals

_MOST_FUNCTIONS = 4


class Log(NamedTuple):
    """A file of the launcher's host, with what tells it from one of the same name elsewhere."""

    path: str
    identity: tuple[int, int]

    def is_here(self) -> bool:
        """Tell whether this process sees the file."""
        return identity_of(self.path) == self.identity


def identity_of(path: str) -> tuple[int, int]:
    """Return what tells a file from others; zeros where it cannot be seen."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


class Folder(NamedTuple):
    """The working directory of the launcher, where runs on its host have theirs."""

    path: str
    inode: int

    @classmethod
    def here(cls) -> "Folder | None":
        try:
            return cls(os.getcwd(), os.stat(".").st_ino)
        except FileNotFoundError:  # it has been removed
            return None

    def enter(self) -> None:
        """Change to the folder, if this process sees it; others stay where Ray starts them."""
        with suppress(OSError):
            if os.stat(self.path).st_ino == self.inode:
                os.chdir(self.path)


class Function(NamedTuple):
    """The function of a sweep as bytes, or, where they are many, in Ray's object store."""

    digest: bytes
    data: bytes
    place: list[Any]


class Sent(NamedTuple):
    """What a task gets: a submission as a message, the work without its function, and the rest."""

    desk: Any
    mark: Mark
    message: tuple[Any, ...]
    function: Function
    work: bytes
    log: Log | None
    folder: Folder | None
    is_sweep: bool


def run_task(sent: Sent) -> tuple[bytes, bytes | None]:
    """Perform the work; return the outcome, and what is to be added to the log elsewhere."""
    import ray

    started = time.time()
    is_here = sent.log is None or sent.log.is_here()
    host, node = this_process().host, ray.get_runtime_context().get_node_id()
    sent.desk.started.remote(sent.mark, host, os.getpid(), node, is_here)
    path = None if sent.log is None else sent.log.path if is_here else _temporary()
    signals = Signals(with_sigterm=False)
    if sent.folder is not None:
        sent.folder.enter()
    try:
        outcome = _performed(sent, path, signals, started)
    finally:
        signals.put_back()
    output = None
    if path is not None and not is_here:
        output, left_out = interface.head_and_tail(path)
        os.unlink(path)
        if left_out:
            outcome = outcome._replace(log_problem=f"{left_out} bytes in its middle are left out")
    error = None if sent.is_sweep else packed_error(outcome.error)
    return pickle.dumps(outcome._replace(error=error), 5), output


def _temporary() -> str:
    handle, path = tempfile.mkstemp(prefix="hp-log-")
    os.close(handle)
    return path


def _performed(sent: Sent, path: str | None, signals: Signals, started: float) -> interface.Outcome:
    try:
        work: interface.Work = pickle.loads(sent.work)
        work = work._replace(function=_function(sent.function), log=path)
        receive(ObjectStore, *sent.message)
    except BaseException as error:  # noqa: BLE001  # whatever a module raises that is imported
        return interface.failed(error, started)

    def send(value: float, step: int) -> bool:
        import ray

        return bool(ray.get(sent.desk.report.remote(sent.mark, value, step)))

    with interface.reporting(send):
        return interface.perform(work, lambda: _attached(*sent.message), signals.raising())


@contextmanager
def _attached(payload: bytes, attachments: Any) -> Iterator[None]:
    before = active()
    try:
        submission = receive(ObjectStore, payload, attachments)
        submission.attach()
        if attachments:
            lend(submission.attachments(), attachments[1])
        yield
    finally:
        context.detach(before)
        wait_for_relayed()
        give_back()


def _function(sent: Function) -> Any:
    """Return the function, which a worker has for all its runs, as a module that it imports."""
    found = _functions.get(sent.digest)
    if found is None:
        import ray

        data = ray.get(sent.place[0]) if sent.place else sent.data
        found = _functions[sent.digest] = pickle.loads(data)
        if len(_functions) > _MOST_FUNCTIONS:
            _functions.popitem(last=False)
    return found


_functions: OrderedDict[bytes, Any] = OrderedDict()
