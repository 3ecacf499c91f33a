"""Progress as plain lines, where stderr is not a terminal."""

from collections.abc import Iterable
from typing import TextIO

from ..._console import close_own, harmless, own_stream
from ..run import Cell, Outcome, State
from ..shown import overrides
from .progress_texts import closing_text, ended_text, failure_text, place_text, summary_text
from .tally import Resumed, Tally

_MOST_LINES = 50  # of finished runs; of more there are summaries
_SUMMARY_SECONDS = 2.0


class Lines:
    """A line for each run that ends; in a large sweep for each failure, with summaries between."""

    def __init__(self, stream: TextIO | None, tally: Tally) -> None:
        self._given = self._stream = stream
        self._tally = tally
        self._shown_at = tally.clock()
        self._shown = 0
        self._has_begun = False

    def begin(self, total: int | None, slots: int, resumed: Iterable[Resumed] = ()) -> None:
        if self._given is not None:
            self._stream = own_stream(self._given)  # a run in this process turns stderr to its log
        self._has_begun = True
        self._tally.begin(total, slots, resumed)
        self._shown = finished = self._tally.finished
        if finished:
            self._print(f"{self._place()} finished by earlier launches")

    def expect(self, total: int) -> None:
        self._tally.total = total

    def started(self, number: int, cell: Cell, host: str) -> None:
        self._tally.started(number, cell, host)

    def reported(self, number: int, step: int | None, value: float) -> None:
        self._tally.reported(number, step, value)

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
        seconds = self._tally.ended(number, cell, state, outcome, again=again)
        if state == "failed":
            text = failure_text(number, cell, outcome, seconds=seconds, log=log, again=again)
            self._print(f"{self._place()} {text}")
        elif self._is_small():
            text = ended_text(self._tally, number, cell, state, outcome=outcome, seconds=seconds)
            self._line(text)
        self.tick()

    def skipped(self, number: int, cell: Cell, stands: int) -> None:
        self._tally.skipped()
        if self._is_small():
            self._line(f"run {number} is the same as run {stands}: {overrides(cell)}")
        self.tick()

    def note(self, text: str) -> None:
        self._print(text)

    def tick(self) -> None:
        """Print a summary where many runs end: every 2 s at most, and 50 or so altogether."""
        tally = self._tally
        more = tally.finished - self._shown
        every = max(1, (tally.total or 5 * tally.finished) // _MOST_LINES)
        is_due = tally.clock() - self._shown_at >= _SUMMARY_SECONDS
        if not self._is_small() and more >= every and is_due:
            self._line(summary_text(tally))

    def hide(self) -> None:
        """Lines are out of nobody's way."""

    def finish(self) -> None:
        if self._has_begun:
            self._line(closing_text(self._tally))
        self._close()

    def _is_small(self) -> bool:
        return (self._tally.total or self._tally.finished) <= _MOST_LINES

    def _place(self) -> str:
        return place_text(self._tally)

    def _line(self, text: str) -> None:
        self._shown, self._shown_at = self._tally.finished, self._tally.clock()
        self._print(f"{self._place()} {text}")

    def _print(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(f"{harmless(text)}\n")
            self._stream.flush()
        except (OSError, ValueError):  # a closed pipe must not end the runs
            self._close()

    def _close(self) -> None:
        if self._stream is not None:
            close_own(self._stream, self._given)
        self._stream = None
