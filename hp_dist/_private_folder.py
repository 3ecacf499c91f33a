"""The folder of this process for files that other processes of its user read."""

from __future__ import annotations

import os
import shutil
import tempfile
from multiprocessing.util import Finalize

_folders: dict[int, str] = {}  # by pid: a forked child makes a folder of its own


def folder() -> str:
    """Return a folder that nobody else may read, and that is removed when this process ends."""
    pid = os.getpid()
    if pid not in _folders:
        # Not atexit, which workers of multiprocessing never run; last, after the children ended.
        Finalize(None, _remove, (pid,), exitpriority=-100)
    path = _folders.get(pid, "")
    if not os.path.isdir(path):  # cleaners of /tmp delete folders that look old
        path = _folders[pid] = tempfile.mkdtemp(prefix="hyperparameter-")
    return path


def _remove(pid: int) -> None:
    if pid in _folders:
        shutil.rmtree(_folders[pid], ignore_errors=True)
