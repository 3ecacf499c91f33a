"""Which cells a sweep has: the union of grids, without what is skipped, sampled and repeated.

A `Plan` is iterated for its cells and knows their number without making them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from ..run import Cell
from .grammar import Repeat
from .grid import Grid, Point
from .regions import Counts, Region, contains, counts_of, region_with, regions_in
from .sameness import Reading, code
from .sampling import drawn


class Skip(NamedTuple):
    """The values of cells that are left out, and how the user wrote it."""

    values: dict[str, object]
    written: str

    def matches(self, values: Mapping[str, object], read: Reading) -> bool:
        return all(
            key in values and code(key, values[key], read) == code(key, value, read)
            for key, value in self.values.items()
        )


class Sample(NamedTuple):
    """How many cells are drawn, and from which random numbers."""

    size: int
    seed: int = 0


class LeftOut(NamedTuple):
    """A cell that does not run, and why."""

    cell: Cell
    reason: str


class Plan:
    """The cells of a sweep in the order in which they run: the last axis varies fastest.

    Repetitions of one cell follow each other.  A cell of several grids is that of the first.
    """

    def __init__(
        self,
        grids: Sequence[Grid],
        read: Reading,
        skips: Sequence[Skip] = (),
        repeat: Repeat | None = None,
        sample: Sample | None = None,
    ) -> None:
        self.grids = tuple(grids)
        self.skips = tuple(skips)
        self.repeat = repeat
        self.sample = sample
        self._read = read
        self._skipped = [self._regions_skipped(grid) for grid in grids]
        self._repeated = [
            [region for other in grids[:number] for region in regions_in(grid, other)]
            for number, grid in enumerate(grids)
        ]

    @property
    def spaces(self) -> list[str]:
        """The axes that are drawn from, as the user wrote them."""
        return [axis.written for grid in self.grids for axis in grid.spaces]

    @cached_property
    def counts(self) -> list[Counts]:
        """How many cells there are in each grid, one for all numbers of an axis of real ones."""
        both = zip(self.grids, self._skipped, self._repeated, strict=True)
        return [
            counts_of(grid, [r for _, r in skipped], repeated) for grid, skipped, repeated in both
        ]

    @cached_property
    def distinct(self) -> int | None:
        """How many different cells there are to run or to draw; None where there is no end."""
        if any(grid.count is None for grid in self._not_empty):
            return None
        return sum(found.kept for found in self.counts)

    @cached_property
    def count(self) -> int:
        """How many runs there are, repetitions included."""
        times = self.repeat.times if self.repeat else 1
        if self.sample is None:
            if self.distinct is None:
                raise ValueError("a space has no cells to count without a sample")
            return self.distinct * times
        size = self.sample.size
        return times * (size if self.distinct is None else min(size, self.distinct))

    def __iter__(self) -> Iterator[Cell]:
        for number, point in self._points():
            yield from self.repetitions(self.grids[number].values(point))

    def left_out(self) -> Iterator[LeftOut]:
        """Yield the cells of the grids that do not run; of a sample there are none."""
        if self.sample is None and any(found.skipped or found.repeated for found in self.counts):
            for number, point in self._all():
                if reason := self._reason(number, point):
                    yield LeftOut(Cell(self.grids[number].values(point)), reason)

    def why_skipped(self, values: Mapping[str, object]) -> str:
        """Return how the user wrote that a cell is left out; nothing where it is not."""
        found = (skip.written for skip in self.skips if skip.matches(values, self._read))
        return next(found, "")

    def repetitions(self, values: Mapping[str, object]) -> list[Cell]:
        """Return the runs of one cell."""
        if self.repeat is None:
            return [Cell(values)]
        numbers = range(self.repeat.times)
        return [Cell({**values, **self.repeat.bindings(number)}, number) for number in numbers]

    def _points(self) -> Iterator[tuple[int, Point]]:
        if self.sample is None:
            return (found for found in self._all() if not self._reason(*found))
        points = drawn(self._not_empty, self.sample.seed)
        numbered = ((self.grids.index(grid), point) for grid, point in points)
        found = (found for found in numbered if not self._reason(*found))
        size = self.sample.size
        # Nothing is drawn any more once all cells have been, however many are left out.
        return islice(found, size if self.distinct is None else min(size, self.distinct))

    @cached_property
    def _not_empty(self) -> list[Grid]:
        """The grids that have a cell to run: from others, nothing could be drawn for ever."""
        both = zip(self.grids, self.counts, strict=True)
        return [grid for grid, found in both if found.kept]

    def _all(self) -> Iterator[tuple[int, Point]]:
        for number, grid in enumerate(self.grids):
            if grid.count is None:
                raise ValueError("a space has no cells to list without a sample")
            index = 0
            while index < grid.count:  # `range` has no length beyond `sys.maxsize`
                yield number, grid.point(index)
                index += 1

    def _reason(self, number: int, point: Point) -> str:
        for skip, region in self._skipped[number]:
            if contains(region, point):
                return skip.written
        if any(contains(region, point) for region in self._repeated[number]):
            return "it is in an earlier grid as well"
        return ""

    def _regions_skipped(self, grid: Grid) -> list[tuple[Skip, Region]]:
        both = ((skip, region_with(grid, list(skip.values.items()))) for skip in self.skips)
        return [(skip, region) for skip, region in both if region is not None]
