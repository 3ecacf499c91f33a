"""Programs that are started as processes of their own: the scope in their environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from hyperparameter import _engine_interface as interface

from ._text.propagation import Extracted, captured_in, inject

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
    started it, and its work brings scopes of its own.  Only while a worker imports the program's
    main module, that sees what it has seen in the program.
    """
    global _picked_up
    if _picked_up:
        return
    if not in_worker():
        Extracted(captured_in(env)).open()
        _picked_up = True
    elif is_starting() and (captured := captured_in(env)) is not None:
        interface.bring_baseline(captured.baseline, at_start=True)
        interface.attach_start(captured.scopes)


def in_worker() -> bool:
    """Tell whether an engine has started this process."""
    # Looked up among the imported modules: a worker has imported its engine, and importing one
    # to ask would cost every other program that time.
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and (is_starting() or processes.parent_process() is not None):
        return True
    # Ray has no public function that tells a worker from a driver.
    ray = sys.modules.get("ray._private.worker")
    return ray is not None and ray.global_worker.mode == ray.WORKER_MODE


def is_starting() -> bool:
    """Tell a spawned process that still imports the main module or unpickles its arguments."""
    # A spawned process imports the program's main module before it knows its parent: only this
    # private mark, which multiprocessing itself tests, tells it then.
    processes = sys.modules.get("multiprocessing.process")
    return processes is not None and getattr(processes.current_process(), "_inheriting", False)
