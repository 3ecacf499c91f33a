"""Progress as plain lines, where stderr is not a terminal."""

from typing import TextIO

from ..._console import close_own, harmless, own_stream
from ..run import State
from ..shown import duration_text
from .progress import Progress, closing_text, place_text
from .tally import Tally

_MOST_LINES = 50  # of finished runs; of more there are summaries
_SUMMARY_SECONDS = 2.0


class Lines(Progress):
    """A line for each run that ends; in a large sweep for each failure, with summaries between."""

    def __init__(self, stream: TextIO | None, tally: Tally) -> None:
        super().__init__(tally)
        self._given = self._stream = stream
        self._shown_at = tally.clock()
        self._shown = 0
        self._has_begun = False

    def note(self, text: str) -> None:
        self._print(text)

    def tick(self) -> None:
        """Print a summary where many runs end: every 2 s at most, and 50 or so altogether."""
        tally = self._tally
        more = tally.finished - self._shown
        every = max(1, (tally.total or 5 * tally.finished) // _MOST_LINES)
        is_due = tally.clock() - self._shown_at >= _SUMMARY_SECONDS
        if not self._is_small() and more >= every and is_due:
            self._line(_summary_text(tally))

    def hide(self) -> None:
        """Lines are out of nobody's way."""

    def finish(self) -> None:
        if self._has_begun:
            self._line(closing_text(self._tally))
        self._close()

    def _open(self) -> None:
        if self._given is not None:
            self._stream = own_stream(self._given)
        self._has_begun = True
        self._shown = self._tally.finished
        if self._shown:
            self._print(f"{place_text(self._tally)} finished by earlier launches")

    def _shows(self, state: State) -> bool:
        return self._is_small()

    def _is_small(self) -> bool:
        return (self._tally.total or self._tally.finished) <= _MOST_LINES

    def _line(self, text: str) -> None:
        self._shown, self._shown_at = self._tally.finished, self._tally.clock()
        self._print(f"{place_text(self._tally)} {text}")

    def _failure(self, text: str) -> None:
        self._print(f"{place_text(self._tally)} {text}")  # the next summary is due as before

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


def _summary_text(tally: Tally) -> str:
    left = tally.seconds_left()
    found = [tally.counts_text(), tally.best_text()]
    if left is not None:
        found.insert(1, f"about {duration_text(left)} left")
    return "; ".join(filter(None, found))
