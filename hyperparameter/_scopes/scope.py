"""`hp.scope`: overrides, a context manager, a mapping; and on the class, what is active here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, final

from .._values.describe import show
from .._values.keys import KNOWN, PUBLIC_NAMES, check, flatten
from .._values.origin import outside_site, site_of
from ..exceptions import CONTROLS
from . import ambient, frames
from .accessor import Accessor, BoundAccessor, first_names, keep
from .bound import UNNESTED, as_layer, layer_of, own_name, with_texts, written
from .elsewhere import (
    IMPLICIT_LAYER,
    Arrived,
    ImplicitOwner,
    is_open_elsewhere,
    rebound,
    set_bindings,
    shown_elsewhere,
)
from .handle import frame_of, is_implicit, state_of
from .lookup import NO_DEFAULT, deletion, is_bound, read_all, require, shown
from .snapshot import EMPTY, Layer, Snapshot
from .storage import Storage

_getframe = sys._getframe
P = ParamSpec("P")
R = TypeVar("R")


class _Roots(dict[str, Any]):
    """The accessors that `hp.scope.name` gives, by name."""

    def __missing__(self, name: str) -> Any:
        if name[:2] == "__" or name in PUBLIC_NAMES:
            return type.__getattribute__(scope, name)
        accessor = Accessor(check(name))
        keep(self, name, accessor)
        return accessor


class _Items(dict[str, Accessor]):
    """The accessors that `hp.scope["a.b"]` gives, by key."""

    def __missing__(self, key: str) -> Accessor:
        accessor = Accessor(check(key))
        keep(self, key, accessor)
        return accessor


_items = _Items()


class _AmbientMeta(type):
    """Makes the class `scope` itself read and write what is active here."""

    # A bound method of a dict, called without the class: half the price of a function, on the
    # way of every read.  It can serve one class only, so `scope` is final.
    if TYPE_CHECKING:

        def __getattr__(cls, name: str) -> Accessor: ...

    else:
        __getattribute__ = _Roots().__getitem__

    def __setattr__(cls, name: str, value: object) -> None:
        if name[:2] == "__":
            type.__setattr__(cls, name, value)
        else:
            scope.current().__hp_update__({own_name(name): value}, 2)

    def __delattr__(cls, name: str) -> None:
        scope.current().__hp_delete__(own_name(name))

    def __getitem__(cls, key: str) -> Accessor:
        try:
            return _items[key]
        except TypeError:  # it has no hash
            return Accessor(check(key))

    def __setitem__(cls, key: str, value: object) -> None:
        scope.current().__hp_update__({check(key): value}, 2)

    def __delitem__(cls, key: str) -> None:
        scope.current().__hp_delete__(check(key))

    def __contains__(cls, key: object) -> bool:
        return isinstance(key, str) and is_bound(ambient.current(), key)

    def __iter__(cls) -> Iterator[str]:
        return scope.current().__iter__()

    def __len__(cls) -> int:
        return len(shown(ambient.current()))

    def __bool__(cls) -> bool:
        return True

    def __dir__(cls) -> list[str]:
        return first_names(ambient.current(), cls)


class _here(Generic[P, R]):
    """A method that, called on the class, acts on the scope that is active here."""

    def __init__(self, function: Callable[Concatenate[scope, P], R]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: scope | None, owner: type[scope]) -> Callable[P, R]:
        return MethodType(self.function, scope.current() if instance is None else instance)


@final
class scope(frames.Enterable, metaclass=_AmbientMeta):
    """A set of overrides, and the context manager that makes them visible.

    `hp.scope("lr=0.1", batch_size=32, **{"train.epochs": 3})`: text has no type until it is
    read, mappings flatten into dotted keys.  On the class, names read what is active here
    (`hp.scope.train.lr | 0.1`); an instance is a mapping over its flat keys, its own over
    those that it inherits.
    """

    __slots__ = ("__weakref__",)

    def __init_subclass__(cls) -> None:
        raise TypeError("hp.scope is final: its attributes are keys.")

    def __init__(self, /, *texts: str, **params: Any) -> None:
        frame = _getframe(1)
        names = kinds = None
        for key in params:  # noqa: PLC0206  # quicker than items() for the usual one or two
            # `__class__` is one bytecode, `type()` is a call; a key in KNOWN has been checked.
            if (
                key not in KNOWN
                or params[key].__class__ not in UNNESTED
                or key.__class__ is not str
            ):
                params, names, kinds = flatten(params)
                break
        site = frame.f_code, frame.f_lasti
        if texts or names or kinds:
            layer = Layer(params, site, names=names or {}, kinds=kinds or {})
            set_bindings(self, [with_texts(texts, layer) if texts else layer, None, None, None])
        else:
            set_bindings(self, [params, site, None, None])

    @staticmethod
    def empty(*texts: str, **params: Any) -> scope:
        """Return a scope that inherits nothing, the baseline included."""
        return scope_of(layer_of(texts, params, site_of(_getframe(1)), closed=True))

    @staticmethod
    def current() -> scope:
        """Return a handle on the innermost active scope."""
        owner = frames.written_owner()
        if isinstance(owner, scope):
            return owner
        handle = scope_of(IMPLICIT_LAYER)
        if isinstance(owner, ImplicitOwner):
            set_bindings(handle, owner.__hp_bindings__)
        else:
            handle.__hp_bindings__[2] = ambient.active.get()
        return handle

    @staticmethod
    def frozen() -> None:
        """Make what is visible here the baseline that all contexts without a scope see."""
        from .inherited import freeze_here  # which only programs with threads need

        freeze_here()

    @staticmethod
    def init(params: Mapping[str, Any] | None = None) -> scope:
        """Open a scope in this thread for good and return it."""
        opened = scope_of(layer_of((), dict(params or {}), site_of(_getframe(1))))
        return opened.__enter__()

    if TYPE_CHECKING:  # pyright looks for a method where it asks whether this is a mapping

        @classmethod
        def keys(cls) -> Iterator[str]: ...

    else:

        @_here
        def keys(self) -> Iterator[str]:
            """Return the flat keys that are visible in this scope, inherited ones included."""
            return self.__iter__()

    @_here
    def storage(self) -> Storage:
        """Return the storage object, whose `storage()` is the flat dict of visible values."""
        state = state_of(self)
        return Storage(dict(read_all(state, outside_site())))

    @_here
    def update(self, params: Mapping[str, Any]) -> scope:
        """Set the values of a mapping, nested or flat, and return the scope."""
        return self.__hp_update__(params, 2)

    @_here
    def clear(self) -> scope:
        """Remove all that is visible in this scope, what it inherits included; return it."""
        return self.__hp_write__(Layer({}, outside_site(), closed=True))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Accessor: ...

    else:

        def __getattribute__(self, name: str) -> Any:  # as that of `BoundAccessor`
            if name[:2] == "__" or name in PUBLIC_NAMES:
                return object.__getattribute__(self, name)
            return BoundAccessor(name if name in KNOWN else check(name), self)

    def __setattr__(self, name: str, value: object) -> None:
        self.__hp_update__({own_name(name): value}, 2)

    def __delattr__(self, name: str) -> None:
        self.__hp_delete__(own_name(name))

    def __getitem__(self, key: str) -> Any:
        state, key = state_of(self), check(key)
        answer = state.read_before(key, NO_DEFAULT)
        return require(state, key, outside_site()) if answer is None else answer[1]

    @_here  # for mypy, which looks here for an assignment to an item of the class, too
    def __setitem__(self, key: str, value: object) -> None:
        self.__hp_update__({check(key): value}, 2)

    @_here
    def __delitem__(self, key: str) -> None:
        self.__hp_delete__(check(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and is_bound(state_of(self), key)

    def __iter__(self) -> Iterator[str]:
        return iter([key for key, _ in read_all(state_of(self), outside_site())])

    def __len__(self) -> int:
        return len(shown(state_of(self)))

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return first_names(state_of(self), scope)

    def __repr__(self) -> str:
        flat = shown(state_of(self))
        text = ", ".join(f"{key}={show(key, flat[key])}" for key in list(flat)[:20])
        text += ", ..." if len(flat) > 20 else ""
        return f"<scope {text or 'without keys'}>".translate(CONTROLS)

    def __reduce__(self) -> tuple[object, ...]:
        state = frame_of(self)
        seen = state.snapshot if state is not None else shown_elsewhere(self.__hp_bindings__)
        make = scope_of if seen is None else _arrived
        seen = seen or as_layer(self.__hp_bindings__).onto(EMPTY)  # or its overrides alone
        ambient.current().record.note_shown(seen.flat())
        return make, (Snapshot(seen.layers, len(seen.layers), seen.closed),)

    def __hp_flat__(self) -> dict[str, Any]:
        return shown(state_of(self))

    def __hp_frame__(self) -> ambient.State | None:
        return frame_of(self)

    def __hp_update__(self, params: Mapping[str, Any], depth: int) -> scope:
        return self.__hp_write__(written(params, site_of(_getframe(depth))))

    def __hp_delete__(self, key: str) -> None:
        self.__hp_write__(deletion(state_of(self).snapshot, key))

    def __hp_write__(self, change: Layer) -> scope:
        state = frame_of(self)
        if state is not None:
            frames.write(state, change)
        elif is_implicit(self):
            frames.open_implicit(change)
        elif is_open_elsewhere(self.__hp_bindings__):
            frames.open_copy(self, change)  # nobody else sees what this context writes
        else:
            with ambient.lock:  # threads may share a scope that none of them has entered
                # A list of its own: where the scope is open, its frame has the other.
                set_bindings(self, rebound(self.__hp_bindings__, change))
        return self


def scope_of(layer: Layer | Snapshot) -> scope:
    """Return a scope that binds what `layer` binds, with its origins."""
    new = scope.__new__(scope)
    set_bindings(new, [layer, None, None, None])
    return new


def _arrived(shown: Snapshot) -> scope:
    """Return a scope that binds what another one has shown, and shows that until it is entered."""
    new = scope_of(shown)
    new.__hp_bindings__[2] = Arrived(shown)
    return new
