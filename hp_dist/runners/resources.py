"""What one run needs of a Ray cluster, and how many such runs fit into it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

_NAMES = {"cpu": "num_cpus", "gpu": "num_gpus", "memory": "memory"}
_IN_RAY = {"cpu": "CPU", "gpu": "GPU", "memory": "memory"}


def options_of(resources: Mapping[str, float]) -> dict[str, Any]:
    """Return the options of a task that needs these resources; one CPU where none is named."""
    found: dict[str, Any] = {"num_cpus": 1}
    custom = {name: amount for name, amount in resources.items() if name not in _NAMES}
    found |= {_NAMES[name]: amount for name, amount in resources.items() if name in _NAMES}
    if "memory" in found:
        found["memory"] = int(found["memory"])
    return found | ({"resources": custom} if custom else {})


def tasks_at_once(resources: Mapping[str, float], where: str) -> int:
    """Return how many tasks can run at once, at least 1; warn where no node fits one."""
    import ray

    needs = {
        _IN_RAY.get(name, name): each for name, each in {"cpu": 1, **resources}.items() if each
    }
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fit = sum(
        min((int(node.get(name, 0) / each + 1e-9) for name, each in needs.items()), default=100)
        for node in nodes
    )
    if not fit:
        shown = ", ".join(f"{name}={each:g}" for name, each in resources.items()) or "cpu=1"
        warnings.warn(
            f"{where}: no node of the cluster has {shown}, so the runs wait until one joins.",
            RuntimeWarning,
            stacklevel=2,
        )
    return max(1, fit)
