"""What the driver tells the user while runs are under way, on a terminal as anywhere else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from ..run import Cell, Outcome, State
from ..shown import duration_text, overrides
from .tally import Resumed, Tally


class Progress(ABC):
    """Counts what the driver tells of its runs; subclasses show it.

    Drawing happens in these calls alone, never from another thread: runs may be in this process,
    and may fork.  `finish` has to be called whatever happens; before `begin` it does nothing.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def begin(self, total: int | None, slots: int, resumed: Iterable[Resumed] = ()) -> None:
        """Begin with `total` runs, None where it is not known, those that are resumed included."""
        self._tally.begin(total, slots, resumed)
        self._open()

    def expect(self, total: int) -> None:
        """Take another number of runs, as when a search has used up its space."""
        self._tally.total = total

    def started(self, number: int, cell: Cell, host: str) -> None:
        self._tally.started(number, cell, host)
        self.tick()

    def reported(self, number: int, step: int | None, value: float) -> None:
        self._tally.reported(number, step, value)
        self.tick()

    def ended(
        self,
        number: int,
        cell: Cell,
        state: State,
        outcome: Outcome,
        log: str | None = None,
        *,
        again: bool = False,
    ) -> None:
        """Show the end of an attempt; `again` if the run will be tried once more."""
        seconds = self._tally.ended(number, cell, state, outcome, again=again)
        if state == "failed":
            text = failure_text(number, cell, outcome, seconds=seconds, log=log, again=again)
            self._failure(text)
        elif self._shows(state):
            text = ended_text(self._tally, number, cell, state, outcome=outcome, seconds=seconds)
            self._line(text)
        self.tick()

    def skipped(self, number: int, cell: Cell, stands: int) -> None:
        """Show that a run is not run, because `stands` stands for it."""
        self._tally.skipped()
        if self._shows("same"):
            self._line(f"run {number} is the same as run {stands}: {overrides(cell)}")
        self.tick()

    @abstractmethod
    def note(self, text: str) -> None:
        """Print a line that stays."""

    @abstractmethod
    def tick(self) -> None:
        """Let time pass: durations are drawn anew."""

    @abstractmethod
    def hide(self) -> None:
        """Make room for what somebody else prints; the next drawing shows everything again."""

    @abstractmethod
    def finish(self) -> None:
        """Say how it has ended, and leave the stream as it was."""

    @abstractmethod
    def _open(self) -> None:
        """Begin to show, on a stream of its own: a run in this process turns stderr to its log."""

    @abstractmethod
    def _shows(self, state: State) -> bool:
        """Tell whether a run that ends in this state has a line of its own."""

    @abstractmethod
    def _line(self, text: str) -> None:
        """Show that a run has ended."""

    @abstractmethod
    def _failure(self, text: str) -> None:
        """Show that an attempt has failed."""


def place_text(tally: Tally) -> str:
    return f"[{tally.finished}/{tally.total}]" if tally.total is not None else f"[{tally.finished}]"


def closing_text(tally: Tally) -> str:
    took = f"in {duration_text(tally.clock() - tally.began)}"
    return "; ".join(filter(None, [f"{tally.counts_text()} {took}", tally.best_text()]))


def ended_text(
    tally: Tally, number: int, cell: Cell, state: State, *, outcome: Outcome, seconds: float | None
) -> str:
    word = {"done": "", "waiting": " interrupted"}.get(state, f" {state}")
    value = tally.value_text(outcome) if state == "done" else ""
    took = "" if seconds is None else f" ({duration_text(seconds)})"
    return f"run {number}{word}: {overrides(cell)}" + (f": {value}" if value else "") + took


def failure_text(
    number: int,
    cell: Cell,
    outcome: Outcome,
    seconds: float | None,
    log: str | None,
    *,
    again: bool,
) -> str:
    after = "" if seconds is None else f" after {duration_text(seconds)}"
    problem = outcome.problem or outcome.ending
    where = f" ({log})" if log else ""
    then = ". It will be tried again." if again else ""
    return f"run {number} failed{after}: {overrides(cell)}: {problem}{where}{then}"
