"""Parts in a Ray cluster: in the object store for tasks, in the key-value store for actors.

An object lives as long as somebody holds its reference, so those of tasks go when they are done.
An actor may be restarted when the driver that owned the object has gone: what its constructor
needs is in the cluster's own store, until the job ends; for detached actors, until the cluster
does.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from typing import Any

from ._parts import Part, from_bytes, to_chunks
from .exceptions import CarrierError

_NAMESPACE = "hyperparameter"


class ObjectStore:
    """The store of parcels for tasks and for methods of actors."""

    name = "object store"

    @staticmethod
    def keep(part: Part) -> Any:
        """Put the part where this connection to a cluster has not put it yet."""
        import ray

        connection, place = part.places.get(ObjectStore.name, (None, None))
        if connection is not _connection():
            place = ray.put(part)
            part.places[ObjectStore.name] = _connection(), place
        return place

    @staticmethod
    def fetch(_: bytes, place: Any) -> Part:
        """Get the part; arrays in it look into the store, so they are read-only."""
        import ray

        if asyncio._get_running_loop() is None:
            found: Part = ray.get(place)
        else:  # where Ray warns of a blocking `get`; this one is short
            found = place.future().result()
        return found


class _KeyValueStore:
    """A store of parcels for constructors of actors; keys begin with `prefix`."""

    name = "key-value store"

    @classmethod
    def keep(cls, part: Part) -> Any:
        key = _prefix(detached=cls is DetachedStore) + part.digest.hex().encode()
        if part.places.get(cls.name) != (_connection(), key):
            _put(key, b"".join(to_chunks(part)))
            part.places[cls.name] = _connection(), key
        return key

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Part:
        from ray.experimental.internal_kv import _internal_kv_get

        data = _internal_kv_get(place, namespace=_NAMESPACE)
        if data is None:
            raise CarrierError(
                "A part of the scope of an actor's creation is no longer in the cluster: the job "
                "that made it has ended."
            )
        return from_bytes(digest, data)


class JobStore(_KeyValueStore):
    """The store of parcels for constructors of actors that end with their job."""

    name = "job"


class DetachedStore(_KeyValueStore):
    """The store of parcels for constructors of detached actors."""

    name = "detached"


STORES = {store.name: store for store in (ObjectStore, JobStore, DetachedStore)}


def _put(key: bytes, data: bytes) -> None:
    from ray.experimental.internal_kv import _internal_kv_put

    _internal_kv_put(key, data, overwrite=True, namespace=_NAMESPACE)


def _prefix(detached: bool) -> bytes:
    import ray

    if detached:
        return b"detached/"
    job = ray.get_runtime_context().get_job_id()
    if job not in _jobs:
        _jobs[job] = os.getpid()
        atexit.register(_forget, job)  # before Ray's own, which was registered earlier
    return f"{job}/".encode()


def _forget(job: str) -> None:
    """Delete what the job has kept, when this is its driver and still connected."""
    import ray

    if not ray.is_initialized() or _jobs[job] != os.getpid():
        return
    context = ray.get_runtime_context()
    if context.get_job_id() == job and context.worker.mode == ray.SCRIPT_MODE:
        from ray.experimental.internal_kv import _internal_kv_del

        _internal_kv_del(f"{job}/", del_by_prefix=True, namespace=_NAMESPACE)


def _connection() -> Any:
    """Return what is another object for each connection to a cluster."""
    import ray
    from ray.util.client import ray as client

    if client.is_connected():
        return client.get_context().client_worker
    return ray._private.worker.global_worker.core_worker


_jobs: dict[str, int] = {}
