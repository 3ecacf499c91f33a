"""Ctrl-C during a sweep: the first one is noted, so that nothing is lost that has finished.

In a run that is in this process it raises, as it does anywhere else.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """How often the user has pressed Ctrl-C; the second time it raises, as it does elsewhere.

    In a thread, and where the program handles the signal itself, nothing changes.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:
                self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1 or _raises:
            raise KeyboardInterrupt


@contextmanager
def raising() -> Iterator[None]:
    """Have the first Ctrl-C raise in the body too."""
    global _raises
    before, _raises = _raises, True
    try:
        yield
    finally:
        _raises = before


_raises = False
