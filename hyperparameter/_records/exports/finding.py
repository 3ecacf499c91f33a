"""Targets by name: ours, and those that other distributions offer through entry points."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..._distribution import offered, owners
from ..._values.keys import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from .target import Target

GROUP = "hyperparameter.exports"
_OURS = {
    "env": ".environment", "json": ".files:JSON", "mlflow": ".mlflow",
    "tensorboard": ".tensorboard", "trackio": ".trackio", "wandb": ".wandb", "yaml": ".files:YAML",
}  # fmt: skip


def find(name: str) -> Target:
    """Return the target of this name.

    `ValueError` if there is none, `ImportError` or `TypeError` for one that cannot be used.
    """
    if name in _OURS:
        module, _, attribute = _OURS[name].partition(":")
        made = import_module(module, __package__)
        return cast("Target", getattr(made, attribute) if attribute else made)
    points, others = offered(GROUP, name)
    if not points:
        known = sorted({*_OURS, *others})
        hint = did_you_mean(name, known)
        raise ValueError(
            f"{name!r:.80} is not a target of exports.{hint} Installed are {', '.join(known)}."
        )
    if len(points) > 1:
        raise ValueError(
            f"{name!r} is a target of exports in {owners(points)}. Uninstall one of them."
        )
    return _loaded(*points)


def _loaded(point: EntryPoint) -> Target:
    where = f"{point.name!r}: {point.value}, which {owners([point])} offers as a target of exports,"
    try:
        target = point.load()
    except (ImportError, AttributeError) as error:
        raise ImportError(f"{where} cannot be imported: {error}") from error
    if not callable(getattr(target, "export", None)):
        raise TypeError(f"{where} has no function 'export'.")
    return cast("Target", target)


def library(target: str, name: str) -> Any:
    """Import the library of a target."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        problem = f"rec.log_to({target!r}) needs {name}. Install it with 'pip install {name}'."
        raise ModuleNotFoundError(problem, name=name) from None
