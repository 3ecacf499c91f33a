"""A name on its way to a value: what `hp.scope.train.lr` is before `|` or `()` reads it.

An `Accessor` knows a key and nothing else, so one object per key serves the whole process.
It has no public names: every attribute is a longer key.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol, TypeVar, overload

from .._values.keys import check, flatten
from .._values.origin import site_of
from . import ambient, frames
from .lookup import NO_DEFAULT, deletion, read, require, truth
from .snapshot import Layer

T = TypeVar("T")

_MOST_KEPT = 16_384  # keys made at run time must not fill the memory
_kept = 0


def keep(container: dict[str, Any], name: str, accessor: Accessor) -> None:
    """Keep an accessor for the next time; some thousand altogether."""
    global _kept
    if _kept < _MOST_KEPT:
        _kept += 1
        container[name] = accessor


class Accessor:
    """A key of the scope that is active where it is read."""

    __slots__ = ("__dict__", "__hp_key__")  # the dict keeps the accessors for longer keys
    __hp_key__: str

    def __init__(self, key: str) -> None:
        object.__setattr__(self, "__hp_key__", key)  # ours would write to the scope

    @overload
    def __or__(self, default: None) -> Any: ...
    @overload
    def __or__(self, default: T) -> T: ...
    def __or__(self, default: object) -> object:
        # The way of every read, so the cache is asked here, without another call.
        answer = (ambient.active.get() or ambient.baseline_state).cache.get(self.__hp_key__)
        if answer is not None and answer[0] is default:
            return answer[1]
        return self.__hp_read__(default, 2)

    @overload
    def __call__(self, default: None) -> Any: ...
    @overload
    def __call__(self, default: T) -> T: ...
    @overload
    def __call__(self) -> Any: ...
    def __call__(self, default: object = NO_DEFAULT) -> object:
        answer = (ambient.active.get() or ambient.baseline_state).cache.get(self.__hp_key__)
        if answer is not None and answer[0] is default:
            return answer[1]
        return self.__hp_read__(default, 2)

    def __bool__(self) -> bool:
        return truth(self.__hp_state__(), self.__hp_key__, site_of(sys._getframe(1)))

    def __getattr__(self, name: str) -> Accessor:
        if name[:2] == "__":  # or pickle, copy and inspect would take keys for their hooks
            raise AttributeError(name)
        longer = self.__hp_longer__(check(f"{self.__hp_key__}.{name}"))
        keep(self.__dict__, name, longer)
        return longer

    def __getitem__(self, name: str) -> Accessor:
        return self.__hp_longer__(check(f"{self.__hp_key__}.{check(name)}"))

    def __setattr__(self, name: str, value: object) -> None:
        self.__hp_set__(name, value)

    def __setitem__(self, name: str, value: object) -> None:
        self.__hp_set__(check(name), value)

    def __delattr__(self, name: str) -> None:
        self.__hp_write__(deletion(self.__hp_state__().snapshot, f"{self.__hp_key__}.{name}"))

    def __delitem__(self, name: str) -> None:
        self.__delattr__(check(name))

    __iter__ = None  # or Python would try [0], [1], ... for ever

    def __repr__(self) -> str:
        return f"<hyperparameter {self.__hp_key__!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        return Accessor, (self.__hp_key__,)

    def __hp_read__(self, default: object, depth: int) -> object:
        site = site_of(sys._getframe(depth))
        if default is NO_DEFAULT:
            return require(self.__hp_state__(), self.__hp_key__, site)
        if isinstance(default, Accessor):
            raise TypeError(
                f"The default of {self!r} is {default!r}, which has not been read. "
                "Give it a default of its own first: a.b | (c.d | 1)."
            )
        return read(self.__hp_state__(), self.__hp_key__, default, site)

    def __hp_set__(self, name: str, value: object) -> None:
        values, names = flatten({f"{self.__hp_key__}.{name}": value})
        self.__hp_write__(Layer(values, site_of(sys._getframe(2)), names=names))

    def __hp_longer__(self, key: str) -> Accessor:
        return Accessor(key)

    def __hp_state__(self) -> ambient.State:
        return ambient.current()

    def __hp_write__(self, change: Layer) -> None:
        frames.write_here(change)


class Handle(Protocol):
    """A scope, as far as its accessors need one."""

    def __hp_state__(self) -> ambient.State: ...

    def __hp_write__(self, change: Layer) -> object: ...


class BoundAccessor(Accessor):
    """A key of one scope, read through the object that `with ... as ps` gives."""

    __slots__ = ("__hp_scope__",)
    __hp_scope__: Handle

    def __init__(self, key: str, scope: Handle) -> None:
        object.__setattr__(self, "__hp_key__", key)
        object.__setattr__(self, "__hp_scope__", scope)

    # The cache belongs to the active state; a scope that is read through its handle may be another.
    def __or__(self, default: T) -> T:
        return self.__hp_read__(default, 2)  # type: ignore[return-value]  # converted toward it

    def __call__(self, default: object = NO_DEFAULT) -> Any:
        return self.__hp_read__(default, 2)

    def __reduce__(self) -> tuple[object, ...]:
        return BoundAccessor, (self.__hp_key__, self.__hp_scope__)

    def __hp_longer__(self, key: str) -> Accessor:
        return BoundAccessor(key, self.__hp_scope__)

    def __hp_state__(self) -> ambient.State:
        return self.__hp_scope__.__hp_state__()

    def __hp_write__(self, change: Layer) -> None:
        self.__hp_scope__.__hp_write__(change)
