"""Read the command line on every node of a Ray cluster, in tasks and in long-lived actors.

    python examples/cluster.py -D train.lr=0.3                      # a Ray of its own, here
    python examples/cluster.py --address auto -D train.lr=0.3       # the cluster of this machine
    python examples/cluster.py --address ray://head:10001           # one that is elsewhere

Nothing is passed to tasks and actors but numbers.  What `train` reads there is what the command
line has set here, and the table shows for each value where it was read and where it comes from.
"""

from __future__ import annotations

import os
import socket
from typing import Any, NamedTuple

import hp_dist
import hyperparameter as hp

try:
    import ray
    from ray.exceptions import AuthenticationError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}. Run: pip install 'hyperparameter-dist[ray]'") from None

COLUMNS = ("ran as", "node", "pid", "train.lr", "origin", "loss")


class Row(NamedTuple):
    """What ran where, and the learning rate that it found there."""

    ran_as: str
    node: str
    pid: int
    lr: float
    origin: str
    loss: float


@hp.param("train")
def train(start: float, lr: float = 0.1, steps: int = 3) -> float:
    """Descend from `start` toward the minimum of x squared; return what is left of it."""
    x = start
    for _ in range(steps):
        x -= lr * 2 * x
    return x * x


def report(ran_as: str, start: float) -> Row:
    """Train, and tell where this is and which learning rate `train` has used."""
    with hp.record() as record:
        loss = train(start)
    read = next(read for read in record.reads if read.key == "train.lr")
    node = ray.util.get_node_ip_address()
    return Row(ran_as, node, os.getpid(), read.value, str(read.origin or "default"), loss)


@ray.remote  # type: ignore[untyped-decorator]  # mypy does not follow Ray here
def task(start: float) -> Row:
    return report("task", start)


@ray.remote
class Learner:
    """An actor that stays: it trains once when it is created and again when it is asked to."""

    def __init__(self, start: float) -> None:
        self.first = report("actor created", start)

    def created(self) -> Row:
        return self.first

    def learn(self, start: float) -> Row:
        return report("actor method", start)


@hp.param("cluster")
def main(
    address: str = "local", tasks: int = 2, actors: int = 1, timeout: float = 300
) -> list[Row]:
    """Run tasks and actors on every node and show what each has read.

    Args:
        address: of the cluster: HOST:PORT, ray://HOST:PORT, auto; local starts one here
        tasks: how many on each node
        actors: how many on each node
        timeout: seconds to wait for all of them
    """
    if tasks < 0 or actors < 0:
        raise hp.UsageError(f"--tasks {tasks} and --actors {actors} cannot be negative.")
    hp_dist.install("ray")
    connect(address)
    try:
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        rows = [report("driver", 1.0), *gather(nodes, tasks, actors, timeout)]
    finally:
        ray.shutdown()
    show(rows)
    return rows


def connect(address: str) -> None:
    """Connect to the cluster; `UsageError` when there is none at the address."""
    ours: dict[str, Any] = {"num_cpus": 2, "include_dashboard": False}
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        listening(address)
        ray.init(address, **quiet, **ours if address == "local" else {})
    except (OSError, RuntimeError, ValueError, ImportError, AuthenticationError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise hp.UsageError(f"--address {address}: {reason}") from error


def listening(address: str) -> None:
    """Raise when nobody listens at HOST:PORT, which Ray would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()


def gather(nodes: list[str], tasks: int, actors: int, timeout: float) -> list[Row]:
    """Return the rows of all nodes."""
    learners = [spread(Learner, node).remote(2.0) for node in nodes for _ in range(actors)]
    pending = [spread(task, node).remote(3.0) for node in nodes for _ in range(tasks)]
    pending += [call for one in learners for call in (one.created.remote(), one.learn.remote(1.0))]
    rows: list[Row] = ray.get(pending, timeout=timeout)
    return sorted(rows, key=lambda row: (row.node, row.ran_as))


def spread(target: Any, node: str) -> Any:
    """Return the task or actor as one that runs on this node, or elsewhere when it has gone."""
    return target.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True))


def show(rows: list[Row]) -> None:
    """Print a table, a row for each reader."""
    cells = [COLUMNS, *((*map(str, row[:-1]), f"{row.loss:.4f}") for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    nodes = {row.node for row in rows}
    plural = "" if len(nodes) == 1 else "s"
    print(f"\n{len(rows)} readers on {len(nodes)} node{plural}: {', '.join(sorted(nodes))}")


if __name__ == "__main__":
    hp.launch(main)
