"""A run as a task of Ray: what its worker does."""

import os
import pickle
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from hyperparameter import _runner_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import active, this_process

from .._carry.submission import receive
from .._collect.inbox import wait_for_relayed
from .._ray.store import ObjectStore, give_back, lend
from .beginning import Beginning
from .desk import Mark
from .errors import packed_error
from .output import Part, Reader, new_files, read_and_removed
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


class Done(NamedTuple):
    """What a task returns: the outcome, and what the launcher has not got of the output."""

    outcome: bytes
    output: list[Part]


def run_task(sent: Sent) -> Done:
    """Perform the work."""
    import ray

    files = _files(sent)
    host, node = this_process().host, ray.get_runtime_context().get_node_id()
    desk, note = sent.desk, (sent.mark, host, os.getpid(), node, files)
    beginning = Beginning(lambda: desk.started.remote(*note))
    signals = Signals(with_sigterm=False)
    if files:  # which nobody would find if the run killed its worker before this is sent
        with suppress(ray.exceptions.RayError):
            beginning.tell().future().result()
    beginning.tell_later()
    if sent.folder is not None:
        sent.folder.enter()
    try:
        if sent.is_sweep:
            path = files[0] if files else sent.log and sent.log.path
            outcome, starts = _performed(sent, path, signals, beginning), [0] * len(files)
        else:
            outcome, starts = _shown(sent, files, signals, beginning)
    finally:
        beginning.end()
        signals.put_back()
    output = read_and_removed(files, starts)
    problems = [part.problem for part in output if part.problem]
    outcome = outcome._replace(log_problem="; ".join(problems) or outcome.log_problem)
    error = None if sent.is_sweep else packed_error(outcome.error)
    return Done(pickle.dumps(outcome._replace(error=error), 5), output)


def _files(sent: Sent) -> tuple[str, ...]:
    """Return new files for what the run prints where the launcher sees none of it."""
    if not sent.is_sweep:
        return new_files(2)
    return () if sent.log is None or sent.log.is_here() else new_files(1)


def _shown(
    sent: Sent, files: Sequence[str], signals: Signals, beginning: Beginning
) -> tuple[interface.Outcome, list[int]]:
    """Perform a single run, and show what it prints meanwhile; say how much has been shown."""

    def show(number: int, start: int, data: bytes) -> None:
        # Not `ray.get`, which would tell Ray that the run waits, and needs no CPU.
        sent.desk.printed.remote(sent.mark, number, start, data).future().result()

    reader = Reader(files, show)
    with interface.captured(*files) as log:
        outcome = _performed(sent, None, signals, beginning)
    reader.stop()
    return outcome._replace(log_problem=log.problem), reader.shown


def _performed(
    sent: Sent, path: str | None, signals: Signals, beginning: Beginning
) -> interface.Outcome:
    started = time.time()
    try:
        work: interface.Work = pickle.loads(sent.work)
        work = work._replace(function=_function(sent.function), log=path)
        receive(ObjectStore, *sent.message)
    except BaseException as error:  # noqa: BLE001  # whatever a module raises that is imported
        return interface.failed(error, started)

    def send(value: float, step: int) -> bool:
        import ray

        beginning.tell()  # before it, or the launcher would hear of a run that has not begun
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
