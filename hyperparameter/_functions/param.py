"""`@hp.param`: functions and classes whose unbound parameters the scope fills.

The wrapper keeps the kind of what it wraps.  All kinds share the same three steps: ask the
signature what the scope adds to this call, call, and undo what the body wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar, overload

from .._scopes import ambient, frames
from .._values.keys import check
from .registry import declare
from .signature import Signature
from .wrapping import Wrapped, is_ordinary, wrap

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)


@overload
def param(target: C, /) -> C: ...
@overload
def param(target: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def param(target: str | None = None, /) -> _Decorator: ...
def param(target: Any = None, /) -> Any:
    """Fill parameters that a call leaves unbound from the scope; `@param`, `@param("namespace")`.

    A call's own arguments come first, then the scope (`namespace.parameter`, the function's
    name by default), then the defaults.  What the body writes to the scope ends with the call.
    A generator takes its arguments and its scope when it is first advanced.
    """
    if target is None or isinstance(target, str):
        return _Decorator(target)
    return _Decorator(None)(target)


class _Decorator:
    def __init__(self, namespace: str | None) -> None:
        self.namespace = None if namespace is None else check(namespace)

    @overload
    def __call__(self, target: C) -> C: ...
    @overload
    def __call__(self, target: Callable[P, R]) -> Callable[P, R]: ...
    def __call__(self, target: Any) -> Any:
        if isinstance(target, (staticmethod, classmethod)):
            return type(target)(self(target.__func__))
        name = str(self.namespace or getattr(target, "__name__", ""))
        if isinstance(target, type):
            return _decorate_class(target, name)
        return _wrap(target, Signature(target, name))


def _decorate_class(cls: type, namespace: str) -> type:
    """Replace the initializer of `cls` in place, so that it stays the class that it was."""
    for name in ("__init__", "__new__"):
        function = getattr(cls, name)
        if function is not getattr(object, name) and hasattr(function, "__code__"):
            signature = Signature(function, namespace, skip=1)
            signature.module, signature.qualname = cls.__module__, cls.__qualname__
            signature.doc = function.__doc__ or cls.__doc__
            signature.factories = _factories(cls)
            wrapper = _wrap(function, signature)
            setattr(cls, name, staticmethod(wrapper) if name == "__new__" else wrapper)
            return cls
    raise TypeError(
        f"@hp.param found no parameters on class {cls.__qualname__}: give it an __init__, "
        "or put @hp.param above the decorator that makes one, such as @dataclass."
    )


def _factories(cls: type) -> dict[str, Callable[[], object]]:
    """Return what makes the defaults of a dataclass's fields where a function does."""
    fields = getattr(cls, "__dataclass_fields__", {})
    return {
        name: field.default_factory
        for name, field in fields.items()
        if field.init and callable(field.default_factory)
    }


def _wrap(function: Wrapped, signature: Signature) -> Wrapped:
    if is_ordinary(function):
        wrapper = _quick(function, signature)
    else:
        wrapper = wrap(function, signature.fill, frames.rollback)
    update_wrapper(wrapper, function)
    wrapper.__hp_signature__ = signature  # type: ignore[attr-defined]  # functions take attributes
    declare(signature)
    return wrapper


def _quick(function: Wrapped, signature: Signature) -> Wrapped:
    """Do what `wrapping.wrap` does, with a shortcut for shapes of calls that the state has met."""

    # This is the way of every call: one look into the cache where the shape of the call is known.
    # A call with keywords has no key there (None), since making one costs more than `plan` saves.
    def wrapper(*args: object, **kwargs: object) -> object:
        before = ambient.active.get()
        try:
            plan = (before or ambient.baseline_state).cache[signature][
                None if kwargs else len(args)
            ]
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
