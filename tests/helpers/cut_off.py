"""A program whose tasks begin on all hosts but its own, and can only end on its own.

It prints where the tasks have begun, then waits: for those hosts to go, and for the tasks to be
tried again here.  Then it prints as JSON, for each of those hosts, what the last attempt has read,
and what an actor has read where it was created and where it was created again.
"""

import asyncio
import json
import os
import time
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import hp_dist
import hyperparameter as hp


@ray.remote
class Beacon:
    """Knows where the task has begun."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.begun = asyncio.Event()

    async def begin(self, node: str) -> list[str]:
        self.nodes.append(node)
        self.begun.set()
        return self.nodes

    async def wait(self) -> str:
        await self.begun.wait()
        return self.nodes[0]


def seen() -> dict[str, Any]:
    """Return what this process reads, from where."""
    origins = {key: str(hp.explain(key).origin) for key in ("train.lr", "train.steps")}
    return {
        "node": ray.util.get_node_ip_address(),
        "lr": hp.scope.train.lr | 0.1,
        "steps": hp.scope.train.steps | 3,
        "origins": origins,
    }


@ray.remote(max_retries=5)
def attempt(home: str, beacon: Any) -> dict[str, Any]:
    node = ray.util.get_node_ip_address()
    nodes = ray.get(beacon.begin.remote(node), timeout=150)
    while node != home:
        time.sleep(1)
    return {"begun": nodes, **seen()}


@ray.remote(max_restarts=5, max_task_retries=5)
class Survivor:
    def __init__(self) -> None:
        self.created = seen()

    def created_with(self) -> dict[str, Any]:
        return self.created


def on(node: str) -> dict[str, Any]:
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=True)}


@hp.param("cut_off")
def main() -> None:
    hp_dist.install("ray")
    ray.init("auto", logging_level="ERROR", log_to_driver=False)
    home = ray.util.get_node_ip_address()
    nodes = {node["NodeManagerAddress"]: node["NodeID"] for node in ray.nodes() if node["Alive"]}
    others = sorted(set(nodes) - {home})
    beacons = [Beacon.options(**on(nodes[home])).remote() for _ in others]
    with hp.scope(**{"train.lr": 0.5}):
        pending = [
            attempt.options(**on(nodes[other])).remote(home, beacon)
            for other, beacon in zip(others, beacons, strict=True)
        ]
        survivors = [Survivor.options(**on(nodes[other])).remote() for other in others]
    before = ray.get([one.created_with.remote() for one in survivors], timeout=150)
    begun = ray.get([one.wait.remote() for one in beacons], timeout=150)
    print("begun on", *begun, flush=True)
    with hp.scope(**{"train.lr": 9.0}):
        retried = ray.get(pending, timeout=200)
        after = ray.get([one.created_with.remote() for one in survivors], timeout=200)
    told = dict(zip(others, zip(retried, before, after, strict=True), strict=True))
    print(json.dumps({"pid": os.getpid(), **told}))


if __name__ == "__main__":
    hp.launch(main)
