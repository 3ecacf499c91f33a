"""The runner `local`: runs in the process of the launcher, one after the other."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ..._values.origin import this_process
from ...context import Captured, attached
from ...exceptions import UsageError
from ..run import Outcome, Work
from .interrupts import raising
from .performing import perform
from .report import reporting
from .runner import Ended, Event, Options, Reported, Started


class Local:
    """Runs work in the thread that asks for events; Ctrl-C raises in the run."""

    name = "local"
    capacity = 1

    def __init__(self, options: Options) -> None:
        if options.where:
            raise UsageError(
                f"--on local:{options.where}: 'local' takes nothing behind a colon. For several "
                f"processes, use --on processes:{options.where}."
            )
        refused = {
            "--time-limit": options.time_limit is not None,
            "--gpus": options.gpus is not None,
            "--resources": bool(options.resources),
        }
        for option, is_given in refused.items():
            if is_given:
                where = "ray" if option == "--resources" else "processes"
                raise UsageError(
                    f"{option} needs workers, and --on local has none. Use --on {where}."
                )
        if options.is_sweep:
            _take_output(self)
        self._is_sweep = options.is_sweep
        self._judge = options.judge
        self._is_interrupted = False
        self._waiting: deque[tuple[Work, Captured]] = deque()

    def submit(self, work: Work, captured: Captured) -> None:
        self._waiting.append((work, captured))

    def events(self, timeout: float | None) -> Iterator[Event]:
        """Run what has been submitted, between its first event and its last."""
        while self._waiting:
            work, captured = self._waiting.popleft()
            if self._is_interrupted:
                yield Ended(work.number, Outcome("interrupted"))
                continue
            yield Started(work.number, this_process().host, os.getpid())
            opened = partial(attached, *captured)
            outcome = perform(work, opened, self._during(work.number))
            yield Ended(work.number, outcome._replace(error=None) if self._is_sweep else outcome)

    @contextmanager
    def _during(self, number: int) -> Iterator[None]:
        """Let the run report, and Ctrl-C raise in it."""
        judge = self._judge
        with raising():
            if judge is None:
                yield
                return
            with reporting(lambda value, step: judge(Reported(number, value, step))):
                yield

    def answer(self, number: int, goes_on: bool) -> None:
        """Do nothing: the sweep has answered at once."""

    def interrupt(self) -> None:
        """Take back what has not begun; Ctrl-C has raised in the run itself."""
        self._is_interrupted = True

    def close(self) -> None:
        self._waiting.clear()
        with _lock:
            _under_way.pop(self, None)


def _take_output(runner: Local) -> None:
    """Refuse a second sweep in another thread: each redirects the output of the whole process."""
    here = threading.get_ident()
    with _lock:
        if any(thread != here for thread in _under_way.values()):
            raise UsageError(
                "A sweep on 'local' is under way in another thread, and the output of its runs is "
                "that of the whole process. Wait for it, or use on='processes:1'."
            )
        _under_way[runner] = here


_lock = threading.RLock()  # a sweep may be collected, and closed, while another one begins
_under_way: weakref.WeakKeyDictionary[Local, int] = weakref.WeakKeyDictionary()
