"""Mailboxes: a file of the process that submits, to which its workers append what they read.

A line is one report: `to` the records with these ids, `overrides`, `losses`, and what has become
of calls, in JSON, and behind a tab the `reads`, taken apart when somebody asks.  A worker writes
it with one call and under a lock that it shares with the others, so that the owner, who takes the
lock for itself, can empty the file.  What a worker has written is there when it is killed; only a
line that it was writing may be torn.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from .._private_folder import folder

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where a mailbox is never emptied
    fcntl = None

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_LOST = stat.S_IXUSR
"""The mode bit of a mailbox that says that a worker could not write: it needs no space."""


class Mailbox:
    """The mailbox of this process, from its own side."""

    def __init__(self) -> None:
        self.path = os.path.join(folder(), "reads")
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600)
        self._read = 0
        self._flag = mmap.mmap(-1, 1)  # forked children have it, whatever becomes of them
        _own[self.path] = self
        self.is_gone = False

    def close(self) -> None:
        os.close(self._handle)
        _own.pop(self.path, None)

    def mark(self) -> None:
        """Say, from a forked child, that something is lost which it could not write."""
        self._flag[0] = 1

    def take(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the reports that have arrived since, and whether any may have been lost."""
        found = os.fstat(self._handle)
        self.is_gone = found.st_nlink == 0  # a cleaner of /tmp has been here
        is_lossy = bool(found.st_mode & _LOST) or self._flag[0] > 0
        self._flag[0] = 0
        if found.st_mode & _LOST:
            _set_mode(self._handle, 0o600)
        if found.st_size == self._read:
            return [], is_lossy
        with _locked(self._handle, exclusive=True):
            size = os.fstat(self._handle).st_size
            data = _contents(self._handle, self._read, size)
            if fcntl is None:
                self._read = size
            else:
                os.ftruncate(self._handle, 0)
        reports, torn = parsed(data)
        return reports, is_lossy or torn


def append(path: str, to: Sequence[str], report: Mapping[str, Sequence[Any]]) -> None:
    """Append a report to a mailbox, from the side of a worker; `OSError` where that cannot be done.

    The file is opened each time: a lock belongs to the opened file, and threads, forked children
    and finalizers that shared one would release each other's.
    """
    line = b"\n" + line_of(to, report)
    try:
        handle = _open(path)
    except OSError:
        if (os.getpid(), path) not in _kept:
            raise
        with _keeping:
            _write(_kept[os.getpid(), path], line)
        return
    try:
        _write(handle, line)
    finally:
        os.close(handle)


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | _FLAGS)


def _write(handle: int, line: bytes) -> None:
    try:
        with _locked(handle, exclusive=False):
            written = os.write(handle, line)
        if written < len(line):
            raise OSError(f"only {written} of {len(line)} bytes could be written")
    except OSError as error:
        with contextlib.suppress(PermissionError):  # this process has become another user
            _set_mode(handle, 0o600 | _LOST)  # the owner of the mailbox sees it
        raise Marked from error


def keep_open(path: str) -> None:
    """Keep a mailbox open in a process that is started, which may change its root or its user."""
    with contextlib.suppress(OSError):  # it warns when it has something to tell
        if (os.getpid(), path) not in _kept:
            _kept[os.getpid(), path] = _open(path)


def mark_inherited(path: str) -> bool:
    """Mark the mailbox of the parent of this forked child as lacking something, if it is one."""
    found = _own.get(path)
    if found is not None:
        found.mark()
    return found is not None


class Marked(Exception):
    """A report could not be written, and the mailbox says so."""


def line_of(to: Sequence[str], report: Mapping[str, Sequence[Any]]) -> bytes:
    """Return the line of a report for the records with these ids; its reads are packed."""
    head = {"to": to, **{name: items for name, items in report.items() if name != "reads"}}
    line = _json(head)
    if "reads" in report:
        line += b"\t" + _json(report["reads"])
    return line + b"\n"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def head_of(line: bytes) -> dict[str, Any]:
    """Return what a line says besides reads; `ValueError` for a torn one."""
    head, tab, reads = line.partition(b"\t")
    report = json.loads(head)
    if not isinstance(report, dict) or (tab and not reads.endswith(b"]")):
        raise ValueError("a part of the line is missing")
    return report


def parsed(data: bytes) -> tuple[list[dict[str, Any]], bool]:
    """Return the reports in lines, their reads still packed, and whether one of them is torn."""
    reports, is_torn = [], False
    for line in filter(None, data.splitlines()):
        try:
            report = head_of(line)
        except ValueError:
            is_torn = True
            continue
        if b"\t" in line:
            report["reads"] = line.partition(b"\t")[2]
        reports.append(report)
    return reports, is_torn


def _contents(handle: int, start: int, end: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    parts, left = [], end - start
    while left and (part := os.read(handle, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _set_mode(handle: int, mode: int) -> None:
    if hasattr(os, "fchmod"):  # not on Windows
        os.fchmod(handle, mode)


_own: WeakValueDictionary[str, Mailbox] = WeakValueDictionary()  # a forked child has its parent's
_kept: dict[tuple[int, str], int] = {}
_keeping = Lock()


@contextmanager
def _locked(handle: int, *, exclusive: bool) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
