"""The records that hear what runs read: those that were open where the runs were asked for."""

from __future__ import annotations

from .._records.file import Saved, parse
from .._records.record import listening
from ..exceptions import ConfigurationError
from .run import Outcome


class Listeners:
    """The records that are open where this is made; a run tells them what it has read as it ends.

    They have it as if the run had read it itself, and until then they are incomplete.
    """

    def __init__(self) -> None:
        self._records = listening()

    def begin(self) -> None:
        """Note that a run has been submitted."""
        for record in self._records:
            record.begin_run()

    def end(self, outcome: Outcome | None) -> None:
        """Take what a run tells that was submitted; None for one that was given up."""
        saved, problem = _told_by(outcome)
        for record in self._records:
            if saved is not None:
                record.add_saved(saved)
            if problem:
                record.lose_run(problem)
            record.end_run()

    def miss(self, reason: str) -> None:
        """Note that there are results of runs that are not heard here."""
        for record in self._records:
            record.lose_run(reason)


def _told_by(outcome: Outcome | None) -> tuple[Saved | None, str]:
    """Return the record that a run has sent, or why there is none that should be."""
    if outcome is None or outcome.record is None:
        has_begun = outcome is None or outcome.ending != "interrupted" or outcome.pid
        return None, "the worker ended before it could tell what it had read" if has_begun else ""
    text = outcome.record.encode("utf-8", "surrogatepass")
    try:
        return parse("the record of the worker", text), ""
    except ConfigurationError as error:  # the run itself has ended well
        return None, str(error)
