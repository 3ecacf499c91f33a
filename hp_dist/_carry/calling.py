"""Calls inside scopes: attach, call, and whatever happens, put back what was active before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import State

T = TypeVar("T")

Arguments = tuple[tuple[object, ...], dict[str, object]]
"""The arguments of a call, by position and by name."""

Prepare = Callable[[tuple[object, ...], dict[str, object]], Arguments]
"""Opens scopes for a call, and returns the arguments to call with."""


def call_and_detach(
    before: State | None,
    function: Callable[..., T],
    args: Iterable[object],
    kwargs: Mapping[str, object],
) -> T:
    """Call the function, then put back `before`, which was active before its scopes were opened."""
    try:
        return function(*args, **kwargs)
    finally:
        context.detach(before)


def inside(function: Callable[..., T], attach: Callable[[], object]) -> Callable[..., T]:
    """Return a function of the same kind that calls `attach()` before its body runs.

    For a generator that is its first step; what `attach` opens is closed between the steps.
    """

    def prepare(args: tuple[object, ...], kwargs: dict[str, object]) -> Arguments:
        attach()
        return args, kwargs

    return interface.wrap(function, prepare, context.detach)
