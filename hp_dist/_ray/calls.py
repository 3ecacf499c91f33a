"""Functions and classes for Ray that take the scope as one more keyword argument.

Ray binds arguments against signatures, so those have it too; the user's code never sees it.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .._carry.attachments import Store
from .._carry.submission import Carried, arrive
from .store import ObjectStore, give_back, lend

ARGUMENT = "_hyperparameter_carried"
_MARK = "__hp_carries__"
_CALLED_BY_PYTHON = frozenset([
    "__new__", "__del__", "__init_subclass__", "__class_getitem__", "__set_name__",
    "__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__hash__", "__eq__",
    "__repr__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__",
    "__ray_ready__", "__ray_terminate__",
])  # fmt: skip  # or by Ray

_creations: dict[int, Carried] = {}  # of the actor that this process is, by the id of its instance


def argument(store: type[Store]) -> Any:
    """Return what a submission takes along: bytes, which Ray passes on as they are, or more.

    `CarrierError` when a value cannot travel.
    """
    data, along = Carried.capture().parcel(store)
    return (data, along) if along else data


def filled(kwargs: dict[str, Any] | None, store: type[Store]) -> dict[str, Any]:
    """Return the keyword arguments with the scope among them."""
    if kwargs and ARGUMENT in kwargs:
        return kwargs
    return {**(kwargs or {}), ARGUMENT: argument(store)}


def carries(target: Any) -> bool:
    """Tell whether a function or class has been made to carry."""
    return getattr(target, _MARK, False)


def takes_argument(parameters: Any) -> bool:
    """Tell whether the argument is among the last parameters."""
    return any(parameter.name == ARGUMENT for parameter in parameters[-3:])


def is_of_ray(target: Any) -> bool:
    """Tell Ray's own functions and classes, which have no use for a scope."""
    return str(target.__module__).partition(".")[0] == "ray"


def carrying(function: Callable[..., Any], prepare: Any = None) -> Callable[..., Any]:
    """Return `function` with one more keyword argument, the scope that it runs inside."""
    function = _streaming(function)
    wrapper = interface.wrap(function, prepare or _prepare, _finish)
    functools.update_wrapper(wrapper, function)
    del wrapper.__wrapped__  # type: ignore[attr-defined]  # Ray would look through the wrapper
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter(ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    last = len(parameters)
    while last and _stays_behind(parameters[last - 1]):
        last -= 1
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*parameters[:last], extra, *parameters[last:]]
    )
    setattr(wrapper, _MARK, True)
    return wrapper


def _stays_behind(parameter: inspect.Parameter) -> bool:
    """Tell what the argument has to come before; Ray hides its own where that is the last one."""
    is_traces = parameter.name == "_ray_trace_ctx"
    return is_traces or parameter.kind is inspect.Parameter.VAR_KEYWORD


def carrying_class(cls: type) -> type:
    """Return a subclass whose constructor and methods take the scope."""
    members = {
        name: _carrying_member(name, inspect.getattr_static(cls, name))
        for name, _ in inspect.getmembers_static(cls, _is_method)
        if name not in _CALLED_BY_PYTHON
    }
    if "__init__" not in members:

        def __init__(self: Any) -> None:  # noqa: N807  # as Ray adds one, but after this
            pass

        members["__init__"] = _carrying_member("__init__", __init__)
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


def _streaming(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a generator function where Ray, which looks through decorators, takes it for one."""
    inner = inspect.unwrap(function)
    if inspect.isgeneratorfunction(inner) and not inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Any:
            return (yield from function(*args, **kwargs))

        return generator
    if inspect.isasyncgenfunction(inner) and not inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def async_generator(*args: Any, **kwargs: Any) -> Any:
            async for item in function(*args, **kwargs):
                yield item

        return async_generator
    return function


def _arrived(kwargs: dict[str, Any]) -> Carried | None:
    carried, _ = _arrived_along(kwargs)
    return carried


def _arrived_along(kwargs: dict[str, Any]) -> tuple[Carried | None, Any]:
    sent = kwargs.pop(ARGUMENT, None)
    if sent is None:
        return None, ()
    is_pair = isinstance(sent, tuple) and len(sent) == 2
    data, along = sent if is_pair else (sent, ())  # which `arrive` refuses when it is no bytes
    return arrive(ObjectStore, data, along), along


def _prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    carried, along = _arrived_along(kwargs)
    if carried is not None:
        carried.open()
        if along:
            lend(carried.parts(), along[2])
    return args, kwargs


def _finish(before: Any) -> None:
    context.detach(before)
    give_back()


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
    if call is not None:
        call.open(over=creation)
    elif creation is not None and interface.active() is None:
        context.attach(creation.scopes)
