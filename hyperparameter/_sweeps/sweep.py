"""A sweep from its plan to its results: store, workers and progress are put together here."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

from .._termination import Terminated
from .._values.untyped import UntypedText
from .agenda import FINISHED, Agenda, CellAgenda
from .code import Code, code_of_program
from .driver import Driver, state_after
from .finished import Results, SweepRun, frame
from .listeners import Listeners
from .objective import Goal, objective
from .progress import progress_on
from .progress.progress import Progress
from .progress.tally import Resumed
from .request import Request
from .resuming import done_of, launch_of, new_store, store_to_resume
from .run import Cell
from .stand_ins import digest_of_read
from .store.file_system import note_on
from .store.refused import closing
from .store.rows import Row
from .store.store import Store
from .store.stored import Stored
from .store.stored import Sweep as Kept
from .unread import unread_by_all
from .work.outcomes import FOLDER, drop, kept
from .work.runner import Reported, Runner, runner_for

_FOLDERS = ("logs", FOLDER)


class Sweep(Sequence[SweepRun]):
    """A sweep: what iterates over it runs it, and gets each run as soon as it has ended.

    Afterwards it is the sequence of its runs in the order of their numbers.  `folder` has its store
    and its logs.  `same` has the runs that another one stands for, since they differ only in what
    that one has not read.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._listeners = Listeners()
        self._runs: list[SweepRun] | None = None
        self._has_begun = False
        self._is_under_way = False
        self._before: dict[int, Row] = {}  # runs that earlier launches have finished
        self.folder = ""
        self.was_interrupted = False
        self.numbers: set[int] = set()
        self.same: dict[int, int] = {}

    def __iter__(self) -> Iterator[SweepRun]:
        if self._runs is not None:
            return iter(self._runs)
        self._check_not_under_way()
        return self._iterated()

    def run(self) -> Self:
        """Run the sweep to its end, and return it."""
        for _ in self:
            pass
        return self

    def __len__(self) -> int:
        if self._runs is None:  # what `list` asks first, as a hint
            raise TypeError("A sweep has no length before it has run. Call its run() first.")
        return len(self._runs)

    def __getitem__(self, index: Any) -> Any:
        return self._finished()[index]

    def __bool__(self) -> bool:
        return True  # to ask this is not to run it

    def __repr__(self) -> str:
        state = "left before its end" if self._was_left() else "not run yet"
        if self._runs is not None:
            state = "1 run" if len(self._runs) == 1 else f"{len(self._runs)} runs"
        return f"<sweep {self.folder or self._request.function_name}: {state}>"

    def __del__(self) -> None:
        if not self._has_begun and self._request.is_iterated:
            warnings.warn(
                f"A sweep of {self._request.function_name} was made and never run. Iterate over "
                "it, or call its run().",
                RuntimeWarning,
                stacklevel=2,
            )

    @property
    def best(self) -> SweepRun:
        """The run whose result is best; `ValueError` if no run has a number to go by."""
        goal = self._request.goal or Goal()
        found: tuple[float, SweepRun] | None = None
        for run in self._finished():
            if run.state not in ("done", "same"):
                continue
            value = objective(run.numbers, goal)
            if goal.is_better(value, found and found[0]):
                found = value, run
        if found is None:
            raise ValueError("No run of the sweep has a result to compare.")
        return found[1]

    def to_pandas(self) -> Any:
        """Return a data frame with a row for each run: number, state, parameters, results."""
        return frame(self._finished())

    def _finished(self) -> list[SweepRun]:
        if self._runs is None:
            self.run()
        assert self._runs is not None
        return self._runs

    def _check_not_under_way(self) -> None:
        if self._was_left():
            how = _how_to_continue(self.folder)
            raise RuntimeError(f"The sweep was left before its end. To go on, give hp.sweep {how}.")
        if self._is_under_way:
            raise RuntimeError("The sweep is under way: iterate over it once, to the end.")

    def _was_left(self) -> bool:
        """Tell whether whoever iterated has stopped before the end."""
        has_store = self._has_begun and bool(self.folder)
        return has_store and self._runs is None and not self._is_under_way

    def _iterated(self) -> Iterator[SweepRun]:
        # It begins with the first run that is asked for: `list` asks for the length before that.
        if self._runs is None:
            self._check_not_under_way()
            self._has_begun = self._is_under_way = True
            try:
                yield from self._run()
            finally:
                self._is_under_way = False
        else:
            yield from self._runs

    def _run(self) -> Iterator[SweepRun]:
        request, code = self._request, code_of_program()
        judge = _Judge()
        runner = runner_for(request.on, request.options._replace(judge=judge))
        try:
            with self._store(code) as store:
                self.folder = store.folder
                driver, agenda = yield from self._launched(store, runner, judge, code)
        finally:
            runner.close()
        with Stored.read(self.folder) as stored:
            rows = stored.rows(self._before)
            if request.is_iterated:
                _warn_of_unread(stored, rows)
        if request.is_iterated and driver.was_interrupted:
            raise KeyboardInterrupt(_how_to_go_on(rows, self.folder))
        results = Results(self.folder)
        self._runs = [
            SweepRun(self.folder, row, agenda.cells.get(row.number), results)
            for row in rows
            if row.number in agenda.numbers
        ]

    def _launched(
        self, store: Store, runner: Runner, judge: _Judge, code: Code
    ) -> Generator[SweepRun, None, tuple[Driver, Agenda]]:
        request, progress = self._request, self._progress()
        _prepare(store)
        agenda = self._agenda(store, progress)
        if note := note_on(store.folder):
            progress.note(note)
        driver = Driver(
            request.function, agenda, request.prepare, runner=runner, store=store,
            progress=progress, policy=request.policy, listeners=self._listeners,
            record_of=request.run,
        )  # fmt: skip
        driver.compares = request.plan.repeat is None  # repeats are the same on purpose
        judge.driver = driver
        store.forget_others(agenda.numbers)
        store.begin_launch(launch_of(request.argv, request.words, code))
        yield from self._driven(driver, agenda, store, progress, runner.capacity)
        if driver.was_terminated:
            raise Terminated(128 + signal.SIGTERM)
        return driver, agenda

    def _store(self, code: Code) -> AbstractContextManager[Store]:
        request = self._request
        repeat = request.plan.repeat
        asked = Kept("", request.function_name, goal=request.goal,
                    repeat_key=(repeat.key or "") if repeat else "")  # fmt: skip
        if request.resume is None:
            store = new_store(request.name, request.program, asked)
            return closing(store, is_new=True, folders=_FOLDERS)
        store = store_to_resume(request.name, asked, request.resume, code)
        return closing(store, is_new=False)

    def _progress(self) -> Progress:
        stream = sys.stderr if self._request.is_shown else None
        return progress_on(stream, os.environ, self._request.goal)

    def _agenda(self, store: Store, progress: Progress) -> Agenda:
        request, plan = self._request, self._request.plan
        if not request.search and not request.prune:
            made = CellAgenda(plan, request.prepare, store)
            for note in made.notes():
                progress.note(note)
            return made
        from .search_agenda import cells_with_pruning, search_agenda

        make = search_agenda if request.search else cells_with_pruning
        return make(request, store, progress)

    def _driven(
        self, driver: Driver, agenda: Agenda, store: Store, progress: Progress, slots: int
    ) -> Iterator[SweepRun]:
        if agenda.kept:
            rows = store.rows()
            self._before = {row.number: row for row in rows if row.number in agenda.kept}
            self._listeners.miss("some runs of the sweep ended in an earlier launch")
        for number, (unread, stored) in store.finished_with_reads().items():
            parts = agenda.kept.get(number)
            # An outcome that a killed launcher has left in a file came without its digest.
            read = stored if parts is None else digest_of_read(parts, unread)
            if read:
                driver.note_finished(number, read, unread)
        progress.begin(agenda.total, slots, map(_resumed, self._before.values()))
        try:
            for number in driver.run():
                if self._request.is_iterated:
                    progress.hide()  # what the user prints for a run must not tear it
                yield SweepRun(store.folder, store.row(number), agenda.cells.get(number))
        finally:
            progress.finish()
            self.was_interrupted = driver.was_interrupted
            self.numbers, self.same = agenda.numbers, driver.same


class _Judge:
    """Answers reports of runs in this thread; it is made before the driver, which knows them."""

    driver: Driver | None = None

    def __call__(self, report: Reported) -> bool:
        assert self.driver is not None
        return self.driver.judge(report)


def _warn_of_unread(stored: Stored, rows: Sequence[Row]) -> None:
    """Warn of keys that were swept, and that no run has read, as if they were misspelt."""
    swept = {key for row in rows for key in row.typed}
    for key, hint in unread_by_all(stored, rows).items():
        if key in swept:
            said = f"{key} was swept, and no run has read it.{hint}"
            warnings.warn(said, RuntimeWarning, stacklevel=4)


def _how_to_go_on(rows: Sequence[Row], folder: str) -> str:
    return f"{done_of(rows)} To go on, give hp.sweep {_how_to_continue(folder)}."


def _how_to_continue(folder: str) -> str:
    return f"name={os.path.basename(folder)!r}, resume=True"


def _prepare(store: Store) -> None:
    """Make the folders that workers write to, and take what they have kept for a launcher."""
    for name in _FOLDERS:
        os.makedirs(os.path.join(store.folder, name), exist_ok=True)
    found = [*kept(store.folder)]
    known = {one.number: one for one in store.known().values()} if found else {}
    for number, attempt, outcome in found:
        # A host that was cut off may have continued with a run that was run again elsewhere.
        run, is_result = known.get(number), outcome.ending == "returned"
        if run and run.state not in FINISHED and (is_result or attempt >= run.attempt):
            store.ended(number, attempt, outcome, state_after(outcome))
        drop(store.folder, number, attempt)


def _resumed(row: Row) -> Resumed:
    cell = Cell({key: UntypedText(text) for key, text in row.typed.items()}, row.repeat)
    return Resumed(row.number, cell, row.results, row.state)
