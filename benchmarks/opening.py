"""Rows of scopes: entered, left and written, inside few keys and many."""

from __future__ import annotations

from collections.abc import Iterator

from floor import Override
from measure import in_turns
from reading import MANY, opened
from table import Row

import hyperparameter as hp

TEN = {f"k{i}": i for i in range(10)}


def enter() -> None:
    with hp.scope(x=1):
        pass


def override() -> None:
    with Override(x=1):
        pass


def write() -> None:
    hp.scope.a.b = 1


def rows() -> Iterator[Row]:
    few, many = opened(TEN), opened(MANY)
    few_written, many_written = opened(TEN), opened(MANY)
    taken = in_turns(
        {"override": override, "enter": enter, "enter many": enter, "write": write,
         "write many": write},
        within={"enter": few, "enter many": many, "write": few_written,
                "write many": many_written},
    )  # fmt: skip
    unit = "x minimal manager"
    yield Row("enter and exit, 1 key", taken["enter"] / taken["override"], unit, 1.6)
    inherited = taken["enter many"] / taken["enter"]
    yield Row("enter and exit inside 10 000 keys", inherited, "x inside 10", 2)
    for name, keys in (("write", "10"), ("write many", "10 000")):
        what = f"hp.scope.a.b = 1 in a scope of {keys} keys"
        yield Row(what, taken[name] / taken["override"], unit, 5)
