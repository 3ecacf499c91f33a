"""What progress says, on a terminal as anywhere else."""

from ..run import Cell, Outcome, State
from ..shown import duration_text, overrides
from .tally import Tally


def place_text(tally: Tally) -> str:
    return f"[{tally.finished}/{tally.total}]" if tally.total is not None else f"[{tally.finished}]"


def summary_text(tally: Tally) -> str:
    left = tally.seconds_left()
    found = [tally.counts_text(), tally.best_text()]
    if left is not None:
        found.insert(1, f"about {duration_text(left)} left")
    return "; ".join(filter(None, found))


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
    *,
    seconds: float | None,
    log: str | None,
    again: bool,
) -> str:
    after = "" if seconds is None else f" after {duration_text(seconds)}"
    problem = outcome.problem or outcome.ending
    where = f" ({log})" if log else ""
    then = ". It will be tried again." if again else ""
    return f"run {number} failed{after}: {overrides(cell)}: {problem}{where}{then}"
