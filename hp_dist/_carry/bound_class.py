"""Classes, and callable objects, whose code runs inside the scopes of the moment of their binding.

A bound class is a subclass, because Ray Data, Ray Serve and others test whether they were given a
class, subclass it again and look at its methods.  A bound object is an instance of one, with the
attributes of the object that was bound.
"""

from __future__ import annotations

import copyreg
import enum
import functools
from collections.abc import Callable
from typing import Any

from hyperparameter import _engine_interface as interface
from hyperparameter import context

from .attachments import Inline
from .calling import inside
from .from_start import attaching
from .members import Enter, member_inside, members_inside, own_members
from .submission import AnySubmission, Attachments, LazySubmission
from .unregistered import UnregisteredType, unregistered_subclass

_MADE_FROM = "__hp_made_from__"
_HEAP = 1 << 9  # the flag of types that a class statement makes


def _reduce(cls: type) -> str | tuple[Callable[..., Any], tuple[object, ...]]:
    made_from = vars(cls).get(_MADE_FROM)
    if made_from is None:  # somebody's subclass of a bound class: by reference, as any class
        return cls.__qualname__
    original, submission, _ = made_from
    return _bound_class, (original, *submission.message(Inline))


class _Metaclass(type):
    """The type of metaclasses of bound classes, about each of which pickle asks `copyreg`."""

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> None:
        super().__init__(name, bases, body)
        copyreg.pickle(cls, _reduce)


class BoundType(UnregisteredType, metaclass=_Metaclass):
    """The metaclass of bound classes."""

    @classmethod
    def members_over(cls, kind: type) -> dict[str, object]:
        """Return the functions of a metaclass, each inside the scopes of the class it is given."""
        own = [base for base in kind.__mro__ if base.__module__ not in _STANDARD]
        names = {name for base in own for name in vars(base)} - _MAKE_CLASSES
        return {
            name: member_inside(kind, name, _enter_class)
            for name, _ in own_members(kind)
            if name in names
        }


# What makes a class is not called for ours, and of the standard metaclasses nothing reads scopes.
_MAKE_CLASSES = frozenset(["__new__", "__init__", "__prepare__", "mro"])
_STANDARD = frozenset(["abc", "builtins", "enum", "typing"])


def _enter_class(function: Callable[..., Any]) -> Callable[..., Any]:
    def prepare(args: interface.Args, kwargs: interface.Kwargs) -> Any:
        cls = next((each for each in args if isinstance(each, type)), object)
        # Not asked for as an attribute: the metaclass may have functions for that.
        for base in cls.__mro__:
            if (made_from := vars(base).get(_MADE_FROM)) is not None:
                made_from[2]()
                break
        return args, kwargs

    return functools.update_wrapper(interface.wrap(function, prepare, context.detach), function)


def bound_class(cls: type, submission: AnySubmission) -> type:
    """Return a subclass of `cls` whose code opens the scopes; `TypeError` if `cls` is final."""
    if getattr(cls, "__members__", None) and issubclass(cls, enum.Enum):
        raise TypeError(f"{cls!r} has members, so it has no subclass that could be bound.")
    attach = attaching(submission, again=False)
    members = members_inside(cls, _entering(attach))
    members[_MADE_FROM] = cls, submission, attach
    return unregistered_subclass(cls, members, BoundType)


def bound_object(target: Any, submission: AnySubmission) -> Any:
    """Return an object with the class and attributes of `target`, whose code opens the scopes.

    None where that needs more than a dictionary of attributes, as objects of C and slots do.
    """
    cls = type(target)
    if not cls.__flags__ & _HEAP or any(vars(base).get("__slots__") for base in cls.__mro__):
        return None

    def reduce(_: object, __: object = None) -> tuple[object, ...]:
        # The pickler has to meet the object itself, outside of the scopes: what refers to it, its
        # own attributes among others, would have a second one otherwise.
        return _bound_object, (target, *submission.message(Inline))

    attach = attaching(submission, again=False)
    members = members_inside(cls, _entering(attach))
    members |= dict.fromkeys(("__reduce__", "__reduce_ex__"), reduce)
    members[_MADE_FROM] = cls, submission, attach
    try:
        bound: Any = object.__new__(unregistered_subclass(cls, members, BoundType))
        # Not a copy: what a method changes is changed in both.
        object.__setattr__(bound, "__dict__", target.__dict__)
    except (AttributeError, TypeError):
        return None
    return bound


def _entering(attach: Callable[[], None]) -> Enter:
    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        return functools.update_wrapper(inside(function, attach), function)

    return enter


def _bound_class(cls: type, payload: bytes, attachments: Attachments = ()) -> type:
    return bound_class(cls, LazySubmission(Inline, payload, attachments))


def _bound_object(target: object, payload: bytes, attachments: Attachments = ()) -> object:
    return bound_object(target, LazySubmission(Inline, payload, attachments))
