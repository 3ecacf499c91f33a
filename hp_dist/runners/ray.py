"""The runner `ray[:ADDRESS]`: each run is a task of Ray, on any host of the cluster."""

import os
import pickle
import time
from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

from hyperparameter import _runner_interface as interface
from hyperparameter.context import Captured
from hyperparameter.exceptions import UsageError

from .. import _engines
from .._carry.submission import Submission
from .._collect.address import TOKEN
from .._ray.store import ObjectStore
from .cluster import connect, one_line, print_news
from .desk import Mark, Note
from .errors import unpacked_error
from .notes import Notes
from .output import Part
from .printed import Printed
from .reach import Worker, left_behind, reach
from .resources import options_of, tasks_at_once
from .task import Done, Folder, Function, Log, Sent, identity_of, run_task

_PATIENCE, _MOMENT = 10.0, 1.0  # seconds for the desk to answer
_MOST_BYTES = 1 << 16  # of a function that is sent with each task
_LOST = ("NodeDiedError", "LocalRayletDiedError", "ObjectLostError", "OwnerDiedError")

_DIED = "its process ended without an answer, by os._exit or a signal; Ray does not say which"


class _Running(NamedTuple):
    work: interface.Work
    submission: Submission  # whose objects the task needs
    log: Log | None
    submitted: float
    printed: Printed


class _Begun(NamedTuple):
    at: float
    host: str
    worker: Worker
    files: tuple[str, ...]  # on its host, with what it prints


class RayTasks:
    """Runs work as tasks, about twice as many submitted as can run: more would only wait."""

    name = "ray"

    def __init__(self, options: interface.Options) -> None:
        where = f"--on ray:{options.where}" if options.where else "--on ray"
        if options.gpus is not None:
            raise UsageError(
                f"--gpus {options.gpus} is for --on processes. With {where}, say what each run "
                "needs: --resources gpu=1."
            )
        self._where, self._limit, self._is_sweep = where, options.time_limit, options.is_sweep
        needs = options_of(options.resources)
        self._is_ours = connect(options.where, where, is_sweep=options.is_sweep)
        import ray

        self._ray = ray
        self._capacity = 2 * tasks_at_once(options.resources, where)
        name = getattr(options.function, "__qualname__", None)
        self._task = ray.remote(run_task).options(
            max_retries=0, num_returns=1, **needs, **({"name": name} if name else {})
        )
        self._notes = Notes()
        self._function: tuple[object, Function] | None = None
        self._running: dict[Any, _Running] = {}
        self._started: dict[int, _Begun] = {}
        self._is_interrupted = False
        self._folder = Folder.here()

    @property
    def capacity(self) -> int:
        return self._capacity

    def submit(self, work: interface.Work, captured: Captured) -> None:
        """Submit the work as a task."""
        submission = Submission(captured, _engines.installed(), (TOKEN, os.getpid()))
        message = tuple(submission.message(ObjectStore))
        function = self._sent_function(work.function)
        pickled = self._pickled(work._replace(function=_nothing))
        log = None if work.log is None else _touched(work.log)
        sent = Sent(
            self._notes.desk, _mark(work), message, function, pickled, log, self._folder,
            self._is_sweep,
        )  # fmt: skip
        reference = self._task.remote(sent)
        self._running[reference] = _Running(work, submission, log, time.time(), Printed())

    def _sent_function(self, function: object) -> Function:
        if self._function is None or self._function[0] is not function:
            data = self._pickled(function)
            is_small = len(data) <= _MOST_BYTES
            place = [] if is_small else [self._ray.put(data)]
            digest = blake2b(data, digest_size=16).digest()
            self._function = function, Function(digest, data if is_small else b"", place)
        return self._function[1]

    def _pickled(self, value: object) -> bytes:
        try:
            return bytes(self._ray.cloudpickle.dumps(value))
        except Exception as error:
            raise UsageError(
                f"{self._where}: {value!r:.80} cannot be sent to a worker: {one_line(error)}"
            ) from error

    def events(self, timeout: float | None) -> list[interface.Event]:
        """Wait for tasks that end, for what they tell, and for the time limits."""
        if not self._running:
            return []
        found: list[interface.Event] = []
        references = [*self._running, self._notes.reference]
        self._ray.wait(references, num_returns=1, timeout=self._patience(timeout))
        ready, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        if self._notes.reference in ready:  # first, so that a run has started before it ends
            found += self._noted(self._notes.take())
        for reference in ready:
            if reference in self._running:
                found += self._ended(reference)
        return [*found, *self._overdue()]

    def _patience(self, timeout: float | None) -> float | None:
        left = [] if timeout is None else [timeout]
        if self._limit is not None:
            now = time.monotonic()
            left += [max(0.0, one.at + self._limit - now) for one in self._started.values()]
        return min(left, default=None)

    def _noted(self, notes: Iterable[Note]) -> Iterator[interface.Event]:
        runs = {_mark(running.work): running for running in self._running.values()}
        for kind, mark, *content in notes:
            if mark not in runs:  # it has ended meanwhile, or was given up with its node
                continue
            number = mark[0]
            if kind == "printed":
                runs[mark].printed.show(*content)
            elif kind == "reported":
                yield interface.Reported(number, *content)
            elif number not in self._started:  # it may be said twice
                host, pid, node, files = content
                self._started[number] = _Begun(time.monotonic(), host, Worker(node, pid), files)
                if self._is_interrupted:  # when it had begun, and nobody knew
                    reach("interrupt", self._started[number].worker)
                yield interface.Started(number, host, pid)

    def _ended(self, reference: Any) -> Iterator[interface.Event]:
        number = self._running[reference].work.number
        try:
            done: Done = self._ray.get(reference)
        except BaseException as error:
            if not isinstance(error, self._ray.exceptions.RayError):
                raise
            # What it has told before comes first.
            yield from self._noted(self._notes.take_now(_PATIENCE))
            running = self._running.pop(reference)
            outcome = self._without_answer(running, error)
        else:
            running = self._running.pop(reference)
            outcome = self._with_error(pickle.loads(done.outcome))
            if number not in self._started:
                yield interface.Started(number, outcome.host, outcome.pid)
            if problem := self._take_output(running, done.output):
                outcome = outcome._replace(log_problem=problem)
        self._started.pop(number, None)
        yield interface.Ended(number, outcome)

    def _with_error(self, outcome: interface.Outcome) -> interface.Outcome:
        if self._is_sweep:
            return outcome
        problem = "" if outcome.ending == "returned" else outcome.problem or outcome.ending
        error = unpacked_error(outcome.error, problem, outcome.traceback)
        return outcome._replace(error=error)

    def _take_output(self, running: _Running, parts: list[Part]) -> str:
        """Show the rest of what a run has printed, or add it to its log; return what is wrong."""
        if not self._is_sweep:
            for number, part in enumerate(parts):
                running.printed.show(number, part.start, part.data)
        elif running.log is not None:
            try:
                for part in parts:
                    with open(running.log.path, "ab") as file:
                        file.write(part.data)
            except OSError as error:
                return f"the log could not be written: {error.strerror or error}"
        return "; ".join(part.problem for part in parts if part.problem)

    def _without_answer(self, running: _Running, error: BaseException) -> interface.Outcome:
        errors = self._ray.exceptions
        if isinstance(error, errors.TaskCancelledError) and self._is_interrupted:
            return self._outcome("interrupted", "", running)
        if isinstance(error, errors.RayTaskError):  # the worker lacks what the task needs
            return self._outcome("raised", f"the worker could not begin: {_cause(error)}", running)
        if isinstance(error, errors.WorkerCrashedError):  # whose words are about logs of Ray
            return self._outcome("killed", _DIED, running)
        is_lost = type(error).__name__ in _LOST
        return self._outcome("lost" if is_lost else "killed", one_line(error), running)

    def _outcome(
        self, ending: interface.Ending, problem: str, running: _Running
    ) -> interface.Outcome:
        begun = self._started.get(running.work.number)
        host, pid = (begun.host, begun.worker.pid) if begun is not None else ("", 0)
        lacks = ""
        if begun is not None:
            reach("end children", begun.worker)
            lacks = self._take_left_behind(running, begun, is_lost=ending == "lost")
        return interface.Outcome(
            ending, problem, "", None, running.submitted, time.time(), host, pid, log_problem=lacks
        )

    def _take_left_behind(self, running: _Running, begun: _Begun, *, is_lost: bool) -> str:
        if not begun.files:
            return ""
        starts = running.printed.shown[: len(begun.files)]
        parts = None if is_lost else left_behind(begun.worker, begun.files, starts)
        if parts is None:
            what = "what it printed" if self._is_sweep else "what it printed last"
            return f"{what} was on {begun.host}, which does not answer"
        return self._take_output(running, parts)

    def _overdue(self) -> Iterator[interface.Event]:
        now = time.monotonic()
        for reference, running in [*self._running.items()]:
            number = running.work.number
            begun = self._started.get(number)
            if self._limit is None or begun is None or now - begun.at < self._limit:
                continue
            self._ray.cancel(reference, force=True)
            problem = f"it ran for longer than the time limit of {self._limit:g} s"
            outcome = self._outcome("timed out", problem, running)
            del self._running[reference], self._started[number]
            yield interface.Ended(number, outcome)

    def answer(self, number: int, goes_on: bool) -> None:
        for running in self._running.values():
            if running.work.number == number:
                self._notes.answer(_mark(running.work), goes_on)

    def interrupt(self) -> None:
        """Raise `KeyboardInterrupt` in all runs, and take back what has not begun."""
        self._is_interrupted = True
        for reference, running in self._running.items():  # first, or they would take free places
            if running.work.number not in self._started:
                # Its children too would be cancelled, and one of them says that it has begun.
                self._ray.cancel(reference, recursive=False)
        for begun in self._started.values():
            reach("interrupt", begun.worker)

    def close(self) -> None:
        """End all runs, and leave the cluster if this has connected to it."""
        if not self._ray.is_initialized():
            return
        try:
            if self._running and not self._is_sweep:  # Ctrl-C twice: what it printed before
                deque(self._noted(self._notes.take_now(_MOMENT)), maxlen=0)
        finally:
            self._close()

    def _close(self) -> None:
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        for begun in self._started.values():
            reach("end children", begun.worker)
        self._running.clear()
        self._notes.close()
        if self._is_ours:
            self._ray.shutdown()
            print_news(True)
            self._is_ours = False


def _mark(work: interface.Work) -> Mark:
    return work.number, work.attempt


def _nothing() -> None:
    """Stand for the function of a work, which travels by itself."""


def _touched(path: str) -> Log:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666))
    except OSError:  # which is said when its output cannot be written
        return Log(path, (-1, -1))
    path = os.path.abspath(path)  # workers are elsewhere until they enter the folder
    return Log(path, identity_of(path))


def _cause(error: Any) -> str:
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {str(cause).splitlines()[-1] if str(cause) else ''}"
