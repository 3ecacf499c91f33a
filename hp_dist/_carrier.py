"""The wire format: a snapshot as bytes, and back.

    b"HPS" version digest body

The digest is BLAKE2b of the body.  The body is a pickle (protocol 5) of the layers, innermost
first; each layer is encoded on its own, so a large scope is encoded once, however many small
ones are opened over it.  Values other than plain data go through cloudpickle, one by one, so
that an error can name its key.
"""

from __future__ import annotations

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
_CONTAINERS = frozenset([list, tuple, set, frozenset, dict])


class Payload(NamedTuple):
    """An encoded snapshot; `digest` identifies it among all others."""

    digest: bytes
    data: bytes


class _Recent:
    """The values for the keys used last; safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Any, Any] = OrderedDict()
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


_encoded_layers = _Recent(64)
_decoded = _Recent(64)
_decoded_layers = _Recent(256)


def encode(snapshot: Snapshot) -> Payload:
    """Return the scopes of `snapshot` as bytes, or all of it when it is a baseline.

    `CarrierError` names the key of a value that cannot be serialized, and where it was bound.
    """
    if snapshot.carried is None:
        layers = snapshot.scopes() if snapshot.depth or snapshot.closed else snapshot.layers
        blobs = [_encode_layer(layer) for layer in layers]
        body = pickle.dumps((snapshot.depth > 0, snapshot.closed, blobs), protocol=5)
        digest = _digest(body)
        snapshot.carried = Payload(digest, b"".join([_MAGIC, bytes([VERSION]), digest, body]))
    payload: Payload = snapshot.carried
    return payload


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
    digest, body = data[head : head + _DIGEST_SIZE], data[head + _DIGEST_SIZE :]
    snapshot: Snapshot | None = _decoded.get(digest)
    if snapshot is None:
        if _digest(body) != digest:
            raise CarrierError("The carried scope was damaged on its way: its digest is wrong.")
        has_scopes, closed, blobs = pickle.loads(body)
        layers = tuple(_decode_layer(blob) for blob in blobs)
        snapshot = Snapshot(layers, len(layers) if has_scopes else 0, closed)
        snapshot.carried = Payload(digest, data)
        _decoded.put(digest, snapshot)
    return snapshot


def _encode_layer(layer: Layer) -> bytes:
    known = _encoded_layers.get(id(layer.values))
    if known is not None and known[0] is layer.values:
        blob: bytes = known[1]
        return blob
    portable = layer.portable()
    plain, special = {}, {}
    for key, value in layer.values.items():
        if _is_plain(value, 20):
            plain[key] = value
        else:
            special[key] = _pickled(key, value, portable)
    order = list(layer.values) if special else None
    # No memo between equal strings is needed, and without one equal layers give equal bytes.
    blob = pickle.dumps(
        (plain, special, order, _pack(portable.origin), _origins(portable), layer.closed),
        protocol=5,
    )
    _encoded_layers.put(id(layer.values), (layer.values, blob))
    return blob


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
        return kind.__module__ in ("hyperparameter._convert", "hyperparameter._snapshot")
    if kind is dict:
        return all(_is_plain(k, depth - 1) and _is_plain(v, depth - 1) for k, v in value.items())
    return all(_is_plain(item, depth - 1) for item in value)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_SIZE).digest()
