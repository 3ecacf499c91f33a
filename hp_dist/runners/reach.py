"""Processes of workers on any host of a Ray cluster: reached from there.

`ray.cancel` interrupts no system call, so a run that sleeps would not hear of it, and it ends no
process that the run has started.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hyperparameter import _runner_interface as interface

from .output import Part, read_and_removed

Action = Literal["interrupt", "end children"]
_PATIENCE = 10.0  # seconds for a node to begin a task


class Worker(NamedTuple):
    """A process on a node of the cluster."""

    node: str
    pid: int


def reach(action: Action, worker: Worker) -> None:
    """Do something to the processes of a run, on this node or by a task on that of the worker."""
    if _is_here(worker):
        act(action, worker.pid)
        return
    _waiting.append(_on_node_of(worker, act).remote(action, worker.pid))
    del _waiting[:-100]


def left_behind(worker: Worker, paths: Sequence[str], starts: Sequence[int]) -> list[Part] | None:
    """Return what a worker that has died has printed, None if its node does not tell."""
    import ray

    if _is_here(worker):
        return read_and_removed(paths, starts)
    try:
        asked = _on_node_of(worker, read_and_removed).remote(paths, starts)
        found: list[Part] = ray.get(asked, timeout=_PATIENCE)
    except (ray.exceptions.RayError, TimeoutError):
        return None
    return found


def _is_here(worker: Worker) -> bool:
    import ray
    from ray.util.client import ray as client

    if client.is_connected():
        return False
    return bool(ray.get_runtime_context().get_node_id() == worker.node)


def _on_node_of(worker: Worker, function: Callable[..., object]) -> Any:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(worker.node, soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(function)


def act(action: Action, pid: int) -> None:
    """Interrupt the worker as Ctrl-C would, or kill what it has started."""
    if action == "interrupt":
        with suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::"):  # a task runs in it
                os.kill(pid, signal.SIGINT)
        return
    for child in _started_by(pid):
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)


def _started_by(pid: int) -> Iterator[int]:
    """Yield the processes that a run has started, which have its mark in their environment."""
    mark = f"{interface.RUN_VARIABLE}={pid}".encode()
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            with suppress(OSError):  # it has ended, or is another user's
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    yield int(place.name)


_waiting: list[Any] = []
"""Keeps the last tasks: Ray cancels what nobody has a reference to."""
