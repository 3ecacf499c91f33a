"""The runner `local`: runs in the process of the launcher, one after the other."""

from __future__ import annotations

import os
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
