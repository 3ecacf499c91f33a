"""Reads that have arrived, packed until somebody asks for them: most records are never asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from threading import RLock
from weakref import WeakKeyDictionary

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Read, Record

_MOST_BYTES = 32 * 1024 * 1024  # unpacked, a read that a record has already costs nothing


class _Batch:
    """Reads that were packed together; several records may have them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._reads: list[Read] | None = None

    @property
    def packed_size(self) -> int:
        return len(self._data)

    def reads(self) -> list[Read]:
        """Return the reads; `ValueError`, `TypeError` or `LookupError` for damaged ones."""
        if self._reads is None:
            self._reads, self._data = interface.unpack(json.loads(self._data)), b""
        return self._reads


class PackedReads:
    """Batches of reads, by the record that they are for."""

    def __init__(self) -> None:
        self._batches: WeakKeyDictionary[Record, list[_Batch]] = WeakKeyDictionary()
        self._lock = RLock()  # reentrant: a finalizer may ask a record
        self._size = 0

    def add(self, records: Sequence[Record], data: bytes) -> None:
        batch = _Batch(data)
        with self._lock:
            for record in records:
                self._batches.setdefault(record, []).append(batch)
            self._size += len(data)
            if self._size > _MOST_BYTES:
                for record in list(self._batches):
                    self.unpack(record)

    def unpack(self, record: Record) -> None:
        """Give a record its reads."""
        with self._lock, interface.without_garbage_collection():
            for batch in self._batches.pop(record, ()):
                try:
                    self._size -= batch.packed_size
                    record.add(batch.reads())
                except (AttributeError, LookupError, TypeError, ValueError):
                    record.note_loss("a report of a worker could not be read")
