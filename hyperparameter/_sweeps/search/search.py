"""Searches: what chooses the cells of a sweep from the results so far, and stops hopeless runs.

The entry-point group is `hyperparameter.searches`.  An entry point is a callable that takes
`Options` and returns a `Search`; it raises `UsageError` for options that it cannot fulfil.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from ..._entry_points import Offers
from ..run import Cell, State

if TYPE_CHECKING:
    from ..objective import Direction
    from ..plan.spaces import Axis

_SEARCHES = Offers(
    "hyperparameter.searches",
    "a search",
    {"optuna": "hyperparameter._sweeps.search.optuna:OptunaSearch"},
)


def _allows_all(_: Cell) -> bool:
    return True


def _drop(_: str) -> None:
    return None


class Options(NamedTuple):
    """What the user has asked of a search.

    `method` is what stands behind the colon of `--search`.  Without axes there is nothing to
    choose: the cells are those of a grid, and the search prunes.  `prune` is empty where nothing is
    to be pruned.  Cells that `allows` refuses are left out.  `note` tells the user one line.
    """

    method: str = ""
    axes: Sequence["Axis"] = ()
    direction: "Direction" = "minimize"
    seed: int = 0
    prune: str = ""
    allows: Callable[[Cell], bool] = _allows_all
    note: Callable[[str], None] = _drop


class Finished(NamedTuple):
    """A run of an earlier launch: its value, None where it has none, and its reports by step."""

    cell: Cell
    state: State
    value: float | None = None
    reports: Mapping[int, float] = {}


class Search(Protocol):
    """Chooses cells, and hears how their runs go.

    Numbers are those of runs.  Each is begun, by `ask` or `begin`, before it reports, and is told
    once it has ended.  The methods are called from one thread.
    """

    def ask(self, number: int) -> Cell | None:
        """Begin the run of this number with a cell, None once a finite space is used up."""
        ...

    def begin(self, number: int, cell: Cell) -> None:
        """Begin a run whose cell is given: one of a grid, or one that is run once more."""
        ...

    def report(self, number: int, step: int, value: float) -> bool:
        """Take note of how a run does, and tell whether it is worth continuing."""
        ...

    def tell(self, number: int, value: float | None, state: State) -> None:
        """Take note of how a run has ended; `value` is None where it has none."""
        ...

    def resume(self, runs: Iterable[Finished]) -> int:
        """Take over what earlier launches have found; return how many runs are of the space."""
        ...


def open_search(written: str, options: Options) -> Search:
    """Return the search of `--search NAME[:METHOD]`, or ours, where only `prune` is asked for."""
    name, _, method = written.partition(":")
    found = _SEARCHES.need(name or "optuna", f"--search {name:.80}")
    return cast("Callable[[Options], Search]", found)(options._replace(method=method))
