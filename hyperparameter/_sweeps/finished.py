"""Runs of a sweep as users get them: what was set, what came of it, where they ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from ..exceptions import HyperparameterError
from .identity import reading
from .plan.checking import sentence
from .run import Cell, Result, State
from .store.names import log_path
from .store.rows import Row
from .store.stored import Stored
from .work.packing import unpack


class SweepError(HyperparameterError):
    """A run has no result, since it failed."""


class Results:
    """The short results of a finished sweep, read once for all of its runs."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._short: dict[int, Result] | None = None

    def find(self, number: int) -> Result | None:
        if self._short is None:
            with Stored.read(self._folder) as store:
                self._short = store.short_results()
        return self._short.get(number)

    def __reduce__(self) -> tuple[object, ...]:
        return Results, (self._folder,)


class SweepRun:
    """One run of a sweep.

    `number` is what `hp log` takes.  `parameters` are the values of its cell by key, as the program
    reads them; of a run that another launch has made, as far as the store can hold them.  `state`
    is "done", "failed", "pruned", or "same" for a run that was not run because the run `same_as`
    stands for it; "waiting" is one that a sweep which was stopped has not run.  `problem` says in
    one line why a run failed, and `log` is the file with what it printed.
    """

    __slots__ = ("_cell", "_folder", "_results", "_row")

    def __init__(
        self, folder: str, row: Row, cell: Cell | None = None, results: Results | None = None
    ) -> None:
        self._folder = folder
        self._row = row
        self._cell = cell
        self._results = results

    @property
    def number(self) -> int:
        return self._row.number

    @property
    def parameters(self) -> dict[str, Any]:
        given = {} if self._cell is None else self._cell.values
        return {
            key: reading(key, given[key]) if key in given else self._row.value(key)
            for key in self._row.typed
        }

    @property
    def state(self) -> State:
        return self._row.state

    @property
    def same_as(self) -> int | None:
        return self._row.same_as

    @property
    def repeat(self) -> int | None:
        """Which of the repeats this is, from 0 on; None without `repeat`."""
        return self._row.repeat

    @property
    def attempt(self) -> int:
        return self._row.attempt

    @property
    def problem(self) -> str:
        return self._row.problem

    @property
    def seconds(self) -> float | None:
        return self._row.seconds

    @property
    def host(self) -> str:
        return self._row.host

    @property
    def log(self) -> str:
        return log_path(self._folder, self.number, self.attempt)

    @property
    def numbers(self) -> Mapping[str, object]:
        """What a table shows of the result: its numbers and short texts by name."""
        return self._row.results

    @property
    def result(self) -> Any:
        """What the function has returned; `SweepError` if it has not returned."""
        number = self.same_as or self.number
        found = None if self._results is None else self._results.find(number)
        if found is None:
            with Stored.read(self._folder) as store:
                found = store.result(number)
        if found is None:
            raise SweepError(f"Run {self.number} has no result: {sentence(self._why())}")
        return unpack(found)

    def _why(self) -> str:
        return f"it failed, {self.problem}" if self.problem else f"it is {self.state}"

    def __repr__(self) -> str:
        values = ", ".join(f"{key}={text}" for key, text in self._row.typed.items())
        return f"<run {self.number}: {values or 'nothing swept'}, {self.state}>"


def frame(runs: Iterable[SweepRun]) -> Any:
    """Return a data frame of pandas with a row for each run.

    A name of a result that is a parameter too gets `result.`.
    """
    try:
        pandas: Any = import_module("pandas")
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        problem = "to_pandas() needs pandas. Install it with 'pip install pandas'."
        raise ModuleNotFoundError(problem, name="pandas") from None
    return pandas.DataFrame([_row(run) for run in runs])


def _row(run: SweepRun) -> dict[str, object]:
    parameters = run.parameters
    fixed = {"number": run.number, "state": run.state, **parameters}
    results = {
        f"result.{name}" if name in fixed else name: one for name, one in run.numbers.items()
    }
    return {**fixed, **results, "seconds": run.seconds, "host": run.host, "problem": run.problem}
