"""Classes whose instances live inside the scopes of the moment when the class was bound.

The result is a subclass, because Ray Data, Ray Serve and others ask whether they were given a
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
from hyperparameter import context

from .attachments import Inline
from .submission import Carried, Sent, Travelling

_MADE_FROM = "__hp_made_from__"


class BoundType(type):
    """The metaclass of bound classes: pickle asks `copyreg` how to pickle a class that has one."""


def bound_class(cls: type, carried: Travelling) -> type:
    """Return a subclass of `cls` whose constructor, call and public methods open the scopes."""
    members: dict[str, Any] = {
        name: _inside(inspect.getattr_static(cls, name), carried)
        for name, _ in inspect.getmembers_static(cls, inspect.isfunction)
        if not name.startswith("__") or name in {"__init__", "__call__"}
    }
    members |= {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    members[_MADE_FROM] = cls, carried
    return types.new_class(
        cls.__name__,
        (cls,),
        {"metaclass": _metaclass(type(cls))},
        lambda body: body.update(members),
    )


def _inside(method: Callable[..., Any], carried: Travelling) -> Callable[..., Any]:
    def prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        arrived = carried.arrived()
        # A method that another one calls sees what that one has opened since.
        if not interface.is_attached(arrived.scopes):
            arrived.open()
        return args, kwargs

    wrapper = interface.wrap(method, prepare, context.detach)
    return functools.update_wrapper(wrapper, method)


def _metaclass(kind: type) -> type:
    if issubclass(BoundType, kind):
        return BoundType
    mixed = types.new_class(f"Bound{kind.__name__}", (BoundType, kind))
    copyreg.pickle(mixed, _reduce)
    return mixed


def _reduce(cls: type) -> Any:
    made_from = vars(cls).get(_MADE_FROM)
    if made_from is None:  # somebody's subclass of a bound class
        return cls.__qualname__
    original, carried = made_from
    return _bound_class, (original, *carried.parcel(Inline))


def _bound_class(cls: type, data: bytes, along: Any) -> type:
    return bound_class(cls, Sent(Inline, data, along))


def bind_class(cls: type) -> type:
    """Return `cls` bound to the scopes active here and now; `CarrierError` as for functions."""
    carried = Carried.capture()
    carried.parcel(Inline)
    return bound_class(cls, carried)


copyreg.pickle(BoundType, _reduce)
