"""The members of a class that run inside scopes: functions of every name, and descriptors.

A subclass takes them in place of those of its base.  `enter` returns a function of the same kind
that runs inside.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

Function = Callable[..., Any]
Enter = Callable[[Function], Function]

_LEFT_TO_PYTHON = frozenset(["__init_subclass__", "__subclasshook__"])
# Made by the interpreter, with none of the user's code behind them.
_BUILTIN = (
    types.BuiltinFunctionType, types.ClassMethodDescriptorType, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.MethodDescriptorType, types.WrapperDescriptorType,
)  # fmt: skip


def members_inside(cls: type, enter: Enter) -> dict[str, object]:
    """Return what a subclass of `cls` needs for all of its code to run inside."""
    return {name: member_inside(cls, name, enter) for name, _ in own_members(cls)}


def own_members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the functions and descriptors of `cls` and its bases, as they stand in the classes."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-1]):
        found |= vars(base)
    for name, member in found.items():
        is_descriptor = hasattr(type(member), "__get__") and not isinstance(member, type)
        is_of_typing = name == "__class_getitem__" and not _is_of_user(member)
        if name in _LEFT_TO_PYTHON or is_of_typing:
            continue
        if is_descriptor and not isinstance(member, _BUILTIN):
            yield name, member


def _is_of_user(member: Any) -> bool:
    function = getattr(member, "__func__", None)
    return inspect.isfunction(function) and function.__module__ != "typing"


def member_inside(cls: type, name: str, enter: Enter) -> object:
    """Return what a subclass of `cls` needs in place of one of its members."""
    member = inspect.getattr_static(cls, name)
    if inspect.isfunction(member):
        return enter(member)
    if type(member) in {staticmethod, classmethod} and inspect.isfunction(member.__func__):
        return type(member)(enter(member.__func__))
    if type(member) is property:
        fget, fset, fdel = (
            part and enter(part) for part in (member.fget, member.fset, member.fdel)
        )
        return property(fget, fset, fdel, member.__doc__)
    is_data = hasattr(type(member), "__set__") or hasattr(type(member), "__delete__")
    return (_DataDescriptor if is_data else _Descriptor)(cls, name, enter)


class _Descriptor:
    """A descriptor of another make, which is asked, and whose functions are called, inside."""

    def __init__(self, cls: type, name: str, enter: Enter) -> None:
        self._made_from = cls, name, enter
        self._descriptor: Any = inspect.getattr_static(cls, name)
        self._enter = enter
        if getattr(self._descriptor, "__isabstractmethod__", False):
            self.__isabstractmethod__ = True

    def __reduce__(self) -> tuple[object, ...]:
        # Not the descriptor, which may have a lock or a memory, but where it is found.
        return member_inside, self._made_from

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # `type(...)`, as the interpreter does: the descriptor may forward attributes itself.
        get = self._enter(type(self._descriptor).__get__)
        found = get(self._descriptor, instance, owner)
        if instance is None or not isinstance(
            found, (types.FunctionType, types.MethodType, functools.partial)
        ):
            return found
        return self._enter(found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copy and pickle ask for some before there is a descriptor
            raise AttributeError(name)
        return getattr(self._descriptor, name)


class _DataDescriptor(_Descriptor):
    def __set__(self, instance: object, value: object) -> None:
        self._enter(type(self._descriptor).__set__)(self._descriptor, instance, value)

    def __delete__(self, instance: object) -> None:
        self._enter(type(self._descriptor).__delete__)(self._descriptor, instance)
