"""Callables that run inside the scopes of the moment when they were bound."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .attachments import Inline, Store
from .bound_class import bind_class
from .submission import Carried, Sent, Travelling

F = TypeVar("F", bound=Callable[..., Any])


class Bound:
    """A callable that runs inside the scopes of the moment when it was bound.

    It keeps the kind of what it wraps: coroutine functions return coroutines, generator
    functions generators, each step of which runs inside the scopes.
    """

    def __init__(self, function: Callable[..., Any], carried: Travelling) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._carried = carried
        self._run = interface.wrap(function, self._prepare, context.detach)
        interface.mark_kind(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _bound, (self._function, *self._carried.parcel(Inline))

    def __repr__(self) -> str:
        return f"<bound {self._function!r}>"

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._carried.open()
        return args, kwargs


def _bound(function: Any, data: bytes, along: Any = ()) -> Bound:
    return Bound(function, Sent(Inline, data, along))


def bind(function: F) -> F:
    """Return `function` as a picklable callable that runs inside the scopes active here and now.

    Of a class, a subclass whose methods do.  `CarrierError` is raised at once when one of their
    values cannot travel.
    """
    if isinstance(function, type):
        return bind_class(function)  # type: ignore[return-value]  # a subclass
    carried = Carried.capture()
    carried.parcel(Inline)
    return Bound(function, carried)  # type: ignore[return-value]  # of the same kind


class Initializer:
    """An initializer for pools: opens scopes in a worker for good, then runs the user's own."""

    def __init__(
        self, carried: Travelling, user: Callable[..., Any] | None, store: type[Store] = Inline
    ) -> None:
        self._carried = carried
        self._user = user
        self._store = store

    def __call__(self, *args: Any) -> None:
        context.detach(None)  # a forked worker has inherited the same scopes
        self._carried.arrived().open_for_good()
        if self._user is not None:
            self._user(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        return _initializer, (self._user, self._store, *self._carried.parcel(self._store))


def _initializer(user: Any, store: type[Store], data: bytes, along: Any = ()) -> Initializer:
    return Initializer(Sent(store, data, along), user, store)


def initializer(user_initializer: Callable[..., Any] | None = None) -> Initializer:
    """Return a pool initializer that opens the scopes active here and now in each worker."""
    carried = Carried.capture()
    carried.parcel(Inline)
    return Initializer(carried, user_initializer)
