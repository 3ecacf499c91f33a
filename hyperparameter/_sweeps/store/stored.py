"""What a store says, to its launcher and to anybody who reads it meanwhile."""

import json
import os
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from ..._console import NotFound
from ..objective import Goal
from ..run import Result, State
from . import database
from .cells import unpacked_cell
from .lock import has_launcher
from .names import FILE, log_path
from .rows import ROWS, Row, Settings, attempt_of, row_of

LOST = "the launcher ended before the run did"
_MOST_OF_SHORT = 1_000  # bytes of a result that is kept in memory


class Sweep(NamedTuple):
    """What a sweep is; `repeat_key` is the key that has the number of a repeat, if any."""

    name: str
    function: str
    created: float = 0.0
    goal: Goal | None = None
    repeat_key: str = ""


class Launch(NamedTuple):
    """One start of the launcher; `words` are those of its grid.

    `started`, `host` and `pid` are its own where they are not given.
    """

    argv: tuple[str, ...]
    words: tuple[str, ...] = ()
    version: str = ""
    modules: Mapping[str, str] = {}
    commit: str = ""
    diff: bytes = b""
    diff_digest: str = ""
    started: float = 0.0
    ended: float | None = None
    host: str = ""
    pid: int = 0


class Known(NamedTuple):
    """What a launcher has to know of a run to go on; `launch` is that of the last attempt."""

    number: int
    state: State
    attempt: int
    same_as: int | None
    launch: int | None


class Stored:
    """A store that is read; also a context manager that closes it."""

    def __init__(self, folder: str, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.path = os.path.join(folder, FILE)
        self._database = connection
        self._settings: dict[int, Settings] = {}
        with database.decoded(self.path):
            self.sweep = self._sweep()

    @classmethod
    def read(cls, folder: str) -> "Stored":
        """Open a store to read it, also while its launcher writes and where nobody can write."""
        opened = database.open_for_reading(folder)
        try:
            return Stored(folder, opened)
        except BaseException:
            opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def _sweep(self) -> Sweep:
        name, function, created, direction, goal, repeat_key = self._one(
            "SELECT name, function, created, direction, goal, repeat_key FROM sweep"
        )
        made = Goal(direction, goal) if direction else None
        return Sweep(name, function, created, made, repeat_key)

    def _one(self, query: str, *values: object) -> Any:
        found = self._database.execute(query, values).fetchone()
        if found is None:
            raise LookupError("a row is missing")
        return found

    def _maybe(self, query: str, *values: object) -> Any:
        with database.decoded(self.path):
            return self._database.execute(query, values).fetchone()

    def launches(self) -> dict[int, Launch]:
        """Return each start of the launcher by its id, in order."""
        with database.decoded(self.path):
            found = self._database.execute(
                "SELECT id, argv, words, version, modules, git_commit, diff, diff_digest, "
                "started, ended, host, pid FROM launches ORDER BY id"
            )
            return {
                number: Launch(_words(argv), _words(words), version, json.loads(modules), *rest)
                for number, argv, words, version, modules, *rest in found
            }

    def known(self) -> dict[str, Known]:
        """Return all runs by their identities."""
        with database.decoded(self.path):
            return {
                identity: Known(*rest)
                for identity, *rest in self._database.execute(
                    "SELECT identity, number, state, runs.attempt, same_as, launch FROM runs LEFT "
                    "JOIN attempts ON attempts.run = number AND attempts.attempt = runs.attempt "
                    "ORDER BY number"
                )
            }

    def finished_with_reads(self) -> dict[int, tuple[tuple[str, ...], str]]:
        """Return what each run that is done has not read, where known, and a digest of the rest.

        Repeats are left out: they differ in chance.
        """
        with database.decoded(self.path):
            return {
                number: (_words(unread), read)
                for number, unread, read in self._database.execute(
                    "SELECT number, unread, read FROM runs JOIN attempts ON attempts.run = number "
                    "AND attempts.attempt = runs.attempt WHERE state = 'done' AND repeat IS NULL "
                    "AND unread IS NOT NULL ORDER BY number"
                )
            }

    def counts(self) -> dict[str, int]:
        """Return how many runs there are in each state that any is in."""
        with database.decoded(self.path):
            query = "SELECT state, count(*) FROM runs GROUP BY state ORDER BY state"
            return dict(self._database.execute(query).fetchall())

    def rows(self, known: Mapping[int, Row] = {}) -> list[Row]:
        """Return all runs by their numbers; those that are `known` have not changed since."""
        with database.decoded(self.path):
            found = self._database.execute(f"{ROWS} ORDER BY number")
            made = [known.get(fields[1]) or self._row(fields) for fields in found]
            rows = self._without_lost(made)
        results = {row.number: row.results for row in rows}
        return [
            row if row.same_as is None else row._replace(results=results.get(row.same_as, {}))
            for row in rows
        ]

    def row(self, number: int) -> Row:
        """Return one run; `NotFound` says which there are."""
        with database.decoded(self.path):
            found = self._database.execute(f"{ROWS} WHERE number = ?", [number]).fetchone()
            if found is not None:
                return self._without_lost([self._row(found)])[0]
            first, last = self._one("SELECT min(number), max(number) FROM runs")
        which = "no runs yet" if first is None else f"runs {first} to {last}"
        which = "run 1 alone" if first == last == 1 else which
        raise NotFound(f"{number}: no such run. {self.sweep.name} has {which}.")

    def _row(self, fields: Sequence[Any]) -> Row:
        settings, *rest = fields
        if settings not in self._settings:  # which many runs share
            (data,) = self._one("SELECT data FROM settings WHERE id = ?", settings)
            self._settings[settings] = Settings(*unpacked_cell(data))
        return row_of(rest, self._settings[settings])

    def attempts(self, number: int) -> list[Row]:
        """Return all attempts of a run, each as the row that it would make."""
        row = self.row(number)
        with database.decoded(self.path):
            found = self._database.execute(
                "SELECT attempt, ending, problem, started, ended, host, pid, log, unread "
                "FROM attempts WHERE run = ? ORDER BY attempt", [number],
            )  # fmt: skip
            return [
                row if attempt == row.attempt else row._replace(**attempt_of(rest), attempt=attempt)
                for attempt, *rest in found
            ]

    def _without_lost(self, rows: list[Row]) -> list[Row]:
        """Return rows in which nothing is running if there is no launcher, as its disk was full."""
        if not any(row.state == "running" for row in rows) or has_launcher(self.folder):
            return rows
        lost: dict[str, Any] = {"state": "waiting", "ending": "lost", "problem": LOST}
        return [row._replace(**lost) if row.state == "running" else row for row in rows]

    def transitions(self, number: int) -> list[tuple[int, State, float]]:
        """Return the attempt, state and time of each change of a run's state, in order."""
        with database.decoded(self.path):
            query = "SELECT attempt, state, time FROM transitions WHERE run = ? ORDER BY rowid"
            return self._database.execute(query, [number]).fetchall()

    def traceback(self, number: int, attempt: int) -> str:
        """Return the traceback of an attempt, empty where there is none."""
        return self._text("tracebacks", number, attempt)

    def record(self, number: int, attempt: int) -> str | None:
        """Return the text of the record of an attempt, None where there is none."""
        return self._text("records", number, attempt) or None

    def _text(self, table: str, number: int, attempt: int) -> str:
        query = f"SELECT data FROM {table} WHERE run = ? AND attempt = ?"  # noqa: S608  # ours
        found = self._maybe(query, number, attempt)
        with database.decoded(self.path):
            return zlib.decompress(found[0]).decode("utf-8", "surrogatepass") if found else ""

    def reports(self, number: int, attempt: int) -> list[tuple[int | None, float]]:
        """Return the steps and values that an attempt has reported."""
        with database.decoded(self.path):
            query = "SELECT step, value FROM reports WHERE run = ? AND attempt = ? ORDER BY rowid"
            found = self._database.execute(query, [number, attempt])
            return [(step, float("nan") if value is None else value) for step, value in found]

    def result(self, number: int) -> Result | None:
        """Return the result of a run, None where it has none; `NotFound` if its file is gone."""
        found = self._maybe(
            "SELECT kind, data, file, summary FROM results JOIN runs ON number = run WHERE run = ?",
            number,
        )
        if found is None:
            return None
        kind, data, file, summary = found
        if file is None:
            return Result(kind, data, summary)
        path = os.path.join(self.folder, file)
        try:
            with open(path, "rb") as opened:
                return Result(kind, opened.read(), summary)
        except OSError as error:
            raise NotFound(
                f"{path}: {error.strerror}. It had the result of run {number}."
            ) from None

    def short_results(self) -> dict[int, Result]:
        """Return the results that are not long, by the numbers of their runs."""
        with database.decoded(self.path):
            found = self._database.execute(
                "SELECT number, kind, data, summary FROM results JOIN runs ON number = run "
                "WHERE file IS NULL AND length(data) <= ?", [_MOST_OF_SHORT],
            )  # fmt: skip
            return {number: Result(*rest) for number, *rest in found}

    def log_path(self, number: int, attempt: int) -> str:
        """Return the file for what an attempt prints."""
        return log_path(self.folder, number, attempt)


def _words(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
