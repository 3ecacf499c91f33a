"""The wire format: a snapshot as bytes, and back.

The body is a pickle (protocol 5) of the layers, innermost first.  Each layer is encoded on its
own, so a large scope is encoded once, however many small ones are opened over it.  Values other
than plain data go through cloudpickle, one by one.  Large layers and values become attachments:
the body has their digests.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Sequence
from typing import Any

from hyperparameter._engine_interface import EMPTY, Layer, Origin
from hyperparameter.context import Snapshot

from .attachments import IS_ATTACHED, Attachment, Fetch, digest_of, make_attachment
from .encoded import EncodedLayer, EncodedSnapshot, seal, unseal
from .recent import KEY_BYTES, Recent
from .values import ValueReader, ValueWriter, Written, is_builtin_data

_LARGE_LAYER = 12 * 1024  # Ray sends this much in each task about as fast as nothing
_WORTH_COMPRESSING = 2 * 1024
_IS_COMPRESSED = b"z"  # no pickle of protocol 5 starts with this or with IS_ATTACHED
_decoded = Recent(512, 32 * 1024 * 1024)

EngineValues = Sequence[Sequence[object]]
"""What the engine must see itself, by layer; empty when there is nothing."""


def encode(snapshot: Snapshot) -> EncodedSnapshot:
    """Return the scopes of `snapshot` as bytes, or all of it when it is a baseline.

    `CarrierError` names the key of a value that cannot be serialized, and where it was bound.
    """
    if snapshot.encoded is None:  # kept there: every submission in these scopes asks for it
        upper = snapshot.upper
        if upper and (upper.depth, upper.closed) == (snapshot.depth, snapshot.closed):
            snapshot.encoded = encode(upper)  # the same scopes, over another baseline
        else:
            snapshot.encoded = _encode(snapshot)
    encoded: EncodedSnapshot = snapshot.encoded
    return encoded


def _encode(snapshot: Snapshot) -> EncodedSnapshot:
    layers = snapshot.scopes() if snapshot.depth or snapshot.closed else snapshot.layers
    pairs = [(layer, _known_encoding(snapshot, layer) or _encode_layer(layer)) for layer in layers]
    body = (snapshot.depth > 0, snapshot.closed, [encoded.data for _, encoded in pairs])
    return EncodedSnapshot(seal(pickle.dumps(body, protocol=5)), pairs)


def decode(data: bytes, fetch: Fetch, engine_values: EngineValues = ()) -> Snapshot:
    """Return the snapshot that `encode` made `data` from; `fetch` gets its attachments.

    `CarrierError` when the data is damaged, cut short, or of a version that this library does
    not know.  Only for data from where the engine itself would accept a pickle.
    """
    has_scopes, closed, encoded = pickle.loads(unseal(data))
    values = engine_values or [()] * len(encoded)
    pairs = [_decode_layer(*one, fetch) for one in zip(encoded, values, strict=True)]
    layers = tuple(layer for layer, _ in pairs)
    if not layers and not closed:
        return EMPTY  # the very object, by which others tell that nothing is set
    snapshot = Snapshot(layers, len(layers) if has_scopes else 0, closed)
    snapshot.encoded = EncodedSnapshot(data, pairs)  # a nested submission sends the same bytes
    return snapshot


def weight_of(layer: Layer, attachments: Sequence[Attachment]) -> int:
    """Return about how many bytes a decoded layer takes."""
    return KEY_BYTES * len(layer.values) + sum(attachment.size for attachment in attachments)


def _known_encoding(snapshot: Snapshot, layer: Layer) -> EncodedLayer | None:
    """Return how the outermost snapshot that has `layer` encodes it; None when that is this one."""
    outermost = None
    while (made_from := _made_from(snapshot, layer)) is not None:
        snapshot = made_from
        outermost = snapshot if snapshot.depth else outermost
    if outermost is None:
        return None
    return next(encoded for known, encoded in encode(outermost).layers if known is layer)


def _made_from(snapshot: Snapshot, layer: Layer) -> Snapshot | None:
    for each in (snapshot.upper, snapshot.lower):
        if each is not None and any(known is layer for known in each.layers):
            return each
    return None


def _encode_layer(layer: Layer) -> EncodedLayer:
    portable = layer.portable()
    writer = ValueWriter(portable)
    plain = {key: value for key, value in layer.values.items() if is_builtin_data(value)}
    special = {k: writer.write(k, value) for k, value in layer.values.items() if k not in plain}
    order = list(layer.values) if special else None
    origins = {k: _packed(at) for k, at in portable.origins.items() if at != portable.origin}
    # One pickle for all the plain data: it is many times faster than one for each value.
    kinds = {key: writer.write(key, kind) for key, kind in layer.kinds.items()}
    origin = _packed(portable.origin)
    fields = plain, special, order, origin, origins, layer.closed, portable.names, kinds
    body = pickle.dumps(fields, protocol=5)
    data = body
    if len(body) > _WORTH_COMPRESSING:
        data = min(body, _IS_COMPRESSED + zlib.compress(body, 1), key=len)
    # Engine values are numbered by layer: an attachment, which layers may share, has none.
    if len(data) > _LARGE_LAYER and not writer.engine_values:
        attachment = make_attachment(body)
        data = IS_ATTACHED + attachment.digest
        writer.attachments.append(attachment)
    return EncodedLayer(data, tuple(writer.attachments), tuple(writer.engine_values))


def _packed(source: object) -> list[object]:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return source.pack()


def _decode_layer(
    data: bytes, engine_values: Sequence[object], fetch: Fetch
) -> tuple[Layer, EncodedLayer]:
    digest = digest_of(data)
    known: tuple[Layer, EncodedLayer] | None = None if engine_values else _decoded.get(digest)
    if known is None:
        reader = ValueReader(fetch, engine_values, _decoded)
        layer = _layer_from(_body(data, reader), reader)
        encoded = EncodedLayer(data, tuple(reader.attachments), tuple(engine_values))
        known = layer, encoded
        if not engine_values:  # with the same bytes, they may be other objects next time
            _decoded.put(digest, known, weight_of(layer, reader.attachments))
    return known


def _body(data: bytes, reader: ValueReader) -> bytes:
    kind, rest = data[:1], data[1:]
    if kind == IS_ATTACHED:
        return reader.attachment(rest).stream
    return zlib.decompress(rest) if kind == _IS_COMPRESSED else data


def _layer_from(body: bytes, reader: ValueReader) -> Layer:
    special: dict[str, Written]
    kinds: dict[str, Written]
    plain, special, order, origin, origins, closed, names, kinds = pickle.loads(body)
    values = {**plain, **{key: reader.read(key, written) for key, written in special.items()}}
    if order is not None:
        values = {key: values[key] for key in order}
    places = {key: Origin.unpack(place) for key, place in origins.items()}
    found: dict[str, Any] = {key: reader.read(key, one) for key, one in kinds.items()}
    return Layer(values, Origin.unpack(origin), places, closed, names, found)
