"""Functions and classes for Ray that take the scope as one more keyword argument.

Ray binds arguments against signatures, so those have it too; the user's code never sees it.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from hyperparameter import context

from ._carried import Carried, arrive
from ._parts import Store
from ._ray_store import STORES

ARGUMENT = "_hyperparameter_carried"
_MARK = "__hp_carries__"
_SPECIAL_METHODS = frozenset(["__init__", "__call__", "__ray_call__"])  # the ones called remotely

_creations: dict[int, Carried] = {}  # of the actor that this process is, by the id of its instance


def argument(store: type[Store]) -> Any:
    """Return what a submission takes along: bytes, which Ray passes on as they are, or more.

    `CarrierError` when a value cannot travel.
    """
    data, along = Carried.capture().parcel(store)
    return (store.name, data, along) if along else data


def filled(kwargs: dict[str, Any] | None, store: type[Store]) -> dict[str, Any]:
    """Return the keyword arguments with the scope among them."""
    if kwargs and ARGUMENT in kwargs:
        return kwargs
    return {**(kwargs or {}), ARGUMENT: argument(store)}


def carries(target: Any) -> bool:
    """Tell whether a function or class has been made to carry."""
    return _MARK in vars(target)


def takes_argument(parameters: Any) -> bool:
    """Tell whether the argument is among the parameters: it is last, or before `**kwargs`."""
    return any(parameter.name == ARGUMENT for parameter in parameters[-2:])


def is_of_ray(target: Any) -> bool:
    """Tell Ray's own functions and classes, which have no use for a scope."""
    return str(target.__module__).partition(".")[0] == "ray"


def carrying(function: Callable[..., Any], prepare: Any = None) -> Callable[..., Any]:
    """Return `function` with one more keyword argument, the scope that it runs inside."""
    wrapper = context.wrap(function, prepare or _prepare, context.restore)
    functools.update_wrapper(wrapper, function)
    del wrapper.__wrapped__  # type: ignore[attr-defined]  # Ray would look through the wrapper
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter(ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    last = len(parameters)
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        last -= 1
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*parameters[:last], extra, *parameters[last:]]
    )
    setattr(wrapper, _MARK, True)
    return wrapper


def carrying_class(cls: type) -> type:
    """Return a subclass whose constructor and methods take the scope."""
    members = {
        name: _carrying_member(name, inspect.getattr_static(cls, name))
        for name, _ in inspect.getmembers_static(cls, _is_method)
        if not (name.startswith("__") and name.endswith("__")) or name in _SPECIAL_METHODS
    }
    members |= {"__module__": cls.__module__, "__qualname__": cls.__qualname__, _MARK: True}
    return types.new_class(cls.__name__, (cls,), {}, lambda body: body.update(members))


def _is_method(member: Any) -> bool:
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    return inspect.isfunction(member)


def _carrying_member(name: str, member: Any) -> Any:
    if isinstance(member, (staticmethod, classmethod)):
        return type(member)(carrying(member.__func__, _prepare_static))
    return carrying(member, _prepare_init if name == "__init__" else _prepare_method)


def _arrived(kwargs: dict[str, Any]) -> Carried | None:
    sent = kwargs.pop(ARGUMENT, None)
    if sent is None:
        return None
    name, data, along = sent if isinstance(sent, tuple) else ("job", sent, ())
    return arrive(STORES[name], data, along)


def _prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    carried = _arrived(kwargs)
    if carried is not None:
        carried.open()
    return args, kwargs


def _prepare_init(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    carried = _arrived(kwargs)
    if carried is not None:
        _creations[id(args[0])] = carried
        carried.open()
    return args, kwargs


def _prepare_method(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    _open_in_actor(_creations.get(id(args[0])), _arrived(kwargs))
    return args, kwargs


def _prepare_static(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    _open_in_actor(next(reversed(_creations.values()), None), _arrived(kwargs))
    return args, kwargs


def _open_in_actor(creation: Carried | None, call: Carried | None) -> None:
    """Open the scopes of the caller over those of the creation.

    A method that another one calls directly runs in its scopes, unless there are none.
    """
    if creation is not None and (call is not None or not context.is_active()):
        context.attach(creation.scopes)
    if call is not None:
        call.open()
