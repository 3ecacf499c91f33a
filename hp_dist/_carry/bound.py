"""Callables that run inside the scopes of the moment when they were bound."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from hyperparameter import _engine_interface as interface

from .attachments import Inline
from .bound_class import bind_class
from .calling import inside
from .submission import AnySubmission, Attachments, LazySubmission, Submission

F = TypeVar("F", bound=Callable[..., object])


class Bound:
    """A callable that runs inside the scopes of the moment when it was bound.

    It keeps the kind of what it wraps: coroutine functions return coroutines, generator
    functions generators, each step of which runs inside the scopes.
    """

    def __init__(self, function: Callable[..., object], submission: AnySubmission) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._submission = submission
        self._run = inside(function, submission.attach)
        interface.mark_kind(self, function)

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._run(*args, **kwargs)

    def __reduce__(self) -> tuple[object, ...]:
        return _bound, (self._function, *self._submission.message(Inline))

    def __repr__(self) -> str:
        return f"<bound {self._function!r}>"


def _bound(function: Callable[..., object], payload: bytes, attachments: Attachments = ()) -> Bound:
    return Bound(function, LazySubmission(Inline, payload, attachments))


def bind(function: F) -> F:
    """Return `function` as a picklable callable that runs inside the scopes active here and now.

    For a class, return a subclass whose methods run inside them.  `CarrierError` is raised at once
    when one of their values cannot travel.
    """
    if isinstance(function, type):
        return bind_class(function)  # type: ignore[return-value]  # a subclass
    return Bound(function, Submission.capture_to_travel())  # type: ignore[return-value]  # of the same kind
