"""Classes whose instances live inside the scopes of the moment when the class was bound.

The result is a subclass, because Ray Data, Ray Serve and others test whether they were given a
class, subclass it again and look at its methods.
"""

from __future__ import annotations

import copyreg
import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from hyperparameter import _engine_interface as interface

from .attachments import Inline
from .calling import inside
from .submission import AnySubmission, Attachments, LazySubmission, Submission

_MADE_FROM = "__hp_made_from__"


class BoundType(type):
    """The metaclass of bound classes: pickle asks `copyreg` how to pickle a class that has one."""


def bound_class(cls: type, submission: AnySubmission) -> type:
    """Return a subclass of `cls` whose constructor, call and public methods open the scopes."""
    members: dict[str, object] = {
        # Static, or a method would come bound to the class, and a property would run.
        name: _inside(inspect.getattr_static(cls, name), submission)
        for name, _ in inspect.getmembers_static(cls, inspect.isfunction)
        if not name.startswith("__") or name in {"__init__", "__call__"}
    }
    members |= {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    members[_MADE_FROM] = cls, submission
    return types.new_class(
        cls.__name__,
        (cls,),
        {"metaclass": _metaclass(type(cls))},
        lambda body: body.update(members),
    )


def _inside(method: Callable[..., object], submission: AnySubmission) -> Callable[..., object]:
    def attach() -> None:
        received = submission.received()
        # A method that another one calls sees what that one has opened since.
        if not interface.is_attached(received.scopes):
            received.attach()

    return functools.update_wrapper(inside(method, attach), method)


def _metaclass(kind: type) -> type:
    if issubclass(BoundType, kind):
        return BoundType
    # A class with another metaclass needs one that is derived from both.
    mixed = types.new_class(f"Bound{kind.__name__}", (BoundType, kind))
    copyreg.pickle(mixed, _reduce)
    return mixed


def _reduce(cls: type) -> str | tuple[Callable[..., Any], tuple[object, ...]]:
    made_from = vars(cls).get(_MADE_FROM)
    if made_from is None:  # somebody's subclass of a bound class: by reference, as any class
        return cls.__qualname__
    original, submission = made_from
    return _bound_class, (original, *submission.message(Inline))


def _bound_class(cls: type, payload: bytes, attachments: Attachments = ()) -> type:
    return bound_class(cls, LazySubmission(Inline, payload, attachments))


def bind_class(cls: type) -> type:
    """Return `cls` bound to the scopes active here and now; `CarrierError` as for functions."""
    return bound_class(cls, Submission.capture_to_travel())


copyreg.pickle(BoundType, _reduce)
