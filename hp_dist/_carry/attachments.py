"""Attachments: values too large to travel in every message.  They travel apart, and once.

An `Attachment` is a pickle (protocol 5) with its out-of-band buffers, known by its digest.  A
store keeps attachments where workers can fetch them: in files, in Ray's object store, in Ray's
key-value store.  Equal contents are one attachment, however many scopes hold them, for as long
as one of these scopes exists.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

from .._collect.address import Medium
from ..exceptions import CarrierError
from .picklers import Picklers, of_the_carrier

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DIGEST_SIZE = 16
IS_ATTACHED = b"#"  # followed by the digest of the attachment that has the bytes
_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 64  # a cache line: arrays over buffers at other addresses are slower to compute with


class Attachment:
    """A pickled value with its buffers.

    `places` holds, by store, who put the attachment there and what `Store.keep` returned.
    """

    __slots__ = ("__weakref__", "buffers", "digest", "places", "size", "stream")

    def __init__(self, digest: bytes, stream: bytes, buffers: Sequence[ReadableBuffer]) -> None:
        self.digest = digest
        self.stream = stream
        self.buffers = [memoryview(buffer).cast("B") for buffer in buffers]
        self.size = len(stream) + sum(buffer.nbytes for buffer in self.buffers)
        self.places: dict[type[Store], tuple[object, Any]] = {}

    def __reduce_ex__(self, protocol: int) -> tuple[object, ...]:  # type: ignore[override]  # pickle passes an int
        # Out of band, Ray moves buffers without copying them; older protocols cannot.
        wrap: type[PickleBuffer | bytes] = PickleBuffer if protocol >= 5 else bytes
        buffers = [wrap(buffer) for buffer in self.buffers]
        return receive_attachment, (self.digest, self.stream, buffers)


Fetch = Callable[[bytes], Attachment]
"""Returns the attachment with a digest; `CarrierError` when it cannot be fetched."""


class Store(Protocol):
    """Where attachments are kept for workers.

    `keep` returns the place, which travels in the message; `fetch` returns the attachment from
    there.  A payload of more than `most_bytes` is itself sent as an attachment.  `picklers` returns
    what writes the values of the messages, `medium` tells how far they go.
    """

    most_bytes: float
    medium: Medium

    @staticmethod
    def picklers() -> Picklers: ...

    @staticmethod
    def keep(attachment: Attachment) -> object: ...

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Attachment: ...


class Inline:
    """The store for messages that may go anywhere: the attachments travel inside the message."""

    most_bytes: float = math.inf
    medium: Medium = "any"

    @staticmethod
    def picklers() -> Picklers:
        return of_the_carrier()

    @staticmethod
    def keep(attachment: Attachment) -> Attachment:
        return attachment

    @staticmethod
    def fetch(_: bytes, place: Attachment) -> Attachment:
        return place


def fetch_from(store: type[Store], places: Mapping[bytes, object], digest: bytes) -> Attachment:
    """Return an attachment from its place; `CarrierError` when it is not there."""
    if digest not in places:
        raise CarrierError(
            "An attachment of the submitted scope was lost on its way. Submit the work again."
        )
    found: object = store.fetch(digest, places[digest])
    # A store gives what somebody else may have put there: nothing is taken on trust.
    if not isinstance(found, Attachment) or found.digest != digest:
        raise CarrierError("An attachment of the submitted scope is not the one that was sent.")
    return found


def make_attachment(stream: bytes, buffers: Sequence[ReadableBuffer] = ()) -> Attachment:
    """Return the attachment with these contents: the existing one, while there is one."""
    digest = digest_of(stream, *buffers)
    return _known.setdefault(digest, Attachment(digest, stream, buffers))


def copied(attachment: Attachment) -> Attachment:
    """Return an attachment that stays as it is when the value is changed whose memory this is."""
    digest = attachment.digest
    copy = _copies.get(digest)
    if copy is None:
        raws = attachment.buffers
        # Writable where the others are, as an array over them will be.
        buffers = [bytes(raw) if raw.readonly else bytearray(raw) for raw in raws]
        copy = _copies[digest] = Attachment(digest, attachment.stream, buffers)
    return copy


def forget(attachment: Attachment) -> None:
    """Do not give out an attachment again whose contents are no longer those of its digest."""
    if _known.get(attachment.digest) is attachment:
        del _known[attachment.digest]


def receive_attachment(
    digest: bytes, stream: bytes, buffers: Sequence[ReadableBuffer]
) -> Attachment:
    """Return the attachment that arrived; `CarrierError` when it is not what was sent."""
    if digest_of(stream, *buffers) != digest:
        raise CarrierError(
            "An attachment of the submitted scope was damaged on its way: its digest does not "
            "match. Submit the work again."
        )
    known = _known.get(digest)
    # Its buffers may be the memory of a value here, which has been changed since it was sent.
    if known is not None and digest_of(known.stream, *known.buffers) == digest:
        return known
    received = _known[digest] = Attachment(digest, stream, buffers)
    return received


def digest_of(*pieces: ReadableBuffer) -> bytes:
    digest = blake2b(digest_size=DIGEST_SIZE)
    for piece in pieces:
        if len(pieces) > 1:  # without the lengths, pieces cut elsewhere would have one digest
            digest.update(_LENGTH.pack(memoryview(piece).nbytes))
        digest.update(piece)
    return digest.digest()


def to_chunks(attachment: Attachment) -> Iterator[bytes | memoryview]:
    """Yield the attachment as one run of bytes: lengths, pickle, buffers on 64-byte borders."""
    pieces: list[bytes | memoryview] = [attachment.stream, *attachment.buffers]
    head = b"".join(_LENGTH.pack(n) for n in (len(pieces), *(len(piece) for piece in pieces)))
    position = 0
    for piece in (head, *pieces):
        gap = -position % _ALIGNMENT
        yield bytes(gap)
        yield piece
        position += gap + len(piece)


def from_bytes(digest: bytes, data: bytes | memoryview) -> Attachment:
    """Return the attachment whose `to_chunks` are `data`; its buffers are views of `data`."""
    try:
        view = memoryview(data)
        (count,) = _LENGTH.unpack_from(view)
        if count > len(view):  # or a damaged count would ask for a list that fills the memory
            raise ValueError(count)
        lengths = [_LENGTH.unpack_from(view, 8 * (i + 1))[0] for i in range(count)]
        position = 8 * (count + 1)
        pieces = []
        for length in lengths:
            position += -position % _ALIGNMENT
            pieces.append(view[position : position + length])
            position += length
        stream, *buffers = pieces
    except (struct.error, ValueError) as error:
        raise CarrierError(
            "An attachment of the submitted scope was damaged or cut short on its way. Submit "
            "the work again."
        ) from error
    return receive_attachment(digest, bytes(stream), buffers)


# Weak, so that an attachment lives as long as the scopes that hold its value, and its copies in
# the stores with it.
_known: WeakValueDictionary[bytes, Attachment] = WeakValueDictionary()
_copies: WeakValueDictionary[bytes, Attachment] = WeakValueDictionary()
