"""Values of Python that differ in anything a program can see are different runs."""

from __future__ import annotations

import enum
import functools
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sweep_programs import Program

from hyperparameter._records.exact_digest import exact_digest_of


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value

    def method(self) -> object:
        return self.value


class Measure(float):
    def __new__(cls, number: float, unit: str = "m") -> Measure:
        made = super().__new__(cls, number)
        made.unit = unit
        return made

    unit: str


class Names(list[str]):
    pass


class Kind(enum.IntEnum):
    A = 1
    B = 2


class Other(enum.IntEnum):
    A = 1


class Failed(Exception):
    note = ""


def closure(value: object) -> Callable[[], object]:
    return lambda: value


def named(*items: str, title: str) -> Names:
    made = Names(items)
    made.title = title  # type: ignore[attr-defined]  # what lists of a user may have
    return made


def noted(text: str) -> Failed:
    made = Failed(text)
    made.note = "the same"
    return made


def large(at: int) -> object:
    found = np.zeros(3_000_000)
    found[at] = 1
    return found


DIFFERENT = {
    "lambdas": [lambda: 1, lambda: 2, lambda x: x],
    "defaults": [lambda x=1: x, lambda x=2: x],
    "closures": [closure(1), closure(2)],
    "nested functions": [lambda: lambda: 1, lambda: lambda: 2],
    "methods": [Plain(1).method, Plain(2).method],
    "partials": [functools.partial(max, 1), functools.partial(max, 2), functools.partial(min, 1)],
    "functions": [len, max, closure, json.dumps],
    "classes": [int, float, Plain],
    "objects": [Plain(1), Plain(2), Plain([1, {"a": Plain(3)}]), Plain([1, {"a": Plain(4)}])],
    "numbers": [Measure(1), Measure(2), Measure(1, "s"), 1.0],
    "enumerations": [Kind.A, Kind.B, Other.A, 1],
    "lists": [named("a", title="x"), named("a", title="y"), ["a"]],
    "factories": [defaultdict(int), defaultdict(list)],
    "large arrays": [large(1_500_000), large(1_500_001)],
    "large texts": ["x" * 20_000_000 + c + "x" * 20_000_000 for c in "ab"],
    "arrays": [np.float32(0.1), np.float64(0.1), np.array([1, 2]), np.array([[1, 2]])],
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_digests_differ(name: str) -> None:
    digests = [exact_digest_of(value) for value in DIFFERENT[name]]
    assert all(digests)
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    "make",
    [
        lambda: closure(1), lambda: Plain([1, {2, 3}]), lambda: functools.partial(max, 1),
        lambda: Plain(1).method, lambda: Measure(1), lambda: Kind.A, lambda: np.arange(3),
        lambda: len,
    ],
)  # fmt: skip
def test_equal_values_have_equal_digests(make: Callable[[], object]) -> None:
    assert exact_digest_of(make()) == exact_digest_of(make()) != ""


@pytest.mark.parametrize(
    "value", [threading.Lock(), object(), iter([1]), noted("a"), Plain(object()), type("X", (), {})]
)
def test_there_is_no_digest_of_what_cannot_be_seen(value: object) -> None:
    assert exact_digest_of(value) == ""


SWEPT = """
import threading

class Locked:
    def __init__(self, value):
        self.value, self.lock = value, threading.Lock()

    def __call__(self):
        return self.value

def closure(value):
    return lambda: value

def train():
    return hp.scope.shared()() + hp.scope.make()()

if __name__ == "__main__":
    for values in [lambda: 1, lambda: 2], [closure(1), closure(2)], [Locked(1), Locked(2)]:
        for skip_unread in False, True:
            with hp.scope(shared=Locked(10)):
                grid = {"make": values, "unread": [1, 2]}
                sweep = hp.sweep(train, grid, skip_unread=skip_unread)
                note(found=[(run.state, run.result) for run in sweep])
    raise SystemExit
"""


def test_a_sweep_over_objects_runs_each_of_them(tmp_path: Path) -> None:
    program = Program(tmp_path, SWEPT)
    ended = program.run()
    assert ended.status == 0, ended.errors
    whole = [["done", 11], ["done", 11], ["done", 12], ["done", 12]]
    fewer = [["done", 11], ["same", 11], ["done", 12], ["same", 12]]
    assert [one["found"] for one in program.noted] == [whole, fewer] * 3
