"""The wrapper that every decorated callable becomes: ask the scope, call, undo what was written."""

from __future__ import annotations

from functools import update_wrapper

from .._scopes import ambient, frames
from .signature import Shape, Signature
from .wrapping import Wrapped, is_ordinary, wrap


def filled(function: Wrapped, signature: Signature) -> Wrapped:
    """Return `function` with what a call leaves unbound filled as `signature` says."""
    return marked(filled_calls(function, signature), function, signature)


def marked(wrapper: Wrapped, function: Wrapped, signature: Signature) -> Wrapped:
    """Give a wrapper the name and documentation of what it stands for, and its signature."""
    update_wrapper(wrapper, function)
    wrapper.__hp_signature__ = signature  # type: ignore[attr-defined]  # functions take attributes
    return wrapper


def filled_calls(function: Wrapped, signature: Signature) -> Wrapped:
    """Do what `filled` does, for a wrapper that nobody sees."""
    if is_ordinary(function):
        return _quick(function, signature)
    return wrap(function, signature.fill, frames.rollback)


def _quick(function: Wrapped, signature: Signature) -> Wrapped:
    """Do what `wrapping.wrap` does, with a shortcut for shapes of calls that the state has met."""
    key = signature.key

    # This is the way of every call: one look into the cache where the shape of the call is known.
    def wrapper(*args: object, **kwargs: object) -> object:
        before = ambient.active.get()
        try:
            shape: Shape = (len(args), *kwargs) if kwargs else len(args)
            plan = (before or ambient.baseline_state).cache[key][shape]
        except KeyError:
            plan = signature.plan(ambient.current(), len(args), tuple(kwargs))
        try:
            if plan is None:
                return function(*args, **kwargs)
            return function(*args, *plan.positional, **kwargs, **plan.values)
        finally:
            if ambient.active.get() is not before:
                frames.rollback(before)

    return wrapper
