"""Pickles of single values: each on its own, so that an error can name its key.

Plain data needs none of this: `is_builtin_data` tells it, and it is pickled with its layer.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cloudpickle

from hyperparameter._engine_interface import (
    DELETED,
    REMOVED,
    Blank,
    EmptyVariable,
    Layer,
    ScalarText,
    UntypedText,
    UntypedTree,
)

from ..exceptions import CarrierError
from .attachments import Attachment, Fetch, make_attachment
from .recent import Recent

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Written = bytes | tuple[bytes, list[bytes]]
"""A pickled value: the digest of an attachment, or the pickle and its buffers."""

_LARGE = 64 * 1024  # bytes; a larger value travels once, as an attachment
_PLAIN = frozenset([int, float, bool, str, bytes, complex, type(None)])
_OURS = frozenset([UntypedText, ScalarText, Blank, EmptyVariable, type(DELETED), type(REMOVED)])
_TEXTS = frozenset([str, bytes])
_CONTAINERS = frozenset([list, tuple, set, frozenset, dict])
# Ray counts the references to values of these types, and can do so only where it pickles them
# itself.  Inside our bytes it would free the object while the task still needs it.
_ENGINE_TYPES = (
    ("ray", "ObjectRef"),
    ("ray.actor", "ActorHandle"),
    ("ray.util.client.common", "ClientObjectRef"),
    ("ray.util.client.common", "ClientActorRef"),
    ("ray.util.client.common", "ClientActorHandle"),
)


def is_builtin_data(value: Any, depth: int = 20) -> bool:
    """Tell data that any Python can unpickle: builtins, nested at most `depth` levels deep."""
    kind = type(value)  # not isinstance: a subclass may pickle in its own way
    if kind in _PLAIN:
        return kind not in _TEXTS or len(value) < _LARGE
    if kind is UntypedTree:
        return is_builtin_data(value.value, depth)
    if kind not in _CONTAINERS or not depth:
        return kind in _OURS
    if len(value) > _LARGE // 8:  # the references alone make it large
        return False
    if kind is dict:
        return all(
            is_builtin_data(k, depth - 1) and is_builtin_data(v, depth - 1)
            for k, v in value.items()
        )
    return all(is_builtin_data(item, depth - 1) for item in value)


class ValueWriter:
    """Pickles the values of a layer; collects the attachments and engine values among them."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._engine_types = _imported_engine_types()
        self.attachments: list[Attachment] = []
        self.engine_values: list[object] = []

    def write(self, key: str, value: object) -> Written:
        """Return the pickle of a value; `CarrierError` names the key when there is none."""
        buffers: list[pickle.PickleBuffer] = []
        count = len(self.engine_values)
        try:
            stream = self._pickled(value, buffers)
            raw = [buffer.raw() for buffer in buffers]
        except Exception as error:  # whatever the value's own reduce raises
            raise self._cannot_travel(key, error) from error
        size = len(stream) + sum(buffer.nbytes for buffer in raw)
        # A pickle that refers to engine values has their numbers in this layer: another layer
        # cannot share it.
        if size <= _LARGE or len(self.engine_values) > count:
            return stream, [bytes(buffer) for buffer in raw]
        attachment = make_attachment(stream, raw)
        self.attachments.append(attachment)
        return attachment.digest

    def _pickled(self, value: object, buffers: list[pickle.PickleBuffer]) -> bytes:
        file = io.BytesIO()
        # Python code that is asked about every object makes pickling several times slower.
        kind = _Pickler if self._engine_types else cloudpickle.Pickler
        pickler = kind(file, protocol=5, buffer_callback=buffers.append)
        pickler.engine_types, pickler.engine_values = self._engine_types, self.engine_values
        pickler.dump(value)
        return file.getvalue()

    def _cannot_travel(self, key: str, error: Exception) -> CarrierError:
        origin = self._layer.origin_of(key)
        return CarrierError(
            f"Hyperparameter {key!r} ({origin}) cannot be sent to another process: "
            f"{type(error).__name__}: {error}. Set it in the worker instead, or give it a value "
            "that can be pickled.",
            key=key,
            origin=origin,
        )


def _imported_engine_types() -> set[type]:
    """Return those that exist: what has not been imported cannot have made a value."""
    modules = [(sys.modules.get(module), name) for module, name in _ENGINE_TYPES]
    return {vars(module)[name] for module, name in modules if module and name in vars(module)}


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    engine_types: set[type]
    engine_values: list[object]

    def persistent_id(self, value: object) -> int | None:
        """Leave out an engine value: pickle calls this for every object."""
        if type(value) not in self.engine_types:
            return None
        self.engine_values.append(value)
        return len(self.engine_values) - 1


class ValueReader:
    """Unpickles the values of a layer; collects the attachments that it took them from.

    `decoded` remembers the values of attachments, which other layers may have as well.
    """

    def __init__(self, fetch: Fetch, engine_values: Sequence[object], decoded: Recent) -> None:
        self._fetch = fetch
        self._engine_values = engine_values
        self._decoded = decoded
        self.attachments: list[Attachment] = []

    def read(self, key: str, written: Written) -> object:
        """Return the value; `CarrierError` names the key when its own code fails here."""
        if isinstance(written, bytes):
            return self._read_attached(key, written)
        return self._unpickled(key, *written)

    def attachment(self, digest: bytes) -> Attachment:
        found = self._fetch(digest)
        self.attachments.append(found)
        return found

    def _read_attached(self, key: str, digest: bytes) -> object:
        known: tuple[object, Attachment] | None = self._decoded.get(digest)
        if known is None:
            attachment = self._fetch(digest)
            value = self._unpickled(key, attachment.stream, attachment.buffers)
            known = value, attachment
            self._decoded.put(digest, known, attachment.size)
        self.attachments.append(known[1])
        return known[0]

    def _unpickled(self, key: str, stream: bytes, buffers: Sequence[ReadableBuffer]) -> object:
        unpickler = _Unpickler(io.BytesIO(stream), buffers=buffers)
        unpickler.engine_values = self._engine_values
        try:
            return unpickler.load()
        except Exception as error:  # whatever the value's own code raises
            raise CarrierError(
                f"Hyperparameter {key!r} has arrived, but cannot be unpickled here: "
                f"{type(error).__name__}: {error}. Install in the worker what the value needs.",
                key=key,
            ) from error


class _Unpickler(pickle.Unpickler):
    engine_values: Sequence[object]

    def persistent_load(self, index: int) -> object:
        return self.engine_values[index]
