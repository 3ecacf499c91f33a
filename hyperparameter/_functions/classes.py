"""Classes whose initializer the scope fills.

A class keeps what it inherits: an initializer of its own is wrapped, an inherited one is called
through `super()`, so that later changes of a base and the other bases of a subclass have effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._scopes import ambient, frames
from .._values.structures import structure_of
from .filling import filled, filled_calls, marked
from .hints_of import unwrapped
from .parameters import Parameters, parameters_of, takes_unnamed
from .registry import declare
from .wrapping import Wrapped


def decorate(cls: type, namespace: str) -> type:
    """Fill the calls of `cls`, which stays the class that it was."""
    name = initializer_of(cls)
    if name in vars(cls):
        function = getattr(cls, name)
        wrapper = filled_call(cls, namespace, lambda: function, function)
    elif name:
        call = next_initializer(cls, name)
        wrapper = filled_call(cls, namespace, lambda: getattr(super(cls, cls), name), call)
    elif _has_fields(cls):
        raise TypeError(
            f"@hp.param cannot fill class {cls.__qualname__} where it is written: its library "
            "makes instances without calling an initializer. Write the class without @hp.param, "
            f"and below it, under a second name: Filled = hp.param({namespace!r})({cls.__name__})."
        )
    else:
        raise _nothing_to_fill(cls, namespace)
    setattr(cls, name, as_member(name, wrapper))
    return cls


def _has_fields(cls: type) -> bool:
    structure = structure_of(cls)
    return structure is not None and structure.kind is cls  # a TypedDict makes plain dicts


def _nothing_to_fill(cls: type, namespace: str) -> TypeError:
    return TypeError(
        f"@hp.param found nothing to fill in class {cls.__qualname__}: it shows no parameters by "
        "name. If the class is yours, give it an __init__ that names them, or put @hp.param above "
        "the decorator that makes one, such as @dataclass. If not, decorate a function that makes "
        f"the instance: hp.param({namespace!r})(lambda name=...: {cls.__name__}(name))."
    )


def initializer_of(cls: type) -> str:
    """Return which method, written in Python, takes the arguments of a call; empty if none does."""
    if getattr(cls, "_member_map_", None):
        return ""  # an Enum that has made its members already
    for base in cls.__mro__[:-1]:
        for name in ("__init__", "__new__"):
            if name in vars(base) and _is_python(getattr(base, name)):
                return name
    return ""


def _is_python(initializer: object) -> bool:
    # A decorator may have wrapped what a class inherits of object.
    return hasattr(initializer, "__code__") and hasattr(unwrapped(initializer), "__code__")


def as_member(name: str, initializer: Wrapped) -> Any:
    return staticmethod(initializer) if name == "__new__" else initializer


def next_initializer(cls: type, name: str) -> Wrapped:
    """Return an initializer for `cls` that calls the next one, as `super()` finds it."""

    def initialize(self: object, /, *args: object, **kwargs: object) -> None:
        super(cls, self).__init__(*args, **kwargs)  # type: ignore[arg-type]  # cls is a variable

    def make(kind: type, /, *args: object, **kwargs: object) -> object:
        return super(cls, kind).__new__(kind, *args, **kwargs)  # type: ignore[arg-type]  # as above

    return make if name == "__new__" else initialize


def filled_call(
    cls: type, namespace: str, current: Callable[[], Any], call: Callable[..., Any]
) -> Wrapped:
    """Return `call` with the parameters of `cls` filled, which `current()` initializes."""
    function = current()
    if function is None and not _has_fields(cls):
        raise _nothing_to_fill(cls, namespace)
    parameters = _parameters(cls, namespace, function, is_own=call is function)
    if parameters.made_inside or parameters.spellings:
        wrapper = _filled_fields(call, parameters)
    elif call is function:
        return filled(function, parameters.signature)
    else:
        wrapper = _following(cls, namespace, current, call, parameters)
    return marked(wrapper, call if function is None else function, parameters.signature)


def _parameters(cls: type, namespace: str, function: Any, *, is_own: bool) -> Parameters:
    parameters = parameters_of(cls, namespace, function)
    signature = parameters.signature
    # An own initializer without any parameter hides none: what it writes ends with the call.
    if not signature.names and (not is_own or takes_unnamed(function)):
        raise _nothing_to_fill(cls, namespace)
    declare(signature)
    return parameters


def _following(
    cls: type,
    namespace: str,
    current: Callable[[], Any],
    call: Wrapped,
    parameters: Parameters,
) -> Wrapped:
    """Return `call` filled as `current()` asks, also once somebody has replaced that."""
    known, fill = current(), filled_calls(call, parameters.signature)

    def wrapper(*args: object, **kwargs: object) -> object:
        nonlocal known, fill
        function = current()
        # A mock, say, shows no parameters: it stands for the function that it replaces.
        if function is not known and hasattr(function, "__code__"):
            signature = parameters_of(cls, namespace, function).signature
            declare(signature)
            known, fill = function, filled_calls(call, signature)
            marked(wrapper, function, signature)
        return fill(*args, **kwargs)

    return wrapper


def _filled_fields(call: Wrapped, parameters: Parameters) -> Wrapped:
    """Return `call` filled; defaults that are made in its course are recorded after it.

    To pass them instead would make pydantic count them as set.
    """
    signature, made_inside, spellings = parameters

    def wrapper(*args: object, **kwargs: object) -> object:
        before, state = ambient.active.get(), ambient.current()
        bound = tuple(spellings.get(name, name) for name in kwargs)
        plan = signature.plan(state, len(args), bound)
        positional, values = ((), {}) if plan is None else (plan.positional, plan.values)
        try:
            made = call(*args, *positional, **kwargs, **values)
        finally:
            if ambient.active.get() is not before:
                frames.rollback(before)
        given = {*bound, *values, *signature.positional[: len(args)]}
        instance = args[0] if made is None else made
        for name, attribute in made_inside.items():
            if name not in given and hasattr(instance, attribute):
                value = getattr(instance, attribute)
                key = f"{signature.namespace}.{name}"
                state.record.note(key, value, value, None, signature.site)
        return made

    return wrapper
