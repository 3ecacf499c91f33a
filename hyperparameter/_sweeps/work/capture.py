"""What a run prints goes into its log: from Python, from C, and from processes that it starts.

The descriptors of the process are redirected.  Python's own streams write to them at once, so that
what a run has printed before it is killed is in the log.
"""

from __future__ import annotations

import ctypes
import fcntl
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from typing import TextIO

_LINE_BUFFERED = 1  # _IOLBF of glibc and musl
_HALF = 8 << 20  # bytes of either end of a log that is sent through the network


class Log:
    """The log of one run; `problem` says what is missing from it, and why."""

    def __init__(self) -> None:
        self.problem = ""

    def note(self, error: OSError) -> None:
        self.problem = self.problem or f"the log could not be written: {error.strerror or error}"

    def open(self, path: str) -> int:
        """Return a descriptor to write to; nothing keeps what is written where none can be had."""
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            self.note(error)
            return os.open(os.devnull, os.O_WRONLY)


@contextmanager
def captured(path: str | None, stderr: str | None = None) -> Iterator[Log]:
    """Send all output into the file, and let the process read nothing; None changes nothing.

    `stderr` is a file of its own for that stream.
    """
    global _log
    log = Log()
    if path is None:
        yield log
        return
    flush()
    before, _log = _log, log
    with ExitStack() as after:
        saved = [_saved(number) for number in range(3)]
        nothing, output = _above(os.open(os.devnull, os.O_RDONLY)), _above(log.open(path))
        errors = output if stderr is None else _above(log.open(stderr))
        for number, target in enumerate((nothing, output, errors)):
            after.callback(_restore, number, saved[number])
            os.dup2(target, number)
        for target in {nothing, output, errors}:
            os.close(target)
        # What has a stream of before, such as a handler of logging, writes to the descriptors too.
        after.callback(_set_streams, sys.stdin, sys.stdout, sys.stderr)
        with open(os.devnull, encoding="utf-8") as empty:
            _set_streams(empty, _stream(1), _stream(2))
            try:
                yield log
            finally:
                flush()
                _log = before


def flush() -> None:
    """Write out what Python and C have buffered."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        # None, closed, or anything that the program has put there.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]  # None raises
    c_library().fflush(None)


@cache
def c_library() -> ctypes.CDLL:
    """Return the C library, whose output is by the line from now on."""
    library = ctypes.CDLL(None)
    with suppress(ValueError):  # another name than in C libraries of Linux
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, _LINE_BUFFERED, 0)
    return library


def head_and_tail(path: str, start: int = 0) -> tuple[bytes, int]:
    """Return what is in a log from `start` on, and how much is left out of the middle of it."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size - start  # a child of the run may still write
        file.seek(start)
        left_out = size - 2 * _HALF
        if left_out <= 0:
            return file.read(size), 0
        head = file.read(_HALF)
        file.seek(left_out, os.SEEK_CUR)
        mark = f"\n[... {left_out} bytes of output are left out here ...]\n"
        return head + mark.encode() + file.read(_HALF), left_out


class _Output(io.RawIOBase):
    """Writes to a descriptor at once; what a log cannot take is noted, and the run continues."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # raises where it is none
        written = 0
        while written < len(view):
            try:
                written += os.write(self._descriptor, view[written:])
            except OSError as error:
                if _log is None:
                    raise
                _log.note(error)
                break
        return len(view)


def _stream(number: int) -> TextIO:
    """Return the stream for a descriptor: one for all runs of a process, which may keep it."""
    found = _streams.get(number)
    if found is None or found.closed:
        found = _streams[number] = io.TextIOWrapper(
            _Output(number),  # type: ignore[type-var]  # raw, as with `python -u`
            encoding="utf-8",
            errors="backslashreplace",
            write_through=True,
        )
    return found


def _set_streams(stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr


def _saved(number: int) -> int | None:
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
    except OSError:  # it is closed
        return None


def _above(number: int) -> int:
    """Return another descriptor for a file that may have got one of the three, which was free."""
    if number > 2:
        return number
    other = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(number)
    return other


def _restore(number: int, saved: int | None) -> None:
    if saved is None:
        os.close(number)
        return
    os.dup2(saved, number)
    os.close(saved)


_log: Log | None = None
_streams: dict[int, TextIO] = {}
