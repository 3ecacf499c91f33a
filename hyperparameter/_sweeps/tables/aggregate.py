"""Repeats of a cell as one: the mean of each result, and how far the runs are from it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..shown import cell_text
from ..store.rows import Row
from .columns import Columns, counted_number


class Mean(NamedTuple):
    """The mean of `n` numbers; `deviation` is that of the sample, None for a single number."""

    mean: float
    deviation: float | None
    n: int

    def __str__(self) -> str:
        if self.deviation is None:
            return cell_text(self.mean)
        return f"{cell_text(self.mean)} ± {self.deviation:.2g}"


class Group(NamedTuple):
    """The runs of a cell, and the means of their results by name."""

    rows: Sequence[Row]
    typed: Mapping[str, str]
    means: Mapping[str, Mean]

    @property
    def done(self) -> int:
        return sum(row.state == "done" for row in self.rows)


def aggregate(rows: Iterable[Row], columns: Columns, repeat_key: str = "") -> list[Group]:
    """Return the cells in the order of their first runs; `repeat_key` does not tell them apart.

    What is set beside them does.
    """
    keys = [key for key in columns.parameters if key != repeat_key]
    cells: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        cell = tuple((key, text) for key in keys if (text := row.text(key)) is not None)
        cells.setdefault(cell, []).append(row)
    return [Group(group, dict(cell), _means(group)) for cell, group in cells.items()]


def _means(rows: Sequence[Row]) -> dict[str, Mean]:
    numbers: dict[str, list[float]] = {}
    for row in rows:
        if row.state != "done":
            continue
        for name, value in row.results.items():
            if (number := counted_number(value)) is not None:
                numbers.setdefault(name, []).append(_float(number))
    return {name: mean_of(found) for name, found in numbers.items()}


def mean_of(numbers: Sequence[float]) -> Mean:
    """Return the mean of some numbers; of infinite ones it is what Python makes of their sum."""
    count = len(numbers)
    try:
        mean = math.fsum(numbers) / count
        squares = math.fsum((number - mean) ** 2 for number in numbers)
    except (OverflowError, ValueError):  # too large, or infinite ones of both signs
        mean = sum(number / count for number in numbers)
        squares = math.nan
    return Mean(mean, math.sqrt(squares / (count - 1)) if count > 1 else None, count)


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an int of more than 308 digits
        return math.inf if number > 0 else -math.inf


def is_repeated(rows: Iterable[Row]) -> bool:
    return any(row.repeat is not None for row in rows)
