"""One run of a sweep: what is set for it, what a worker is given, and what comes back.

A `Cell` is a point of the grid, `Work` goes to a runner, and an `Outcome` comes from it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from .._records.run import Run

State = Literal["waiting", "running", "done", "failed", "pruned", "same"]
"""Of a run in the store: `same` is one that was not run, because another stands for it."""

Ending = Literal[
    "returned", "raised", "exited", "interrupted", "terminated", "killed", "timed out", "lost"
]
"""How an attempt ended: the endings of a record, and those of a worker that cannot say so itself.

A process that died was `killed`, by itself too; what was on a node that is gone was `lost`.
"""


class Cell(NamedTuple):
    """The values of one run by key, in the order in which the keys were given.

    They are `UntypedText` from a command line, and any values from code.  Cells that differ in
    `repeat` alone are repetitions of one.
    """

    values: Mapping[str, object]
    repeat: int | None = None


class Result(NamedTuple):
    """What a run returned: as JSON where that gives the same value back, else as a pickle.

    `summary` is what `summary_of` tells of the value: the launcher may not be able to load it.
    """

    kind: Literal["json", "pickle"]
    data: bytes
    summary: str = ""


class Work(NamedTuple):
    """One attempt of one run, as a runner gives it to a worker.

    `args` are for the function's `*args`, if it has any: the worker reads what comes before them.
    `keywords` are the names of what the scopes have for its `**kwargs`.
    `log` is the file for what the run prints; None leaves the output of the worker alone.  `run` is
    what the record says of the run: the worker fills in times, process and ending.  `kept` is the
    file for the outcome, which the worker writes before it tells the launcher.
    """

    number: int
    attempt: int
    function: Callable[..., object]
    args: tuple[object, ...]
    keywords: tuple[str, ...]
    log: str | None
    run: "Run | None" = None
    kept: str | None = None


class Outcome(NamedTuple):
    """How an attempt ended.

    `problem` is one line, `traceback` the whole text.  Times are seconds since the epoch.
    `record` is the text of the file that `Record.save` writes; None if the worker could not tell.
    `unread` are the keys set for the run that it never read, None where that is not known: the
    record is incomplete, or has reads of a whole.  `log_problem` says what is missing from the
    log, and why.
    """

    ending: Ending
    problem: str = ""
    traceback: str = ""
    result: Result | None = None
    started: float = 0.0
    ended: float = 0.0
    host: str = ""
    pid: int = 0
    record: str | None = None
    unread: tuple[str, ...] | None = None
    log_problem: str = ""
    error: Any = None  # the exception itself, for a single run that is not of a sweep
