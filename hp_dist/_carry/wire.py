"""The wire format: a snapshot as bytes, and back.

    b"HPS" version digest body

The digest is BLAKE2b of the body.  The body is a pickle (protocol 5) of the layers, innermost
first; each layer is encoded on its own, so a large scope is encoded once, however many small
ones are opened over it.  Values other than plain data go through cloudpickle, one by one, so
that an error can name its key.  Large layers and values are parts, which travel apart: the body
has their digests.
"""

from __future__ import annotations

import io
import pickle
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cloudpickle

from hyperparameter._engine_interface import DELETED, EMPTY, Layer, Origin, UntypedText
from hyperparameter.context import Snapshot

from ..exceptions import CarrierError
from .attachments import DIGEST_SIZE, Part, digest_of, part
from .recent import KEY_BYTES, Recent

VERSION = 3
_MAGIC = b"HPS"
_HEAD = len(_MAGIC) + 1
_LARGE_VALUE = 64 * 1024  # as the design has it: from here on a value travels once
_LARGE_LAYER = 12 * 1024  # Ray carries this much in each task about as fast as nothing
_WORTH_COMPRESSING = 2 * 1024
_IS_PART, _IS_COMPRESSED = b"#", b"z"
_PLAIN = frozenset([int, float, bool, str, bytes, complex, type(None)])
_OURS = frozenset([UntypedText, type(DELETED)])
_TEXTS = frozenset([str, bytes])
_CONTAINERS = frozenset([list, tuple, set, frozenset, dict])

Fetch = Callable[[bytes], Part]


class Blob(NamedTuple):
    """An encoded layer: its bytes, the parts that they name, the values that they leave out."""

    data: bytes
    parts: tuple[Part, ...]
    beside: tuple[Any, ...]


class Payload:
    """An encoded snapshot.

    `digest` identifies it among all others.  `blobs` are its layers encoded, for the snapshots
    opened over this one; `sealed` is for whoever wraps the payload up for a journey.
    """

    __slots__ = ("blobs", "data", "sealed")

    def __init__(self, data: bytes, blobs: list[tuple[Layer, Blob]]) -> None:
        self.data = data
        self.blobs = blobs
        self.sealed: Any = None

    @property
    def digest(self) -> bytes:
        return self.data[_HEAD : _HEAD + DIGEST_SIZE]

    @property
    def parts(self) -> list[Part]:
        return [part for _, blob in self.blobs for part in blob.parts]

    @property
    def beside(self) -> tuple[tuple[Any, ...], ...]:
        """The values, by layer, that travel beside the payload; nothing when there are none."""
        beside = tuple(blob.beside for _, blob in self.blobs)
        return beside if any(beside) else ()


# Types whose values Ray counts references to, and so has to see itself: they travel beside the
# payload.
_BESIDE = (
    ("ray", "ObjectRef"),
    ("ray.actor", "ActorHandle"),
    ("ray.util.client.common", "ClientObjectRef"),
    ("ray.util.client.common", "ClientActorRef"),
    ("ray.util.client.common", "ClientActorHandle"),
)
_decoded = Recent(512, 32 * 1024 * 1024)


def encode(snapshot: Snapshot) -> Payload:
    """Return the scopes of `snapshot` as bytes, or all of it when it is a baseline.

    `CarrierError` names the key of a value that cannot be serialized, and where it was bound.
    """
    if snapshot.carried is None:
        upper = snapshot.upper
        if upper and (upper.depth, upper.closed) == (snapshot.depth, snapshot.closed):
            snapshot.carried = encode(upper)  # the same scopes, over another baseline
        else:
            snapshot.carried = _encode(snapshot)
    payload: Payload = snapshot.carried
    return payload


def _encode(snapshot: Snapshot) -> Payload:
    layers = snapshot.scopes() if snapshot.depth or snapshot.closed else snapshot.layers
    blobs = [(layer, _known_blob(snapshot, layer) or _encode_layer(layer)) for layer in layers]
    body = (snapshot.depth > 0, snapshot.closed, [blob.data for _, blob in blobs])
    return Payload(seal(pickle.dumps(body, protocol=5)), blobs)


def decode(data: bytes, fetch: Fetch, beside: Sequence[Sequence[Any]] = ()) -> Snapshot:
    """Return the snapshot that `encode` made `data` from; `fetch` gets its parts.

    `CarrierError` when the data is damaged, cut short, or of a version that this library does
    not know.  Only for data from where the engine itself would accept a pickle.
    """
    has_scopes, closed, encoded = pickle.loads(unseal(data))
    aside = beside or [()] * len(encoded)
    pairs = [_decode_layer(*one, fetch) for one in zip(encoded, aside, strict=True)]
    layers = tuple(layer for layer, _ in pairs)
    if not layers and not closed:
        return EMPTY  # the one that everybody knows
    snapshot = Snapshot(layers, len(layers) if has_scopes else 0, closed)
    snapshot.carried = Payload(data, pairs)
    return snapshot


def weight_of(layer: Layer, parts: Sequence[Part]) -> int:
    """Return about how many bytes a decoded layer takes."""
    return KEY_BYTES * len(layer.values) + sum(part.size for part in parts)


def seal(body: bytes) -> bytes:
    """Return `body` with what tells a whole one of this version from any other."""
    return b"".join([_MAGIC, bytes([VERSION]), digest_of(body), body])


def unseal(data: bytes) -> bytes:
    """Return what was sealed; `CarrierError` for anything else."""
    if len(data) < _HEAD + DIGEST_SIZE or data[: len(_MAGIC)] != _MAGIC:
        raise CarrierError(f"These {len(data)} bytes are not a carried scope, or were cut short.")
    if data[len(_MAGIC)] != VERSION:
        raise CarrierError(
            f"The scope was sent in wire version {data[len(_MAGIC)]}, this side knows version "
            f"{VERSION}: install the same hyperparameter-dist on both sides."
        )
    body = data[_HEAD + DIGEST_SIZE :]
    if digest_of(body) != data[_HEAD : _HEAD + DIGEST_SIZE]:
        raise CarrierError("The carried scope was damaged on its way: its digest is wrong.")
    return body


def _known_blob(snapshot: Snapshot, layer: Layer) -> Blob | None:
    """Return what the outermost snapshot with `layer` encodes it as; None when that is this one."""
    outermost = None
    while (made_from := _made_from(snapshot, layer)) is not None:
        snapshot = made_from
        outermost = snapshot if snapshot.depth else outermost
    if outermost is None:
        return None
    return next(blob for known, blob in encode(outermost).blobs if known is layer)


def _made_from(snapshot: Snapshot, layer: Layer) -> Snapshot | None:
    for each in (snapshot.upper, snapshot.lower):
        if each is not None and any(known is layer for known in each.layers):
            return each
    return None


def _encode_layer(layer: Layer) -> Blob:
    portable = layer.portable()
    writer = _Writer(portable)
    plain = {key: v for key, v in layer.values.items() if _is_plain(v, 20)}
    special = {key: writer.write(key, v) for key, v in layer.values.items() if key not in plain}
    order = list(layer.values) if special else None
    # No memo between equal strings is needed, and without one equal layers give equal bytes.
    body = pickle.dumps(
        (plain, special, order, _pack(portable.origin), _origins(portable), layer.closed),
        protocol=5,
    )
    data = body
    if len(body) > _WORTH_COMPRESSING:
        data = min(body, _IS_COMPRESSED + zlib.compress(body, 1), key=len)
    if len(data) > _LARGE_LAYER and not writer.beside:
        whole = part(body)
        data = _IS_PART + whole.digest
        writer.parts.append(whole)
    return Blob(data, tuple(writer.parts), tuple(writer.beside))


def _decode_layer(data: bytes, beside: Sequence[Any], fetch: Fetch) -> tuple[Layer, Blob]:
    digest = digest_of(data)
    known: tuple[Layer, Blob] | None = None if beside else _decoded.get(digest)
    if known is None:
        reader = _Reader(fetch, beside)
        layer = reader.layer(_body(data, reader))
        known = layer, Blob(data, tuple(reader.parts), tuple(beside))
        if not beside:
            _decoded.put(digest, known, weight_of(layer, reader.parts))
    return known


def _body(data: bytes, reader: _Reader) -> bytes:
    kind, rest = data[:1], data[1:]
    if kind == _IS_PART:
        return reader.part(rest).stream
    return zlib.decompress(rest) if kind == _IS_COMPRESSED else data


class _Writer:
    """Pickles the values of a layer that are no plain data; collects what travels apart."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._types = _types_beside()
        self.parts: list[Part] = []
        self.beside: list[Any] = []

    def write(self, key: str, value: Any) -> Any:
        """Return the pickle of a value and its buffers, or the digest of its part."""
        buffers: list[pickle.PickleBuffer] = []
        count = len(self.beside)
        try:
            stream = self._pickled(value, buffers)
            raw = [buffer.raw() for buffer in buffers]
        except Exception as error:  # whatever the value's own reduce raises
            raise _cannot_travel(key, self._layer.origin_of(key), error) from error
        size = len(stream) + sum(buffer.nbytes for buffer in raw)
        if size <= _LARGE_VALUE or len(self.beside) > count:
            return stream, [bytes(buffer) for buffer in raw]
        apart = part(stream, raw)
        self.parts.append(apart)
        return apart.digest

    def _pickled(self, value: Any, buffers: list[pickle.PickleBuffer]) -> bytes:
        file = io.BytesIO()
        kind = _Pickler if self._types else cloudpickle.Pickler  # asking for each value costs
        pickler = kind(file, protocol=5, buffer_callback=buffers.append)
        pickler.types, pickler.beside = self._types, self.beside
        pickler.dump(value)
        return file.getvalue()


def _types_beside() -> set[type]:
    """Return those that exist, for only what has been imported can have made a value."""
    modules = [(sys.modules.get(module), name) for module, name in _BESIDE]
    return {vars(module)[name] for module, name in modules if module and name in vars(module)}


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    types: set[type]
    beside: list[Any]

    def persistent_id(self, value: Any) -> int | None:
        """Leave out the values that travel beside the payload."""
        if type(value) not in self.types:
            return None
        self.beside.append(value)
        return len(self.beside) - 1


class _Reader:
    """Unpickles the values of a layer; collects the parts that it took them from."""

    def __init__(self, fetch: Fetch, beside: Sequence[Any]) -> None:
        self._fetch = fetch
        self._beside = beside
        self.parts: list[Part] = []

    def layer(self, body: bytes) -> Layer:
        plain, special, order, origin, origins, closed = pickle.loads(body)
        values = {**plain, **{key: self._value(key, sent) for key, sent in special.items()}}
        if order is not None:
            values = {key: values[key] for key in order}
        places = {key: Origin.unpack(place) for key, place in origins.items()}
        return Layer(values, Origin.unpack(origin), places, closed)

    def part(self, digest: bytes) -> Part:
        found = self._fetch(digest)
        self.parts.append(found)
        return found

    def _value(self, key: str, sent: Any) -> Any:
        if isinstance(sent, bytes):
            return self._value_apart(key, sent)
        return self._unpickled(key, *sent)

    def _value_apart(self, key: str, digest: bytes) -> Any:
        known: tuple[Any, Part] | None = _decoded.get(digest)
        if known is None:
            apart = self._fetch(digest)
            known = self._unpickled(key, apart.stream, apart.buffers), apart
            _decoded.put(digest, known, apart.size)
        self.parts.append(known[1])
        return known[0]

    def _unpickled(self, key: str, stream: bytes, buffers: Sequence[Any]) -> Any:
        unpickler = _Unpickler(io.BytesIO(stream), buffers=buffers)
        unpickler.beside = self._beside
        try:
            return unpickler.load()
        except Exception as error:  # whatever the value's own code raises
            raise CarrierError(
                f"Hyperparameter {key!r} arrived, but cannot be unpickled here: "
                f"{type(error).__name__}: {error}.",
                key=key,
            ) from error


class _Unpickler(pickle.Unpickler):
    beside: Sequence[Any]

    def persistent_load(self, index: int) -> Any:
        return self.beside[index]


def _origins(portable: Layer) -> dict[str, list[Any]]:
    return {
        key: _pack(origin) for key, origin in portable.origins.items() if origin != portable.origin
    }


def _pack(source: Any) -> list[Any]:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return source.pack()


def _cannot_travel(key: str, origin: Any, error: Exception) -> CarrierError:
    return CarrierError(
        f"Hyperparameter {key!r} ({origin}) cannot be carried to another process: "
        f"{type(error).__name__}: {error}. Set it in the worker instead, or give it a value that "
        "can be pickled.",
        key=key,
        origin=origin,
    )


def _is_plain(value: Any, depth: int) -> bool:
    """Tell data that any Python can unpickle: builtins, nested not too deep."""
    kind = type(value)
    if kind in _PLAIN:
        return kind not in _TEXTS or len(value) < _LARGE_VALUE
    if kind not in _CONTAINERS or not depth:
        return kind in _OURS
    if len(value) > _LARGE_VALUE // 8:  # references alone make it a large one
        return False
    if kind is dict:
        return all(_is_plain(k, depth - 1) and _is_plain(v, depth - 1) for k, v in value.items())
    return all(_is_plain(item, depth - 1) for item in value)
