"""A slot: one worker process at a time, with its pipe, and the work that it has."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

from hyperparameter import _runner_interface as interface
from hyperparameter._engine_interface import this_process

from .warden import end_group
from .worker import READY, serve

_WORDS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGBUS: "a bus error",
    signal.SIGABRT: "its own code aborted it",
    signal.SIGILL: "an illegal instruction",
    signal.SIGFPE: "an arithmetic error",
    signal.SIGKILL: "perhaps it was out of memory",
}
_MOMENT = 0.005  # seconds; a shorter run begins and ends in one, which saves the sweep a write
STARTED = "started"
"""What a slot tells of its work, beside what comes from the process."""
IDLE_SECONDS = 2.0
"""For idle processes to end by themselves."""


class Slot:
    """A place for one run at a time.

    The process is started when the slot gets work, and again when it has died.
    """

    def __init__(self, number: int, environment: Mapping[str, str], *, is_sweep: bool) -> None:
        self._name = f"{interface.WORKER}-{number}"
        self._environment = environment
        self._is_sweep = is_sweep
        self._process: Any = None
        self._pipe: Any = None  # a `Connection`
        self._pidfd = -1
        self._message: bytes | None = None  # until the process is ready for it
        self.is_ready = False
        self.has_been_ready = False
        self.has_begun = False  # with its work, which has not been told yet
        self.told_at = 0.0
        self.work: int | None = None
        self.started = 0.0
        self.started_at: float | None = None  # by the clock that never jumps
        self.pid = 0
        self.submission: object = None  # of the work, whose files it keeps

    def give(self, number: int, message: bytes, note: Callable[[str], None]) -> None:
        """Have the process run a work, in a new process where there is none; see `_start`."""
        if self._process is not None and self._has_died():
            self.end(note)
        self.work, self._message, self.started_at = number, message, None
        self.started = time.time()
        if self._process is None:
            self._start(note)
        elif self.is_ready:
            self._send_message()

    def _start(self, note: Callable[[str], None]) -> None:
        """Start a process, and `note` its group."""
        context = multiprocessing.get_context("spawn")
        given: str | None = multiprocessing.get_start_method(allow_none=True)
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, given, self._is_sweep), name=self._name
        )
        with _signals_blocked(), _in_environment(self._environment), _only_real_main():
            try:
                self._process.start()
            finally:
                if given is None:  # starting a process has settled it
                    multiprocessing.set_start_method(None, force=True)
        theirs.close()
        self.pid = self._process.pid
        note(f"+{self.pid}\n")
        # Not the sentinel of `multiprocessing`: what the run has forked holds that open.
        self._pidfd = os.pidfd_open(self.pid)
        self.is_ready = False

    def waits_for(self) -> list[Any]:
        return [] if self._pipe is None else [self._pipe, self._pidfd]

    def _send_message(self) -> None:
        """Send the work; the process waits for it, so the run begins, and nobody has to tell."""
        message, self._message = self._message, None
        if self._pipe is not None and message is not None:
            self.started, self.started_at, self.has_begun = time.time(), time.monotonic(), True
            self.told_at = self.started_at + _MOMENT
            with suppress(OSError):  # it has died, which is seen where events are
                self._pipe.send_bytes(message)

    def send(self, *content: object) -> None:
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.send_bytes(pickle.dumps(content))

    def messages(self, ready: Collection[object]) -> Iterator[tuple[Any, ...]]:
        """Yield what has happened, what the process has told before it died included."""
        is_due = self.has_begun and time.monotonic() >= self.told_at
        if is_due or (self.has_begun and not {self._pipe, self._pidfd}.isdisjoint(ready)):
            self.has_begun = False
            yield (STARTED,)
        try:
            # One message, as the next call finds the rest; of a process that has died, all.
            has_more = self._pipe in ready or (self._pidfd in ready and self._pipe.poll())
            while has_more:
                message = self._pipe.recv()
                if message[0] == READY:
                    self.is_ready = self.has_been_ready = True
                    self._send_message()
                else:
                    yield message
                has_more = self._pidfd in ready and self._pipe is not None and self._pipe.poll()
        except (EOFError, OSError):
            return

    def _has_died(self) -> bool:
        return self._process is not None and self._process.exitcode is not None

    def death(self, ready: Collection[object]) -> tuple[int, str] | None:
        """Return the exit status of a process that has died, and how in words; None if not."""
        if self._pidfd not in ready or not self._has_died():
            return None
        status: int = self._process.exitcode
        if status >= 0:
            return status, f"its process ended with status {status}"
        with suppress(ValueError):
            number = signal.Signals(-status)
            words = _WORDS.get(number)
            return status, f"killed by {number.name}" + (f" ({words})" if words else "")
        return status, f"killed by signal {-status}"

    def outcome(self, ending: interface.Ending, problem: str) -> interface.Outcome:
        """Return the outcome of the work that the process can say nothing of."""
        host = this_process().host
        return interface.Outcome(
            ending, problem, started=self.started, ended=time.time(), host=host, pid=self.pid
        )

    def interrupt(self) -> None:
        if self._process is not None and not self._has_died():
            os.kill(self.pid, signal.SIGINT)

    def let_end(self) -> None:
        """Have an idle process end by itself."""
        if self._pipe is not None and self.work is None and self.is_ready:
            self._pipe.close()

    def end(self, note: Callable[[str], None], patience: float = 0.0) -> None:
        """Kill the process with all of its group, unless it ends by itself in time."""
        if self._process is None:
            return
        if patience:
            self._process.join(patience)
        end_group(self.pid)
        self._process.join()
        note(f"-{self.pid}\n")
        self._process.close()
        os.close(self._pidfd)
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = self._message = None


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block Ctrl-C, so that the new process gets none before it has left the terminal's group."""
    resource_tracker.ensure_running()  # which would unblock it, where it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _only_real_main() -> Iterator[None]:
    """Hide the file of a main module that is none, as `<stdin>`: the process would look for it."""
    main = sys.modules["__main__"]
    file = vars(main).get("__file__")
    if file is None or os.path.isfile(file):
        yield
        return
    del main.__file__
    try:
        yield
    finally:
        main.__file__ = file


@contextmanager
def _in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables while a process is started: libraries read them when they are imported."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
