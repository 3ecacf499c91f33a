"""Processes of workers on any host of a Ray cluster: reached from there.

`ray.cancel` interrupts no system call, so a run that sleeps would not hear of it, and it ends no
process that the run has started.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hyperparameter import _runner_interface as interface

Action = Literal["interrupt", "end children"]


class Worker(NamedTuple):
    """A process on a node of the cluster."""

    node: str
    pid: int


def reach(action: Action, worker: Worker) -> None:
    """Do something to the processes of a run, on this node or by a task on that of the worker."""
    import ray
    from ray.util.client import ray as client
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if not client.is_connected() and ray.get_runtime_context().get_node_id() == worker.node:
        act(action, worker.pid)
        return
    there = NodeAffinitySchedulingStrategy(worker.node, soft=False)
    options = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": there}
    _waiting.append(ray.remote(**options)(act).remote(action, worker.pid))
    del _waiting[:-100]


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
