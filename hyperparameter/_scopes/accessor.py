"""A name on its way to a value: what `hp.scope.train.lr` is before `|` or `()` reads it.

An `Accessor` knows a key and nothing else, so one object per key serves the whole process.
It has no public names: every attribute is a longer key.

It is not the value.  Used as if it were, it raises an error that shows how to read it, because an
answer, such as that it does not equal "gpu", would be wrong without anybody noticing.
"""

from __future__ import annotations

import sys
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar, overload

from .._values.describe import show
from .._values.keys import PUBLIC_NAMES, check, first_segments, flatten
from .._values.origin import resolve, site_of
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


def _is_attribute(name: str) -> bool:
    return name.isidentifier() and name[:2] != "__" and not iskeyword(name)


def _forgotten(self: Accessor, *_operands: object) -> NoReturn:
    """Stand for each operation of the value that has not been read."""
    name = self.__hp_spelled__()
    raise TypeError(
        f"{name} is a parameter, not its value. Read it first: {name}() or ({name} | default)."
    )


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
            return self.__hp_hook__(name)  # type: ignore[no-any-return]  # not a key
        longer = self.__hp_longer__(check(f"{self.__hp_key__}.{name}"))
        keep(self.__dict__, name, longer)
        return longer

    def __getitem__(self, name: str) -> Accessor:
        return self.__hp_longer__(check(f"{self.__hp_key__}.{self.__hp_name__(name)}"))

    def __setattr__(self, name: str, value: object) -> None:
        self.__hp_set__(name, value)

    def __setitem__(self, name: str, value: object) -> None:
        self.__hp_set__(self.__hp_name__(name), value)

    def __delattr__(self, name: str) -> None:
        self.__hp_write__(deletion(self.__hp_state__().snapshot, f"{self.__hp_key__}.{name}"))

    def __delitem__(self, name: str) -> None:
        self.__delattr__(self.__hp_name__(name))

    if not TYPE_CHECKING:  # type checkers report these uses because they are not defined

        def __eq__(self, other: object) -> bool:
            if not isinstance(other, Accessor):
                _forgotten(self)
            return self.__reduce__() == other.__reduce__()

        # With a hash, `hp.scope.mode in {"cpu", "gpu"}` would be False whatever the value is.
        __hash__ = _forgotten
        __lt__ = __le__ = __gt__ = __ge__ = _forgotten
        __contains__ = __iter__ = __len__ = __format__ = _forgotten
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _forgotten
        __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _forgotten
        __mod__ = __rmod__ = __divmod__ = __rdivmod__ = __pow__ = __rpow__ = _forgotten
        __matmul__ = __rmatmul__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _forgotten
        __and__ = __rand__ = __xor__ = __rxor__ = __ror__ = _forgotten
        __neg__ = __pos__ = __invert__ = __abs__ = _forgotten
        __round__ = __trunc__ = __floor__ = __ceil__ = _forgotten
        __int__ = __float__ = __complex__ = __index__ = __bytes__ = _forgotten

    def __repr__(self) -> str:
        """Show what is bound here, without a read: nothing is recorded."""
        key, snapshot = self.__hp_key__, self.__hp_state__().snapshot
        found = snapshot.find(key)
        if found is None:
            return f"<hyperparameter {key!r}: not defined.{snapshot.explain_missing(key)}>"
        value, origin = found
        return f"<hyperparameter {key!r}: {show(key, value)} ({resolve(origin)})>"

    def __dir__(self) -> list[str]:
        """Return the names below this key too, which shells complete; nothing is read."""
        below = self.__hp_state__().snapshot.below(self.__hp_key__)
        return [*object.__dir__(self), *first_segments(below)]

    def __reduce__(self) -> tuple[object, ...]:
        return Accessor, (self.__hp_key__,)

    def __hp_hook__(self, name: str) -> Any:
        if name == "__signature__":  # to find it, inspect would compare an accessor with classes
            from inspect import signature

            return signature(self.__call__)
        raise AttributeError(name)

    def __hp_read__(self, default: object, depth: int) -> object:
        site = site_of(sys._getframe(depth))
        if default is NO_DEFAULT:
            return require(self.__hp_state__(), self.__hp_key__, site)
        if isinstance(default, Accessor):
            mine, other = self.__hp_spelled__(), default.__hp_spelled__()
            raise TypeError(
                f"The default of {mine} is {other}, which has not been read. "
                f"Give that a default of its own: {mine} | ({other} | default)."
            )
        return read(self.__hp_state__(), self.__hp_key__, default, site)

    def __hp_name__(self, name: object) -> str:
        """Return a name that is asked for by index; anything but text is an index of the value."""
        if not isinstance(name, str):
            _forgotten(self)
        return check(name)

    def __hp_spelled__(self, start: str = "hp.scope") -> str:
        """Return the expression that makes this accessor."""
        names = self.__hp_key__.split(".")
        if names[0] not in PUBLIC_NAMES and all(map(_is_attribute, names)):
            return f"{start}.{self.__hp_key__}"
        return f"{start}[{self.__hp_key__!r}]"

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

    def __hp_spelled__(self, start: str = "ps") -> str:
        return super().__hp_spelled__(start)

    def __hp_longer__(self, key: str) -> Accessor:
        return BoundAccessor(key, self.__hp_scope__)

    def __hp_state__(self) -> ambient.State:
        return self.__hp_scope__.__hp_state__()

    def __hp_write__(self, change: Layer) -> None:
        self.__hp_scope__.__hp_write__(change)
