"""Functions and classes for Ray that receive a submission as one more keyword argument.

Ray binds arguments against signatures, so those have it too; the user's code never sees it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from typing import Any, TypeVar

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter._engine_interface import Args, Kwargs, Prepare, State

from .._carry.attachments import Store
from .._carry.members import own_members
from .._carry.submission import Attachments, Submission, receive
from .._carry.unregistered import unregistered_subclass
from . import collecting
from .store import ObjectStore, give_back, lend
from .watch import current_task

T = TypeVar("T")

ARGUMENT = "_hyperparameter_carried"  # part of the wire format: both sides look for it
_MARK = "__hp_receives__"
_END = b"#call:"  # of a payload; behind it comes the id of the call
_MOST_END = 128
_CALLED_BY_PYTHON = frozenset([
    "__new__", "__del__", "__init_subclass__", "__class_getitem__", "__set_name__",
    "__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__hash__", "__eq__",
    "__repr__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__",
    "__ray_ready__", "__ray_terminate__",
])  # fmt: skip  # or by Ray

# The scopes that the actor in this process was created in, by the id of its instance: an attribute
# would be one that the user's class does not know, and may have no slot for.
_creations: dict[int, Submission] = {}

# The calls that run here, with the state outside of each, by the ids of Ray's tasks.
_running: dict[object, tuple[str, State | None]] = {}


def argument(store: type[Store]) -> bytes | tuple[bytes, Attachments]:
    """Return what a submission takes along: bytes, which Ray passes on as they are, or more.

    `CarrierError` when a value cannot travel.
    """
    return _sent(*Submission.capture().message(store))


def _sent(payload: bytes, attachments: Attachments) -> bytes | tuple[bytes, Attachments]:
    # A plain tuple, because that pickles faster than one of a class of ours.
    return (payload, attachments) if attachments else payload


def submit(
    kwargs: dict[str, object] | None,
    store: type[Store],
    invoke: Callable[[dict[str, object]], T],
) -> T:
    """Submit a call, as `invoke` does, with the submission among the keyword arguments."""
    if kwargs and ARGUMENT in kwargs:
        return invoke(kwargs)
    submission = Submission.capture()
    payload, attachments = submission.message(store)

    def invoke_with(call: str) -> T:
        sent = _sent(payload + _END + call.encode(), attachments)
        return invoke({**(kwargs or {}), ARGUMENT: sent})

    return collecting.submit(submission.records, invoke_with)


def is_receiving(target: object) -> bool:
    """Tell whether a function or class has been made to receive submissions."""
    return getattr(target, _MARK, False)


def takes_argument(parameters: Sequence[inspect.Parameter]) -> bool:
    """Tell whether the argument is among the last parameters."""
    # Behind it there may be Ray's own for tracing, and the user's `**kwargs`.
    return any(parameter.name == ARGUMENT for parameter in parameters[-3:])


def is_of_ray(target: object) -> bool:
    """Tell functions and classes of Ray and of this package, which have no use for a scope."""
    return str(target.__module__).partition(".")[0] in {"ray", "hp_dist"}


def receiving(function: Callable[..., Any], prepare: Prepare | None = None) -> Callable[..., Any]:
    """Return `function` with one more keyword argument: the submission that it runs inside."""
    function = _streaming(function)
    wrapper = interface.wrap(function, prepare or _prepare, _finish)
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

    def method(self: object, *args: object, **kwargs: object) -> object:
        return member.__get__(self, type(self))(*args, **kwargs)

    functools.update_wrapper(method, seen)
    method.__signature__ = inspect.signature(seen)  # type: ignore[attr-defined]  # that of a partial
    return method


def _receiving_member(name: str, member: Any) -> object:
    if isinstance(member, (staticmethod, classmethod)):
        return type(member)(receiving(member.__func__, _prepare_static))
    return receiving(member, _prepare_init if name == "__init__" else _prepare_method)


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


def _pop_submission(kwargs: dict[str, object]) -> tuple[Submission | None, Attachments]:
    """Take the submission out of the arguments; return it and what came beside its payload."""
    sent: Any = kwargs.pop(ARGUMENT, None)  # anything: `receive` checks it
    if sent is None:
        return None, ()
    is_pair = isinstance(sent, tuple) and len(sent) == 2
    payload, attachments = sent if is_pair else (sent, ())
    if isinstance(payload, bytes):
        payload = _without_call(payload)
    return receive(ObjectStore, payload, attachments), attachments


def _without_call(payload: bytes) -> bytes:
    """Note the call that begins here by the id behind its payload; return that without it."""
    _, end, call = payload[-_MOST_END:].rpartition(_END)
    if not end:
        return payload
    # By the task, which is the same wherever the steps of a generator run.
    _running[current_task()] = call.decode(errors="replace"), interface.active()
    return payload[: -len(end) - len(call)]


def _prepare(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    submission, attachments = _pop_submission(kwargs)
    if submission is not None:
        submission.attach()
        if attachments:
            lend(submission.attachments(), attachments[1])
    return args, kwargs


def _finish(before: State | None) -> None:
    task = current_task()
    call, outside = _running.get(task, ("", None))
    if call and outside is before:  # or it is a method that another one calls directly
        del _running[task]
        collecting.note_end(before, call)
    context.detach(before)
    give_back()


def _prepare_init(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    submission, _ = _pop_submission(kwargs)
    if submission is not None:
        _creations[id(args[0])] = submission
        submission.attach()
    return args, kwargs


def _prepare_method(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    _attach_in_actor(_creations.get(id(args[0])), _pop_submission(kwargs)[0])
    return args, kwargs


def _prepare_static(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    # No instance to ask by, but a process has one actor: the last that was created in it.
    _attach_in_actor(next(reversed(_creations.values()), None), _pop_submission(kwargs)[0])
    return args, kwargs


def _attach_in_actor(creation: Submission | None, call: Submission | None) -> None:
    """Open the scopes of the caller over those of the creation.

    A method that another one calls directly runs in the scopes of that, unless there are none.
    """
    if call is not None:
        call.attach(over=creation)
    elif creation is not None and interface.active() is None:
        context.attach(creation.scopes)
