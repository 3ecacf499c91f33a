"""Progress of a sweep on stderr: a live block on a terminal, plain lines anywhere else."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TextIO

from ..objective import Goal
from ..run import Cell, Outcome, State
from .lines import Lines
from .tally import Resumed, Tally


class Progress(Protocol):
    """What the driver tells the user while runs are under way.

    Drawing happens in these calls alone, never from another thread: runs may be in this process,
    and may fork.  `finish` has to be called whatever happens; before `begin` it does nothing.
    """

    def begin(self, total: int | None, slots: int, resumed: Iterable[Resumed] = ()) -> None:
        """Begin with `total` runs, None where it is not known, those that are resumed included."""
        ...

    def expect(self, total: int) -> None:
        """Take another number of runs, as when a search has used up its space."""
        ...

    def started(self, number: int, cell: Cell, host: str) -> None: ...

    def reported(self, number: int, step: int | None, value: float) -> None: ...

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
        ...

    def skipped(self, number: int, cell: Cell, stands: int) -> None:
        """Show that a run is not run, because `stands` stands for it."""
        ...

    def note(self, text: str) -> None: ...

    def tick(self) -> None:
        """Let time pass: durations are drawn anew."""
        ...

    def hide(self) -> None:
        """Make room for what somebody else prints; the next drawing shows everything again."""
        ...

    def finish(self) -> None: ...


def progress_on(
    stream: TextIO | None, env: Mapping[str, str], goal: Goal | None = None
) -> Progress:
    """Return the progress for a stream, which is stderr: None where there is no such thing."""
    if stream is not None and stream.isatty() and env.get("TERM") not in ("dumb", "unknown"):
        from .live import Live  # with rich: 100 ms

        return Live(stream, env, Tally(goal))
    return Lines(stream, Tally(goal))
