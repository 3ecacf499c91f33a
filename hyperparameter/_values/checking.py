"""Conversion that only checks a value: nothing of the user's is made, and stand-ins take its place.

The walk over a hint is the same; what makes an instance of a class, asks its enumeration or calls
a default's factory asks `mode` first.
"""

from __future__ import annotations

import _thread  # importing threading is a tenth of our import
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .fields import Constant, Structure, no_value, none_made

UNSEEN: Any = object()
"""Stands for a value that only the user's code can make, and that may be of any type."""

_PLAIN_FACTORIES = (list, dict, set, frozenset, tuple, none_made, no_value)


class _Mode(_thread._local):
    """How this thread converts; with `may_lack`, what is missing may still be set elsewhere."""

    is_on = False
    may_lack = False


mode = _Mode()


@contextmanager
def only_checking(*, may_lack: bool) -> Iterator[None]:
    """Let conversions of this thread make nothing of the user's."""
    before = mode.is_on, mode.may_lack
    mode.is_on, mode.may_lack = True, may_lack
    try:
        yield
    finally:
        mode.is_on, mode.may_lack = before


class StandIn:
    """Stands for an instance of a class: it passes for one, and has the fields that are known."""

    __slots__ = ("__dict__", "_stands_for")

    def __init__(self, kind: type, attributes: dict[str, object]) -> None:
        self._stands_for = kind
        self.__dict__.update(attributes)

    @property  # type: ignore[misc]  # object's can be set as well
    def __class__(self) -> type:
        return self._stands_for

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # by which pydantic knows its instances
            return getattr(self._stands_for, name)
        raise AttributeError(name)


def stand_in(structure: Structure, values: dict[str, object]) -> StandIn:
    """Return what stands for an instance with these values of its fields."""
    fields = structure.fields
    attributes = {fields[n].attribute or n: one for n, one in values.items() if n in fields}
    return StandIn(structure.kind, attributes)


def made(factory: Callable[[], object]) -> object:
    """Return the default that a factory makes; while checking, a stand-in unless it is at hand."""
    if (
        not mode.is_on
        or isinstance(factory, Constant)
        or any(factory is one for one in _PLAIN_FACTORIES)
    ):
        return factory()
    return StandIn(factory, {}) if isinstance(factory, type) else UNSEEN


def is_unmade(value: object) -> bool:
    return value is UNSEEN or type(value) is StandIn


def kind_of(value: object) -> type:
    """Return the class of a value, or of what it stands for; other values may lie about theirs."""
    return value.__class__ if type(value) is StandIn else type(value)
