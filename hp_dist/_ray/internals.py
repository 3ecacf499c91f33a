"""What the engine for Ray uses inside Ray, looked for before anything is patched.

Ray has no public way to give every call one more argument.  A version of Ray that lacks one of
these names is refused as a whole, because an engine that is patched by halves loses scopes.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import operator
import re
from pathlib import Path
from typing import Any

from ..exceptions import EngineError

# What modules and classes must have.
_ATTRIBUTES = {
    "ray.remote_function": ("RemoteFunction._remote",),
    "ray.actor": (
        "ActorClass._remote", "ActorMethod._remote", "PythonFunctionDescriptor.from_class",
        "_ActorClassMethodMetadata.create",
    ),
    "ray.util.client.api": ("_ClientAPI.call_remote",),
    "ray._private.client_mode_hook": ("client_mode_should_convert",),
    "ray.experimental.internal_kv": (
        "_internal_kv_get", "_internal_kv_put", "_internal_kv_del", "_internal_kv_list",
        "_internal_kv_exists",
    ),
}  # fmt: skip
# What instances must have: no class tells that, so the names are looked for in the source.  The
# client's module cannot even be imported where grpc is not installed.
_WORDS = {
    "ray.remote_function": (
        "_function", "_function_signature", "_inject_lock", "_is_cross_language",
        "_last_export_cluster_and_job", "_uuid",
    ),
    "ray.actor": (
        "__ray_metadata__", "__ray_actor_class__", "modified_class", "method_meta",
        "actor_creation_function_descriptor", "last_export_cluster_and_job",
        "is_cross_language", "from_class", "_actor", "_method_name", "_ray_method_signatures",
    ),
    "ray.util.client.common": (
        "_func", "actor_cls", "_signature", "_lock", "_ref", "_client_side_ref", "_remote_stub",
    ),
}  # fmt: skip


@functools.cache  # they are asked for each call, where their import would take most of the time
def global_worker() -> Any:
    """Return what Ray knows of this process; it has a `core_worker` while it is connected."""
    import ray

    return ray._private.worker.global_worker


@functools.cache
def client() -> Any:
    """Return Ray's client; `is_connected` tells whether this process is one."""
    from ray.util.client import ray

    return ray


@functools.cache
def should_convert() -> Any:
    """Return what tells whether Ray will hand a call over to its client."""
    from ray._private.client_mode_hook import client_mode_should_convert

    return client_mode_should_convert


def check_seams() -> None:
    """Raise `EngineError` when Ray lacks something that the engine needs."""
    import ray

    try:
        missing = [
            *(name for module in _WORDS for name in _missing_words(module)),
            *(name for module in _ATTRIBUTES for name in _missing_attributes(module)),
        ]
    except (ImportError, OSError) as error:
        missing = [str(error)]
    if missing:
        raise EngineError(
            f"Ray {ray.__version__} does not have {', '.join(missing)}, which hp_dist needs: its "
            "functions and actors cannot inherit scopes by themselves. Decorate them with "
            "hp_dist.ray.remote."
        )


def _missing_words(module: str) -> list[str]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return [module]
    found = set(re.findall(r"\w+", Path(spec.origin).read_text(encoding="utf-8")))
    return [f"{module}.{word}" for word in _WORDS[module] if word not in found]


def _missing_attributes(module: str) -> list[str]:
    owner = importlib.import_module(module)
    return [f"{module}.{name}" for name in _ATTRIBUTES[module] if not _has(owner, name)]


def _has(owner: object, path: str) -> bool:
    try:
        operator.attrgetter(path)(owner)
    except AttributeError:
        return False
    return True
