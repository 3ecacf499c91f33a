"""Parts in a Ray cluster: in the object store for tasks, in the key-value store for actors.

An object lives as long as somebody holds its reference, so those of tasks go when they are done.
An actor may be restarted when the driver that owned the object has gone, so what its constructor
needs is in the cluster's own store, until its job has ended and no actor of it is left.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from .._carry.attachments import Part, from_bytes, to_chunks
from ..exceptions import CarrierError

_NAMESPACE = "hyperparameter"


class ObjectStore:
    """The store of parcels for tasks and for methods of actors."""

    most_bytes: float = math.inf  # large layers are parts

    @staticmethod
    def keep(part: Part) -> Any:
        """Put the part where this connection to a cluster has not put it yet."""
        import ray

        connection, place = part.places.get(ObjectStore, (None, None))
        if connection is not _connection():
            place = ray.put(part)
            _place(part, place)
        return place

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Part:
        return _fetch(digest, place)


def lend(parts: Iterable[Part], places: dict[bytes, Any]) -> None:
    """Let a call submit with the objects of its caller, who outlives it, until `give_back`."""
    for part in parts:
        if part.digest in places:  # others were known here before, and are put where needed
            _place(part, places[part.digest])


def give_back() -> None:
    """Forget at the end of a call what was put or lent in it: a worker may be idle for ever."""
    while _lent:
        _lent.pop().places.pop(ObjectStore, None)


def _place(part: Part, place: Any) -> None:
    part.places[ObjectStore] = _connection(), place
    _lent.add(part)


_lent: WeakSet[Part] = WeakSet()


class KeyValueStore:
    """The store of parcels for constructors of actors."""

    most_bytes: float = math.inf

    @staticmethod
    def keep(part: Part) -> bytes:
        """Put the part where it has not been put for this job yet."""
        import ray

        job = ray.get_runtime_context().get_job_id()
        key = f"{job}/{part.digest.hex()}".encode()
        if part.places.get(KeyValueStore) != (_connection(), key):
            _put(job, key, b"".join(to_chunks(part)))
            part.places[KeyValueStore] = _connection(), key
        return key

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Part:
        return _fetch(digest, place)


def _fetch(digest: bytes, place: Any) -> Part:
    """Return the part from either store; from the object store, arrays in it are read-only."""
    from ray.exceptions import RayError
    from ray.experimental.internal_kv import _internal_kv_get

    if isinstance(place, bytes):
        data = _internal_kv_get(place, namespace=_NAMESPACE)
        if data is None:
            raise CarrierError(
                "A part of the scope of an actor's creation is no longer in the cluster's "
                "key-value store."
            )
        return from_bytes(digest, data)
    try:
        return _get(place)
    except RayError as error:
        raise CarrierError(
            "A part of the carried scope could not be got from Ray's object store: "
            f"{type(error).__name__}: {error}"
        ) from error


def _get(reference: Any) -> Part:
    import ray

    if asyncio._get_running_loop() is None:
        found: Part = ray.get(reference)
    else:  # where Ray warns of a `get` that blocks; this one is short
        found = reference.future().result()
    return found


def _put(job: str, key: bytes, data: bytes) -> None:
    from ray.experimental.internal_kv import _internal_kv_exists, _internal_kv_put
    from ray.util.client import ray as client

    known = f"jobs/{job}".encode()
    if not _internal_kv_exists(known, namespace=_NAMESPACE):
        _internal_kv_put(known, b"", namespace=_NAMESPACE)
        if not client.is_connected():  # from there, the tables of the cluster cannot be seen
            _sweep()
    _internal_kv_put(key, data, overwrite=True, namespace=_NAMESPACE)


def _sweep() -> None:
    """Delete what jobs have kept that have ended and of which no actor is left."""
    from ray._private import state
    from ray.experimental.internal_kv import _internal_kv_del, _internal_kv_list

    every = _internal_kv_list("jobs/", namespace=_NAMESPACE)  # first: a job may start meanwhile
    alive = {job["JobID"] for job in state.jobs() if not job["IsDead"]}
    alive |= {actor["JobID"] for actor in state.actors().values() if actor["State"] != "DEAD"}
    for known in every:
        job = known.decode().partition("/")[2]
        if job not in alive:
            _internal_kv_del(f"{job}/", del_by_prefix=True, namespace=_NAMESPACE)
            _internal_kv_del(known, namespace=_NAMESPACE)


def _connection() -> Any:
    """Return what is another object for each connection to a cluster."""
    import ray
    from ray.util.client import ray as client

    if client.is_connected():
        return client.get_context().client_worker
    return ray._private.worker.global_worker.core_worker
