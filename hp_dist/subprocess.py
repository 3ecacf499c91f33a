"""Programs that are started as processes of their own: the scope in their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ._text.propagation import KEY, extract, inject

__all__ = ["environ"]

_picked_up = False  # also in what is forked from here, which has the scopes anyway


def environ(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a copy of an environment, by default this process's, with the scope active here."""
    copy = dict(os.environ if env is None else env)
    inject(copy)
    return copy


def pick_up(env: Mapping[str, str]) -> None:
    """Open the scopes in the environment of this program for good, at the first call.

    In a worker of an engine this does nothing: its environment is that of the program which
    started it, and its work brings scopes of its own.
    """
    global _picked_up
    if not _picked_up and not _in_worker():
        if KEY in env:
            extract(env).open()
        _picked_up = True


def _in_worker() -> bool:
    # Looked up among the imported modules: a worker has imported its engine, and importing one
    # to ask would cost every other program that time.
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        # A spawned process imports the program's main module before it knows its parent: only
        # this private mark, which multiprocessing itself tests, tells it then.
        importing_main = getattr(processes.current_process(), "_inheriting", False)
        if importing_main or processes.parent_process() is not None:
            return True
    # Ray has no public function that tells a worker from a driver.
    ray = sys.modules.get("ray._private.worker")
    return ray is not None and ray.global_worker.mode == ray.WORKER_MODE
