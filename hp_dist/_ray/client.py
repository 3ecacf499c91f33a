"""Functions, actors and methods that are called through a `ray://` client."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .._carry.attachments import Store
from .._engines import Patches
from .calls import ARGUMENT, carries, carrying, carrying_class, filled, is_of_ray
from .store import KeyValueStore, ObjectStore

_COMMON = "ray.util.client.common"
_SEAMS = ("_func", "actor_cls", "_signature", "_lock", "_ref", "_client_side_ref", "_remote_stub")


def moved() -> list[str]:
    """Return what is not in Ray's client as expected.

    Its source is read, not imported: that fails where grpc is not installed.
    """
    spec = importlib.util.find_spec(_COMMON)
    if spec is None or spec.origin is None:
        return [_COMMON]
    return [f"{_COMMON}.{name}" for name in missing_words(spec.origin, _SEAMS)]


def missing_words(path: str, words: Iterable[str]) -> list[str]:
    """Return the words that are not in a source file."""
    found = set(re.findall(r"\w+", Path(path).read_text(encoding="utf-8")))
    return [word for word in words if word not in found]


def patch(patches: Patches) -> None:
    """Replace what every call through a client goes through, when its arguments are checked."""
    from ray.util.client.api import _ClientAPI

    patches.replace(_ClientAPI, "call_remote", _calling(_ClientAPI.call_remote))


def _calling(call_remote: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call_remote)
    def wrapper(self: Any, instance: Any, *args: Any, **kwargs: Any) -> Any:
        store = _store_for(getattr(instance, "_remote_stub", instance))  # or inside .options()
        if store is not None:
            kwargs = filled(kwargs, store)
        return call_remote(self, instance, *args, **kwargs)

    return wrapper


def _store_for(stub: Any) -> type[Store] | None:
    """Make what is called carry, where it can; return the store for its scope."""
    from ray.util.client import common

    if isinstance(stub, common.ClientRemoteFunc):
        return ObjectStore if _carry_function(stub) else None
    if isinstance(stub, common.ClientActorClass):
        return KeyValueStore if _carry_class(stub) else None
    is_method = isinstance(stub, common.ClientRemoteMethod)
    return ObjectStore if is_method and ARGUMENT in stub._signature.parameters else None


def _carry_function(stub: Any) -> bool:
    if is_of_ray(stub._func):
        return False
    with stub._lock:
        if not carries(stub._func):
            stub._func = carrying(stub._func)
            _forget_export(stub)
    return True


def _carry_class(stub: Any) -> bool:
    if is_of_ray(stub.actor_cls):
        return False
    with stub._lock:
        if not carries(stub.actor_cls):
            stub.actor_cls = carrying_class(stub.actor_cls)
            _forget_export(stub)
    return True


def _forget_export(stub: Any) -> None:
    """Make Ray send the function or class again, when it has sent the bare one."""
    from ray.util.client.common import ClientSideRefID

    stub._ref = None
    stub._client_side_ref = ClientSideRefID.generate_id()
