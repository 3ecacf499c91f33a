"""Ctrl-C and SIGTERM in a worker: they raise in a run, and nowhere else."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hyperparameter import _runner_interface as interface


class Signals:
    """The handlers of a worker's main thread.

    Ctrl-C that arrives before a run, as while its process starts, raises when the run begins.
    """

    def __init__(self, *, with_sigterm: bool) -> None:
        self._with_sigterm = with_sigterm  # Ray's workers have a handler of their own
        self._has_arrived = False
        self._before = signal.getsignal(signal.SIGINT)
        self._rest()
        # Ray's workers block it, and so has the launcher while it started this process.
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _rest(self) -> None:
        signal.signal(signal.SIGINT, self._note)
        if self._with_sigterm:
            interface.restore_sigterm()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._has_arrived = True

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Let the signals raise in the body, which is a run."""
        try:
            # asyncio knows this handler, and then cancels the main task.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._with_sigterm:
                interface.raise_on_sigterm()
            if self._has_arrived:
                raise KeyboardInterrupt
            yield
        finally:
            self._rest()

    def put_back(self) -> None:
        """Put back the handler of Ctrl-C that was there, and block it again."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        signal.signal(signal.SIGINT, self._before)
