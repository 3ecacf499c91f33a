"""What the engine for Ray takes hold of inside Ray, looked for before anything is patched."""

from __future__ import annotations

from ..exceptions import EngineError
from . import client
from .client import missing_words


def check_seams() -> None:
    """Raise `EngineError` when something is missing that the engine needs, before it patches."""
    import ray

    try:
        moved = _moved()
    except (ImportError, AttributeError, OSError) as error:
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
        remote_function: (
            "_function", "_function_signature", "_inject_lock", "_is_cross_language",
            "_last_export_cluster_and_job", "_uuid",
        ),
        actor: (
            "__ray_metadata__", "__ray_actor_class__", "modified_class", "method_meta",
            "actor_creation_function_descriptor", "last_export_cluster_and_job",
            "is_cross_language", "from_class", "_actor", "_method_name", "_ray_method_signatures",
        ),
    }  # fmt: skip
    members = {
        actor: ("PythonFunctionDescriptor", "_ActorClassMethodMetadata"),
        actor._ActorClassMethodMetadata: ("create",),
        actor.PythonFunctionDescriptor: ("from_class",),
        actor.ActorClass: ("_remote",),
        actor.ActorMethod: ("_remote",),
        remote_function.RemoteFunction: ("_remote",),
        _ClientAPI: ("call_remote",),
        client_mode_hook: ("client_mode_should_convert",),
        internal_kv: (
            "_internal_kv_get", "_internal_kv_put", "_internal_kv_del", "_internal_kv_list",
            "_internal_kv_exists",
        ),
    }  # fmt: skip
    moved = [
        f"{owner.__name__}.{name}"
        for owner, names in sources.items()
        for name in missing_words(owner.__file__, names)
    ]
    moved += [
        f"{owner.__name__}.{name}"
        for owner, names in members.items()
        for name in names
        if not hasattr(owner, name)
    ]
    return moved + client.moved()
