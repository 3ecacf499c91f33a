"""A name on its way to a value: what `hp.scope.train.lr` is before `|` or `()` reads it.

An `Accessor` knows a key and nothing else, so one object per key serves the whole process.
It has no public names: every attribute is a longer key.

It is not the value.  Used as if it were, it raises an error that shows how to read it, because an
answer, such as that it does not equal "gpu", would be wrong without anybody noticing.
"""

from __future__ import annotations

import sys
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, overload

from .._values.describe import show
from .._values.keys import KNOWN, PUBLIC_NAMES, check
from .._values.origin import resolve, site_of
from . import ambient, frames
from .bound import written
from .elsewhere import slot
from .frames import Enterable
from .handle import state_of
from .lookup import NO_DEFAULT, deletion, read, require, shown, truth
from .missing import explain_missing
from .snapshot import Layer

T = TypeVar("T")

_getframe = sys._getframe
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


def _forgotten(self: Unread, *_operands: object) -> NoReturn:
    """Stand for each operation of the value that has not been read."""
    name = self.__hp_spelled__()
    raise TypeError(
        f"{name} is a parameter, not its value. Read it first: {name}() or ({name} | default)."
    )


class Unread:
    """A key on its way to a value; its two kinds know where it is read."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def __hp_key__(self) -> str: ...
        def __call__(self) -> Any: ...
        def __hp_longer__(self, key: str) -> Self: ...
        def __hp_state__(self) -> ambient.State: ...
        def __hp_write__(self, change: Layer) -> None: ...

    def __bool__(self) -> bool:
        return truth(self.__hp_state__(), self.__hp_key__, site_of(_getframe(1)))

    def __getitem__(self, name: str) -> Self:
        return self.__hp_longer__(check(f"{self.__hp_key__}.{self.__hp_name__(name)}"))

    def __setattr__(self, name: str, value: object) -> None:
        # Not by way of `__setitem__`: a call is a twentieth of a write.
        change = written({f"{self.__hp_key__}.{name}": value}, site_of(_getframe(1)))
        self.__hp_write__(change)

    def __setitem__(self, name: str, value: object) -> None:
        key = f"{self.__hp_key__}.{self.__hp_name__(name)}"
        self.__hp_write__(written({key: value}, site_of(_getframe(1))))

    def __delattr__(self, name: str) -> None:
        self.__hp_write__(deletion(self.__hp_state__().snapshot, f"{self.__hp_key__}.{name}"))

    def __delitem__(self, name: str) -> None:
        self.__delattr__(self.__hp_name__(name))

    if not TYPE_CHECKING:  # type checkers report these uses because they are not defined

        def __eq__(self, other: object) -> bool:
            if not isinstance(other, Unread):
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

    def __dir__(self) -> list[str]:
        names = names_below(self.__hp_state__(), self.__hp_key__)
        return [*special_names(type(self)), *names]

    def __repr__(self) -> str:
        """Show what is bound here, which does not use it."""
        key, state = self.__hp_key__, self.__hp_state__()
        snapshot = state.snapshot
        state.record.note_shown([key, *(f"{key}.{name}" for name in snapshot.below(key))])
        found = snapshot.find(key)
        if found is None:
            return f"<hyperparameter {key!r}: not defined.{explain_missing(snapshot, key)}>"
        value, origin = found
        return f"<hyperparameter {key!r}: {show(key, value)} ({resolve(origin)})>"

    def __hp_hook__(self, name: str) -> Any:
        if name == "__signature__":  # to find it, inspect would compare an accessor with classes
            from inspect import signature

            return signature(self.__call__)
        raise AttributeError(name)

    def __hp_read__(self, default: object, depth: int) -> object:
        frame = _getframe(depth)
        site = frame.f_code, frame.f_lasti
        if default is NO_DEFAULT:
            return require(self.__hp_state__(), self.__hp_key__, site)
        if isinstance(default, Unread):
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


class Accessor(Unread):
    """A key of the scope that is active where it is read."""

    __slots__ = ("__dict__", "__hp_key__")  # the dict keeps the accessors for longer keys

    def __init__(self, key: str) -> None:
        _set_key(self, key)

    @overload
    def __or__(self, default: None) -> Any: ...
    @overload
    def __or__(self, default: T) -> T: ...
    def __or__(self, default: object) -> object:
        # The way of every read: what `State.read_before` does, without another call.
        cache = (ambient.active.get() or ambient.baseline_state).cache
        answer = cache.get(self.__hp_key__)
        if answer is not None:
            if answer[0] is default:
                return answer[1]
            answer = cache.get((self.__hp_key__, id(default)))
            if answer is not None:
                return answer[1]
        return self.__hp_read__(default, 2)

    @overload
    def __call__(self, default: None) -> Any: ...
    @overload
    def __call__(self, default: T) -> T: ...
    @overload
    def __call__(self) -> Any: ...
    def __call__(self, default: object = NO_DEFAULT) -> object:
        cache = (ambient.active.get() or ambient.baseline_state).cache
        answer = cache.get(self.__hp_key__)
        if answer is not None:
            if answer[0] is default:
                return answer[1]
            answer = cache.get((self.__hp_key__, id(default)))
            if answer is not None:
                return answer[1]
        return self.__hp_read__(default, 2)

    def __getattr__(self, name: str) -> Accessor:
        if name[:2] == "__":  # or pickle, copy and inspect would take keys for their hooks
            return self.__hp_hook__(name)  # type: ignore[no-any-return]  # not a key
        longer = self.__hp_longer__(check(f"{self.__hp_key__}.{name}"))
        keep(self.__dict__, name, longer)
        return longer

    def __reduce__(self) -> tuple[object, ...]:
        return Accessor, (self.__hp_key__,)

    def __hp_longer__(self, key: str) -> Self:
        return type(self)(key)

    __hp_state__ = staticmethod(ambient.current)

    def __hp_write__(self, change: Layer) -> None:
        frames.write_here(change)


class BoundAccessor(Unread):
    """A key of one scope, read through the object that `with ... as ps` gives."""

    __slots__ = ("__hp_place__",)  # both in one: getting and setting a slot are calls here

    def __init__(self, key: str, scope: Enterable) -> None:
        _set_place(self, (key, scope))

    @property
    def __hp_key__(self) -> str:
        key: str = _get_place(self)[0]
        return key

    @property
    def __hp_scope__(self) -> Any:  # a scope, which is made of what stands here
        return _get_place(self)[1]

    # Not `__getattr__`, which Python asks only after it has raised an error of its own: that takes
    # twice as long as all the rest.  No cache may have these, since they keep their scope alive.
    def __getattribute__(self, name: str) -> Any:
        if name and name[0] == "_" and name[:2] == "__":  # which is the costly test
            if name == "__signature__":
                return self.__hp_hook__(name)
            return object.__getattribute__(self, name)
        key, scope = _get_place(self)
        key = f"{key}.{name}"
        longer = _new(BoundAccessor)  # half the price of `BoundAccessor(...)`
        _set_place(longer, (key if key in KNOWN else check(key), scope))
        return longer

    # The cache belongs to the active state; a scope that is read through its handle may be another.
    def __or__(self, default: T) -> T:
        key, scope = _get_place(self)
        answer = state_of(scope).read_before(key, default)
        if answer is not None:
            return answer[1]  # type: ignore[return-value]  # converted toward it
        return self.__hp_read__(default, 2)  # type: ignore[return-value]

    def __call__(self, default: object = NO_DEFAULT) -> Any:
        key, scope = _get_place(self)
        answer = state_of(scope).read_before(key, default)
        return self.__hp_read__(default, 2) if answer is None else answer[1]

    def __reduce__(self) -> tuple[object, ...]:
        return BoundAccessor, (self.__hp_key__, self.__hp_scope__)

    def __hp_spelled__(self, start: str = "ps") -> str:
        return super().__hp_spelled__(start)

    def __hp_longer__(self, key: str) -> Self:
        return type(self)(key, self.__hp_scope__)

    def __hp_state__(self) -> ambient.State:
        return state_of(self.__hp_scope__)

    def __hp_write__(self, change: Layer) -> None:
        self.__hp_scope__.__hp_write__(change)


_, _set_key = slot(Accessor, "__hp_key__")
_get_place, _set_place = slot(BoundAccessor, "__hp_place__")
_new = object.__new__


def special_names(kind: type) -> list[str]:
    """Return the names of Python's own protocols, which tools that inspect an object look for."""
    return [name for name in type.__dir__(kind) if name[:2] == "__"]


def names_below(state: ambient.State, key: str) -> list[str]:
    """Return what may follow a key, or begin one if it is empty: TAB offers it in a session.

    That is what is set, what the program declares, and what it has read so far.
    """
    prefix = f"{key}." if key else ""
    keys = {*shown(state), *state.record.known_keys()}
    found = {one[len(prefix) :].partition(".")[0] for one in keys if one.startswith(prefix)}
    return sorted(name for name in found if name.isidentifier())


def first_names(state: ambient.State, kind: type) -> list[str]:
    """Return the names that attributes of a scope may have, its methods included."""
    keys = [name for name in names_below(state, "") if name not in PUBLIC_NAMES]
    return [*special_names(kind), *sorted(PUBLIC_NAMES), *keys]
