"""The runner `processes[:N]`: N processes of this host, each with one run at a time."""

from __future__ import annotations

import atexit
import glob
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from io import BytesIO
from multiprocessing.connection import wait
from typing import Any

from hyperparameter import _runner_interface as interface
from hyperparameter._engine_interface import this_process
from hyperparameter.context import Captured
from hyperparameter.exceptions import UsageError

from .. import _engines
from .._carry.picklers import ByValue, Picklers, of_multiprocessing
from .._carry.spool import Spool
from .._carry.submission import Submission
from .._collect.address import TOKEN
from . import warden
from .errors import unpacked_error
from .slot import IDLE_SECONDS, STARTED, Slot
from .worker import ANSWER, ENDED, REPORTED, WORK

_DEVICES = "CUDA_VISIBLE_DEVICES"


class SpoolByValue(Spool):
    """The store for workers that cannot import the main module, as that of a notebook."""

    @staticmethod
    def picklers() -> Picklers:
        return (ByValue,)


class Processes:
    """Runs work in processes that are started as new ones, and serve for many runs.

    A process that dies, or runs for too long, costs one run.
    """

    name = "processes"

    def __init__(self, options: interface.Options) -> None:
        if options.resources:
            raise UsageError("--resources is for --on ray. With --on processes, give --gpus N.")
        where = f"--on processes:{options.where}" if options.where else "--on processes"
        count = _count(options.where, where)
        devices = [] if options.gpus is None else _devices(options.gpus, os.environ)
        count = count or len(devices) or len(os.sched_getaffinity(0))
        self._main = interface.main_module()
        if self._main.can_be_imported and (call := interface.unguarded_call(self._main)):
            raise UsageError(f"{where}: {interface.unguarded(call)}")
        self._where, self._limit = where, options.time_limit
        self._is_sweep = options.is_sweep
        self._slots = [
            Slot(number, _environment(devices, number, count), is_sweep=options.is_sweep)
            for number in range(count)
        ]
        self._by_work: dict[int, Slot] = {}
        self._warden: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)  # before `multiprocessing` waits for its processes

    @property
    def capacity(self) -> int:
        return len(self._slots)

    def submit(self, work: interface.Work, captured: Captured) -> None:
        """Give the work to a process that is idle."""
        by_value = not self._main.can_be_imported
        process = (TOKEN, os.getpid())
        submission = Submission(captured, _engines.installed(), process)
        message = submission.message(SpoolByValue if by_value else Spool)
        pickled = self._pickled(work, by_value=by_value)
        idle = [slot for slot in self._slots if slot.work is None]
        slot = next((slot for slot in idle if slot.is_ready), idle[0])
        slot.submission = submission  # whose files the process reads
        self._by_work[work.number] = slot
        content = (WORK, work.number, tuple(message), pickled)
        slot.give(work.number, pickle.dumps(content, 5), self._note)

    def _pickled(self, work: interface.Work, *, by_value: bool) -> bytes:
        picklers = (ByValue,) if by_value else of_multiprocessing()
        problem: Exception | None = None
        for kind in picklers:
            file = BytesIO()
            try:
                kind(file, protocol=5).dump(work)
            except Exception as error:  # noqa: BLE001  # of any kind, by the value's own code
                problem = error
            else:
                return file.getvalue()
        raise UsageError(
            f"{self._where}: {work.function!r:.80} cannot be sent to another process: {problem}."
        )

    def events(self, timeout: float | None) -> list[interface.Event]:
        """Wait for what the processes tell, for their ends, and for the time limits."""
        watched = [each for slot in self._slots for each in slot.waits_for()]
        if not self._by_work:
            return []
        ready = wait(watched, self._patience(timeout))
        return [event for slot in self._slots for event in self._events_of(slot, ready)]

    def _patience(self, timeout: float | None) -> float | None:
        now = time.monotonic()
        left = [] if timeout is None else [timeout]
        left += [slot.told_at - now for slot in self._slots if slot.has_begun]
        if self._limit is not None:
            begun = [slot.started_at for slot in self._by_work.values()]
            left += [at + self._limit - now for at in begun if at is not None]
        return max(0.0, min(left)) if left else None

    def _events_of(self, slot: Slot, ready: Collection[object]) -> Iterator[interface.Event]:
        death = slot.death(ready)  # asked before the last messages are read
        for kind, *content in slot.messages(ready):
            if kind == STARTED:
                assert slot.work is not None
                yield interface.Started(slot.work, this_process().host, slot.pid)
            elif kind == REPORTED:
                yield interface.Reported(*content)
            elif kind == ENDED:
                outcome = self._received(content[0])
                yield self._ended(slot, outcome)
                if outcome.ending in ("interrupted", "terminated"):  # after which it ends itself
                    slot.end(self._note, IDLE_SECONDS)
                    return
        if death is not None:
            yield from self._died(slot, *death)
        elif self._is_overdue(slot):
            slot.end(self._note)
            problem = f"it ran for longer than the time limit of {self._limit:g} s"
            yield self._ended(slot, slot.outcome("timed out", problem))

    def _is_overdue(self, slot: Slot) -> bool:
        if self._limit is None or slot.work is None or slot.started_at is None:
            return False
        return time.monotonic() - slot.started_at >= self._limit

    def _died(self, slot: Slot, status: int, problem: str) -> Iterator[interface.Event]:
        is_start = not slot.is_ready
        slot.end(self._note)
        if is_start and status == -signal.SIGINT and slot.work is not None:
            yield self._ended(slot, slot.outcome("interrupted", ""))
            return
        if is_start:
            self._check_start(status, problem)
            problem = f"a new worker could not import the program: {problem}"
        if slot.work is not None:
            yield self._ended(slot, slot.outcome("killed", problem))

    def _check_start(self, status: int, problem: str) -> None:
        """Raise `UsageError` where no process can import the main module."""
        what = os.path.basename(self._main.path) or self._main.module or "its modules"
        if status == interface.UNGUARDED_STATUS:
            raise UsageError(f"{self._where}: {interface.unguarded(what)}")
        if not any(slot.has_been_ready for slot in self._slots):
            raise UsageError(
                f"{self._where}: a worker could not import {what}: {problem}. See what it has "
                "printed."
            )

    def _received(self, outcome: interface.Outcome) -> interface.Outcome:
        if self._is_sweep:
            return outcome
        is_error = outcome.ending != "returned"
        problem = (outcome.problem or outcome.ending) if is_error else ""
        return outcome._replace(error=unpacked_error(outcome.error, problem, outcome.traceback))

    def _ended(self, slot: Slot, outcome: interface.Outcome) -> interface.Ended:
        number, slot.work, slot.submission = slot.work, None, None
        assert number is not None
        del self._by_work[number]
        return interface.Ended(number, outcome)

    def answer(self, number: int, goes_on: bool) -> None:
        if number in self._by_work:
            self._by_work[number].send(ANSWER, number, goes_on)

    def interrupt(self) -> None:
        """Raise `KeyboardInterrupt` in all runs."""
        for slot in self._by_work.values():
            slot.interrupt()

    def close(self) -> None:
        """End all processes: idle ones have a moment to end by themselves."""
        atexit.unregister(self.close)
        for slot in self._slots:
            slot.let_end()
        until = time.monotonic() + IDLE_SECONDS
        for slot in self._slots:
            is_idle = slot.work is None and slot.is_ready
            slot.end(self._note, max(0.01, until - time.monotonic()) if is_idle else 0.0)
        self._by_work.clear()
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.close()
            self._warden.wait()
            self._warden = None

    def _note(self, line: str) -> None:
        """Tell the warden of a group of processes."""
        if self._warden is None:
            command = [sys.executable, "-I", "-S", warden.__file__, str(os.getpid())]
            self._warden = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
            )
        assert self._warden.stdin is not None
        self._warden.stdin.write(line.encode())


def _count(text: str, where: str) -> int:
    """Return the number behind the colon, 0 for none."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10_000):
        raise UsageError(f"{where}: {text!r:.40} is not a number of processes: 1, 2, 3 and so on.")
    return int(text)


def _devices(count: int, env: Any) -> list[str]:
    """Return so many of the devices that this process may use."""
    inherited = env.get(_DEVICES)
    if inherited is not None:
        found = [one.strip() for one in inherited.split(",") if one.strip()]
        where = f"{_DEVICES}={inherited}"
    else:
        # Where there is no such file, the devices are of another make, and nobody can count them.
        found = [str(number) for number in range(len(glob.glob("/dev/nvidia[0-9]*")) or count)]
        where = "this machine"
    if count < 1:
        raise UsageError(f"--gpus {count}: give a number of devices: 1, 2, 3 and so on.")
    if len(found) < count:
        raise UsageError(f"--gpus {count}: {where} has {len(found)}. Ask for as many at most.")
    return found[:count]


def _environment(devices: list[str], number: int, count: int) -> dict[str, str]:
    """Return what one of `count` slots sees: its share of the devices, or one that it shares."""
    if not devices:
        return {}
    share = devices[number::count] or [devices[number % len(devices)]]
    return {_DEVICES: ",".join(share)}
