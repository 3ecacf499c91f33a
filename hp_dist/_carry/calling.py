"""Calls inside scopes: attach, call, and whatever happens, put back what was active before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import Args, Kwargs, State

T = TypeVar("T")


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

    def prepare(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        attach()
        return args, kwargs

    return interface.wrap(function, prepare, context.detach)
