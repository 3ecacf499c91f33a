"""What is too large to go along with every task: it travels apart, and once.

A `Part` is a pickle (protocol 5) with its out-of-band buffers, known by its digest.  A store
keeps parts where the far side can fetch them: in files, in Ray's object store, in Ray's
key-value store.  Equal contents are one part, however many scopes hold them, for as long as
one of them does.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pickle import PickleBuffer
from typing import Any, Protocol
from weakref import WeakValueDictionary

from ..exceptions import CarrierError

DIGEST_SIZE = 16
_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 64  # of buffers, so that arrays over them are aligned


class Part:
    """A pickled value with its buffers; `places` has where stores keep it, by store."""

    __slots__ = ("__weakref__", "buffers", "digest", "places", "size", "stream")

    def __init__(self, digest: bytes, stream: bytes, buffers: Sequence[Any]) -> None:
        self.digest = digest
        self.stream = stream
        self.buffers = [memoryview(buffer).cast("B") for buffer in buffers]
        self.size = len(stream) + sum(buffer.nbytes for buffer in self.buffers)
        self.places: dict[Any, Any] = {}

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        wrap: Any = PickleBuffer if protocol >= 5 else bytes
        return received, (self.digest, self.stream, [wrap(buffer) for buffer in self.buffers])


class Store(Protocol):
    """Where parts are kept for the far side.

    `keep` returns the place, which travels in the parcel; `fetch` returns the part from there.
    A parcel of more than `most_bytes` is a part itself.
    """

    most_bytes: float

    @staticmethod
    def keep(part: Part) -> Any: ...

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Part: ...


class Inline:
    """The store of parcels that go wherever a pickle goes: the parts themselves go along."""

    most_bytes: float = math.inf

    @staticmethod
    def keep(part: Part) -> Part:
        return part

    @staticmethod
    def fetch(_: bytes, place: Part) -> Part:
        return place


def part(stream: bytes, buffers: Sequence[Any] = ()) -> Part:
    """Return the part with these contents; the same one as before where it still exists."""
    digest = digest_of(stream, *buffers)
    return _known.setdefault(digest, Part(digest, stream, buffers))


def received(digest: bytes, stream: bytes, buffers: Sequence[Any]) -> Part:
    """Return the part that arrived; `CarrierError` when it is not what was sent."""
    if digest_of(stream, *buffers) != digest:
        raise CarrierError(
            "A part of the carried scope was damaged on its way: its digest is wrong."
        )
    return _known.setdefault(digest, Part(digest, stream, buffers))


def digest_of(*pieces: Any) -> bytes:
    digest = blake2b(digest_size=DIGEST_SIZE)
    for piece in pieces:
        if len(pieces) > 1:
            digest.update(_LENGTH.pack(memoryview(piece).nbytes))
        digest.update(piece)
    return digest.digest()


def to_chunks(part: Part) -> Iterator[bytes | memoryview]:
    """Yield the part as one run of bytes: lengths, pickle, buffers on 64-byte borders."""
    pieces: list[bytes | memoryview] = [part.stream, *part.buffers]
    head = b"".join(_LENGTH.pack(n) for n in (len(pieces), *(len(piece) for piece in pieces)))
    position = 0
    for piece in (head, *pieces):
        gap = -position % _ALIGNMENT
        yield bytes(gap)
        yield piece
        position += gap + len(piece)


def from_bytes(digest: bytes, data: bytes | memoryview) -> Part:
    """Return the part whose `to_chunks` are `data`, its buffers looking into it."""
    try:
        view = memoryview(data)
        (count,) = _LENGTH.unpack_from(view)
        if count > len(view):
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
        raise CarrierError("A part of the carried scope was damaged or cut short.") from error
    return received(digest, bytes(stream), buffers)


_known: WeakValueDictionary[bytes, Part] = WeakValueDictionary()
