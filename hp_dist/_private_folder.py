"""The folder of this process for files that other processes of its user read.

The process holds a lock on a file beside it.  Where that is free the process has died, however it
did, and whoever needs a folder next removes that one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from multiprocessing.util import Finalize
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where nothing is swept
    fcntl = None

_PREFIX, _SUFFIX = ".hyperparameter-", ".lock"
_folders: dict[tuple[int, int], str] = {}  # a forked child, or another user, makes its own
_holders: dict[str, int] = {}  # by the paths of the locks
_ends: set[int] = set()


def folder() -> str:
    """Return a folder that nobody else may read, and that is removed when this process ends.

    `OSError` where none can be made.
    """
    owner = os.getpid(), os.geteuid() if hasattr(os, "geteuid") else 0
    path = _folders.get(owner, "")
    if not os.path.isdir(path):  # cleaners of /tmp delete folders that look old
        sweep_at_exit()
        sweep()
        path = _folders[owner] = _make()
    return path


def sweep_at_exit() -> None:
    """Remove the folder of this process, and those of the children that were killed, at its end."""
    pid = os.getpid()
    if pid not in _ends:
        _ends.add(pid)
        # Not atexit, which workers of multiprocessing never run; last, after the children ended.
        Finalize(None, _end, (pid,), exitpriority=-100)


def sweep() -> None:
    """Remove the folders of processes of this user that have died."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):  # no folder for temporary files, or one that is not listed
        for entry in os.scandir(tempfile.gettempdir()):
            is_lock = entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)
            if is_lock and entry.path not in _holders:
                with contextlib.suppress(OSError):  # another one is faster, or it is not ours
                    _remove_if_dead(entry)


def _remove_if_dead(lock: os.DirEntry[str]) -> None:
    handle = os.open(lock.path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(lock.path)
    finally:
        os.close(handle)


def _make() -> str:
    """Make a folder, and before that its lock, which this process holds until it ends."""
    handle, unfinished = tempfile.mkstemp(prefix=_PREFIX)
    lock = unfinished + _SUFFIX
    if fcntl is not None:
        # Of `lockf`, since children do not inherit it, and before the file has its name, or
        # somebody would take this process for dead.
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # The lock goes when the file is closed.  A program that this one becomes by `exec` keeps it:
    # it reads what its environment names.
    os.set_inheritable(handle, True)
    os.rename(unfinished, lock)
    _holders[lock] = os.getpid()
    os.mkdir(_folder_of(lock), 0o700)
    return _folder_of(lock)


def _remove(lock: str) -> None:
    shutil.rmtree(_folder_of(lock), ignore_errors=True)
    os.unlink(lock)  # last: who is killed before that leaves the rest to the next one


def _folder_of(lock: str) -> str:
    folder, name = os.path.split(lock.removesuffix(_SUFFIX))
    return os.path.join(folder, name[1:])


def _end(pid: int) -> None:
    if os.getpid() == pid:
        for lock in [lock for lock, holder in _holders.items() if holder == pid]:
            with contextlib.suppress(OSError):
                _remove(lock)
        sweep()
