"""Functions and classes for Ray that receive a submission as one more keyword argument.

Ray binds arguments against signatures, so those have it too; the user's code never sees it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Args, Kwargs, State

from .._carry.attachments import Store
from .._carry.members import own_members
from .._carry.submission import Submission
from .._carry.unregistered import unregistered_subclass
from . import collecting
from .argument import NAME as ARGUMENT
from .argument import argument_here
from .opened import Call, begin, end
from .store import lend
from .watch import current_task, new_number

T = TypeVar("T")
Begin = Callable[[Args, Kwargs], Call]
"""Takes the submission out of the arguments, and opens it."""

_MARK = "__hp_receives__"
_CALLED_BY_PYTHON = frozenset([
    "__new__", "__del__", "__init_subclass__", "__class_getitem__", "__set_name__",
    "__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__hash__", "__eq__",
    "__repr__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__",
    "__ray_ready__", "__ray_terminate__",
])  # fmt: skip  # or by Ray

# The scopes that the actor in this process was created in, by the id of its instance: an attribute
# would be one that the user's class does not know, and may have no slot for.
_creations: dict[int, Submission] = {}

# The coroutines and generators that run here, by the ids of Ray's tasks.
_running: dict[object, Call] = {}


def submit(
    kwargs: dict[str, object] | None,
    store: type[Store],
    invoke: Callable[[dict[str, object]], T],
) -> T:
    """Submit a call, as `invoke` does, with the submission among the keyword arguments."""
    if kwargs and ARGUMENT in kwargs:
        return invoke(kwargs)
    argument, number = argument_here(store), new_number()
    filled = {**(kwargs or {}), ARGUMENT: argument.of_call(number)}
    return collecting.submit(argument.told, argument.caller + number.decode(), invoke, filled)


def is_receiving(target: object) -> bool:
    """Tell whether a function or class has been made to receive submissions."""
    return getattr(target, _MARK, False)


def takes_argument(parameters: Sequence[inspect.Parameter]) -> bool:
    """Tell whether the argument is among the last parameters."""
    # Behind it there may be Ray's own for tracing, and the user's `**kwargs`.
    return ARGUMENT in [parameter.name for parameter in parameters[-3:]]


def is_of_ray(target: object) -> bool:
    """Tell functions and classes of Ray and of this package, which have no use for a scope."""
    return str(target.__module__).partition(".")[0] in {"ray", "hp_dist"}


def receiving(function: Callable[..., Any], begin: Begin | None = None) -> Callable[..., Any]:
    """Return `function` with one more keyword argument: the submission that it runs inside."""
    function = _streaming(function)
    wrapper = _wrapped(function, begin or _begin)
    functools.update_wrapper(wrapper, function)
    del wrapper.__wrapped__  # type: ignore[attr-defined]  # Ray would look through the wrapper
    if wrapper.__module__ == "__main__":  # then Ray shows the name of the file, which is ours
        code = getattr(inspect.unwrap(function), "__code__", wrapper.__code__)
        wrapper.__module__ = inspect.getmodulename(code.co_filename) or "__main__"
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter(ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    last = len(parameters)
    while last and _stays_behind(parameters[last - 1]):
        last -= 1
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]  # read by `inspect`
        parameters=[*parameters[:last], extra, *parameters[last:]]
    )
    setattr(wrapper, _MARK, True)
    return wrapper


def _wrapped(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Return a function of the same kind, for whose calls `begin` opens what they have brought."""
    if not interface.is_ordinary(function):
        return interface.wrap(function, functools.partial(_prepare, begin), _finish)

    # What it uses is imported by name: Ray sends it by value, and copies what else it refers to.
    def wrapper(*args: object, **kwargs: object) -> object:
        call = begin(args, kwargs)
        try:
            return function(*args, **kwargs)
        finally:
            end(call)

    return wrapper


def _stays_behind(parameter: inspect.Parameter) -> bool:
    """Tell what must stay behind the argument; Ray hides its own only where that is the last."""
    is_traces = parameter.name == "_ray_trace_ctx"
    return is_traces or parameter.kind is inspect.Parameter.VAR_KEYWORD


def receiving_class(cls: type) -> type:
    """Return a subclass whose constructor and methods receive submissions."""
    members: dict[str, object] = {
        name: _receiving_member(name, function)
        for name, member in own_members(cls)
        if name not in _CALLED_BY_PYTHON and (function := _method(cls, name, member))
    }
    if "__init__" not in members:

        def __init__(self: object) -> None:  # noqa: N807  # as Ray adds one, but after this
            pass

        members["__init__"] = _receiving_member("__init__", __init__)
    # What can be imported under the name of this class is still `cls`, so that cloudpickle sends
    # this class by value.
    return unregistered_subclass(cls, {**members, _MARK: True})


def _method(cls: type, name: str, member: Any) -> Any:
    """Return what Ray can call of a member: a function, static or not; None for any other."""
    function = getattr(member, "__func__", member)
    if inspect.isfunction(function):
        return member
    if isinstance(member, property) or not inspect.isfunction(getattr(cls, name, None)):
        return None
    seen = getattr(cls, name)  # by Ray, which asks a descriptor of any make for it

    def method(self: object, /, *args: object, **kwargs: object) -> object:
        return member.__get__(self, type(self))(*args, **kwargs)

    functools.update_wrapper(method, seen)
    method.__signature__ = inspect.signature(seen)  # type: ignore[attr-defined]  # that of a partial
    return method


def _receiving_member(name: str, member: Any) -> object:
    if isinstance(member, (staticmethod, classmethod)):
        return type(member)(receiving(member.__func__, _begin_static))
    return receiving(member, _begin_init if name == "__init__" else _begin_method)


def _streaming(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a generator function where Ray, which looks through decorators, takes it for one."""
    inner = inspect.unwrap(function)
    if inspect.isgeneratorfunction(inner) and not inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: object, **kwargs: object) -> Generator[object, object, object]:
            return (yield from function(*args, **kwargs))

        return generator
    if inspect.isasyncgenfunction(inner) and not inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def async_generator(*args: object, **kwargs: object) -> AsyncIterator[object]:
            async for item in function(*args, **kwargs):
                yield item

        return async_generator
    return function


def _begin(_: Args, kwargs: Kwargs) -> Call:
    sent = kwargs.pop(ARGUMENT, None)
    call = begin(sent, None)
    if isinstance(sent, tuple) and sent[1] and call[1] is not None:
        lend(call[1].submission.attachments(), sent[1][1])
    return call


def _begin_init(args: Args, kwargs: Kwargs) -> Call:
    call = begin(kwargs.pop(ARGUMENT, None), None)
    if call[1] is not None:
        _creations[id(args[0])] = call[1].submission
    return call


def _begin_method(args: Args, kwargs: Kwargs) -> Call:
    return begin(kwargs.pop(ARGUMENT, None), _creations.get(id(args[0])))


def _begin_static(_: Args, kwargs: Kwargs) -> Call:
    # No instance to ask by, but a process has one actor: the last that was created in it.
    return begin(kwargs.pop(ARGUMENT, None), next(reversed(_creations.values()), None))


def _prepare(begin: Begin, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    call = begin(args, kwargs)
    if call[1] is not None:
        # By the task, which is the same wherever the steps of a generator run.
        _running[current_task()] = call
    return args, kwargs


def _finish(before: State | None) -> None:
    task = current_task()
    call = _running.get(task)
    if call is not None and call[0] is before:  # or it is a method that another one calls directly
        del _running[task]
    else:
        call = before, None, b""
    end(call)
