"""Runs as tables show them, made of what the store says of each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..._values.untyped import infer
from ..run import State
from .cells import unpacked_cell

ROWS = """
SELECT settings, number, state, same_as, cell, repeat, runs.attempt, summary, ending, problem,
       started, ended, host, pid, log, unread
FROM runs LEFT JOIN attempts ON attempts.run = number AND attempts.attempt = runs.attempt
"""


class Settings(NamedTuple):
    """What was set for runs beside their cells: options, files and scopes, as a row has a cell."""

    typed: Mapping[str, str] = {}
    meant: Mapping[str, object] = {}


class Row(NamedTuple):
    """A run as tables show it, with its last attempt.

    `typed` has its cell as a user would type it, `meant` the values of what does not mean what it
    looks like.  `results` are those of the other run where it is the same as that.  `settings` is
    what was set for it beside its cell.
    """

    number: int
    state: State
    same_as: int | None
    typed: Mapping[str, str]
    meant: Mapping[str, object]
    repeat: int | None
    attempt: int
    results: Mapping[str, object]
    ending: str = ""
    problem: str = ""
    started: float | None = None
    ended: float | None = None
    host: str = ""
    pid: int = 0
    log: str = ""
    unread: tuple[str, ...] | None = None
    settings: Settings = Settings()

    def value(self, key: str) -> object:
        """Return the value of a key of the cell, or of one that was set beside it."""
        typed, meant = (self.typed, self.meant) if key in self.typed else self.settings
        return meant[key] if key in meant else infer(typed[key])

    def text(self, key: str) -> str | None:
        """Return the value of a key as a user would type it, None where it is not set."""
        return self.typed[key] if key in self.typed else self.settings.typed.get(key)

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took, None while it has not ended."""
        if self.started is None or self.ended is None:
            return None
        return max(0.0, self.ended - self.started)


def row_of(fields: Sequence[Any], settings: Settings) -> Row:
    """Return the row of the fields of `ROWS` that follow its first one."""
    number, state, same_as, cell, repeat, attempt, summary = fields[:7]
    typed, meant = unpacked_cell(cell)
    results = json.loads(summary) if summary else {}
    if not isinstance(results, dict):
        raise TypeError(f"run {number} has the result {summary!r:.80}")
    last = attempt_of(fields[7:]) if attempt else {}
    return Row(
        number, state, same_as, typed, meant, repeat, attempt, results, settings=settings, **last
    )


def attempt_of(fields: Sequence[Any]) -> dict[str, Any]:
    """Return what a row has of an attempt."""
    ending, problem, started, ended, host, pid, log, unread = fields
    return {
        "ending": ending or "", "problem": problem or "", "started": started, "ended": ended,
        "host": host or "", "pid": pid or 0, "log": log or "",
        "unread": None if unread is None else () if unread == "[]" else tuple(json.loads(unread)),
    }  # fmt: skip
