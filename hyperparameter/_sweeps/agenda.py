"""What a sweep has to run, one run after the other: here the cells of a grid that are missing."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .identity import Identity, described
from .objective import NoObjective, objective
from .run import Cell, Outcome, State
from .store.store import WantedRun

if TYPE_CHECKING:
    from ..context import Captured
    from .objective import Goal
    from .search.search import Search
    from .store.store import Store

_AT_ONCE = 1000  # cells that are made and stored in one go
FINISHED = ("done", "pruned")


class Prepared(NamedTuple):
    """What a cell means: the scopes to run in, with what the run is known by."""

    captured: "Captured"
    identity: "Identity"
    args: tuple[object, ...] = ()
    keywords: tuple[str, ...] = ()


Prepare = Callable[[Cell], Prepared]


class Planned(NamedTuple):
    """A run with its number in the store, and the attempt that is next.

    `tries` counts the attempts of this launch.
    """

    number: int
    cell: Cell
    attempt: int = 1
    tries: int = 1


class Agenda(Protocol):
    """What is to be run.

    `numbers` are those of all its runs that are known so far, `cells` has what is set for those
    whose cells this launch has made.  `kept` are the runs that an earlier
    launch has finished, with the parts of their identities.
    """

    numbers: set[int]
    cells: dict[int, Cell]
    kept: dict[int, Mapping[str, str]]

    @property
    def total(self) -> int:
        """How many runs there are, finished ones included."""
        ...

    def next(self) -> Planned | None:
        """Return the next run, None if there is none, or none yet."""
        ...

    def reported(self, number: int, step: int, value: float) -> bool:
        """Tell whether a run that has reported is to go on."""
        ...

    def ended(self, run: Planned, state: State, outcome: Outcome | None) -> None:
        """Take note of a run that will not be run again."""
        ...


class CellAgenda:
    """Cells that are known from the start; `search`, if there is one, only prunes by `values`.

    `repeated` counts the cells that mean the same as an earlier one.  `unseen` are keys whose
    values cannot be compared, so that no run with them is ever known to be finished.
    """

    def __init__(
        self,
        cells: Iterable[Cell],
        prepare: Prepare,
        store: "Store",
        search: "Search | None" = None,
        values: "Values | None" = None,
    ) -> None:
        self._search = search
        self._values = values
        self._known = store.known()
        self.numbers: set[int] = set()
        self.cells: dict[int, Cell] = {}
        self.repeated = 0
        self.unseen: set[str] = set()
        self.kept: dict[int, Mapping[str, str]] = {}
        self._waiting: deque[Planned] = deque()
        for chunk in _chunks(cells):
            identities = [prepare(cell).identity for cell in chunk]
            wanted = list(map(self._wanted, chunk, identities))
            for cell, number, one in zip(chunk, store.add(wanted), identities, strict=True):
                self._add(cell, number, one)

    def _wanted(self, cell: Cell, identity: "Identity") -> WantedRun:
        if identity.digest in self._known:  # the store has its values already
            return WantedRun(cell, identity.digest)
        return wanted_run(cell, identity)

    def _add(self, cell: Cell, number: int, identity: "Identity") -> None:
        self.unseen.update(identity.unseen)
        if number in self.numbers:
            self.repeated += 1
            return
        self.numbers.add(number)
        self.cells[number] = cell
        before = self._known.get(identity.digest)
        if before is not None and before.state in FINISHED:
            self.kept[number] = identity.parts
        else:
            self._waiting.append(Planned(number, cell, before.attempt + 1 if before else 1))

    def notes(self) -> Iterator[str]:
        """Yield what is otherwise than it may look."""
        if self.repeated:
            many = self.repeated > 1
            yield (
                f"{self.repeated} {'cells mean' if many else 'cell means'} the same as "
                f"{'others, and are' if many else 'another, and is'} not run: secrets do not tell "
                "runs apart."
            )
        if self.unseen:
            keys = ", ".join(sorted(self.unseen))
            yield f"{keys}: what this holds cannot be compared, so --resume runs all runs again."

    @property
    def total(self) -> int:
        return len(self.numbers)

    def next(self) -> Planned | None:
        if not self._waiting:
            return None
        run = self._waiting.popleft()
        if self._search is not None:
            self._search.begin(run.number, run.cell)
        return run

    def reported(self, number: int, step: int, value: float) -> bool:
        return self._search is None or self._search.report(number, step, value)

    def ended(self, run: Planned, state: State, outcome: Outcome | None) -> None:
        if self._search is not None and self._values is not None:
            self._search.tell(run.number, self._values.of(run, state, outcome), state)


def wanted_run(cell: Cell, identity: "Identity") -> WantedRun:
    """Return a run as the store takes it, with its values as the program reads them."""
    return WantedRun(cell, identity.digest, described(cell.values), identity.settings)


class Values:
    """The numbers of results that count; why a result has none is told once, and what follows."""

    def __init__(self, goal: "Goal | None", note: Callable[[str], None], follows: str) -> None:
        self._goal = goal
        self._note = note
        self._follows = follows
        self._told: set[str] = set()  # it may be that of all runs

    def of(self, run: Planned, state: State, outcome: Outcome | None) -> float | None:
        """Return the number of a run that has ended; one that was pruned needs none."""
        if outcome is None or outcome.result is None:
            return None
        try:
            return objective(json.loads(outcome.result.summary), self._goal)
        except NoObjective as error:
            problem = str(error)
        if state != "pruned" and problem not in self._told:
            self._told.add(problem)
            self._note(f"run {run.number}: {problem} {self._follows}")
        return None


def _chunks(cells: Iterable[Cell]) -> Iterator[list[Cell]]:
    rest = iter(cells)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
