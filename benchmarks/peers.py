"""What the same operations cost in other libraries; run in an environment of their own.

Prints, as JSON, nanoseconds by name, and `floor` measured beside them.
"""

from __future__ import annotations

import json
from typing import Any

import dask.config
import gin
from floor import floor, passing
from measure import in_turns
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


def main() -> None:
    conf = OmegaConf.create({"a": {"b": {"c": 1}}})
    gin.parse_config("bound.a = 5")
    nanoseconds: dict[str, float] = {}
    with hp.scope(**{"a.b.c": 1, "three.a": 5}), dask.config.set({"a.b.c": 1}):
        cases: dict[str, Any] = {
            "floor": lambda: floor("a.b.c", 1),
            "pass-through call": passing,
            "hyperparameter 0.6.0, read": lambda: hp.scope.a.b.c | 1,
            "hyperparameter 0.6.0, call": three,
            "hyperparameter 0.6.0, enter and exit": enter,
            "OmegaConf, read": lambda: conf.a.b.c,
            "dask.config, read": lambda: dask.config.get("a.b.c", 1),
            "gin, call": bound,
        }
        nanoseconds |= in_turns(cases, rounds=20, calls=200)
    with hp.scope(**MANY):
        many = {
            "floor": cases["floor"],
            "hyperparameter 0.6.0, read among 10 000 keys": lambda: hp.scope.a.b.c | 1,
        }
        slow = in_turns(many, rounds=5, calls=20)
    nanoseconds |= {name: value for name, value in slow.items() if name != "floor"}
    print(json.dumps(nanoseconds))


if __name__ == "__main__":
    main()
