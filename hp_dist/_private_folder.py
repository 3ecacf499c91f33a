"""The folder of this process for files that other processes of its user read.

The process holds a lock in it.  Where the lock is free the process has died, however it did, and
whoever needs a folder next removes that one.
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

_PREFIX = "hyperparameter-"
_LOCK = "lock"
_folders: dict[tuple[int, int], str] = {}  # a forked child, or another user, makes its own
_locks: dict[str, int] = {}
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
        path = tempfile.mkdtemp(prefix=_PREFIX)
        _lock(path)
        _folders[owner] = path
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
            if entry.name.startswith(_PREFIX) and entry.path not in _locks:
                with contextlib.suppress(OSError):  # another one is faster, or it is not ours
                    _remove_if_dead(entry)


def _remove_if_dead(entry: os.DirEntry[str]) -> None:
    found = entry.stat(follow_symlinks=False)
    if not entry.is_dir(follow_symlinks=False) or found.st_uid != os.geteuid():
        return
    handle = os.open(os.path.join(entry.path, _LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(handle)


def _lock(path: str) -> None:
    """Hold a lock in the folder until this process ends.

    Of `lockf`, since children do not inherit it.  The file gets its name when it is locked, or
    somebody would find the folder of a dead process.
    """
    if fcntl is None:
        return
    unfinished = os.path.join(path, f"{_LOCK}.new")
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(unfinished, os.path.join(path, _LOCK))
    except BaseException:
        os.close(handle)
        raise
    # The lock goes when the file is closed.  A program that this one becomes by `exec` keeps it:
    # it reads what its environment names.
    os.set_inheritable(handle, True)
    _locks[path] = handle


def _end(pid: int) -> None:
    if os.getpid() == pid:
        for owner, path in _folders.items():
            if owner[0] == pid:
                shutil.rmtree(path, ignore_errors=True)
        sweep()
