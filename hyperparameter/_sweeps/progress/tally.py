"""What has happened in a sweep so far: counts, the best run, what is running, the time left."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..._console import harmless
from ..objective import WHOLE, Goal, NoObjective, counted
from ..run import Cell, Outcome, State
from ..shown import number_text, overrides, result_text


class Best(NamedTuple):
    """The run with the best value."""

    number: int
    cell: Cell
    value: float
    text: str


class Resumed(NamedTuple):
    """A run that an earlier launch has finished; `result` is what the store tells of it."""

    number: int
    cell: Cell
    result: object
    state: State = "done"


class Running(NamedTuple):
    """A run that has started, with what it has reported last."""

    cell: Cell
    host: str
    since: float
    value: float | None = None
    step: int | None = None

    @property
    def report(self) -> str:
        if self.value is None:
            return ""
        return number_text(self.value) + ("" if self.step is None else f" at step {self.step}")


class Tally:
    """Hears what the driver hears, and answers what a display shows."""

    def __init__(self, goal: Goal | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.goal = goal
        self.total: int | None = None
        self.slots = 1
        self.counts: dict[State, int] = {"done": 0, "failed": 0, "pruned": 0, "same": 0}
        self.running: dict[int, Running] = {}
        self.best: Best | None = None
        self.clock = clock
        self.began = clock()
        self._seconds = 0.0
        self._ended = 0

    def begin(self, total: int | None, slots: int, resumed: Iterable[Resumed]) -> None:
        self.total, self.slots = total, max(slots, 1)
        for run in resumed:
            self.counts[run.state] += 1
            if run.state == "done":
                self._note_value(run.number, run.cell, run.result)

    def started(self, number: int, cell: Cell, host: str) -> None:
        self.running[number] = Running(cell, host, self.clock())

    def reported(self, number: int, step: int | None, value: float) -> None:
        if (found := self.running.get(number)) is not None:
            self.running[number] = found._replace(value=value, step=step)

    def ended(
        self, number: int, cell: Cell, state: State, outcome: Outcome, *, again: bool = False
    ) -> float | None:
        """Note the end of an attempt, and return how many seconds it took."""
        found = self.running.pop(number, None)
        if state in self.counts and not again:
            self.counts[state] += 1
        if state == "done":
            self._note_value(number, cell, result_of(outcome))
        if found is None:  # it has failed before it could start
            return None
        seconds = self.clock() - found.since
        if state not in ("waiting", "failed"):  # which may take no time at all
            self._seconds += seconds
            self._ended += 1
        return seconds

    def skipped(self) -> None:
        self.counts["same"] += 1

    @property
    def finished(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int | None:
        if self.total is None:
            return None
        return max(self.total - self.finished - len(self.running), 0)

    def seconds_left(self) -> float | None:
        """Estimate when all runs will have ended, None where nothing tells.

        Each run takes as long as those did that have ended well, one slot's after the other's.
        """
        if self.waiting is None or not self._ended:
            return None
        mean, now = self._seconds / self._ended, self.clock()
        begun = [max(mean - (now - run.since), 0.0) for run in self.running.values()]
        busy = min(self.slots, self.waiting + len(begun)) or 1
        return max((self.waiting * mean + sum(begun)) / busy, max(begun, default=0.0))

    def best_text(self) -> str:
        """Tell the best run: `lowest loss 0.1: run 7, train.lr=0.01`."""
        if self.best is None:
            return ""
        goal = self.goal or Goal()
        word = "lowest" if goal.direction == "minimize" else "highest"
        name = f" {goal.name}" if goal.name else ""
        run = f"run {self.best.number}, {overrides(self.best.cell)}"
        return harmless(f"{word}{name} {self.best.text}: {run}")

    def counts_text(self) -> str:
        """Tell how many runs are in which state, those that none is in left out."""
        running, waiting = len(self.running), self.waiting or 0
        counted: dict[State, int] = {**self.counts, "running": running, "waiting": waiting}
        order: tuple[State, ...] = ("done", "running", "failed", "pruned", "same", "waiting")
        found = [f"{counted[name]} {name}" for name in order if counted[name] or name == "done"]
        return ", ".join(found)

    def value_text(self, outcome: Outcome) -> str:
        """Tell the number that counts of a result, or all of a result where none does."""
        result = result_of(outcome)
        try:
            return result_text(counted(result, self.goal))
        except NoObjective:
            if isinstance(result, Mapping):
                return " ".join(f"{name}={result_text(one)}" for name, one in result.items())
            return result_text(result)

    def _note_value(self, number: int, cell: Cell, result: object) -> None:
        try:
            value = counted(result, self.goal)
        except NoObjective:
            return
        best = None if self.best is None else self.best.value
        if (self.goal or Goal()).is_better(float(value), best):
            self.best = Best(number, cell, float(value), result_text(value))


def result_of(outcome: Outcome) -> object:
    """Return what an outcome tells of its result; None if that is nothing, or a pickle."""
    found = outcome.result
    if found is None or not (found.summary or found.kind == "json"):
        return None
    value: object = json.loads(found.summary or found.data)
    return value[WHOLE] if isinstance(value, dict) and value.keys() == {WHOLE} else value
