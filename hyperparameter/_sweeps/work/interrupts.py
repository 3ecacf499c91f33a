"""Ctrl-C during a sweep: the first one is noted, so that nothing is lost that has finished.

In a run that is in this process it raises, as it does anywhere else.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

# Seconds.  A terminal sends Ctrl-C to the program and to what started it, and `timeout`, `srun` and
# others pass it on to the program, which then gets it twice.
_ONE_KEY = 0.1


class Interrupts:
    """How often the user has pressed Ctrl-C; the second time it raises, as it does elsewhere.

    In a thread, and where the program handles the signal itself, nothing changes.
    """

    def __init__(self) -> None:
        self.count = 0
        self._pressed = 0.0
        self._is_main = threading.current_thread() is threading.main_thread()
        self._before: Any = None
        self._pipe: tuple[int, int] | None = None

    def __enter__(self) -> Interrupts:
        if self._is_main:
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:
                self._before = signal.signal(signal.SIGINT, self._note)
            self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._pipe is not None:
            if (found := signal.set_wakeup_fd(-1)) not in (-1, self._pipe[1]):
                _give_back(found)
            for handle in self._pipe:
                os.close(handle)
            self._pipe = None

    def forget(self) -> None:
        """Forget what a run has heard and handled itself, before another one begins."""
        if self._pipe is not None:
            self._signals()

    def may_have_come(self) -> bool:
        """Tell whether Ctrl-C may have been pressed since `forget`, whoever handles it."""
        if self.count or not self._is_main:  # it never raises in a thread
            return bool(self.count)
        return self._pipe is None or not self._hears_all() or signal.SIGINT in self._signals()

    def _listen(self) -> None:
        """Hear of each signal, for a run may have a handler of its own while it runs."""
        read, write = os.pipe()
        for handle in (read, write):
            os.set_blocking(handle, False)
        self._pipe = read, write
        before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        if before not in (-1, *self._pipe):  # the pipe may have the number of a closed one
            _give_back(before)

    def _hears_all(self) -> bool:
        """Tell whether no event loop has taken our place; one that has ended gives it back."""
        assert self._pipe is not None
        found = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        if found not in (-1, self._pipe[1]):
            _give_back(found)
        return found == self._pipe[1]

    def _signals(self) -> bytes:
        assert self._pipe is not None
        with suppress(BlockingIOError):
            return os.read(self._pipe[0], 4096)
        return b""

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.count and now - self._pressed < _ONE_KEY:
            return
        self.count, self._pressed = self.count + 1, now
        if self.count > 1 or _raises:
            raise KeyboardInterrupt


def _give_back(descriptor: int) -> None:
    """Let an event loop hear of signals again; one that has been closed needs it no more."""
    with suppress(OSError, ValueError):
        signal.set_wakeup_fd(descriptor)


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
