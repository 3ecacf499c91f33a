"""The columns of runs: what a table shows, and what filters and sorting compare.

A parameter is called by its key, as is what was set beside the grid where runs differ in it.  A
result is called by its name, and the rest as `COLUMNS` has it.  Where two have one name, the
parameter has it, and the others are `result.NAME` and `run.NAME`, which are always understood.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..._records.run import time_text
from ..._values.keys import did_you_mean
from ..._values.untyped import infer
from ...exceptions import UsageError
from ..shown import cell_text, full_text
from ..store.rows import Row, Settings

RUN, RESULT = "run.", "result."


class Column(NamedTuple):
    """A name, its value in a row or None, and how it is written: in full, and to be seen.

    `is_ordered` says that texts of the column have an order, as times do: `started<2026`.
    """

    name: str
    value: Callable[[Row], object]
    text: Callable[[Row], str]
    shown: Callable[[Row], str]
    is_ordered: bool = False


def short_duration(seconds: float) -> str:
    """Return a time for a column: `0.25s`, `59.9s`, `2m05s`, `3h20m`."""
    if seconds < 59.95:
        return f"{seconds:.2f}s" if seconds < 9.995 else f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else time_text(seconds)


_COLUMNS: dict[str, Callable[[Row], object]] = {
    "number": lambda row: row.number,
    "state": lambda row: row.state,
    "same_as": lambda row: row.same_as,
    "repeat": lambda row: row.repeat,
    "attempt": lambda row: row.attempt,
    "time": lambda row: row.seconds,
    "started": lambda row: _time(row.started),
    "ended": lambda row: _time(row.ended),
    "host": lambda row: row.host or None,
    "pid": lambda row: row.pid or None,
    "ending": lambda row: row.ending or None,
    "error": lambda row: row.problem or None,
    "unread": lambda row: " ".join(row.unread) if row.unread else None,
    "log": lambda row: row.log or None,
}

_SHOWN: dict[str, Callable[[Row], str]] = {
    "state": lambda row: row.state if row.same_as is None else f"= run {row.same_as}",
    "time": lambda row: "" if row.seconds is None else short_duration(row.seconds),
}


class Columns:
    """The columns that some runs have, by name."""

    def __init__(self, rows: Sequence[Row]) -> None:
        keys = dict.fromkeys(key for row in rows for key in row.typed)
        self.settings = _differing([*{id(row.settings): row.settings for row in rows}.values()])
        keys |= self.settings
        names = dict.fromkeys(name for row in rows for name in row.results)
        self.parameters = {key: _parameter(key) for key in keys}
        self.results = {
            short: _result(short, name)
            for name in names
            for short in [f"{RESULT}{name}" if name in keys else name]
        }
        self.runs = {
            short: _of_run(short, name)
            for name in _COLUMNS
            for short in [f"{RUN}{name}" if name in keys or name in names else name]
        }
        self._long = {f"{RESULT}{name}": _result(name, name) for name in names}
        self._long |= {f"{RUN}{name}": _of_run(name, name) for name in _COLUMNS}

    def run(self, name: str) -> Column:
        """Return one of the columns that all runs have."""
        return self.runs.get(name) or self.runs[f"{RUN}{name}"]

    @property
    def all(self) -> dict[str, Column]:
        return {**self.runs, **self.results, **self.parameters}

    def find(self, name: str, word: str) -> Column:
        """Return the column of a name; `UsageError` says which there are, after the user's word."""
        known = self.all
        found = known.get(name) or self._long.get(name)
        if found is None:
            near = did_you_mean(name, known) or f" Use one of {', '.join(known)}."
            raise UsageError(f"{word}: no column is called {name!r}.{near}")
        return found


def _differing(settings: Sequence[Settings]) -> dict[str, None]:
    """Return the keys whose values are not the same everywhere, in order."""
    keys = dict.fromkeys(key for one in settings for key in one.typed)
    return {key: None for key in keys if len({one.typed.get(key) for one in settings}) > 1}


def _parameter(key: str) -> Column:
    def value(row: Row) -> object:
        typed = row.text(key)
        found = None if typed is None else row.value(key)
        return typed if isinstance(found, (list, dict)) else found

    def text(row: Row) -> str:
        typed = row.text(key) or ""
        meant = infer(typed)
        return meant if isinstance(meant, str) else typed  # without quotes

    return Column(key, value, text, lambda row: row.text(key) or "")


def _result(short: str, name: str) -> Column:
    def value(row: Row) -> object:
        return row.results.get(name)

    return Column(
        short, value, lambda row: full_text(value(row)), lambda row: cell_text(value(row))
    )


def _of_run(short: str, name: str) -> Column:
    value = _COLUMNS[name]

    def text(row: Row) -> str:
        return full_text(value(row))

    return Column(short, value, text, _SHOWN.get(name, text), is_ordered=True)


def varying(rows: Sequence[Row], columns: Mapping[str, Column]) -> list[Column]:
    """Return the columns in which the rows differ; of a single row, all."""
    return [
        column
        for column in columns.values()
        if len(rows) == 1 or len({column.shown(row) for row in rows}) > 1
    ]


def number_of(value: object) -> int | float | None:
    """Return a value that is a number, which booleans are not."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def counted_number(value: object) -> int | float | None:
    """Return a value that counts as a number where a goal or a mean is meant: booleans do."""
    return value if isinstance(value, (int, float)) else None


def order(
    rows: Iterable[Row], column: Column, *, is_reversed: bool = False,
    number_in: Callable[[object], int | float | None] = number_of,
) -> list[Row]:  # fmt: skip
    """Sort by a column: numbers, then texts, then the rows that have no value, NaN among them."""
    filled: list[tuple[tuple[int, int | float, str], Row]] = []
    empty: list[Row] = []
    for row in rows:
        value = column.value(row)
        if value is None or value != value:  # noqa: PLR0124  # NaN has no place among numbers
            empty.append(row)
            continue
        number = number_in(value)
        rank = (1, 0, full_text(value)) if number is None else (0, number, "")
        filled.append((rank, row))
    # Reversed twice, so that equal ones stay in the order of their numbers.
    filled = filled[::-1] if is_reversed else filled
    filled.sort(key=lambda pair: pair[0])
    return [row for _, row in (filled[::-1] if is_reversed else filled)] + empty
