"""Calls inside scopes: attach, call, and whatever happens, put back what was active before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

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

    For a generator that is its first step; what `attach` opens is closed between the steps.  So it
    is for a generator or coroutine that the function has from another one and returns.
    """
    prepare = _preparing(attach)
    if not interface.is_ordinary(function):
        return interface.wrap(function, prepare, context.detach)

    def wrapper(*args: object, **kwargs: object) -> T:
        before = interface.active()
        try:
            attach()
            result = function(*args, **kwargs)
        finally:
            context.detach(before)
        return continued_inside(result, attach)

    return wrapper


def continued_inside(result: T, attach: Callable[[], object]) -> T:
    """Return what a function has returned; what of it runs later calls `attach()` before."""
    if result.__class__ in _RUNS_AT_ONCE:  # most results; asking for the others takes longer
        return result
    return cast(T, interface.wrap_result(result, _preparing(attach), context.detach))


def _preparing(attach: Callable[[], object]) -> interface.Prepare:
    def prepare(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        attach()
        return args, kwargs

    return prepare


_RUNS_AT_ONCE = frozenset([type(None), bool, int, float, str, bytes, tuple, list, dict])


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
