"""Searches: what they cost beside Optuna with a study in SQLite, and beside 1 000 earlier runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from table import Figures, Row

import hyperparameter as hp
from hyperparameter._sweeps.plan.spaces import Axis, Floats, cell_of
from hyperparameter._sweeps.search.search import Finished, Options, open_search

_RUNS = 100
_EARLIER = 1_000


@hp.param("bowl")
def bowl(x: float = 0.0, y: float = 0.0) -> float:
    return _value(x, y)


def _value(x: float, y: float) -> float:
    return (x - 0.3) ** 2 + (y + 0.2) ** 2


def rows(figures: Figures) -> Iterator[Row]:
    ours, theirs = [], []
    for turn in range(3):
        ours.append(_seconds(partial(_ours, turn)))
        theirs.append(_seconds(partial(_optuna, turn, f"sqlite:///study{turn}.sqlite")))
        in_memory = _seconds(partial(_optuna, turn, None))
    figures["a run of a search"] = {"ms": statistics.median(ours) / _RUNS * 1e3}
    figures["a trial of Optuna, study in SQLite"] = {"ms": statistics.median(theirs) / _RUNS * 1e3}
    figures["a trial of Optuna, study in memory"] = {"ms": in_memory / _RUNS * 1e3}
    ratio = statistics.median(one / two for one, two in zip(ours, theirs, strict=True))
    yield Row(f"search of {_RUNS} runs", ratio, "x Optuna with SQLite", 0.2)
    yield from _with_earlier_runs()


def _ours(seed: int) -> None:
    hp.sweep(bowl, {"bowl.x": "interval(-1,1)", "bowl.y": "interval(-1,1)"}, search="optuna",
             sample=_RUNS, seed=seed, progress=False).run()  # fmt: skip


def _optuna(seed: int, storage: str | None) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(storage=storage, sampler=sampler)

    def objective(trial: Any) -> float:
        return _value(trial.suggest_float("x", -1, 1), trial.suggest_float("y", -1, 1))

    study.optimize(objective, n_trials=_RUNS)


def _with_earlier_runs() -> Iterator[Row]:
    axes = [Axis((f"bowl.{name}",), Floats(-1.0, 1.0)) for name in ("x", "y")]
    earlier = [_finished(axes, number) for number in range(_EARLIER)]
    resumed = []
    for _ in range(5):
        search = open_search("optuna", Options(axes=axes))
        resumed.append(_seconds(partial(search.resume, earlier)))
    yield Row(f"resume of {_EARLIER:,} runs of a search", statistics.median(resumed), "s", 0.2)
    asked = [_seconds(partial(search.ask, number)) for number in range(10)]
    yield Row(f"next cell after {_EARLIER:,} runs", statistics.median(asked) * 1e3, "ms", 15)


def _finished(axes: list[Axis], number: int) -> Finished:
    random = Random(number)
    x, y = random.uniform(-1, 1), random.uniform(-1, 1)
    return Finished(cell_of(axes, (x, y)), "done", _value(x, y))


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
