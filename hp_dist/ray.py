"""Ray's tasks and actors that inherit the scope of the thread that calls `.remote()`.

The functions and classes that Ray exports are replaced by ones that take the scope as one more
keyword argument, which every submission fills.
"""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable
from threading import Lock
from typing import Any

from ._carry.attachments import Store
from ._engines import Patches
from ._ray import client
from ._ray.calls import carries, carrying, carrying_class, filled, is_of_ray, takes_argument
from ._ray.internals import check_seams
from ._ray.store import KeyValueStore, ObjectStore
from .exceptions import EngineError

_DECORATOR = "__ray_invocation_decorator__"  # what Ray asks to rewrite the arguments of calls
_class_lock = Lock()


def patch(patches: Patches) -> None:
    """Replace what submits tasks and creates actors; `EngineError` when Ray is not as expected."""
    from ray import actor
    from ray.remote_function import RemoteFunction

    check_seams()
    patches.replace(RemoteFunction, "_remote", _submitting(RemoteFunction._remote))
    patches.replace(actor.ActorClass, "_remote", _creating(actor.ActorClass._remote))
    patches.replace(actor.ActorMethod, "_remote", _calling(actor.ActorMethod._remote))
    client.patch(patches)


def _is_client() -> bool:
    from ray._private.client_mode_hook import client_mode_should_convert

    return bool(client_mode_should_convert())


def _submitting(remote: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(remote)
    def wrapper(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        if not _is_client() and _carry_function(self):
            kwargs = filled(kwargs, ObjectStore)
        return remote(self, args, kwargs, *rest, **options)

    return wrapper


def _creating(remote: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(remote)
    def wrapper(self: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        if not _is_client() and _carry_class(self.__ray_metadata__):
            kwargs = filled(kwargs, KeyValueStore)
        return remote(self, args, kwargs, **options)

    return wrapper


def _calling(remote: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(remote)
    def wrapper(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        signatures = getattr(self._actor, "_ray_method_signatures", {})
        if takes_argument(signatures.get(self._method_name) or ()):
            kwargs = filled(kwargs, ObjectStore)
        return remote(self, args, kwargs, *rest, **options)

    return wrapper


def _carry_function(remote_function: Any) -> bool:
    """Wrap the function once, also where it has been exported bare; tell whether it is wrapped."""
    function = remote_function._function
    if remote_function._is_cross_language or is_of_ray(function):
        return False
    if not carries(function):
        with remote_function._inject_lock:
            if not carries(remote_function._function):
                remote_function._function = carrying(remote_function._function)
                # Ray makes the signature and the export anew where there are none.
                remote_function._function_signature = None
                remote_function._last_export_cluster_and_job = None
                remote_function._uuid = uuid.uuid4()  # or workers that know the bare one keep it
    return True


def _carry_class(meta: Any) -> bool:
    """Replace the class once, also where it has been exported bare; tell whether it carries."""
    if meta.is_cross_language or is_of_ray(meta.modified_class):
        return False
    if not carries(meta.modified_class):
        with _class_lock:
            if not carries(meta.modified_class):
                _replace_class(meta)
    return True


def _replace_class(meta: Any) -> None:
    from ray.actor import PythonFunctionDescriptor, _ActorClassMethodMetadata

    cls: Any = carrying_class(meta.modified_class)
    descriptor = PythonFunctionDescriptor.from_class(cls.__ray_actor_class__)  # its id is random
    meta.method_meta = _ActorClassMethodMetadata.create(cls, descriptor)
    meta.actor_creation_function_descriptor = descriptor
    meta.last_export_cluster_and_job = None
    meta.modified_class = cls


def remote(*targets: Any, **options: Any) -> Any:
    """Make a remote function or an actor class that carries scopes, as `ray.remote` would.

    Uses Ray's public interface alone.  Through a `ray://` client, that reaches functions but no
    methods of actors: creating one raises `EngineError`.
    """
    if options or not targets:
        return functools.partial(_remote, options)
    return _remote({}, *targets)


def _remote(options: dict[str, Any], target: Any) -> Carrying:
    import ray

    is_class = inspect.isclass(target)
    if not is_class and not inspect.isfunction(target):
        raise TypeError(f"hp_dist.ray.remote takes a function or a class, not {target!r:.80}")
    made = carrying_class(target) if is_class else carrying(target)
    for member in vars(made).values() if is_class else [made]:
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function):
            setattr(function, _DECORATOR, _filling(getattr(function, _DECORATOR, None)))
    decorate = ray.remote(**options) if options else ray.remote
    return Carrying(decorate(made), KeyValueStore if is_class else ObjectStore)


def _filling(other: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return a decorator of invocations that fills the argument, after the user's own."""

    def decorate(invocation: Callable[..., Any]) -> Callable[..., Any]:
        def fill(args: Any, kwargs: Any) -> Any:
            return invocation(args, filled(kwargs, ObjectStore))

        return other(fill) if other is not None else fill

    return decorate


class Carrying:
    """A remote function or an actor class; used as Ray's own."""

    def __init__(self, target: Any, store: type[Store]) -> None:
        self._target = target
        self._store = store

    def remote(self, *args: Any, **kwargs: Any) -> Any:
        """Submit, with the scopes that are active here."""
        if self._store is KeyValueStore and _is_client():
            raise EngineError(
                "Through a ray:// client the methods of an actor cannot carry scopes without "
                "patching Ray: call hp_dist.install('ray')."
            )
        return self._target.remote(*args, **filled(kwargs, self._store))

    def options(self, **options: Any) -> Carrying:
        """Return the same with other options, which are those of Ray."""
        return Carrying(self._target.options(**options), self._store)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._target(*args, **kwargs)  # which tells what to do instead

    def __repr__(self) -> str:
        return f"<carrying {self._target!r}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._target, name)
