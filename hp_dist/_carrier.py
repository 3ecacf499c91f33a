"""The wire format: a snapshot as bytes, and back.

    b"HPS" version digest body

The digest is BLAKE2b of the body.  The body is a pickle (protocol 5) of the layers, innermost
first; each layer is encoded on its own, so a large scope is encoded once, however many small
ones are opened over it.  Values other than plain data go through cloudpickle, one by one, so
that an error can name its key.
"""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Any, NamedTuple

import cloudpickle

from hyperparameter.context import Layer, Origin, Snapshot

from .exceptions import CarrierError

VERSION = 1
_MAGIC = b"HPS"
_DIGEST_SIZE = 16
_PLAIN = frozenset([int, float, bool, str, bytes, complex, type(None)])
_OURS = ("hyperparameter._convert", "hyperparameter._snapshot", __name__)
_CONTAINERS = frozenset([list, tuple, set, frozenset, dict])


class Payload(NamedTuple):
    """An encoded snapshot.

    `digest` identifies it among all others; `beside` are the values that an engine has to see
    itself, by key.  `blobs` are its layers encoded, for the snapshots opened over this one.
    """

    digest: bytes
    data: bytes
    beside: dict[str, Any]
    blobs: list[tuple[Layer, bytes]]


class _Beside:
    """Stands in a payload for a value that travels beside it."""

    def __reduce__(self) -> str:
        return "BESIDE"


BESIDE = _Beside()


class _Recent:
    """The values for the keys used last; safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    def renew_lock(self) -> None:
        """Replace the lock, which a thread may have held that a fork has left behind."""
        self._lock = Lock()

    def get(self, key: Any) -> Any:
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
            return self._items.get(key)

    def put(self, key: Any, value: Any) -> None:
        with self._lock:
            self._items[key] = value
            self._items.move_to_end(key)
            while len(self._items) > self._size:
                self._items.popitem(last=False)


_decoded = _Recent(64)
_decoded_layers = _Recent(256)

beside: set[type] = set()
"""Types whose values an engine counts references to: they travel beside the payload."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_decoded.renew_lock)
    os.register_at_fork(after_in_child=_decoded_layers.renew_lock)


def encode(snapshot: Snapshot) -> Payload:
    """Return the scopes of `snapshot` as bytes, or all of it when it is a baseline.

    `CarrierError` names the key of a value that cannot be serialized, and where it was bound.
    """
    if snapshot.carried is None:
        layers = snapshot.scopes() if snapshot.depth or snapshot.closed else snapshot.layers
        blobs = [(layer, _blob_below(snapshot, layer) or _encode_layer(layer)) for layer in layers]
        body = pickle.dumps(
            (snapshot.depth > 0, snapshot.closed, [blob for _, blob in blobs]), protocol=5
        )
        digest = _digest(body)
        data = b"".join([_MAGIC, bytes([VERSION]), digest, body])
        aside = {k: v for layer in layers for k, v in layer.values.items() if type(v) in beside}
        snapshot.carried = Payload(digest, data, aside, blobs)
    payload: Payload = snapshot.carried
    return payload


def _blob_below(snapshot: Snapshot, layer: Layer) -> bytes | None:
    """Return what the outermost snapshot with `layer` encodes it as; None when that is this one."""
    lowest = None
    while (lower := snapshot.lower) is not None and any(known is layer for known in lower.layers):
        snapshot = lower
        lowest = lower if lower.depth else lowest
    if lowest is None:
        return None
    return next(blob for known, blob in encode(lowest).blobs if known is layer)


def decode(data: bytes) -> Snapshot:
    """Return the snapshot that `encode` made `data` from.

    `CarrierError` when the data is damaged, cut short, or of a version that this library does
    not know.  Only for data from where the engine itself would accept a pickle.
    """
    head = len(_MAGIC) + 1
    if len(data) < head + _DIGEST_SIZE or data[: len(_MAGIC)] != _MAGIC:
        raise CarrierError(f"These {len(data)} bytes are not a carried scope, or were cut short.")
    if data[len(_MAGIC)] != VERSION:
        raise CarrierError(
            f"The scope was sent in wire version {data[len(_MAGIC)]}, this side knows version "
            f"{VERSION}: install the same hyperparameter-dist on both sides."
        )
    snapshot: Snapshot | None = _decoded.get(data)  # by all its bytes: damage is another payload
    if snapshot is None:
        digest, body = data[head : head + _DIGEST_SIZE], data[head + _DIGEST_SIZE :]
        if _digest(body) != digest:
            raise CarrierError("The carried scope was damaged on its way: its digest is wrong.")
        has_scopes, closed, blobs = pickle.loads(body)
        layers = tuple(_decode_layer(blob) for blob in blobs)
        snapshot = Snapshot(layers, len(layers) if has_scopes else 0, closed)
        pairs = list(zip(layers, blobs, strict=True))
        snapshot.carried = Payload(digest, data, {}, pairs)
        _decoded.put(data, snapshot)
    return snapshot


def with_beside(snapshot: Snapshot, values: dict[str, Any]) -> Snapshot:
    """Return `snapshot` with the values that travelled beside it in their places."""
    if not values:
        return snapshot
    layers = []
    for layer in snapshot.layers:
        found = {key: values[key] for key, v in layer.values.items() if v is BESIDE}
        layers.append(layer._replace(values={**layer.values, **found}))
    return Snapshot(tuple(layers), snapshot.depth, snapshot.closed)


def _encode_layer(layer: Layer) -> bytes:
    portable = layer.portable()
    plain, special = {}, {}
    for key, value in layer.values.items():
        if type(value) in beside:
            plain[key] = BESIDE
        elif _is_plain(value, 20):
            plain[key] = value
        else:
            special[key] = _pickled(key, value, portable)
    order = list(layer.values) if special else None
    # No memo between equal strings is needed, and without one equal layers give equal bytes.
    return pickle.dumps(
        (plain, special, order, _pack(portable.origin), _origins(portable), layer.closed),
        protocol=5,
    )


def _decode_layer(blob: bytes) -> Layer:
    digest = _digest(blob)
    layer: Layer | None = _decoded_layers.get(digest)
    if layer is None:
        plain, special, order, origin, origins, closed = pickle.loads(blob)
        values = dict(plain)
        for key, pickled in special.items():
            values[key] = _unpickled(key, pickled)
        if order is not None:
            values = {key: values[key] for key in order}
        places = {key: Origin.unpack(place) for key, place in origins.items()}
        layer = Layer(values, Origin.unpack(origin), places, closed)
        _decoded_layers.put(digest, layer)
    return layer


def _origins(portable: Layer) -> dict[str, list[Any]]:
    return {
        key: _pack(origin) for key, origin in portable.origins.items() if origin != portable.origin
    }


def _pack(source: Any) -> list[Any]:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return source.pack()


def _pickled(key: str, value: Any, layer: Layer) -> bytes:
    try:
        pickled: bytes = cloudpickle.dumps(value, protocol=5)
    except Exception as error:  # whatever the value's own reduce raises
        raise CarrierError(
            f"Hyperparameter {key!r} ({layer.origin_of(key)}) cannot be carried to another "
            f"process: {type(error).__name__}: {error}. Set it in the worker instead, or give it "
            "a value that can be pickled.",
            key=key,
            origin=layer.origin_of(key),
        ) from error
    return pickled


def _unpickled(key: str, pickled: bytes) -> Any:
    try:
        return pickle.loads(pickled)
    except Exception as error:
        raise CarrierError(
            f"Hyperparameter {key!r} arrived, but cannot be unpickled here: "
            f"{type(error).__name__}: {error}.",
            key=key,
        ) from error


def _is_plain(value: Any, depth: int) -> bool:
    """Tell data that any Python can unpickle: builtins, nested not too deep."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind not in _CONTAINERS or not depth:
        return kind.__module__ in _OURS
    if kind is dict:
        return all(_is_plain(k, depth - 1) and _is_plain(v, depth - 1) for k, v in value.items())
    return all(_is_plain(item, depth - 1) for item in value)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_SIZE).digest()
