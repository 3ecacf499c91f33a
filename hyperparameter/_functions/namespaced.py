"""A class of its own for a namespace, of a class that exists already and stays as it is.

Calling it makes an instance of the class itself.  It is a subclass nevertheless, so that it can
stand where the class can and be subclassed in turn; its subclasses are filled like those of a
decorated class.
"""

import copyreg
import sys
import threading
from collections.abc import Callable
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import WeakValueDictionary

from .classes import as_member, filled_call, initializer_of, next_initializer

if TYPE_CHECKING:
    from .signature import Signature

_HEAP, _IMMUTABLE = 1 << 9, 1 << 8  # flags of types: made by a class statement; closed to changes
_ORIGIN, _CALL = "__hp_filled_from__", "__hp_filled_call__"

_made: WeakValueDictionary[str, Any] = WeakValueDictionary()
_lock = threading.RLock()


def __getattr__(name: str) -> Any:
    # cloudpickle sends a class in full unless it finds it under its name; here it finds all of ours
    # and leaves them to `copyreg`, as pickle does.
    try:
        return _made[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


class Origin(NamedTuple):
    """What a class of this module was made from."""

    cls: type
    namespace: str


def exists(cls: type, frame: FrameType) -> bool:
    """Tell whether others know `cls` already: a class that is being written has no name yet."""
    named: object = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        named = getattr(named, part, None)
    if named is cls or not cls.__flags__ & _HEAP or cls.__flags__ & _IMMUTABLE:
        return True
    scopes = frame.f_locals, frame.f_globals
    if any(names.get(cls.__name__) is cls for names in scopes):
        return True
    # What a factory returns may have any name; its second namespace must not join its first.
    return namespace_of(cls) is not None and any(
        value is cls for names in scopes for value in list(names.values())
    )


def namespace_of(cls: type) -> str | None:
    """Return the namespace that a class is filled from, if it is."""
    if _ORIGIN in vars(cls):
        return str(vars(cls)[_ORIGIN].namespace)
    signature = signature_of(cls)
    return None if signature is None else str(signature.namespace)


def signature_of(cls: type) -> "Signature | None":
    """Return the signature of the calls of a class that is filled."""
    if _CALL in vars(cls):
        made: Signature = vars(cls)[_CALL].__hp_signature__
        return made
    for name in ("__init__", "__new__"):
        signature = getattr(getattr(cls, name), "__hp_signature__", None)
        # A method may be decorated by itself, and has a name of its own then.
        if name in vars(cls) and signature and signature.qualname == cls.__qualname__:
            return cast("Signature", signature)
    return None


def original(cls: type) -> type:
    """Return the class whose instances the calls of a class make."""
    origin: Origin | None = vars(cls).get(_ORIGIN)
    return cls if origin is None else origin.cls


def class_for(cls: type, namespace: str) -> type:
    """Return the class that fills instances of `cls` from a namespace, the same one each time."""
    if namespace_of(cls) == namespace:
        return cls
    escaped = namespace.replace("%", "%25").replace(".", "%2E")  # a dot would be a look-up
    name = f"{cls.__name__}@{id(cls):x}@{escaped}"
    with _lock:
        made: type | None = _made.get(name)
        if made is None:
            made = _made[name] = _make(cls, namespace, name)
        return made


def _make(cls: type, namespace: str, qualname: str) -> type:
    method = initializer_of(cls)

    def current() -> Any:
        return getattr(cls, method) if method else None

    def call(_: type, /, *args: object, **kwargs: object) -> object:
        return cls(*args, **kwargs)

    body = {
        "__module__": __name__,
        "__qualname__": qualname,
        "__doc__": cls.__doc__,
        _ORIGIN: Origin(cls, namespace),
    }
    made = _subclass(cls, namespace, body)
    members = {_CALL: filled_call(cls, namespace, current, call)}
    if method:
        inherited = filled_call(cls, namespace, current, next_initializer(made, method))
        members[method] = as_member(method, inherited)
    if hasattr(cls, "__abstractmethods__"):  # which subclasses in turn have to define
        members["__abstractmethods__"] = cls.__abstractmethods__
    for name, member in members.items():
        type.__setattr__(made, name, member)  # past the metaclass
    return made


def _subclass(cls: type, namespace: str, body: dict[str, Any]) -> type:
    """Make a subclass that enters no registry: it is made past hooks, metaclass and bases."""
    makers: list[tuple[Callable[..., type], tuple[type, ...]]] = [
        (type.__new__, (_Unregistered,)),  # `mro` has the true bases, `__subclasses__` does not
        (type.__new__, (_Unregistered, cls)),  # slots and types in C ask for their layout
        (type(cls).__new__, (_Unregistered, cls)),  # and metaclasses in C to be called
    ]
    if not getattr(cls, "_member_map_", None):  # an Enum with members is final
        for make, bases in makers:
            try:
                return make(metaclass_for(type(cls)), cls.__name__, bases, dict(body))
            except TypeError:
                continue
    raise TypeError(
        f"hp.param({namespace!r}) cannot make a class of its own from {cls.__qualname__}, which "
        "allows no subclasses. Decorate a function that makes the instance: "
        f"hp.param({namespace!r})(lambda name=...: {cls.__name__}(name))."
    )


class _Unregistered:
    """A base that keeps the hook of the true bases from classes of this module."""

    __slots__ = ()

    def __init_subclass__(cls, /, **options: object) -> None:
        if _ORIGIN not in vars(cls):
            super().__init_subclass__(**options)


class _SignatureOfCall:
    """What `inspect.signature` shows, which would show that of the metaclass's `__call__`."""

    def __get__(self, cls: type | None, _: type) -> object:
        import inspect

        origin = None if cls is None else vars(cls).get(_ORIGIN)
        if origin is not None:
            return inspect.signature(origin.cls)
        method = "" if cls is None else initializer_of(cls)
        if not method:
            raise AttributeError("__signature__")
        whole = inspect.signature(getattr(cls, method))
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class _Metaclass(type):
    """The type of metaclasses of this module: pickle asks `copyreg` about classes that have one."""


class Namespaced(type, metaclass=_Metaclass):
    """The metaclass of classes of this module, and of their subclasses."""

    __signature__ = _SignatureOfCall()

    def __call__(cls, /, *args: Any, **kwargs: Any) -> Any:
        call = vars(cls).get(_CALL)
        return super().__call__(*args, **kwargs) if call is None else call(cls, *args, **kwargs)

    def mro(cls) -> list[type]:
        origin = vars(cls).get(_ORIGIN)
        if origin is None:
            return super().mro()
        return list(dict.fromkeys([cls, _Unregistered, *origin.cls.__mro__]))

    def __instancecheck__(cls, instance: object) -> bool:
        origin = vars(cls).get(_ORIGIN)
        if origin is None:
            return super().__instancecheck__(instance)
        return isinstance(instance, origin.cls)

    def __subclasscheck__(cls, subclass: type) -> bool:
        if _ORIGIN in vars(cls):
            # ABCMeta would keep the answer in a memory that is the true class's.
            return type.__subclasscheck__(cls, subclass)
        return super().__subclasscheck__(subclass)

    def __repr__(cls) -> str:
        origin = vars(cls).get(_ORIGIN)
        if origin is None:
            return super().__repr__()
        return f"<{origin.cls!r} filled from {origin.namespace!r}>"


@cache
def metaclass_for(kind: type) -> type:
    """Return a metaclass for subclasses of classes that have the metaclass `kind`."""
    if issubclass(Namespaced, kind):
        return Namespaced
    if issubclass(kind, Namespaced):
        return kind
    name = f"{kind.__name__}@{id(kind):x}"
    body = {"__module__": __name__, "__qualname__": name, _ORIGIN: kind}
    mixed = _Metaclass(name, (Namespaced, kind), body)
    copyreg.pickle(mixed, _reduce)
    _made[name] = mixed
    return mixed


def _reduce(cls: type) -> str | tuple[Callable[..., Any], tuple[object, ...]]:
    origin = vars(cls).get(_ORIGIN)
    # Somebody's subclass goes by its name, as any class does.
    return cls.__qualname__ if origin is None else (class_for, tuple(origin))


def _reduce_metaclass(kind: type) -> str | tuple[Callable[..., Any], tuple[object, ...]]:
    mixed_with = vars(kind).get(_ORIGIN)
    return kind.__qualname__ if mixed_with is None else (metaclass_for, (mixed_with,))


copyreg.pickle(Namespaced, _reduce)
copyreg.pickle(_Metaclass, _reduce_metaclass)
