"""Subclasses of the user's classes that no registry hears of.

A class may enter its subclasses somewhere, in `__init_subclass__` or in its metaclass, under a name
that ours share with it.  Then ours would stand there for the whole program.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from functools import cache, partial
from typing import Any

_MARK = "__hp_unregistered__"


class _Hook:
    """The hook for subclasses, and no function: Ray takes those for methods of an actor."""

    def __get__(self, instance: object, owner: type) -> Callable[..., None]:
        return partial(_pass_on, owner)


def _pass_on(cls: type, /, **options: object) -> None:
    if not _is_ours(cls.__bases__):  # somebody's subclass of one
        super(_Unregistered, cls).__init_subclass__(**options)  # type: ignore[misc]  # it is one


class _Unregistered:
    """The first base of these classes: it keeps the hook of the others from them."""

    __slots__ = ()
    __hp_unregistered__ = True
    __init_subclass__ = _Hook()


def _is_ours(bases: tuple[type, ...]) -> bool:
    """Tell a class by its bases: also while cloudpickle builds it, it has them before all else."""
    return bool(bases) and _MARK in vars(bases[0])


class UnregisteredType(type):
    """A metaclass that keeps the constructor of the user's metaclass from these classes."""

    @classmethod
    def members_over(cls, kind: type) -> dict[str, object]:
        """Return the members of the metaclass that is derived from this one and the user's."""
        return {}

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], /, **options: Any
    ) -> UnregisteredType:
        if not _is_ours(bases):
            return super().__new__(mcs, name, bases, body, **options)
        # ABCMeta's own makes the memory that `isinstance` needs, and enters nothing anywhere.
        make: Callable[..., UnregisteredType] = (
            ABCMeta.__new__ if issubclass(mcs, ABCMeta) else type.__new__
        )
        try:
            return make(mcs, name, bases, body)
        except TypeError:  # a metaclass in C wants to be asked
            return super().__new__(mcs, name, bases, body, **options)

    def __init__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], /, **options: Any
    ) -> None:
        if not _is_ours(bases):
            super().__init__(name, bases, body, **options)


def unregistered_subclass(
    cls: type, members: dict[str, object], metaclass: Any = UnregisteredType
) -> type:
    """Return a subclass with these members that looks like `cls`; `TypeError` if `cls` is final."""
    names = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    if "__eq__" in members:  # or Python would take the other away
        names["__hash__"] = cls.__hash__
    first: type = _Unregistered
    if issubclass(cls, first):  # a base that stands behind `cls` cannot stand before it
        first = type(first.__name__, (first,), {"__slots__": (), _MARK: True})
    made: type = _metaclass(metaclass, type(cls))(cls.__name__, (first, cls), {**names, **members})
    return made


@cache
def _metaclass(metaclass: Any, kind: type) -> Any:
    if issubclass(metaclass, kind):
        return metaclass
    if issubclass(kind, metaclass):
        return kind
    # A class with another metaclass needs one that is derived from both.
    make: Any = type(metaclass)
    members = metaclass.members_over(kind)
    return make(metaclass.__name__, (metaclass, kind), {"__module__": __name__, **members})
