"""A program whose values have types of its own: `python contract_main.py JOBS`, one per engine.

Prints, in a line for each engine, how the values that a worker found in its scope compare with
those of the worker itself, and the same for values that came as arguments: what the engine sends
itself.
"""

import base64
import enum
import json
import pickle
import sys
from dataclasses import dataclass
from typing import Any

import hp_dist
import hyperparameter as hp


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


@dataclass
class Point:
    x: int


class Step(int):
    pass


def scale(number: int) -> int:
    return 2 * number


@hp.param("typed")
def typed(mode: Mode = Mode.SLOW, point: Point = Point(0)) -> Any:
    return mode is Mode.FAST, point == Point(1)


def compared(values: list[Any]) -> dict[str, bool]:
    mode, point, cls, step, function, many = values
    return {
        "member": mode is Mode.FAST,
        "equal": point == Point(1),
        "instance": isinstance(point, Point),
        "class": cls is Point,
        "subclass": type(step) is Step,
        "function": function is scale,
        "in a container": many[0][0] is Mode.FAST,
    }


def look(arguments: list[Any]) -> Any:
    keys = ["mode", "point", "cls", "step", "function", "many"]
    found = [hp.scope[f"values.{key}"]() for key in keys]
    below = [hp.scope[f"below.{key}"]() for key in keys]
    by_value = hp.scope.by_value()()
    with hp.scope(**{"typed.mode": hp.scope["values.mode"](), "typed.point": found[1]}):
        arrived = typed()
    return compared(arguments), compared(found), compared(below), by_value is Mode.FAST, arrived


def connect_to(job: dict[str, Any]) -> None:
    from ray_settings import connect, connect_client

    (connect_client if job["client"] else connect)(job["ray"], job["environment"])


def show(job: dict[str, Any]) -> None:
    values = [Mode.FAST, Point(1), Point, Step(3), scale, [[Mode.FAST]]]
    keys = ["mode", "point", "cls", "step", "function", "many"]
    hp_dist.install(*job["installs"]) if job["installs"] else None
    with hp.scope(**{f"below.{key}": value for key, value in zip(keys, values, strict=True)}):
        hp.scope.frozen()
    with job["runner"]() as engine:
        carried = {f"values.{key}": value for key, value in zip(keys, values, strict=True)}
        with hp.scope(by_value=lambda: Mode.FAST, **carried):
            print("=>", json.dumps(engine.result(engine.submit(look, values))))
    hp_dist.uninstall()


def main(jobs: list[dict[str, Any]]) -> None:
    if jobs[0]["ray"]:
        connect_to(jobs[0])
    for job in jobs:
        show(job)


if __name__ == "__main__":
    main(pickle.loads(base64.b64decode(sys.argv[1])))
