"""What runs tell the launcher through the desk: the launcher's side of it."""

from __future__ import annotations

from typing import Any

from .._ray.collector import near
from .desk import Desk, Mark, Note


class Notes:
    """The notes of all runs, in order and each once; `reference` is ready when there are some."""

    def __init__(self) -> None:
        import ray

        self._ray = ray
        self.desk: Any
        self.reference: Any
        self._asked = 0
        self._set_up()

    def _set_up(self) -> None:
        # Ray calls again where a connection breaks, as it may on a busy host.
        options = {"num_cpus": 0, "max_concurrency": 10_000, "max_task_retries": -1}
        desk = self._ray.remote(**options, scheduling_strategy=near())(Desk)
        self.desk, self._heard = desk.remote(), 0
        self._ask()

    def _ask(self) -> None:
        # This call waits when the desk is closed, and is not to be repeated then.
        self._asked += 1
        take = self.desk.take.options(max_task_retries=0)
        self.reference = take.remote(self._heard, self._asked)

    def take(self) -> list[Note]:
        """Return the notes that there are, and have the desk forget them."""
        try:
            notes: list[Note] = self._ray.get(self.reference)
        except self._ray.exceptions.RayActorError as error:
            if isinstance(error, self._ray.exceptions.ActorUnavailableError):
                self._ask()
            else:  # somebody has killed it; runs that want to report to it fail
                self._set_up()
            return []
        self._heard += len(notes)
        self._ask()
        return notes

    def take_now(self, patience: float) -> list[Note]:
        """Return the notes that have arrived at the desk by now, perhaps none."""
        self.desk.wake.remote(self._asked)
        ready, _ = self._ray.wait([self.reference], timeout=patience)
        return self.take() if ready else []

    def answer(self, mark: Mark, goes_on: bool) -> None:
        self.desk.answer.remote(mark, goes_on)

    def close(self) -> None:
        self._ray.kill(self.desk)
