"""The table of figures beside their budgets."""

from __future__ import annotations

from typing import NamedTuple

Figures = dict[str, dict[str, float]]
"""What rows are made from: by name, a number for each unit."""


class Row(NamedTuple):
    """A figure and the most (or, with `at_least`, the least) that it may be.

    Without a budget it is only reported.  `spread` has the quartiles of what it is the median of,
    or with `by_interval` an interval that it lies in, which has to reach the budget.
    """

    what: str
    figure: float
    unit: str
    budget: float | None = None
    at_least: bool = False
    spread: tuple[float, float] | None = None
    by_interval: bool = False

    @property
    def holds(self) -> bool:
        if self.budget is None:
            return True
        low, high = self.spread if self.spread and self.by_interval else (self.figure, self.figure)
        return high >= self.budget if self.at_least else low <= self.budget

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        budget = f"{sign} {self.budget:g}" if self.budget is not None else ""
        spread = f"  ({self.spread[0]:.2f} to {self.spread[1]:.2f})" if self.spread else ""
        mark = "" if self.holds else "   MISSED"
        return f"{self.what:<58} {self.figure:>8.2f}  {budget:>7}  {self.unit}{spread}{mark}"


HEADER = f"{'what':<58} {'figure':>8}  {'budget':>7}  unit"
