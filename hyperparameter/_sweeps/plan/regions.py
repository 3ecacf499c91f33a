"""Parts of a grid, such as the cells that `--skip` leaves out, found and counted axis by axis.

No cell is made for it, so the count of a grid of any size is known at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .grid import Bindings, Column, Grid, Point
from .spaces import Integers

Region = Mapping[int, frozenset[int]]
"""The cells that have, on each of these axes, one of these values; both are given by index."""

MOST_COMPARED = 1_000_000
"""The values of an axis that are compared one by one with those of another grid.

Of longer ranges only the same one is known again: their grids are too large to run anyway.
"""


class Counts(NamedTuple):
    """How many cells of a grid run, are left out, and were in a grid before."""

    kept: int
    skipped: int
    repeated: int


def contains(region: Region, point: Point) -> bool:
    return all(point[number] in indices for number, indices in region.items())


def region_with(grid: Grid, bindings: Bindings) -> Region | None:
    """Return the cells with all these bindings; None where there is none."""
    by_column: dict[int, list[tuple[str, object]]] = {}
    for key, value in bindings:
        if key not in grid.column_of:
            return None
        by_column.setdefault(grid.column_of[key], []).append((key, value))
    found = {number: grid.columns[number].having(some) for number, some in by_column.items()}
    return found if all(found.values()) else None


def regions_in(grid: Grid, other: Grid) -> list[Region]:
    """Return the cells of `grid` that are also in `other`."""
    if grid.column_of.keys() != other.column_of.keys():
        return []
    found: list[Region] = [{}]
    for column in other.columns:
        places = _places(grid, column)
        found = [
            both for one in found for place in places if (both := _both(one, place)) is not None
        ]
    return found


def counts_of(grid: Grid, skipped: Sequence[Region], repeated: Sequence[Region]) -> Counts:
    """Count the cells of a grid, none of them twice; an axis of real numbers counts as one value.

    For the values of one axis it only matters which of the regions they can still be in.
    """
    regions = [*skipped, *repeated]
    still: Counter[frozenset[int]] = Counter({frozenset(range(len(regions))): 1})
    for number, column in enumerate(grid.columns):
        count = 1 if column.count is None else column.count
        groups = _groups(number, count, regions)
        narrowed: Counter[frozenset[int]] = Counter()
        for possible, cells in still.items():
            for group, values in groups.items():
                narrowed[possible & group] += cells * values
        still = narrowed
    skips = frozenset(range(len(skipped)))
    left_out = sum(cells for inside, cells in still.items() if inside & skips)
    kept = still[frozenset()]
    return Counts(kept, left_out, still.total() - kept - left_out)


def _groups(number: int, count: int, regions: Sequence[Region]) -> Counter[frozenset[int]]:
    """Return how many values of an axis are in which of the regions, as far as it decides that."""
    anywhere = frozenset(r for r, region in enumerate(regions) if number not in region)
    special: dict[int, set[int]] = {}
    for r, region in enumerate(regions):
        for index in region.get(number, ()):
            special.setdefault(index, set()).add(r)
    found = Counter(anywhere | inside for inside in special.values())
    if count > len(special):
        found[anywhere] += count - len(special)
    return found


def _places(grid: Grid, column: Column) -> Sequence[Region]:
    """Return where in `grid` the values of an axis of another grid are."""
    homes = {grid.column_of[key] for key in column.keys}
    if len(homes) > 1:
        values = map(column.bindings, range(column.count or 0))
        return [place for value in values if (place := region_with(grid, value)) is not None]
    [home] = homes
    indices = _shared(grid.columns[home], column)
    if indices is None:
        return [{}]
    return [{home: indices}] if indices else []


def _shared(home: Column, column: Column) -> frozenset[int] | None:
    """Return which values of `home` are on `column` as well; None for all."""
    here, there = home.axis.domain, column.axis.domain
    if isinstance(here, Integers) and isinstance(there, Integers) and _are_same(here, there):
        return None
    if (home.count or 0) <= MOST_COMPARED:
        return frozenset(
            index for index in range(home.count or 0) if column.having(_of(column, home, index))
        )
    if (column.count or 0) <= MOST_COMPARED:
        values = map(column.bindings, range(column.count or 0))
        return frozenset().union(*map(home.having, values))
    return frozenset()


def _are_same(one: Integers, other: Integers) -> bool:
    return (one.low, one.high, one.step) == (other.low, other.high, other.step)


def _of(column: Column, home: Column, index: int) -> Bindings:
    """Return the keys of `column` with what the value of `home` sets them to."""
    values = dict(home.bindings(index))
    return [(key, values[key]) for key in column.keys]


def _both(one: Region, other: Region) -> Region | None:
    found = dict(one)
    for number, indices in other.items():
        found[number] = found[number] & indices if number in found else indices
    return found if all(found.values()) else None
