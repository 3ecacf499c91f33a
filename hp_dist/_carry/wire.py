"""The wire format: a snapshot as bytes, and back.

The body is a pickle (protocol 5) of the layers, innermost first.  Each layer is encoded on its
own, so a large scope is encoded once, however many small ones are opened over it.  It has the
values that cannot change; open values travel beside it, and it has their keys.  Large layers and
values become attachments: the body has their digests.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any

from hyperparameter._engine_interface import EMPTY, SHADOWED, Layer, Origin, is_shadowed
from hyperparameter.context import Snapshot

from .attachments import IS_ATTACHED, Attachment, Fetch, make_attachment
from .encoded import Body, EncodedLayer, EncodedSnapshot
from .recent import KEY_BYTES, Recent
from .value_reader import ValueReader
from .values import LARGE, NUMBERS, OpenValue, is_fixed

_LARGE_LAYER = 12 * 1024  # Ray sends this much in each task about as fast as nothing
_WORTH_COMPRESSING = 2 * 1024
_SMALL_LAYER = 1024
_MAY_BE_LARGE = frozenset([str, bytes, tuple, frozenset])
_IS_COMPRESSED = b"z"  # no pickle of protocol 5 starts with this or with IS_ATTACHED
_decoded = Recent(512, 32 * 1024 * 1024)


def encode(snapshot: Snapshot) -> EncodedSnapshot:
    """Return the scopes of `snapshot` as bytes, or all of it when it is a baseline."""
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
    shadowed = {}
    for index, (_, encoded) in enumerate(pairs):
        if index and (encoded.opened or encoded.large):
            keys = [key for key in encoded.apart() if is_shadowed(key, layers[:index])]
            shadowed[index] = tuple(keys)
    body = snapshot.depth > 0, snapshot.closed, [encoded.data for _, encoded in pairs], shadowed
    return EncodedSnapshot(body, pairs)


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
    plain, large = _fixed(layer.values)
    is_whole = len(plain) == len(layer.values) and not layer.kinds
    order = None if is_whole else list(layer.values)
    origins = {k: _packed(at) for k, at in portable.origins.items() if at != portable.origin}
    digests = {key: attachment.digest for key, attachment in large.items()}
    # One pickle for all the plain data: it is many times faster than one for each value.
    fields: tuple[object, ...] = plain, _packed(portable.origin)
    more = digests, order, origins, layer.closed, portable.names, list(layer.kinds)
    if any(more) or order is not None:
        fields += more
    body = pickle.dumps(fields, protocol=5)
    data, whole = body, None
    if len(body) > _WORTH_COMPRESSING:
        data = min(body, _IS_COMPRESSED + zlib.compress(body, 1), key=len)
    if len(data) > _LARGE_LAYER:
        whole = make_attachment(body)
        data = IS_ATTACHED + whole.digest
    if is_whole:
        return EncodedLayer(data, whole, large, ())
    keys = [key for key in layer.values if key not in plain and key not in large]
    return EncodedLayer(data, whole, large, _open_values(layer, keys))


def _fixed(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Attachment]]:
    """Return the values that cannot change, the large ones of them as attachments."""
    # Most layers have numbers alone: not to ask for each value is most of the time.
    if NUMBERS.issuperset(map(type, values.values())):
        return {**values}, {}
    plain = {k: value for k, value in values.items() if type(value) in NUMBERS or is_fixed(value)}
    may_be_large = {key: value for key, value in plain.items() if type(value) in _MAY_BE_LARGE}
    large = {k: found for k, value in may_be_large.items() if (found := _large(value)) is not None}
    for key in large:
        del plain[key]
    return plain, large


def _open_values(layer: Layer, keys: Sequence[str]) -> tuple[OpenValue, ...]:
    """Return the open values of a layer: those of its keys, and the mappings in `kinds`."""
    kinds = [OpenValue(key, layer, is_kind=True) for key in layer.kinds]
    return (*(OpenValue(key, layer) for key in keys), *kinds)


def _large(value: Sized) -> Attachment | None:
    """Return a large value that cannot change as an attachment; None for another value."""
    if len(value) <= LARGE // 16:
        return None
    stream = pickle.dumps(value, protocol=5)
    return make_attachment(stream) if len(stream) > LARGE else None


def _packed(source: object) -> list[object]:
    assert isinstance(source, Origin)  # a portable layer has looked up its places
    return source.pack()


class DecodedSnapshot:
    """A snapshot that has arrived, without its open values."""

    def __init__(self, body: Body, fetch: Fetch) -> None:
        """`CarrierError` when something that travels apart cannot be fetched."""
        self._body = body
        self._has_scopes, self._closed, layers, self._shadowed = body
        self._layers = [_decode_layer(layer, fetch) for layer in layers]
        # The keys of the values that `filled` takes.
        self.open_keys = [
            key
            for index, layer in enumerate(self._layers)
            for key in (*layer.open_keys, *layer.kinds)
            if key not in self._shadowed.get(index, ())
        ]

    def filled(self, opened: Sequence[object], fetch: Fetch) -> Snapshot:
        """Return the snapshot with the open values."""
        values = iter(opened)
        pairs = [
            layer.pair or layer.filled(self._shadowed.get(index, ()), values, fetch)
            for index, layer in enumerate(self._layers)
        ]
        if not pairs and not self._closed:
            return EMPTY  # the very object, by which others tell that nothing is set
        layers = tuple([layer for layer, _ in pairs])
        snapshot = Snapshot(layers, len(layers) if self._has_scopes else 0, self._closed)
        # A nested submission sends the same.
        snapshot.encoded = EncodedSnapshot(self._body, pairs)
        return snapshot


class _DecodedLayer:
    """A layer that has arrived, without the values that travel apart."""

    def __init__(self, data: bytes, whole: Attachment | None, body: bytes) -> None:
        self._data = data
        self._whole = whole
        self._digests: Mapping[str, bytes] = {}
        self._order: Sequence[str] | None = None
        # The keys of the mappings with a class of their own.
        self.kinds: Sequence[str] = ()
        plain, origin, *more = pickle.loads(body)
        self._layer = Layer(plain, Origin.unpack(origin))
        if more:
            self._digests, self._order, origins, closed, names, self.kinds = more
            places = {key: Origin.unpack(place) for key, place in origins.items()}
            self._layer = self._layer._replace(origins=places, closed=closed, names=names)
        self.open_keys = [
            key for key in self._order or () if key not in plain and key not in self._digests
        ]
        # What it is without such values.
        is_whole = self._order is None
        self.pair = (self._layer, EncodedLayer(data, whole, {}, ())) if is_whole else None

    def weight(self) -> int:
        """Return about how many bytes it takes."""
        return KEY_BYTES * len(self._layer.values) + (self._whole.size if self._whole else 0)

    def filled(
        self, shadowed: Sequence[str], values: Iterator[object], fetch: Fetch
    ) -> tuple[Layer, EncodedLayer]:
        sent = [key for key in self.open_keys if key not in shadowed]
        apart: dict[str, object] = dict(zip(sent, islice(values, len(sent)), strict=True))
        large = {}
        for key, digest in self._digests.items():
            if key not in shadowed:
                apart[key], large[key] = _read_large(digest, fetch)
        found: Mapping[str, object] = {**dict.fromkeys(shadowed, SHADOWED), **apart}
        plain = self._layer.values
        assert self._order is not None  # or it would have a pair
        ordered = {key: found[key] if key in found else plain[key] for key in self._order}
        kinds: dict[str, Any] = {k: {} if k in shadowed else next(values) for k in self.kinds}
        layer = self._layer._replace(values=ordered, kinds=kinds)
        opened = _open_values(layer, self.open_keys)
        return layer, EncodedLayer(self._data, self._whole, large, opened)


def _decode_layer(data: bytes, fetch: Fetch) -> _DecodedLayer:
    if len(data) <= _SMALL_LAYER and data[:1] not in (IS_ATTACHED, _IS_COMPRESSED):
        return _DecodedLayer(data, None, data)  # as fast as to keep it, which most never need
    known: _DecodedLayer | None = _decoded.get(data)
    if known is None:
        kind, rest = data[:1], data[1:]
        whole = fetch(rest) if kind == IS_ATTACHED else None
        body = zlib.decompress(rest) if kind == _IS_COMPRESSED else data
        known = _DecodedLayer(data, whole, body if whole is None else whole.stream)
        _decoded.put(data, known, known.weight())
    return known


def _read_large(digest: bytes, fetch: Fetch) -> tuple[object, Attachment]:
    known: tuple[object, Attachment] | None = _decoded.get(digest)
    if known is None:
        attachment = fetch(digest)
        known = pickle.loads(attachment.stream), attachment
        _decoded.put(digest, known, attachment.size)
    return known


def value_reader(fetch: Fetch, engine_values: Sequence[object]) -> ValueReader:
    """Return what reads the open values of a message, and remembers them here."""
    return ValueReader(fetch, engine_values, _decoded)


def weight_of(snapshot: Snapshot) -> int:
    """Return about how many bytes a decoded snapshot takes, without its open values."""
    encoded = encode(snapshot)
    keys = sum(len(layer.values) for layer, _ in encoded.layers)
    return KEY_BYTES * keys + sum(attachment.size for attachment in encoded.attachments)
