"""What the same operations cost in other libraries; run in an environment of their own.

Prints, as JSON, by name: nanoseconds, and multiples of the yardsticks that are measured in the
same turns.  Another process may run at another pace: there only the multiples mean something.
"""

from __future__ import annotations

import json
from typing import Any

import dask.config
import gin
from floor import Override, floor, passing
from measure import Taken, in_turns
from omegaconf import OmegaConf

import hyperparameter as hp

MANY = {f"group{i // 10}.key{i}": i for i in range(10_000)}


@hp.param("three")
def three(a: int = 1, b: int = 2, c: int = 3) -> int:
    return a


@gin.configurable
def bound(a: int = 1, b: int = 2, c: int = 3) -> int:
    return a


def enter() -> None:
    with hp.scope(x=1):
        pass


def override() -> None:
    with Override(x=1):
        pass


YARDSTICKS = {"floor": lambda: floor("a.b.c", 1), "minimal manager": override}


def main() -> None:
    conf = OmegaConf.create({"a": {"b": {"c": 1}}})
    gin.parse_config("bound.a = 5")
    with hp.scope(**{"a.b.c": 1, "three.a": 5}), dask.config.set({"a.b.c": 1}):
        cases: dict[str, Any] = {
            "pass-through call": passing,
            "hyperparameter 0.6.0, read": lambda: hp.scope.a.b.c | 1,
            "hyperparameter 0.6.0, call": three,
            "hyperparameter 0.6.0, enter and exit": enter,
            "OmegaConf, read": lambda: conf.a.b.c,
            "dask.config, read": lambda: dask.config.get("a.b.c", 1),
            "gin, call": bound,
        }
        measured = _multiples(in_turns({**YARDSTICKS, **cases}, rounds=80, calls=100))
    with hp.scope(**MANY):
        slow = {"hyperparameter 0.6.0, read among 10 000 keys": lambda: hp.scope.a.b.c | 1}
        among = _multiples(in_turns({**YARDSTICKS, **slow}, rounds=5, calls=20))
    print(json.dumps({**among, **measured}))


def _multiples(taken: dict[str, Taken]) -> dict[str, dict[str, float]]:
    return {
        name: {"ns": case.median, **{f"x {y}": case / taken[y] for y in YARDSTICKS}}
        for name, case in taken.items()
    }


if __name__ == "__main__":
    main()
