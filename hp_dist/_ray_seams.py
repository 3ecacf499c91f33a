"""What the engine for Ray takes hold of inside Ray, looked for before anything is patched."""

from __future__ import annotations

import inspect
import re

from . import _ray_client
from .exceptions import EngineError


def check_seams() -> None:
    """Raise `EngineError` when something is missing that the engine needs, before it patches."""
    import ray

    try:
        moved = _moved()
    except (ImportError, AttributeError) as error:
        moved = [str(error)]
    if moved:
        raise EngineError(
            f"Ray {ray.__version__} has changed inside (not as expected: {', '.join(moved)}), so "
            "its functions and actors cannot inherit scopes by themselves. Decorate them with "
            "hp_dist.ray.remote."
        )


def _moved() -> list[str]:
    """Return the names that this module and its neighbours need and that Ray does not have."""
    from ray import actor, remote_function
    from ray._private import client_mode_hook
    from ray.experimental import internal_kv
    from ray.util.client.api import _ClientAPI

    sources = {
        remote_function.RemoteFunction: (
            "_remote", "_function", "_function_signature", "_inject_lock", "_is_cross_language",
            "_last_export_cluster_and_job", "_uuid",
        ),
        actor.ActorClass: (
            "_remote", "__ray_metadata__", "modified_class", "actor_creation_function_descriptor",
            "method_meta", "last_export_cluster_and_job", "is_cross_language", "from_class",
        ),
        actor.ActorMethod: ("_remote", "_actor", "_method_name"),
        actor.ActorHandle: ("_ray_method_signatures",),
        _ClientAPI: ("call_remote",),
    }  # fmt: skip
    members = {
        actor: ("PythonFunctionDescriptor", "_ActorClassMethodMetadata"),
        client_mode_hook: ("client_mode_should_convert",),
        internal_kv: (
            "_internal_kv_get", "_internal_kv_put", "_internal_kv_del", "_internal_kv_list",
            "_internal_kv_exists",
        ),
    }  # fmt: skip
    moved = [
        f"{owner.__name__}.{name}"
        for owner, names in sources.items()
        for name in names
        if not re.search(rf"\b{name}\b", inspect.getsource(owner))
    ]
    moved += [
        f"{owner.__name__}.{name}"
        for owner, names in members.items()
        for name in names
        if not hasattr(owner, name)
    ]
    return moved + _ray_client.moved()
