"""Targets by name: ours, and those that other distributions offer through entry points."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..._entry_points import Offers

if TYPE_CHECKING:
    from .target import Target

_OURS = {
    "env": ".environment", "json": ".files:JSON", "mlflow": ".mlflow",
    "tensorboard": ".tensorboard", "trackio": ".trackio", "wandb": ".wandb", "yaml": ".files:YAML",
}  # fmt: skip
_TARGETS = Offers(
    "hyperparameter.exports",
    "a target of exports",
    {name: f"{__package__}{place}" for name, place in _OURS.items()},
    "export",
)


def find(name: str) -> Target:
    """Return the target of this name.

    `ValueError` if there is none, `ImportError` or `TypeError` for one that cannot be used.
    """
    return cast("Target", _TARGETS.need(name))


def library(target: str, name: str) -> Any:
    """Import the library of a target."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        problem = f"rec.log_to({target!r}) needs {name}. Install it with 'pip install {name}'."
        raise ModuleNotFoundError(problem, name=name) from None
