"""Commands of `hp` that other packages offer: one of ours, and any through entry points.

An entry point of the group is a callable that takes the words behind the name of the command and
returns the exit status.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from .._distribution import offered, owners
from ..exceptions import UsageError

Command = Callable[[Sequence[str]], int]

GROUP = "hyperparameter.commands"
_OURS = {"submit": "hp_dist._jobs.command:submit"}


def find(name: str) -> Command | None:
    """Return the command of this name, None if no package offers it."""
    if name in _OURS:
        module, _, attribute = _OURS[name].partition(":")
        return cast("Command", getattr(import_module(module), attribute))
    points, _ = offered(GROUP, name)
    if len(points) > 1:
        raise UsageError(f"{name!r} is a command of {owners(points)}. Uninstall one of them.")
    for point in points:
        try:
            return cast("Command", point.load())
        except (ImportError, AttributeError) as error:
            raise UsageError(f"{name!r}: {point.value} cannot be imported: {error}") from error
    return None
