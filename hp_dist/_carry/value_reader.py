"""The open values of a message, read again in the worker."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Sequence

from hyperparameter import _engine_interface as interface

from ..exceptions import CarrierError
from .attachments import Attachment, Fetch, digest_of
from .failures import said_by
from .picklers import engine_value
from .recent import Recent
from .values import Group, Piece


class ValueReader:
    """Reads the open values of a message; `decoded` keeps those that other messages may have."""

    def __init__(self, fetch: Fetch, engine_values: Sequence[object], decoded: Recent) -> None:
        self._fetch = fetch
        self._engine_values = engine_values
        self._decoded = decoded
        self.attachments: list[Attachment] = []

    def read(self, groups: Iterable[Group], keys: Sequence[str]) -> list[object]:
        """Return the values of these keys; `CarrierError` names one whose own code fails here."""
        found: list[object] = [None] * len(keys)
        for positions, stream, buffers in groups:
            names = [keys[at] for at in positions]
            for at, value in zip(positions, self._group(stream, buffers, names), strict=True):
                found[at] = value
        return found

    def _group(self, stream: Piece, buffers: tuple[Piece, ...], keys: list[str]) -> list[object]:
        digest = digest_of(*map(_told, (stream, *buffers)))
        known: tuple[list[object], list[Attachment]] | None = self._decoded.get(digest)
        if known is None:
            before = len(self.attachments)
            data = stream if isinstance(stream, bytes) else self._attached(stream).stream
            raws = [b if isinstance(b, bytes) else self._attached(b).buffers[0] for b in buffers]
            unpickler = _Unpickler(io.BytesIO(data), buffers=[*map(_writable, raws)])
            unpickler.engine_values = self._engine_values
            known = [self._load(unpickler, key) for key in keys], self.attachments[before:]
            del self.attachments[before:]
            if not unpickler.has_engine_values:  # which may be others next time
                self._decoded.put(digest, known, len(data) + sum(len(raw) for raw in raws))
        self.attachments += known[1]
        return known[0]

    def _attached(self, piece: tuple[bytes]) -> Attachment:
        self.attachments.append(self._fetch(*piece))
        return self.attachments[-1]

    def _load(self, unpickler: _Unpickler, key: str) -> object:
        try:
            return unpickler.load()
        except (KeyboardInterrupt, interface.Terminated):  # not of the value: a signal's
            raise
        # Whatever the value's own code raises: the `SystemExit` of an import and a panic of Rust
        # would end the worker, its task would be lost, and a pool would start others for ever.
        except BaseException as error:
            raise CarrierError(
                f"Hyperparameter {key!r} has arrived, but cannot be unpickled here: "
                f"{said_by(error)}. Install in the worker what the value needs.",
                key=key,
            ) from error


def _told(piece: Piece) -> bytes:
    return b"=" + piece if isinstance(piece, bytes) else b"#" + piece[0]


def _writable(buffer: bytes | memoryview) -> bytearray | memoryview:
    # A copy of what has come inside the message; numpy's arrays are writable only over such.
    return bytearray(buffer) if isinstance(buffer, bytes) else buffer


class _Unpickler(pickle.Unpickler):
    engine_values: Sequence[object]
    has_engine_values = False

    def find_class(self, module: str, name: str) -> object:
        """Put the engine values of this message where they have been left out."""
        if name == engine_value.__name__ and module == engine_value.__module__:
            self.has_engine_values = True
            return self.engine_values.__getitem__
        return super().find_class(module, name)
