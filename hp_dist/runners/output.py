"""What a run prints where the launcher does not see it: files of the worker's host.

A single run belongs on the terminal, so a thread reads them while the run writes.  Files, not
pipes: writing never waits for that thread, and what a run has printed survives its process.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from hyperparameter import _runner_interface as interface

_PAUSE = 0.1  # seconds between two looks at the files
_MOST_BYTES = 1 << 20  # that are on their way at a time


class Part(NamedTuple):
    """A part of what a run has printed; `problem` says what is missing, and why."""

    start: int
    data: bytes
    problem: str = ""


Show = Callable[[int, int, bytes], None]
"""Takes the number of a stream, a place in it and what stands there; returns when it is shown."""


def new_files(count: int) -> tuple[str, ...]:
    """Make empty files beside those that Ray has for its workers, which are removed with them."""
    folder = None
    with suppress(OSError):  # stdout is closed, or there is no /proc
        folder = os.path.dirname(os.readlink("/proc/self/fd/1"))
    made = []
    for _ in range(count):
        if folder is None or not os.access(folder, os.W_OK):
            folder = tempfile.gettempdir()
        handle, path = tempfile.mkstemp(prefix="hp-run-", suffix=".log", dir=folder)
        os.close(handle)
        made.append(path)
    return tuple(made)


def read_and_removed(paths: Sequence[str], starts: Sequence[int]) -> list[Part]:
    """Return what is in the files from these places on, and remove them."""
    return [_read_and_removed(path, start) for path, start in zip(paths, starts, strict=True)]


def _read_and_removed(path: str, start: int) -> Part:
    try:
        data, left_out = interface.head_and_tail(path, start)
        os.unlink(path)
    except OSError as error:
        return Part(start, b"", f"what it printed could not be read: {error.strerror or error}")
    problem = f"{left_out} bytes in its middle are left out" if left_out else ""
    return Part(start, data, problem)


class Reader:
    """A thread that shows what is written to files, until all but the last of it has been."""

    def __init__(self, paths: Sequence[str], show: Show) -> None:
        self.shown = [0] * len(paths)
        self._paths = paths
        self._show = show
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hyperparameter-output", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for the thread; what it leaves over is for the caller."""
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        with suppress(Exception):  # of Ray, where nobody hears: the rest goes with the outcome
            is_last = False
            while not is_last:
                is_last = self._ends.wait(_PAUSE)
                for number, path in enumerate(self._paths):
                    size = os.stat(path).st_size  # a child of the run may write for ever
                    self._show_until(size - _MOST_BYTES if is_last else size, number)

    def _show_until(self, end: int, number: int) -> None:
        while (start := self.shown[number]) < end:
            with open(self._paths[number], "rb") as file:
                file.seek(start)
                data = file.read(min(_MOST_BYTES, end - start))
            self._show(number, start, data)
            self.shown[number] += len(data)
