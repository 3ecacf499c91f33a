"""What has been encoded: layers, snapshots and submissions, each kept as bytes for the next time.

A submission, which has the others in it, is sealed:

    b"HPS" version digest body

The digest is BLAKE2b of the body.  Attachments and engine values are not in the bytes; whoever
sends the bytes sends those beside them.
"""

import functools
import pickle
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from weakref import ref

from hyperparameter._engine_interface import Layer

from .._collect.address import Address
from ..exceptions import CarrierError
from .attachments import DIGEST_SIZE, Attachment, digest_of, make_attachment
from .values import Group, OpenValue

VERSION = 7
_MAGIC = b"HPS"
_HEAD = len(_MAGIC) + 1

OriginProcess = tuple[bytes, int]
"""The process where work was submitted: a token of its own or an ancestor's, and its pid."""


class EncodedLayer(NamedTuple):
    """A layer as bytes, and what travels apart from them."""

    data: bytes
    whole: Attachment | None  # what `data` refers to, when the layer is large
    large: Mapping[str, Attachment]  # values that cannot change, and are large
    opened: tuple[OpenValue, ...]

    def apart(self) -> list[str]:
        """Return the keys of the values that are not in the bytes."""
        return [*self.large, *(each.key for each in self.opened)]


Body = tuple[bool, bool, list[bytes], Mapping[int, Sequence[str]]]
"""What is encoded of a snapshot: whether it has scopes, whether they are closed, its layers, and
the keys, by the number of the layer, whose values nothing can see and nobody is sent."""


class EncodedSnapshot:
    """A snapshot whose layers are bytes.

    `layers` are its layers with their encodings, for snapshots opened over this one; `submission`
    is the last one that was made of these scopes.
    """

    __slots__ = ("__weakref__", "_data", "attachments", "body", "layers", "opened", "submission")

    def __init__(self, body: Body, layers: list[tuple[Layer, EncodedLayer]]) -> None:
        self.body = body
        self._data = b""  # not made before it is asked for
        self.layers = layers
        _, _, _, shadowed = body
        self.opened: list[OpenValue] = []
        self.attachments: list[Attachment] = []
        for index, (_, encoded) in enumerate(layers):
            if encoded.whole is not None:
                self.attachments.append(encoded.whole)
            if encoded.opened or encoded.large:
                unseen, large = shadowed.get(index, ()), encoded.large.items()
                self.opened += [each for each in encoded.opened if each.key not in unseen]
                self.attachments += [each for key, each in large if key not in unseen]
        self.submission: EncodedSubmission | None = None

    @property
    def data(self) -> bytes:
        """The body as bytes, by which a worker knows it again."""
        self._data = self._data or pickle.dumps(self.body, protocol=5)
        return self._data


class EncodedSubmission:
    """A submission as bytes: what of its messages is the same in all stores.

    It depends on the scopes that keep it, values that may change, the baseline, the installed
    engines, the process, and where the worker tells what it reads.  It keeps no baseline alive, as
    scopes may be opened over another one.
    """

    def __init__(
        self,
        scopes: EncodedSnapshot,
        made_from: tuple[EncodedSnapshot, tuple[str, ...], OriginProcess, Address],
    ) -> None:
        baseline, *others = made_from
        self._baseline, self._others = ref(baseline), others
        nothing_open = scopes is baseline  # the snapshot is the baseline's: it is sent once
        self._body = None if nothing_open else scopes.body, baseline.data, _packed(*others)
        self._last: tuple[tuple[Group, ...], bytes, Attachment | None] | None = None

    def is_made_from(
        self, baseline: EncodedSnapshot, *others: tuple[str, ...] | OriginProcess | Address
    ) -> bool:
        return self._baseline() is baseline and self._others == [*others]

    def payload(self, groups: tuple[Group, ...]) -> bytes:
        """Return the bytes with these open values; the same as long as the values are equal."""
        last = self._last
        if last is None or last[0] != groups:
            data = seal(pickle.dumps((*self._body, groups), protocol=5))
            last = self._last = groups, data, None
        return last[1]

    def as_attachment(self, payload: bytes) -> Attachment:
        """Return the last payload as an attachment."""
        if self._last is None or self._last[1] is not payload:  # another thread's is the last
            return make_attachment(payload)
        groups, _, attachment = self._last
        attachment = attachment or make_attachment(payload)
        self._last = groups, payload, attachment
        return attachment


@functools.lru_cache(maxsize=64)
def _packed(engines: tuple[str, ...], process: OriginProcess, address: Address) -> bytes:
    """Return as bytes what all submissions of a process have in common."""
    return pickle.dumps((engines, process, address), protocol=5)


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
