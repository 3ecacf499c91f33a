"""Programs that are started as processes of their own: the scope in their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ._text.propagation import KEY, extract, inject

_picked_up = False  # also in what is forked from here, which has the scopes anyway


def environ(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a copy of an environment, by default this process's, with the scope active here."""
    copy = dict(os.environ if env is None else env)
    inject(copy)
    return copy


def pick_up(env: Mapping[str, str]) -> None:
    """Open what the environment of this program carries, for good, the first time this is called.

    Workers of engines are left alone: their environment is that of the program which started
    them, and their work brings its own scope.
    """
    global _picked_up
    if not _picked_up and not _in_worker():
        if KEY in env:
            extract(env).open()
        _picked_up = True


def _in_worker() -> bool:
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        # A spawned process imports the program's main module before it knows its parent.
        importing_main = getattr(processes.current_process(), "_inheriting", False)
        if importing_main or processes.parent_process() is not None:
            return True
    ray = sys.modules.get("ray._private.worker")
    return ray is not None and ray.global_worker.mode == ray.WORKER_MODE
