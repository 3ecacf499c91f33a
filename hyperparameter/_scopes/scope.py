"""`hp.scope`: overrides, a context manager, a mapping; and on the class, what is active here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, final

from .._values.describe import show
from .._values.keys import KNOWN, PUBLIC_NAMES, check, flatten
from .._values.origin import outside_site, site_of
from .._values.scalars import SCALARS_AND_TEXT
from .._values.untyped import UntypedText
from ..exceptions import CONTROLS, InvalidKey
from . import ambient, frames
from .accessor import Accessor, BoundAccessor, first_names, keep
from .ambient import CARRIED
from .carried import freeze
from .elsewhere import IMPLICIT_LAYER, ImplicitOwner, is_open_elsewhere, shown_elsewhere
from .lookup import deletion, read_all, require
from .snapshot import EMPTY, Bindings, Layer, Snapshot, as_layer
from .storage import Storage
from .texts import layer_of, with_texts

_UNNESTED = SCALARS_AND_TEXT | {list, tuple, UntypedText}  # told from mappings at once
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
            scope.current().__hp_update__({_own_name(name): value}, 2)

    def __delattr__(cls, name: str) -> None:
        scope.current().__hp_delete__(_own_name(name))

    def __getitem__(cls, key: str) -> Accessor:
        return Accessor(check(key))

    def __setitem__(cls, key: str, value: object) -> None:
        scope.current().__hp_update__({check(key): value}, 2)

    def __delitem__(cls, key: str) -> None:
        scope.current().__hp_delete__(check(key))

    def __contains__(cls, key: object) -> bool:
        return isinstance(key, str) and ambient.current().snapshot.find(key) is not None

    def __iter__(cls) -> Iterator[str]:
        return scope.current().__iter__()

    def __len__(cls) -> int:
        return len(ambient.current().snapshot.flat())

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

    __slots__ = ("__hp_bindings__", "__weakref__")
    __hp_bindings__: Bindings

    def __init_subclass__(cls) -> None:
        raise TypeError("hp.scope is final: its attributes are keys.")

    def __init__(self, /, *texts: str, **params: Any) -> None:
        names = kinds = None
        for key in params:  # noqa: PLC0206  # quicker than items() for the usual one or two
            # `__class__` is one bytecode, `type()` is a call; a key in KNOWN has been checked.
            if key.__class__ is not str or key not in KNOWN or type(params[key]) not in _UNNESTED:
                params, names, kinds = flatten(params)
                break
        frame = _getframe(1)
        site = frame.f_code, frame.f_lasti
        if texts or names or kinds:
            layer = Layer(params, site, names=names or {}, kinds=kinds or {})
            _set_bindings(self, [with_texts(texts, layer) if texts else layer, None, None])
        else:
            _set_bindings(self, [params, site, None])

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
            _set_bindings(handle, owner.__hp_bindings__)
        else:
            handle.__hp_bindings__[2] = ambient.active.get()
        return handle

    @staticmethod
    def frozen() -> None:
        """Make what is visible here the baseline that all contexts without a scope see."""
        freeze()

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
        state = self.__hp_state__()
        return Storage(dict(read_all(state, outside_site())))

    @_here
    def update(self, params: Mapping[str, Any]) -> scope:
        """Set the values of a mapping, nested or flat, and return the scope."""
        return self.__hp_update__(params, 2)

    @_here
    def clear(self) -> scope:
        """Remove all that is visible in this scope, what it inherits included; return it."""
        return self.__hp_write__(Layer({}, outside_site(), closed=True))

    def __getattr__(self, name: str) -> Accessor:
        if name[:2] == "__":
            raise AttributeError(name)
        return BoundAccessor(check(name), self)

    def __setattr__(self, name: str, value: object) -> None:
        self.__hp_update__({_own_name(name): value}, 2)

    def __delattr__(self, name: str) -> None:
        self.__hp_delete__(_own_name(name))

    def __getitem__(self, key: str) -> Any:
        return require(self.__hp_state__(), check(key), outside_site())

    @_here  # for mypy, which looks here for an assignment to an item of the class, too
    def __setitem__(self, key: str, value: object) -> None:
        self.__hp_update__({check(key): value}, 2)

    @_here
    def __delitem__(self, key: str) -> None:
        self.__hp_delete__(check(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.__hp_state__().snapshot.find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter([key for key, _ in read_all(self.__hp_state__(), outside_site())])

    def __len__(self) -> int:
        return len(self.__hp_state__().snapshot.flat())

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return first_names(self.__hp_state__(), scope)

    def __repr__(self) -> str:
        flat = self.__hp_state__().snapshot.flat()
        shown = ", ".join(f"{key}={show(key, flat[key])}" for key in list(flat)[:20])
        shown += ", ..." if len(flat) > 20 else ""
        return f"<scope {shown or 'without keys'}>".translate(CONTROLS)

    def __reduce__(self) -> tuple[object, ...]:
        state = self.__hp_frame__()
        shown = state.snapshot if state is not None else shown_elsewhere(self.__hp_bindings__)
        if shown is None:  # its overrides alone
            shown = as_layer(self.__hp_bindings__).onto(EMPTY)
        return scope_of, (Snapshot(shown.layers, len(shown.layers), shown.closed),)

    def __hp_flat__(self) -> dict[str, Any]:
        return self.__hp_state__().snapshot.flat()

    def __hp_state__(self) -> ambient.State:
        """Return the state of this scope's frame, or how it would be if entered now."""
        now = ambient.current()
        state = self.__hp_frame__()
        if state is not None:
            return state if state.record is now.record else ambient.view(state.snapshot, now.record)
        if self.__hp_is_implicit__():
            return now
        return ambient.view(as_layer(self.__hp_bindings__).onto(now.snapshot), now.record)

    def __hp_is_implicit__(self) -> bool:
        return self.__hp_bindings__[0] is IMPLICIT_LAYER

    def __hp_frame__(self) -> ambient.State | None:
        """Return this scope's innermost state here; `implicit` has those that writes open, too."""
        if not self.__hp_is_implicit__():
            return frames.frame_of(self)
        for state in ambient.chain(ambient.active.get()):
            if state.owner is self or isinstance(state.owner, ImplicitOwner):
                return state
            if state.owner is CARRIED:  # what lies below is another's
                return None
        return None

    def __hp_update__(self, params: Mapping[str, Any], depth: int) -> scope:
        values, names, kinds = flatten(params)
        return self.__hp_write__(Layer(values, site_of(_getframe(depth)), names=names, kinds=kinds))

    def __hp_delete__(self, key: str) -> None:
        self.__hp_write__(deletion(self.__hp_state__().snapshot, key))

    def __hp_write__(self, change: Layer) -> scope:
        state = self.__hp_frame__()
        if state is not None:
            frames.write(state, change)
        elif self.__hp_is_implicit__():
            frames.open_implicit(change)
        elif is_open_elsewhere(self.__hp_bindings__):
            frames.open_copy(self, change)  # nobody else sees what this context writes
        else:
            with ambient.lock:  # threads may share a scope that none of them has entered
                # A list of its own: where the scope is open, its frame has the other.
                bound = as_layer(self.__hp_bindings__).bind(change)
                _set_bindings(self, [bound, None, None])
        return self


# The slot itself: `scope.__setattr__` writes parameters.
_set_bindings = vars(scope)["__hp_bindings__"].__set__


def scope_of(layer: Layer | Snapshot) -> scope:
    """Return a scope that binds what `layer` binds, with its origins."""
    new = scope.__new__(scope)
    _set_bindings(new, [layer, None, None])
    return new


def _own_name(name: str) -> str:
    if name in PUBLIC_NAMES:
        raise InvalidKey(
            f"{name!r} is a method of scopes. To set the parameter, write scope[{name!r}] = ...",
            key=name,
        )
    return check(name)
