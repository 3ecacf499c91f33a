"""Threads that tasks from elsewhere have started, which may outlive them."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock

from hyperparameter._engine_interface import Recorder

from .forward import Forward
from .work import Work, has_ended

_LATE = "a thread of a worker's task had not ended when the task ended"


class Threads:
    """What threads do in the records of tasks that run here."""

    def __init__(self) -> None:
        self._running: list[tuple[Forward, Work]] = []
        self._lock = RLock()  # reentrant: a finalizer may start a thread

    def note(self, records: Iterable[Recorder], work: Work) -> None:
        """Note what a thread begins; what is not of a task from elsewhere is none of ours."""
        found = [(record, work) for record in records if isinstance(record, Forward)]
        if found:
            with self._lock:
                running = [each for each in self._running if not has_ended(each[1])]
                self._running = [*running, *found]

    def tell(self) -> None:
        """Tell, when a task ends, of the threads that have not: what they read may be late."""
        if self._running:
            with self._lock:
                running, self._running = self._running, []
            for forward, work in running:
                if not has_ended(work):
                    forward.tell_loss(_LATE)
