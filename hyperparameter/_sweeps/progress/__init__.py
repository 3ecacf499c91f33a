"""What is shown while a sweep runs: a live block on a terminal, plain lines anywhere else."""

from collections.abc import Mapping
from typing import TextIO

from ..objective import Goal
from .lines import Lines
from .progress import Progress
from .tally import Tally


def progress_on(
    stream: TextIO | None, env: Mapping[str, str], goal: Goal | None = None
) -> Progress:
    """Return the progress for a stream, which is stderr: None where there is no such thing."""
    if stream is not None and stream.isatty() and env.get("TERM") not in ("dumb", "unknown"):
        from .live import Live  # with rich: 100 ms

        return Live(stream, env, Tally(goal))
    return Lines(stream, Tally(goal))
