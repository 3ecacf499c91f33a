"""The parts of which a plan is made, as somebody asks for them one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .checking import check_keys, check_repeat, check_secrets, check_skips, check_spaces
from .grammar import Repeat, checked_keys
from .grid import Grid
from .plan import Plan, Sample, Skip
from .sameness import Reading
from .spaces import Axis


@dataclass
class Parts:
    """What has been asked for so far; there is one list of axes for each grid.

    `said` has the words of the user by option, for messages.
    """

    axes: list[list[Axis]] = field(default_factory=lambda: [[]])
    skips: list[Skip] = field(default_factory=list)
    repeat: Repeat | None = None
    size: int | None = None
    seed: int | None = None
    said: dict[str, str] = field(default_factory=dict)

    def named(self, full: Callable[[str], str]) -> None:
        """Replace each key by its full name: that of an option by that of its parameter."""
        self.axes = [
            [replace(axis, keys=checked_keys([full(key) for key in axis.keys])) for axis in axes]
            for axes in self.axes
        ]
        self.skips = [
            Skip({full(key): value for key, value in skip.values.items()}, skip.written)
            for skip in self.skips
        ]
        if self.repeat and self.repeat.key is not None:
            self.repeat = self.repeat._replace(key=full(self.repeat.key))

    def plan(self, read: Reading, remedies: tuple[str, str] | None) -> Plan:
        """Return the plan; `ValueError` where the parts do not fit.

        `remedies` are what a user can write to draw from a space or to search it; None where it is
        searched.
        """
        for axes in self.axes:
            check_keys(axes)
        sample = None if self.size is None else Sample(self.size, self.seed or 0)
        grids = [Grid(axes, read) for axes in self.axes]
        plan = Plan(grids, read, self.skips, self.repeat, sample)
        if sample and not any(self.axes):
            raise ValueError(f"{self.said['sample']}: there is nothing to draw from")
        if remedies:
            check_spaces(plan, *remedies)
            if self.seed is not None and not sample:
                raise ValueError(f"{self.said['seed']}: nothing is drawn, so add {remedies[0]}")
        check_repeat(plan, self.said.get("repeat", ""))
        check_secrets(plan)
        check_skips(plan)
        return plan
