"""Calls inside scopes: attach, call, and whatever happens, put back what was active before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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


def as_here(function: Callable[..., T], state: State | None) -> Callable[..., T]:
    """Return a function that runs in `state`, in whichever thread of this process it is called."""

    def in_state(*args: object, **kwargs: object) -> T:
        return call_and_detach(interface.swap(state), function, args, kwargs)

    return in_state


def drawn_here(items: Iterable[T]) -> Iterator[T]:
    """Return the items, each made in the state of this moment, whichever thread asks for it."""
    inside, swap = interface.active(), interface.swap

    def draw() -> Iterator[T]:
        nonlocal inside
        iterator: Iterator[T] | None = None
        while True:
            outside = swap(inside)
            try:
                iterator = iter(items) if iterator is None else iterator
                item = next(iterator)
            except StopIteration:
                return
            finally:
                inside = swap(outside)
            yield item

    return draw()
