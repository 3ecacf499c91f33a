"""Runners by name: ours, and those that other distributions offer through entry points."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from ..._distribution import offered, owners
from ..._values.keys import did_you_mean
from ...exceptions import UsageError
from .runner import GROUP, Options, Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

_OURS = {
    "local": "hyperparameter._sweeps.work.local:Local",
    "processes": "hp_dist.runners.processes:Processes",
    "ray": "hp_dist.runners.ray:RayTasks",
}


def runner_for(on: str, options: Options) -> Runner:
    """Return the runner that `--on` names, as `processes:2`; `UsageError` if there is none.

    What stands behind the colon is the `where` of the options.
    """
    name, colon, where = on.partition(":")
    if colon and not where:
        raise UsageError(f"--on {on}: nothing stands behind the colon. Write --on {name}.")
    make = _found(name, on)
    return make(options._replace(where=where))


def _found(name: str, on: str) -> Callable[[Options], Runner]:
    if name in _OURS:
        module, _, attribute = _OURS[name].partition(":")
        return cast("Callable[[Options], Runner]", getattr(import_module(module), attribute))
    points, others = offered(GROUP, name)
    if not points:
        known = sorted({*_OURS, *others})
        hint = did_you_mean(name, known)
        raise UsageError(
            f"--on {on}: {name!r:.80} is not a runner.{hint} Installed are {', '.join(known)}."
        )
    if len(points) > 1:
        raise UsageError(
            f"--on {on}: {name!r} is a runner in {owners(points)}. Uninstall one of them."
        )
    return _loaded(on, *points)


def _loaded(on: str, point: EntryPoint) -> Callable[[Options], Runner]:
    where = f"--on {on}: {point.value}, which {owners([point])} offers as a runner,"
    try:
        make = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{where} cannot be imported: {error}.") from error
    if not callable(make):
        raise UsageError(f"{where} cannot be called.")
    return cast("Callable[[Options], Runner]", make)
