"""`hp.sweep`: a sweep that code asks for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Literal, get_args

from .._records.run import relative_to_folder
from .._scopes import ambient
from .._scopes.bound import written
from .._scopes.captured import captured
from .._scopes.frames import detach, swap
from .._scopes.scope import scope_of
from .._values.origin import outside_site
from .._values.untyped import Untyped
from ..context import Captured
from .agenda import Prepared
from .amounts import parsed_resources, parsed_seconds
from .identity import Identifier, reading
from .objective import Goal
from .plan.checking import too_many
from .plan.from_code import Keys, plan_from_code
from .request import Policy, Request
from .resuming import Resume
from .run import Cell
from .sweep import Sweep
from .work.main_module import refuse_in_worker
from .work.runner import Options

Prune = Literal["median", "hyperband"]
Time = float | timedelta | str
Resources = Mapping[str, float] | str


def sweep(
    function: Callable[..., object],
    grid: Mapping[Keys, object] | Sequence[Mapping[Keys, object]],
    *,
    on: str = "local", skip: object = (), repeat: object = None, sample: int | None = None,
    seed: int | None = None, search: str | None = None, prune: Prune | None = None,
    minimize: str | None = None, maximize: str | None = None, retries: int = 0,
    fail_fast: bool = False, skip_unread: bool = False, gpus: int | None = None,
    time_limit: Time | None = None, resources: Resources | None = None, name: str | None = None,
    resume: bool | Resume = False, progress: bool | None = None,
) -> Sweep:  # fmt: skip
    """Return a sweep that calls a function once for each cell of a grid, as it is iterated over.

    `grid` has the values of each key: a list, or text as behind `--sweep`, such as
    `"log:1e-5:1e-1:5"`; a tuple of keys takes tuples of values, and a list of grids is their union.
    The function is called without arguments, inside a scope with the values of the cell over what
    is active here.  `on` is "local", "processes:4" or "ray"; the other arguments are the options of
    the command line.  `time_limit` is in seconds.  `progress` shows how it goes, by default on a
    terminal alone.

        for run in hp.sweep(train, {"train.lr": [0.1, 0.01]}, on="processes:2"):
            print(run.parameters, run.result)

    Raises `ValueError` and `TypeError` for a grid that cannot be used, `UsageError` for a runner
    or a store that cannot.
    """
    refuse_in_worker()
    _check_counts(retries=retries, gpus=gpus)
    _check_texts(on=on, search=search, minimize=minimize, maximize=maximize, name=name)
    plan = plan_from_code(grid, skip=skip, repeat=repeat, sample=sample, seed=seed, read=reading,
                          is_searched=search is not None)  # fmt: skip
    if search is None and (problem := too_many(plan, "sample=N")):
        raise ValueError(problem)
    return Sweep(Request(
        function, _name(function), getattr(function, "__name__", "sweep"), plan,
        _Preparing(outside_site(), function), on, _options(time_limit, gpus, resources),
        _goal(minimize, maximize), Policy(retries, fail_fast, skip_unread),
        search or "", _pruning(prune), _resuming(resume), name,
        is_shown=sys.stderr.isatty() if progress is None else progress, is_iterated=True,
    ))  # fmt: skip


def _options(time_limit: Time | None, gpus: int | None, resources: Resources | None) -> Options:
    return Options(gpus=gpus, resources=_amounts(resources), time_limit=_seconds(time_limit))


def _amounts(resources: object) -> dict[str, float]:
    """Return what each run needs; text is read as behind `--resources`."""
    if resources is None:
        return {}
    if isinstance(resources, str):
        return parsed_resources(resources, "resources")
    if not isinstance(resources, Mapping):
        raise TypeError(
            f'resources must be a mapping such as {{"gpu": 1}}, or text, not {resources!r:.80}.'
        )
    for name, amount in resources.items():
        if not isinstance(name, str):
            raise TypeError(f"resources must have texts as names, not {name!r:.80}.")
        if isinstance(amount, bool) or not isinstance(amount, (int, float)):
            raise TypeError(f"resources: {name} must be a number, not {amount!r:.80}.")
        if not 0 <= amount < float("inf"):
            raise ValueError(f"resources: {name} must be a number of 0 or more, not {amount!r}.")
    return dict(resources)


def _seconds(time_limit: object) -> float | None:
    """Return a time limit in seconds; `TypeError` and `ValueError` that name the argument."""
    if time_limit is None:
        return None
    if isinstance(time_limit, str):
        return parsed_seconds(time_limit, "time_limit")
    if isinstance(time_limit, timedelta):
        seconds: object = time_limit.total_seconds()
    else:
        seconds = time_limit
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(
            "time_limit must be a number of seconds, a timedelta, or text such as '90s', not "
            f"{time_limit!r:.80}."
        )
    if not seconds > 0:
        raise ValueError(f"time_limit must be more than 0 seconds, not {time_limit!r:.80}.")
    return float(seconds)


def _check_counts(**counts: object) -> None:
    for name, count in counts.items():
        if count is not None and type(count) is not int:
            raise TypeError(
                f"{name} must be an integer, not {type(count).__name__}: {count!r:.80}."
            )
        if isinstance(count, int) and count < 0:
            raise ValueError(f"{name} must be at least 0, not {count}.")


def _check_texts(**texts: object) -> None:
    for name, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{name} must be text, not {type(text).__name__}: {text!r:.80}.")
        if text == "":
            raise ValueError(f"{name} must not be empty.")


def _pruning(prune: Prune | None) -> str:
    _check_choice("prune", prune, None, *get_args(Prune))
    return prune or ""


def _resuming(resume: bool | Resume | None) -> Resume | None:
    _check_choice("resume", resume, True, False, None, *get_args(Resume))
    return "ask" if resume is True else resume or None


def _check_choice(name: str, given: object, *choices: object) -> None:
    if not any(given is one or (isinstance(one, str) and given == one) for one in choices):
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {listed}, not {given!r:.80}.")


def _goal(minimize: str | None, maximize: str | None) -> Goal | None:
    if minimize is not None and maximize is not None:
        raise ValueError("hp.sweep takes minimize or maximize, not both.")
    if maximize is not None:
        return Goal("maximize", maximize)
    return None if minimize is None else Goal("minimize", minimize)


def _name(function: Callable[..., object]) -> str:
    """Return what the sweep is known by: the file of a script, as on a command line, or a module.

    An object that is called is known by its class; its text may hold its address.
    """
    inner: Any = function.func if isinstance(function, partial) else function
    named = inner if hasattr(inner, "__qualname__") else type(inner)
    module, main = getattr(named, "__module__", ""), sys.modules.get("__main__")
    is_script = module == "__main__" and getattr(main, "__spec__", None) is None
    file = getattr(main, "__file__", None) if is_script else None
    return f"{relative_to_folder(file) if file else module}:{named.__qualname__}"


def _bound(function: Callable[..., object]) -> tuple[tuple[object, ...], Mapping[str, object]]:
    """Return what a function brings along, which tells its runs apart as what is set does."""
    if isinstance(function, partial):
        return function.args, function.keywords
    return (() if hasattr(function, "__qualname__") else (function,)), {}


class _Preparing:
    """Lays the values of each cell over what is active where the sweep was made."""

    def __init__(self, origin: Any, function: Callable[..., object]) -> None:
        self._origin = origin
        self._args, self._kwargs = _bound(function)
        self._identifier = Identifier()
        self._below, self._baseline = captured()

    def __call__(self, cell: Cell) -> Prepared:
        values = {key: value for key, value in cell.values.items() if isinstance(value, Untyped)}
        rest = {key: value for key, value in cell.values.items() if key not in values}
        layer = written(rest, self._origin)
        if values:
            layer = layer._replace(values={**layer.values, **values})
        active = swap(None)  # what is open around the iteration is not for the runs
        try:
            with scope_of(self._below), scope_of(layer):
                snapshot = ambient.current().snapshot
        finally:
            detach(active)
        identity = self._identifier.identity(snapshot, self._args, self._kwargs, cell)
        return Prepared(Captured(snapshot, self._baseline), identity)
