"""Ray's tasks and actors that inherit the scope of the thread that calls `.remote()`.

The functions and classes that Ray exports are replaced by ones that receive the submission as one
more keyword argument, which every call fills.
"""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, overload

from ._carry.attachments import Store
from ._engines import Patches
from ._ray import client, collecting
from ._ray.calls import (
    is_of_ray,
    is_receiving,
    receiving,
    receiving_class,
    submit,
    takes_argument,
)
from ._ray.internals import check_seams, should_convert
from ._ray.store import KeyValueStore, ObjectStore
from .exceptions import EngineError

if TYPE_CHECKING:
    from ray.actor import ActorClass, ActorMethod, _ActorClassMetadata
    from ray.remote_function import RemoteFunction

__all__ = ["ScopedRemote", "remote"]

Positional = Sequence[object] | None
Named = dict[str, object] | None
Invocation = Callable[[Positional, Named], object]
"""What a decorator of invocations replaces: it submits a call with these arguments."""

_DECORATOR = "__ray_invocation_decorator__"  # what Ray asks to rewrite the arguments of calls
_class_lock = Lock()  # Ray has none for classes


def patch(patches: Patches) -> None:
    """Replace what submits tasks and creates actors; `EngineError` when Ray is not as expected."""
    import ray
    from ray import actor
    from ray.remote_function import RemoteFunction

    check_seams()
    # Private, but all public ways to submit end in them: `.remote`, `.options`, `.bind`.
    patches.replace(RemoteFunction, "_remote", _submitting(RemoteFunction._remote))
    patches.replace(actor.ActorClass, "_remote", _creating(actor.ActorClass._remote))
    patches.replace(actor.ActorMethod, "_remote", _calling(actor.ActorMethod._remote))
    client.patch(patches)
    patches.replace(ray, "shutdown", _leaving(ray.shutdown))


def _leaving(shutdown: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(shutdown)
    def wrapper(*args: object, **kwargs: object) -> None:
        collecting.leave()
        shutdown(*args, **kwargs)

    return wrapper


def _is_client() -> bool:
    """Tell whether Ray will hand a call over to its client, which is patched for itself."""
    return bool(should_convert()())


def _submitting(remote: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(remote)
    def wrapper(
        self: RemoteFunction,
        args: Positional = None,
        kwargs: Named = None,
        *rest: object,
        **options: object,
    ) -> object:
        def invoke(filled: Named) -> object:
            return remote(self, args, filled, *rest, **options)

        if _is_client() or not _ensure_function_receives(self):
            return invoke(kwargs)
        return submit(kwargs, ObjectStore, invoke)

    return wrapper


def _creating(remote: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(remote)
    def wrapper(
        self: ActorClass, args: Positional = None, kwargs: Named = None, **options: object
    ) -> object:
        def invoke(filled: Named) -> object:
            return remote(self, args, filled, **options)

        if _is_client() or not _ensure_class_receives(self.__ray_metadata__):
            return invoke(kwargs)
        return submit(kwargs, KeyValueStore, invoke)

    return wrapper


def _calling(remote: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(remote)
    def wrapper(
        self: ActorMethod,
        args: Positional = None,
        kwargs: Named = None,
        *rest: object,
        **options: object,
    ) -> object:
        def invoke(filled: Named) -> object:
            return remote(self, args, filled, *rest, **options)

        # A handle may come from where the actor's class is bare: only the signatures that it
        # brings tell whether the method takes the argument.
        signatures = getattr(self._actor, "_ray_method_signatures", {})
        if not takes_argument(signatures.get(self._method_name) or ()):
            return invoke(kwargs)
        return submit(kwargs, ObjectStore, invoke)

    return wrapper


def _ensure_function_receives(remote_function: RemoteFunction) -> bool:
    """Wrap the function once, also when it has been exported bare; tell whether it is wrapped."""
    function = remote_function._function
    if is_receiving(function):  # first, as it is asked for each call
        return True
    if remote_function._is_cross_language or is_of_ray(function):
        return False
    with remote_function._inject_lock:  # under which Ray itself wraps it for tracing
        if not is_receiving(remote_function._function):
            remote_function._function = receiving(remote_function._function)
            # Ray makes the signature and the export anew where there are none.
            remote_function._function_signature = None
            remote_function._last_export_cluster_and_job = None
            remote_function._uuid = uuid.uuid4()  # or workers that know the bare one keep it
    return True


def _ensure_class_receives(meta: _ActorClassMetadata) -> bool:
    """Replace the class once, also when it has been exported bare; tell whether it is replaced."""
    if meta.is_cross_language or is_of_ray(meta.modified_class):
        return False
    if not is_receiving(meta.modified_class):
        with _class_lock:
            if not is_receiving(meta.modified_class):
                _replace_class(meta)
    return True


def _replace_class(meta: _ActorClassMetadata) -> None:
    """Put a receiving class in place, with all that Ray has derived from the bare one."""
    from ray.actor import PythonFunctionDescriptor, _ActorClassMethodMetadata

    cls: Any = receiving_class(meta.modified_class)
    descriptor = PythonFunctionDescriptor.from_class(cls.__ray_actor_class__)  # its id is random
    meta.method_meta = _ActorClassMethodMetadata.create(cls, descriptor)
    meta.actor_creation_function_descriptor = descriptor
    meta.last_export_cluster_and_job = None
    meta.modified_class = cls  # last: other threads look at it without the lock


@overload
def remote(target: Callable[..., object], /) -> ScopedRemote: ...


@overload
def remote(**options: object) -> Callable[[Callable[..., object]], ScopedRemote]: ...


def remote(*targets: Any, **options: object) -> object:
    """Make a remote function or an actor class that carries scopes, as `ray.remote` would.

    This uses Ray's public interface alone.  Through a `ray://` client, that reaches functions but
    not the methods of actors: to create an actor there raises `EngineError`.
    """
    if options or not targets:
        return functools.partial(_remote, options)
    return _remote({}, *targets)


def _remote(options: dict[str, object], target: Any) -> ScopedRemote:
    import ray

    is_class = inspect.isclass(target)
    if not is_class and not inspect.isfunction(target):
        raise TypeError(
            f"{target!r:.80} is not a function or a class, as hp_dist.ray.remote takes."
        )
    made = receiving_class(target) if isinstance(target, type) else receiving(target)
    for member in vars(made).values() if is_class else [made]:
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function):
            setattr(function, _DECORATOR, _filling(getattr(function, _DECORATOR, None)))
    decorate = ray.remote(**options) if options else ray.remote
    return ScopedRemote(decorate(made), KeyValueStore if is_class else ObjectStore)


def _filling(other: Callable[[Invocation], object] | None) -> Callable[[Invocation], object]:
    """Return a decorator of invocations that fills the argument, after the user's own."""

    def decorate(invocation: Invocation) -> object:
        def fill(args: Positional, kwargs: Named) -> object:
            return submit(kwargs, ObjectStore, lambda filled: invocation(args, filled))

        return other(fill) if other is not None else fill

    return decorate


class ScopedRemote:
    """A remote function or an actor class whose calls carry scopes; used like Ray's own."""

    def __init__(self, target: Any, store: type[Store]) -> None:
        self._target = target
        self._store = store

    def remote(self, /, *args: object, **kwargs: object) -> Any:
        """Submit, with the scopes that are active here."""
        if self._store is KeyValueStore and _is_client():
            raise EngineError(
                "Through a ray:// client the methods of an actor cannot carry scopes without "
                "patching Ray: call hp_dist.install('ray')."
            )
        return submit(kwargs, self._store, lambda filled: self._target.remote(*args, **filled))

    def options(self, **options: object) -> ScopedRemote:
        """Return the same with other options, which are those of Ray."""
        return ScopedRemote(self._target.options(**options), self._store)

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        return self._target(*args, **kwargs)  # raises Ray's error, which says what to do instead

    def __repr__(self) -> str:
        return f"<carrying {self._target!r}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for these before there is a target
            raise AttributeError(name)
        return getattr(self._target, name)
