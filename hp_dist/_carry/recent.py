"""A cache of the values used last, bounded by the bytes that they take."""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from threading import RLock
from typing import Any

_ALWAYS_KEPT = 4
KEY_BYTES = 150  # what a key and a small value of a decoded layer take, measured


class Recent:
    """The values for the keys used last; safe to share between threads.

    As many as weigh `most_bytes` together, but never fewer than four nor more than `most`.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._items: OrderedDict[bytes, tuple[object, int]] = OrderedDict()
        self._weight = 0
        # Reentrant: what is dropped may have a finalizer, which may ask here again.
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            # A hook can never be removed: a strong reference would keep the values for ever.
            renew = weakref.WeakMethod(self._renew_lock)
            os.register_at_fork(after_in_child=lambda: (method := renew()) and method())

    def _renew_lock(self) -> None:
        """Replace the lock: a thread that the forked child does not have may have held it."""
        self._lock = RLock()

    def get(self, key: bytes) -> Any:  # values of several types share one bound
        with self._lock:
            found = self._items.get(key)
            if found is None:
                return None
            self._items.move_to_end(key)
            return found[0]

    def put(self, key: bytes, value: object, weight: int) -> None:
        with self._lock:
            before = self._items.pop(key, None)
            self._items[key] = value, weight
            self._weight += weight - (before[1] if before else 0)
            while len(self._items) > self._most or self._is_heavy():
                _, (_, gone) = self._items.popitem(last=False)
                self._weight -= gone

    def _is_heavy(self) -> bool:
        return self._weight > self._most_bytes and len(self._items) > _ALWAYS_KEPT
