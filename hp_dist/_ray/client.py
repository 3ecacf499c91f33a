"""Functions, actors and methods that are called through a `ray://` client.

A client keeps stubs of its own in place of Ray's functions and classes.  It pickles what a stub
stands for at the first call and sends it to the cluster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._carry.attachments import Store
from .._engines import Patches
from .argument import NAME as ARGUMENT
from .calls import is_of_ray, is_receiving, receiving, receiving_class, submit
from .store import KeyValueStore, ObjectStore

if TYPE_CHECKING:
    from ray.util.client.api import _ClientAPI
    from ray.util.client.common import ClientActorClass, ClientRemoteFunc, ClientStub


def patch(patches: Patches) -> None:
    """Replace the method that every call through a client reaches, once its arguments are bound."""
    from ray.util.client.api import _ClientAPI

    patches.replace(_ClientAPI, "call_remote", _calling(_ClientAPI.call_remote))


def _calling(call_remote: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(call_remote)
    def wrapper(self: _ClientAPI, instance: ClientStub, *args: object, **kwargs: object) -> object:
        store = _store_for(getattr(instance, "_remote_stub", instance))  # or inside .options()
        if store is None:
            return call_remote(self, instance, *args, **kwargs)

        def invoke(filled: dict[str, object]) -> object:
            return call_remote(self, instance, *args, **filled)

        return submit(kwargs, store, invoke)

    return wrapper


def _store_for(stub: ClientStub) -> type[Store] | None:
    """Make what is called receive submissions, if it can; return the store for its messages."""
    from ray.util.client import common

    if isinstance(stub, common.ClientRemoteFunc):
        return ObjectStore if _ensure_receiving(stub, "_func", receiving) else None
    if isinstance(stub, common.ClientActorClass):
        return KeyValueStore if _ensure_receiving(stub, "actor_cls", receiving_class) else None
    is_method = isinstance(stub, common.ClientRemoteMethod)
    return ObjectStore if is_method and ARGUMENT in stub._signature.parameters else None


def _ensure_receiving(
    stub: ClientRemoteFunc | ClientActorClass, name: str, make: Callable[[Any], object]
) -> bool:
    """Replace the function or class of a stub, once; tell whether it receives submissions."""
    if is_of_ray(getattr(stub, name)):
        return False
    with stub._lock:  # Ray's own, under which it sends the function or class
        if not is_receiving(getattr(stub, name)):
            setattr(stub, name, make(getattr(stub, name)))
            _forget_export(stub)
    return True


def _forget_export(stub: ClientRemoteFunc | ClientActorClass) -> None:
    """Make Ray send the function or class again: it may have sent the bare one."""
    from ray.util.client.common import ClientSideRefID

    stub._ref = None  # what Ray tests before it sends
    stub._client_side_ref = ClientSideRefID.generate_id()  # the server keeps what has the old id
