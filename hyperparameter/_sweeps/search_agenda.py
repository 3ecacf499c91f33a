"""What a search has run: it is asked for a cell whenever a worker is free."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..exceptions import UsageError
from .agenda import FINISHED, CellAgenda, Planned, Values, wanted_run
from .objective import NoObjective, objective
from .run import Cell, Outcome, State
from .search.search import Finished, Options, open_search

if TYPE_CHECKING:
    from .plan.plan import Plan
    from .plan.spaces import Axis
    from .progress.progress import Progress
    from .request import Request
    from .search.search import Search
    from .store.rows import Row
    from .store.store import Store

Note = Callable[[str], None]


def cells_with_pruning(request: Request, store: Store, progress: Progress) -> CellAgenda:
    """Return the cells of the plan, among which a search only prunes."""
    if request.plan.repeat:
        raise UsageError(
            "--prune and --repeat cannot be given together: a cell with repetitions is judged by "
            "their mean, which no single run knows."
        )
    search = open_search("", _options(request, (), progress.note))
    values = Values(request.goal, progress.note, "No run is compared with it, nor pruned for it.")
    return CellAgenda(request.plan, request.prepare, store, search, values)


def search_agenda(request: Request, store: Store, progress: Progress) -> SearchAgenda:
    """Return what the search of a request has run; `UsageError` for what cannot be searched."""
    plan = request.plan
    if request.prune and plan.repeat:
        return cells_with_pruning(request, store, progress)  # type: ignore[return-value]  # raises
    if len(plan.grids) != 1:
        raise UsageError("--search and --or cannot be given together: a search has one space.")
    if plan.sample is None:
        raise UsageError("--search needs the number of cells to run: add --sample N.")
    search = open_search(request.search, _options(request, plan.grids[0].axes, progress.note))
    return SearchAgenda(search, plan, request, store, progress)


def _options(request: Request, axes: Sequence[Axis], note: Note) -> Options:
    plan = request.plan
    return Options(
        axes=axes,
        direction=request.goal.direction if request.goal else "minimize",
        seed=plan.sample.seed if plan.sample else 0,
        prune=request.prune,
        allows=lambda cell: not plan.why_skipped(dict(cell.values)),
        note=note,
    )


class SearchAgenda:
    """The cells that a search asks for, each with its repetitions.

    A search sees a cell with repetitions once, with the mean of their values.
    """

    def __init__(
        self, search: Search, plan: Plan, request: Request, store: Store, progress: Progress
    ) -> None:
        self._search = search
        self._plan = plan
        self._prepare = request.prepare
        self._store = store
        self._goal = request.goal
        self._values = Values(request.goal, progress.note, "The search does not learn from it.")
        self._progress = progress
        self._left = plan.sample.size if plan.sample else 0
        self._next_ask = 1
        self._waiting: deque[Planned] = deque()
        self._asked: dict[int, _Asked] = {}  # by the number of each run
        self.kept: dict[int, Mapping[str, str]] = {}
        self.numbers: set[int] = set()
        self.cells: dict[int, Cell] = {}
        self.total = self._left * (plan.repeat.times if plan.repeat else 1)
        self._resume()

    def next(self) -> Planned | None:
        while not self._waiting and self._left > 0:
            asked = self._next_ask
            cell = self._search.ask(asked)
            if cell is None:
                self._exhausted()
                return None
            self._next_ask += 1
            self._left -= 1
            self._begin(asked, self._plan.repetitions(dict(cell.values)))
        return self._waiting.popleft() if self._waiting else None

    def _begin(self, asked: int, cells: Sequence[Cell]) -> None:
        """Give the repetitions of a cell their numbers in the store."""
        identities = [self._prepare(cell).identity for cell in cells]
        numbers = self._store.add(list(map(wanted_run, cells, identities)))
        group = _Asked(asked, len(numbers))
        for number, cell in zip(numbers, cells, strict=True):
            self.numbers.add(number)
            self.cells[number] = cell
            self._asked[number] = group
            self._waiting.append(Planned(number, cell))

    def _exhausted(self) -> None:
        self.total -= self._left * (self._plan.repeat.times if self._plan.repeat else 1)
        how_many = "is 1 run" if self.total == 1 else f"are {self.total} runs"
        self._progress.note(f"the search has run every cell of its space, so there {how_many}.")
        self._progress.expect(self.total)
        self._left = 0

    def reported(self, number: int, step: int, value: float) -> bool:
        return self._search.report(self._asked[number].asked, step, value)

    def ended(self, run: Planned, state: State, outcome: Outcome | None) -> None:
        group = self._asked[run.number]
        group.values.append(self._values.of(run, state, outcome))
        group.states.append(state)
        if len(group.states) == group.size:
            self._search.tell(group.asked, group.mean, group.state)

    def _resume(self) -> None:
        """Tell the search what earlier launches have found, and plan what they have not ended."""
        told: list[Finished] = []
        for values, rows in self._groups():
            ended = [row for row in rows if row.state in FINISHED]
            group = _Asked(self._next_ask, len(self._plan.repetitions(dict(values))))
            for row in ended:
                group.values.append(self._value(row))
                group.states.append(row.state)
            if len(ended) == group.size:
                reports = self._store.reports(rows[0].number, rows[0].attempt)
                steps = {step or 0: value for step, value in reports}
                told.append(Finished(Cell(values), group.state, group.mean, steps))
                continue
            self._next_ask += 1
            self._left -= 1
            self._search.begin(group.asked, Cell(values))
            self._plan_rest(values, rows, group)
        self._left = max(0, self._left - self._search.resume(told))

    def _plan_rest(self, values: Mapping[str, object], rows: Sequence[Row], group: _Asked) -> None:
        cells = self._plan.repetitions(dict(values))
        identities = [self._prepare(cell).identity for cell in cells]
        numbers = self._store.add(list(map(wanted_run, cells, identities)))
        attempts = {row.number: row.attempt for row in rows}
        for number, cell in zip(numbers, cells, strict=True):
            self.numbers.add(number)
            self.cells[number] = cell
            self._asked[number] = group
            if number not in self.kept:
                self._waiting.append(Planned(number, cell, attempts.get(number, 0) + 1))

    def _groups(self) -> Iterable[tuple[dict[str, object], list[Row]]]:
        """Return the runs of earlier launches with the settings of this one, by their cells."""
        known = {one.number: digest for digest, one in self._store.known().items()}
        groups: dict[str, tuple[dict[str, object], list[Row]]] = {}
        for row in self._store.rows():
            cell = Cell({key: row.value(key) for key in row.typed}, row.repeat)
            identity = self._prepare(cell).identity
            if known[row.number] != identity.digest:
                continue
            self.numbers.add(row.number)
            if row.state in FINISHED:
                self.kept[row.number] = identity.parts
            key = self._store.sweep.repeat_key
            values = {name: one for name, one in cell.values.items() if name != key}
            words = str({name: one for name, one in row.typed.items() if name != key})
            groups.setdefault(words, (values, []))[1].append(row)
        return groups.values()

    def _value(self, row: Row) -> float | None:
        try:
            return objective(row.results, self._goal)
        except NoObjective:
            return None


class _Asked:
    """A cell that the search has asked for, with what its repetitions have come to so far."""

    def __init__(self, asked: int, size: int) -> None:
        self.asked = asked
        self.size = size
        self.values: list[float | None] = []
        self.states: list[State] = []

    @property
    def mean(self) -> float | None:
        numbers = [value for value in self.values if value is not None]
        return sum(numbers) / len(numbers) if len(numbers) == self.size else None

    @property
    def state(self) -> State:
        return next((state for state in self.states if state != "done"), "done")
