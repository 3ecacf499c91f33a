"""The store of a sweep: what its launcher writes, each change of a run on disk before it counts.

One process writes, under the lock of the folder.  Whatever kills it, what has been committed is
kept, and runs that were under way are waiting again for the next launcher.
"""

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from ..._records.masks import Masks
from ..run import Cell, Outcome, State
from . import database
from .cells import packed_cell
from .lock import Lock
from .results import summary_in_store, write_large
from .stored import LOST, Launch, Stored, Sweep


class Execute(Protocol):
    """Executes one statement of a transaction."""

    def __call__(self, query: str, *values: object) -> sqlite3.Cursor: ...


class WantedRun(NamedTuple):
    """A run that is wanted; `converted` has the values whose types are known, by key.

    `settings` is what is set for it beside its cell, packed as a cell is.
    """

    cell: Cell
    identity: str
    converted: Mapping[str, object] = {}
    settings: str = "{}"


class Store(Stored):
    """A store that is written; it has the lock until it is closed."""

    def __init__(self, folder: str, connection: sqlite3.Connection, lock: Lock) -> None:
        super().__init__(folder, connection)
        self._lock = lock
        self._launch: int | None = None
        self.masks = Masks()

    @classmethod
    def create(cls, folder: str, sweep: Sweep) -> "Store":
        """Make the store of a new sweep; `UsageError` if the folder has one."""
        direction, goal = sweep.goal or ("", "")
        made = time.time() if not sweep.created else sweep.created
        fields = (sweep.name, sweep.function, made, direction, goal, sweep.repeat_key)
        lock = Lock.acquire(folder)
        try:
            database.make(folder, fields)
        except BaseException:
            lock.take_back()
            raise
        return cls._opened(folder, lock)

    @classmethod
    def open(cls, folder: str) -> "Store":
        """Take over a sweep; runs that a killed launcher has left are waiting again."""
        database.check_exists(folder)  # before the lock would make a file there
        store = cls._opened(folder, Lock.acquire(folder))
        try:
            store._take_over()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def _opened(cls, folder: str, lock: Lock) -> "Store":
        try:
            opened = database.open_for_writing(folder)
            try:
                return cls(folder, opened, lock)
            except BaseException:
                opened.close()
                raise
        except BaseException:
            lock.release()
            raise

    def _take_over(self) -> None:
        with self._transaction() as execute:
            execute(
                "UPDATE attempts SET ending = 'lost', problem = ? WHERE ending IS NULL AND EXISTS "
                "(SELECT 1 FROM runs WHERE number = run AND state = 'running')", LOST,
            )  # fmt: skip
            execute(
                "INSERT INTO transitions SELECT number, attempt, NULL, 'waiting', ? FROM runs "
                "WHERE state = 'running'", time.time(),
            )  # fmt: skip
            execute("UPDATE runs SET state = 'waiting' WHERE state = 'running'")

    def close(self) -> None:
        """Note that the launcher has ended, and let another one have the sweep."""
        try:
            if self._launch is not None:
                with self._transaction() as execute:
                    execute("UPDATE launches SET ended = ? WHERE id = ?", time.time(), self._launch)
                self._launch = None
        finally:
            self._database.close()
            self._lock.release()

    @contextmanager
    def _transaction(self) -> Iterator[Execute]:
        with database.explained(self.path):
            try:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._execute
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it by itself
                    self._database.execute("ROLLBACK")
                raise

    def _execute(self, query: str, *values: object) -> sqlite3.Cursor:
        return self._database.execute(query, values)

    # -- what the launcher does -------------------------------------------------------------------

    def begin_launch(self, launch: Launch) -> int:
        """Note a start of the launcher, after `add`, which learns what its words must not say."""
        host, pid = launch.host or os.uname().nodename, launch.pid or os.getpid()
        started = launch.started or time.time()
        argv, words = (
            json.dumps([self.masks.masked(word) for word in each])
            for each in (launch.argv, launch.words)
        )
        with self._transaction() as execute:
            made = execute(
                "INSERT INTO launches (argv, words, started, host, pid, version, git_commit, diff, "
                "diff_digest, modules) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                argv, words, started, host, pid, launch.version, launch.commit, launch.diff,
                launch.diff_digest, json.dumps(dict(launch.modules)),
            )  # fmt: skip
        self._launch = made.lastrowid
        assert self._launch is not None
        return self._launch

    def add(self, planned: Sequence[WantedRun]) -> list[int]:
        """Return the number of each run that is wanted; those that are not known yet get one."""
        self.masks.learn_all(())
        for one in planned:
            self.masks.learn(one.cell.values)
        with self._transaction() as execute:
            return [self._number(execute, one) for one in planned]

    def _number(self, execute: Execute, planned: WantedRun) -> int:
        found = execute("SELECT number FROM runs WHERE identity = ?", planned.identity).fetchone()
        if found is not None:
            return int(found[0])
        cell = packed_cell(planned.cell.values, planned.converted)
        execute("INSERT INTO settings (data) VALUES (?) ON CONFLICT DO NOTHING", planned.settings)
        made = execute(
            "INSERT INTO runs (identity, cell, repeat, state, attempt, settings) "
            "VALUES (?, ?, ?, 'waiting', 0, (SELECT id FROM settings WHERE data = ?))",
            planned.identity, cell, planned.cell.repeat, planned.settings,
        )  # fmt: skip
        assert made.lastrowid is not None
        return made.lastrowid

    def forget_others(self, numbers: Collection[int]) -> int:
        """Remove runs that never began and are not among `numbers`; return how many those were."""
        wanted = set(numbers)
        with self._transaction() as execute:
            idle = execute(
                "SELECT number FROM runs WHERE attempt = 0 AND state = 'waiting'"
            ).fetchall()
            others = [number for (number,) in idle if number not in wanted]
            for number in others:
                execute("DELETE FROM runs WHERE number = ?", number)
        return len(others)

    def started(
        self, number: int, attempt: int, host: str = "", pid: int = 0, log: str | None = None
    ) -> None:
        """Note that a worker has begun with an attempt of a run, now."""
        with self._transaction() as execute:
            now = time.time()
            self._begin(execute, number, attempt, (now, host, pid), log)
            self._change(execute, number, attempt, "running", now)

    def _begin(
        self, execute: Execute, number: int, attempt: int, worker: tuple[float | None, str, int],
        log: str | None,
    ) -> bool:  # fmt: skip
        """Note an attempt, unless it has been noted; tell whether that was needed."""
        made = execute(
            "INSERT INTO attempts (run, attempt, launch, started, host, pid, log, problem, read) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, '', '') ON CONFLICT DO NOTHING",
            number, attempt, self._launch or 0, *worker, self._relative(log),
        )  # fmt: skip
        return made.rowcount == 1

    def _relative(self, log: str | None) -> str:
        """Return the path of a log as it is kept: inside the folder, which may be moved."""
        if not log:
            return ""
        below = os.path.relpath(log, self.folder)
        return os.path.abspath(log) if below.startswith(os.pardir) else below

    def _note(self, execute: Execute, number: int, attempt: int, state: State, when: float) -> None:
        values = number, attempt, self._launch, state, when
        execute("INSERT INTO transitions VALUES (?, ?, ?, ?, ?)", *values)

    def _change(
        self, execute: Execute, number: int, attempt: int, state: State, when: float
    ) -> None:
        self._note(execute, number, attempt, state, when)
        changed = execute(
            "UPDATE runs SET state = ?, attempt = ?, same_as = NULL WHERE number = ?",
            state, attempt, number,
        )  # fmt: skip
        assert changed.rowcount == 1, f"{number} is not a run of this store"

    def reported(self, number: int, attempt: int, step: int | None, value: float) -> None:
        """Keep a value that a run has told on its way; SQLite has no NaN, so that one is NULL."""
        with self._transaction() as execute:
            execute("INSERT INTO reports VALUES (?, ?, ?, ?)", number, attempt, step, value)

    def ended(
        self, number: int, attempt: int, outcome: Outcome, state: State, log: str | None = None,
        *, read: str = "",
    ) -> None:  # fmt: skip
        """Keep how an attempt ended, and what it means for its run; on disk when this returns.

        `read` is a digest of what was set for the run, but for what it has not read.
        Files come first: a run that is said to be done has its result.
        """
        name = _name(number, attempt)
        file = summary = None
        if outcome.result is not None:
            with database.writing_files(self.path):
                file = write_large(self.folder, name, outcome.result)
            summary = summary_in_store(outcome.result, file)
        with self._transaction() as execute:
            if self._begin(execute, number, attempt, (None, outcome.host, outcome.pid), log):
                self._note(execute, number, attempt, "running", outcome.started or time.time())
            self._end(execute, number, attempt, outcome, read)
            self._keep(execute, number, attempt, outcome, file)
            self._change(execute, number, attempt, state, outcome.ended or time.time())
            execute("UPDATE runs SET summary = ? WHERE number = ?", summary, number)

    def _end(
        self, execute: Execute, number: int, attempt: int, outcome: Outcome, read: str
    ) -> None:
        unread = None if outcome.unread is None else json.dumps(outcome.unread)
        problem = _encodable(self.masks.masked(outcome.problem))
        execute(
            "UPDATE attempts SET started = coalesce(nullif(?, 0.0), started), ended = ?, "
            "host = coalesce(nullif(?, ''), host), pid = coalesce(nullif(?, 0), pid), "
            "ending = ?, problem = ?, unread = ?, read = ? WHERE run = ? AND attempt = ?",
            outcome.started, outcome.ended or time.time(), outcome.host, outcome.pid,
            outcome.ending, problem, unread, read, number, attempt,
        )  # fmt: skip

    def _keep(
        self, execute: Execute, number: int, attempt: int, outcome: Outcome, file: str | None
    ) -> None:
        execute("DELETE FROM results WHERE run = ?", number)
        if outcome.result is not None:
            data = outcome.result.data if file is None else None
            values = number, outcome.result.kind, data, file
            execute("INSERT INTO results VALUES (?, ?, ?, ?)", *values)
        if outcome.record:
            packed = _packed(outcome.record)
            execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", number, attempt, packed)
        if outcome.traceback:
            packed = _packed(self.masks.masked(outcome.traceback))
            execute("INSERT OR REPLACE INTO tracebacks VALUES (?, ?, ?)", number, attempt, packed)

    def skipped(self, number: int, same_as: int) -> None:
        """Note that a run is not run, since another stands for it."""
        with self._transaction() as execute:
            attempt = execute("SELECT attempt FROM runs WHERE number = ?", number).fetchone()[0]
            self._change(execute, number, attempt, "same", time.time())
            execute("UPDATE runs SET same_as = ? WHERE number = ?", same_as, number)

    def redo(self, numbers: Iterable[int]) -> None:
        """Have runs wait again that have ended, whatever they returned."""
        with self._transaction() as execute:
            for number in numbers:
                attempt = execute("SELECT attempt FROM runs WHERE number = ?", number).fetchone()[0]
                self._change(execute, number, attempt, "waiting", time.time())
                execute("UPDATE runs SET summary = NULL WHERE number = ?", number)
                execute("DELETE FROM results WHERE run = ?", number)


def _encodable(text: str) -> str:
    """Return text that SQLite takes: an error may name a file whose name is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _packed(text: str) -> bytes:
    # The higher levels take three times as long for some per cent less.
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def _name(number: int, attempt: int) -> str:
    return str(number) if attempt <= 1 else f"{number}.{attempt}"
