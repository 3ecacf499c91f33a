"""The beginning of a run, which its worker tells the desk of.

The desk is one process for all workers, so a run that ends within a moment says nothing: when its
outcome arrives, the launcher knows both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

_MOMENT = 0.005  # seconds


class Beginning:
    """The beginning of one run, told once: when somebody asks for that, or after a moment."""

    def __init__(self, tell: Callable[[], Any]) -> None:
        self._tell = tell
        self._is_over = False
        self._lock = threading.RLock()  # reentrant, as a signal may raise in a report

    def tell(self) -> Any:
        """Tell the desk, and return the reference to its answer; None where that is over."""
        with self._lock:
            if self._is_over:
                return None
            self._is_over = True
            return self._tell()

    def tell_later(self) -> None:
        global _latest
        _latest = self
        if not _threads:
            _threads.append(threading.Thread(target=_watch, name=_watch.__module__, daemon=True))
            _threads[0].start()
        _is_wanted.set()

    def end(self) -> None:
        """Tell nothing from now on: the run has ended."""
        with self._lock:
            self._is_over = True


def _watch() -> None:
    """Tell of each run that lasts.  It looks at times, since waking it would cost every run."""
    while True:
        _is_wanted.wait()
        _is_wanted.clear()
        seen = None
        while (latest := _latest) is not seen:
            seen = latest
            time.sleep(_MOMENT)
        if seen is not None:
            seen.tell()


_threads: list[threading.Thread] = []
_is_wanted = threading.Event()
_latest: Beginning | None = None
