"""The runs of a sweep as a data frame of pandas."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from .finished import SweepRun


def frame(runs: Iterable[SweepRun]) -> Any:
    """Return a row for each run; a name of a result that is a parameter too gets `result.`."""
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
