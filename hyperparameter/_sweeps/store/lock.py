"""One launcher at a time: the lock of a sweep, which ends with its process whatever kills that."""

from __future__ import annotations

import json
import os
import time
import weakref
from contextlib import suppress
from typing import Any, Self

from ..._console import NotFound
from ...exceptions import UsageError
from .file_system import network_file_system
from .names import LOCK

_TRIES = 50
_PAUSE = 0.002
_held: weakref.WeakSet[Lock] = weakref.WeakSet()


class Lock:
    """The lock of a sweep's folder, held until it is released or the process ends."""

    def __init__(self, handle: int, path: str, before: os.stat_result) -> None:
        self._handle: int | None = handle
        self._path = path
        self._before = before
        _held.add(self)

    @classmethod
    def acquire(cls, folder: str) -> Self:
        """Take the lock; `UsageError` names the process that has it."""
        path = os.path.join(folder, LOCK)
        try:
            # Not inherited by a program that is started; for a fork see below.
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise NotFound(f"{path}: {error.strerror}. A launcher writes into the folder of its "
                           "sweep.") from None  # fmt: skip
        try:
            _take(handle)
        except BlockingIOError:
            problem = f"{folder}: {_holder(handle)} is running this sweep. Wait until it ends."
            os.close(handle)
            raise UsageError(problem) from None
        except OSError as error:  # a file system without locks
            os.close(handle)
            raise UsageError(f"{path}: {error.strerror}. Nothing would keep two launchers apart "
                             "here. Start the sweep on another file system.") from None  # fmt: skip
        before = os.fstat(handle)
        with suppress(OSError):  # a full disk: then the message to others names nobody
            _sign(handle)
        return cls(handle, path, before)

    def take_back(self) -> None:
        """Release the lock of a launch that was refused: the sweep was launched when it was."""
        if self._handle is not None:
            if self._before.st_size:
                os.utime(self._handle, ns=(self._before.st_atime_ns, self._before.st_mtime_ns))
            else:
                os.unlink(self._path)
        self.release()

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _take(handle: int) -> None:
    """Take the lock; `BlockingIOError` if a launcher has it, who alone keeps it for long."""
    import fcntl

    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left or _is_exclusive(handle):
                raise
            time.sleep(_PAUSE)  # somebody has just asked whether there is a launcher
        else:
            return


def _is_exclusive(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def has_launcher(folder: str) -> bool:
    """Tell whether a launcher has a folder, as far as this host can know."""
    try:
        handle = os.open(os.path.join(folder, LOCK), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        if _is_exclusive(handle):
            return True
        # Not all network file systems tell one host of the locks of another.
        return network_file_system(folder) is not None and not _is_of_this_host(handle)
    except OSError:  # a file system without locks
        return True
    finally:
        os.close(handle)


def _is_of_this_host(handle: int) -> bool:
    return _holder(handle).endswith(f" on {os.uname().nodename}")


def _sign(handle: int) -> None:
    """Write who has the lock; the time of the file is that of the launch."""
    text = json.dumps({"pid": os.getpid(), "host": os.uname().nodename}).encode()
    os.pwrite(handle, text, 0)
    os.ftruncate(handle, len(text))


def _holder(handle: int) -> str:
    try:
        signed: Any = json.loads(os.pread(handle, 4096, 0))
        return f"process {int(signed['pid'])} on {signed['host']}"
    except (OSError, ValueError, LookupError, TypeError):  # it has not signed yet
        return "another process"


def _leave_to_parent() -> None:
    """Close the handles in a forked child, which would keep the lock when its parent is killed."""
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_leave_to_parent)
