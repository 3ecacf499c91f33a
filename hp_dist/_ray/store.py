"""Attachments in a Ray cluster: in the object store for tasks, in the key-value store for actors.

An object lives as long as somebody holds its reference, so those of tasks are freed when the tasks
are done.  An actor may be restarted when the driver that owned the object has gone, so what its
constructor needs is in the cluster's own store, until its job has ended and the job has no actors.
What is there already serves tasks as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from weakref import ref

from hyperparameter import _engine_interface as interface

from .._carry.attachments import Attachment, from_bytes, to_chunks
from .._carry.picklers import Picklers, of_ray
from .._collect.address import Medium
from ..exceptions import CarrierError
from .internals import client, global_worker

if TYPE_CHECKING:
    from ray import ObjectRef

MOST_PUBLISHED = 1024 * 1024
"""The bytes of a scope that is put into the key-value store for tasks, too."""

_NAMESPACE = "hyperparameter"


class ObjectStore:
    """The store for messages to tasks and to methods of actors."""

    most_bytes: float = math.inf  # whatever makes a payload large is an attachment already
    medium: Medium = "cluster"

    @staticmethod
    def picklers() -> Picklers:
        return of_ray()

    @staticmethod
    def keep(attachment: Attachment) -> object:
        """Put the attachment, unless this connection to a cluster has put it already."""
        import ray

        if attachment.size <= MOST_PUBLISHED:  # of large arrays there, each worker makes a copy
            connection, place = attachment.places.get(KeyValueStore, (None, None))
            if place is not None and connection is cluster_connection():
                return place
        connection, place = attachment.places.get(ObjectStore, (None, None))
        if connection is not cluster_connection():
            place = ray.put(attachment)
            _place(attachment, place)
        return place

    @staticmethod
    def fetch(digest: bytes, place: ObjectRef | bytes) -> Attachment:
        return _fetch(digest, place)


def lend(attachments: Iterable[Attachment], places: Mapping[bytes, object]) -> None:
    """Let a call submit with the objects of its caller, who outlives it, until `give_back`."""
    for attachment in attachments:
        if attachment.digest in places:  # others were known here before, and are put when needed
            _place(attachment, places[attachment.digest])


def give_back() -> None:
    """Forget at the end of a call what was put or lent in it: a worker may be idle for ever."""
    while _lent:
        if (attachment := _lent.pop()()) is not None:
            attachment.places.pop(ObjectStore, None)


def _place(attachment: Attachment, place: object) -> None:
    attachment.places[ObjectStore] = cluster_connection(), place
    _lent.append(ref(attachment))


_lent: list[ref[Attachment]] = []  # not a WeakSet, which takes as long to ask as a call to end


class KeyValueStore:
    """The store for messages to constructors of actors."""

    most_bytes: float = math.inf
    medium: Medium = "cluster"

    @staticmethod
    def picklers() -> Picklers:
        return of_ray()

    @staticmethod
    def keep(attachment: Attachment) -> bytes:
        """Put the attachment, unless it has been put for this job already."""
        import ray

        job: str = ray.get_runtime_context().get_job_id()
        key = _key(job, attachment.digest)
        if attachment.places.get(KeyValueStore) != (cluster_connection(), key):
            _put(job, key, b"".join(to_chunks(attachment)))
            attachment.places[KeyValueStore] = cluster_connection(), key
        return key

    @staticmethod
    def fetch(digest: bytes, place: ObjectRef | bytes) -> Attachment:
        return _fetch(digest, place)


def _key(job: str, digest: bytes) -> bytes:
    return f"{job}/{digest.hex()}".encode()


def _fetch(digest: bytes, place: ObjectRef | bytes) -> Attachment:
    """Return the attachment from either store; arrays from the object store are read-only."""
    import ray
    from ray.exceptions import RayError
    from ray.experimental.internal_kv import _internal_kv_get

    if isinstance(place, bytes):
        data = _internal_kv_get(place, namespace=_NAMESPACE)
        if data is None:
            raise CarrierError(
                "An attachment of a submitted scope is no longer in the cluster's key-value store. "
                "Enter the scope and submit the work again; create the actor again if it is one's."
            )
        found = from_bytes(digest, data)
        if place == _key(ray.get_runtime_context().get_job_id(), digest):  # another job may end
            found.places[KeyValueStore] = cluster_connection(), place
        return found
    try:
        return _get(place)
    except RayError as error:
        raise CarrierError(
            "An attachment of the submitted scope could not be fetched from Ray's object store: "
            f"{type(error).__name__}: {error}. Submit the work again."
        ) from error


def _get(reference: ObjectRef) -> Attachment:
    import ray

    if not interface.is_in_event_loop():
        found: Attachment = ray.get(reference)
    else:  # where Ray warns of a `get` that blocks; this one is short
        found = reference.future().result()
    return found


def _put(job: str, key: bytes, data: bytes) -> None:
    # Private, but the only store of a cluster that outlives its drivers and needs no actor.
    from ray.experimental.internal_kv import _internal_kv_exists, _internal_kv_put

    known = f"jobs/{job}".encode()
    if not _internal_kv_exists(known, namespace=_NAMESPACE):
        _internal_kv_put(known, b"", namespace=_NAMESPACE)
        if not client().is_connected():  # a client cannot read the tables of the cluster
            _delete_ended_jobs()
    _internal_kv_put(key, data, overwrite=True, namespace=_NAMESPACE)


def _delete_ended_jobs() -> None:
    """Delete what ended jobs have kept, when no actor of theirs is left."""
    # Private, because ray.util.state needs the dashboard, which many clusters run without.
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


def cluster_connection() -> object:
    """Return an object that is another one for each connection to a cluster, None for none."""
    if client().is_connected():
        return client().get_context().client_worker  # one for each `ray.init("ray://...")`
    # Private: an id of the cluster would be the same after a new `ray.init`, where old references
    # are no longer valid.
    return getattr(global_worker(), "core_worker", None)
