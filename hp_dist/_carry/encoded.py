"""What has been encoded: layers, snapshots and submissions, each kept as bytes for the next time.

    b"HPS" version digest body

The digest is BLAKE2b of the body.  Attachments and engine values are not in the bytes; whoever
sends the bytes sends those beside them.
"""

from __future__ import annotations

import pickle
from typing import NamedTuple

from hyperparameter._engine_interface import Layer

from ..exceptions import CarrierError
from .attachments import DIGEST_SIZE, Attachment, digest_of, make_attachment

VERSION = 4
_MAGIC = b"HPS"
_HEAD = len(_MAGIC) + 1

OriginProcess = tuple[bytes, int]
"""The process where work was submitted: a token of its own or an ancestor's, and its pid."""


class EncodedLayer(NamedTuple):
    """A layer as bytes, and what the bytes refer to."""

    data: bytes
    attachments: tuple[Attachment, ...]
    engine_values: tuple[object, ...]


class EncodedSnapshot:
    """A snapshot as bytes.

    `layers` are its layers with their encodings, for snapshots opened over this one;
    `submission` is the last one that was made of these scopes.
    """

    __slots__ = ("data", "layers", "submission")

    def __init__(self, data: bytes, layers: list[tuple[Layer, EncodedLayer]]) -> None:
        self.data = data
        self.layers = layers
        self.submission: EncodedSubmission | None = None

    @property
    def digest(self) -> bytes:
        """The digest of the bytes, which identifies the snapshot among all others."""
        return self.data[_HEAD : _HEAD + DIGEST_SIZE]

    @property
    def attachments(self) -> list[Attachment]:
        return [attachment for _, encoded in self.layers for attachment in encoded.attachments]

    @property
    def engine_values(self) -> tuple[tuple[object, ...], ...]:
        """The values, by layer, that the engine must see itself; empty when there are none."""
        values = tuple(encoded.engine_values for _, encoded in self.layers)
        return values if any(values) else ()


class EncodedSubmission:
    """A submission as bytes: what of its messages is the same in all stores.

    `made_from` is all that it depends on besides the scopes: baseline, installed engines, process.
    """

    def __init__(
        self,
        scopes: EncodedSnapshot,
        made_from: tuple[EncodedSnapshot, tuple[str, ...], OriginProcess],
    ) -> None:
        baseline, engines, process = self.made_from = made_from
        nothing_open = scopes is baseline  # the snapshot is the baseline's: it is sent once
        body = (None if nothing_open else scopes.data, baseline.data, engines, process)
        self.data = seal(pickle.dumps(body, protocol=5))
        self.attachments = [*baseline.attachments, *(() if nothing_open else scopes.attachments)]
        self.engine_values = () if nothing_open else scopes.engine_values, baseline.engine_values
        self._as_attachment: Attachment | None = None

    def as_attachment(self) -> Attachment:
        """Return the bytes as an attachment."""
        if self._as_attachment is None:
            self._as_attachment = make_attachment(self.data)
        return self._as_attachment


def seal(body: bytes) -> bytes:
    """Return `body` with what tells a complete one of this version from anything else."""
    return b"".join([_MAGIC, bytes([VERSION]), digest_of(body), body])


def unseal(data: bytes) -> bytes:
    """Return what was sealed; `CarrierError` for anything else."""
    if len(data) < _HEAD + DIGEST_SIZE or data[: len(_MAGIC)] != _MAGIC:
        raise CarrierError(
            f"These {len(data)} bytes are not an encoded scope, or were cut short. Submit the work "
            "again."
        )
    if data[len(_MAGIC)] != VERSION:
        raise CarrierError(
            f"The scope was sent in wire version {data[len(_MAGIC)]}, this side knows version "
            f"{VERSION}: install the same hyperparameter-dist on both sides."
        )
    body = data[_HEAD + DIGEST_SIZE :]
    if digest_of(body) != data[_HEAD : _HEAD + DIGEST_SIZE]:
        raise CarrierError(
            "The submitted scope was damaged on its way: its digest does not match. Submit the "
            "work again."
        )
    return body
