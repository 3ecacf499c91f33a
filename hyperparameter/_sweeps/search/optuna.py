"""`--search optuna[:tpe|gp|cmaes]` and `--prune median|hyperband`, on Optuna.

The study is in memory, and is told all earlier runs on resume: the only store is the sweep's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING

from ..._values.keys import did_you_mean
from ...exceptions import UsageError
from ..run import Cell, State
from ..shown import overrides
from .optuna_space import Number, Point, Space
from .search import Finished, Options

if TYPE_CHECKING:
    from types import ModuleType

    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial, TrialState

_EXTRA = "hyperparameter-dist[search]"
_METHODS = ("tpe", "gp", "cmaes")
_PRUNERS = ("median", "hyperband")
_NEEDS = {"gp": ("torch", "scipy"), "cmaes": ("cmaes",)}
_MOST_ASKS = 5  # of Optuna, for a cell that has not been run
_MOST_DRAWS = 10_000  # at random, for one that is not left out
_MOST_IN_ORDER = 1_000_000  # cells of a space that is gone through to its end
_FEWEST_SOURCES = 10  # CMA-ES takes the best tenth of earlier runs


class OptunaSearch:
    """A study of Optuna that is asked and told."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._method = options.method or "tpe"
        self._check()
        self._optuna = _library()
        self._space = Space(options.axes, self._optuna.distributions)
        self._check_space()
        with self._quietly():
            self._study = self._optuna.create_study(
                direction=options.direction,
                sampler=self._optuna.samplers.RandomSampler(),
                pruner=self._pruner(),
                study_name="sweep",  # Hyperband distributes runs by a digest of it
            )
        self._running: dict[int, _Run] = {}
        self._seen: set[Point] = set()  # run, running, or left out
        self._has_noted = False
        self._chosen = 0  # of these, how many are not left out
        self._in_order = self._space.all_points()
        self._sources: list[FrozenTrial] = []  # for CMA-ES, which has a state of its own
        self._first_sampler: BaseSampler | None = None

    def ask(self, number: int) -> Cell | None:
        """Begin a run with a cell that has not been run, None if the space is used up."""
        with self._quietly():
            point = self._suggested(number)
            if point is None and (point := self._any_new()) is not None:
                self._start(number, self._space.cell(point), point)
        if point is None:
            return None
        self._note_chosen(point)
        return self._space.cell(point)

    def begin(self, number: int, cell: Cell) -> None:
        """Begin a run of a given cell; one outside the space counts for the pruner alone."""
        point = self._space.point_of(cell) if self._options.axes else None
        with self._quietly():
            self._start(number, cell, point)
        if point is not None:
            self._note_chosen(point)

    def report(self, number: int, step: int, value: float) -> bool:
        """Tell whether the pruner would continue a run that reports this."""
        if not self._options.prune:
            return True
        with self._quietly():
            run = self._running[number]
            if step in run.steps:  # each is told once, so this is another attempt
                run = self._start(number, run.cell, run.point)
            run.steps.add(step)
            run.trial.report(value, step)
            return not run.trial.should_prune()

    def tell(self, number: int, value: float | None, state: State) -> None:
        """Note the end of a run: a failure if it has no value that can be compared."""
        run = self._running.pop(number)
        ended = self._state(value, state)
        if value is not None and math.isnan(value):
            self._options.note(
                f"{overrides(run.cell)}: the result is nan. The search counts the run as failed."
            )
        if self._options.prune and state == "done" and not run.steps and not self._has_noted:
            self._has_noted = True
            self._options.note(
                f"--prune {self._options.prune}: {overrides(run.cell)} has ended without a call of "
                "hp.report. Only runs that report can be pruned."
            )
        is_complete = ended == self._optuna.trial.TrialState.COMPLETE
        with self._quietly():
            self._study.tell(run.trial, value if is_complete else None, ended)

    def resume(self, runs: Iterable[Finished]) -> int:
        """Add finished runs to the study, and return how many of them are of the space."""
        added = []
        with self._quietly():
            for run in runs:
                point = self._space.point_of(run.cell) if self._options.axes else ()
                if point is None:
                    continue
                self._note_chosen(point)
                added.append(self._frozen(run, self._space.params(point)))
                if self._method == "cmaes" and run.state == "done":
                    self._sources.append(self._frozen(run, self._space.numbers(point)))
            self._study.add_trials(added)
        return len(added)

    def _note_chosen(self, point: Point) -> None:
        self._chosen += point not in self._seen
        self._seen.add(point)

    def _suggested(self, number: int) -> Point | None:
        """Ask Optuna until it suggests a cell that is new, and not left out."""
        for attempt in range(_MOST_ASKS):
            if len(self._seen) >= self._space.count:
                return None
            self._study.sampler = self._sampler(attempt)
            trial = self._study.ask(self._space.distributions)
            point = self._space.point(trial.params)
            if point not in self._seen:
                cell = self._space.cell(point)
                if self._options.allows(cell):
                    self._running[number] = _Run(trial, cell, point)
                    return point
                self._seen.add(point)
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        return None

    def _any_new(self) -> Point | None:
        """Return the first cell of the space that is new; of a large space, a random one."""
        if self._space.count <= _MOST_IN_ORDER:
            return next(filter(self._is_new, self._in_order), None)
        random = Random(f"{self._options.seed}:{self._chosen}")
        drawn = (self._space.draw(random) for _ in range(_MOST_DRAWS))
        if (point := next(filter(self._is_new, drawn), None)) is None:
            raise UsageError(
                f"--skip leaves out all of {_MOST_DRAWS:,} cells drawn at random. Skip fewer cells."
            )
        return point

    def _is_new(self, point: Point) -> bool:
        return point not in self._seen and self._options.allows(self._space.cell(point))

    def _start(self, number: int, cell: Cell, point: Point | None) -> _Run:
        """Begin a trial with given parameters; without any, where the pruner alone is wanted."""
        if (before := self._running.get(number)) is not None:
            self._study.tell(before.trial, state=self._optuna.trial.TrialState.FAIL)
        if point is not None:
            self._study.enqueue_trial(self._space.params(point))
        distributions = self._space.distributions if point is not None else {}
        self._running[number] = run = _Run(self._study.ask(distributions), cell, point)
        return run

    def _state(self, value: float | None, state: State) -> TrialState:
        states = self._optuna.trial.TrialState
        is_usable = state in ("done", "same") and value is not None and not math.isnan(value)
        found: TrialState = states.COMPLETE if is_usable else states.FAIL
        return states.PRUNED if state == "pruned" else found

    def _frozen(self, run: Finished, params: dict[str, Number]) -> FrozenTrial:
        state = self._state(run.value, run.state)
        value = run.value if state == self._optuna.trial.TrialState.COMPLETE else None
        if run.state == "pruned" and run.reports:
            value = run.reports[max(run.reports)]  # as Optuna has it
        trial: FrozenTrial = self._optuna.trial.create_trial(
            state=state,
            value=value,
            params=params,
            distributions={name: self._space.distributions[name] for name in params},
            intermediate_values=dict(run.reports),
        )
        return trial

    def _sampler(self, attempt: int) -> BaseSampler:
        """Return a sampler for one question.

        Its seed is that of the sweep with the number of cells that have been chosen, so a sweep
        that is resumed draws what it would have drawn, and not the first cells once more.
        """
        seed = Random(f"{self._options.seed}:{self._chosen}:{attempt}").getrandbits(32)
        made = self._made_sampler(seed)
        # The first one remembers which parameters all runs share, which takes as long as the rest.
        self._first_sampler = self._first_sampler or made
        made.infer_relative_search_space = self._first_sampler.infer_relative_search_space  # type: ignore[method-assign]  # see above
        return made

    def _made_sampler(self, seed: int) -> BaseSampler:
        samplers = self._optuna.samplers
        made: BaseSampler
        if self._method == "gp":
            made = samplers.GPSampler(seed=seed, warn_independent_sampling=False)
        elif self._method == "cmaes":
            sources = self._sources if len(self._sources) >= _FEWEST_SOURCES else None
            made = samplers.CmaEsSampler(
                seed=seed, warn_independent_sampling=False, source_trials=sources
            )
        else:
            made = samplers.TPESampler(seed=seed, constant_liar=True)
        return made

    def _pruner(self) -> BasePruner:
        pruners = self._optuna.pruners
        made = {"median": pruners.MedianPruner, "hyperband": pruners.HyperbandPruner}
        found: BasePruner = made.get(self._options.prune, pruners.NopPruner)()
        return found

    def _check(self) -> None:
        for option, word, known in (
            ("--search optuna:", self._method, _METHODS),
            ("--prune ", self._options.prune or _PRUNERS[0], _PRUNERS),
        ):
            if word not in known:
                hint = did_you_mean(word, known)
                raise UsageError(f"{option}{word}: choose one of {', '.join(known)}.{hint}")

    def _check_space(self) -> None:
        for library in _NEEDS.get(self._method, ()):
            if not _is_installed(library):
                raise UsageError(
                    f"--search optuna:{self._method} needs {library}. "
                    f"Install it with 'pip install {library}'."
                )
        if self._method == "cmaes" and self._options.axes and len(self._space.numeric) < 2:
            raise UsageError(
                "--search optuna:cmaes needs at least two parameters that are ranges of numbers, "
                "not lists. Use --search optuna:tpe."
            )

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Keep what Optuna says of its ways off the user's terminal; its logger is the user's."""
        import logging
        import warnings

        logger = logging.getLogger("optuna")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            logger.setLevel(level)


class _Run:
    """A run that has not ended, with the steps that it has reported."""

    def __init__(self, trial: Trial, cell: Cell, point: Point | None) -> None:
        self.trial = trial
        self.cell = cell
        self.point = point
        self.steps: set[int] = set()


def _library() -> ModuleType:
    try:
        return import_module("optuna")
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        problem = f"Optuna is not installed. Install it with 'pip install \"{_EXTRA}\"'."
        raise UsageError(f"--search optuna: {problem}") from None


def _is_installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None
