"""Rows of reads: by attribute and by item, one place and two, few keys and many."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from floor import Override, floor
from measure import in_turns
from table import Figures, Row

import hyperparameter as hp

MANY = {f"group{i // 10}.key{i}": i for i in range(10_000)}


def rows(peers: Figures) -> Iterator[Row]:
    yield from _one_place(peers)
    yield from _other_ways()
    yield _first()


def opened(params: Mapping[str, Any], depth: int = 0) -> contextvars.Context:
    """Return a context with a record, a scope of `params`, and `depth` more scopes inside it."""
    context = contextvars.copy_context()
    context.run(_open, params, depth)
    return context


def _open(params: Mapping[str, Any], depth: int) -> None:
    hp.record().__enter__()
    hp.scope.init(dict(params))
    for level in range(depth):
        hp.scope.init({"a.b.c": level, f"level{level}": level})


def _one_place(peers: Figures) -> Iterator[Row]:
    cases: dict[str, Callable[[], object]] = {
        "hp.scope.a.b.c | d, hit": lambda: hp.scope.a.b.c | 1,
        "hp.scope.a.b.d | d, miss": lambda: hp.scope.a.b.d | 1,
        "hp.scope.a.b.c(d), hit": lambda: hp.scope.a.b.c(1),
        "hp.scope.a.b.d(d), miss": lambda: hp.scope.a.b.d(1),
        "hp.scope.x.y.z(), hit": lambda: hp.scope.x.y.z(),  # noqa: PLW0108
    }
    deep = {f"{name} deep": case for name, case in cases.items()}
    few, many = opened({"a.b.c": 1, "x.y.z": 1}), opened(MANY | {"x.y.z": 1}, 100)
    within = dict.fromkeys(cases, few) | dict.fromkeys(deep, many)
    taken = in_turns({"floor": lambda: floor("a.b.c", 1), **cases, **deep}, within=within)
    for name in cases:
        yield Row(f"read {name}", taken[name] / taken["floor"], "x floor", 5.5)
    ratio = taken["hp.scope.a.b.c | d, hit"] / taken["floor"]
    peer = peers["hyperparameter 0.6.0, read"]["x floor"]
    yield Row("read, times faster than hyperparameter 0.6.0", peer / ratio, "x", 70, at_least=True)
    for name in list(cases)[:2]:
        what = f"the same among 10 000 keys, 100 scopes deep, {name[-4:].strip(', ')}"
        yield Row(what, taken[f"{name} deep"] / taken[name], "x the above", 1.2)


def _other_ways() -> Iterator[Row]:
    few = opened({"a.b.c": 1, "a.b.l": [2]})
    ps = few.run(hp.scope.current)

    def one_place() -> None:
        hp.scope.a.b.c | 1

    def one_miss() -> None:
        hp.scope.a.b.d | 1

    def two_places() -> None:
        hp.scope.a.b.c | 1
        hp.scope.a.b.c | 2

    def two_misses() -> None:
        hp.scope.a.b.d | 1
        hp.scope.a.b.d | 2

    cases: dict[str, tuple[Callable[[], object], int]] = {
        'hp.scope["a.b.c"] | d': (lambda: hp.scope["a.b.c"] | 1, 8),
        'ps["a.b.c"]': (lambda: ps["a.b.c"], 20),
        "ps.a.b.c | d": (lambda: ps.a.b.c | 1, 30),
        "hp.scope.a.b.l | [1], a fresh list, hit": (lambda: hp.scope.a.b.l | [1], 30),
        "hp.scope.a.b.m | [1], a fresh list, miss": (lambda: hp.scope.a.b.m | [1], 30),
    }
    functions = {name: case for name, (case, _) in cases.items()}
    functions |= {
        "two places, hit": two_places,
        "one place, hit": one_place,
        "two places, miss": two_misses,
        "one place, miss": one_miss,
    }
    within = dict.fromkeys(functions, few)
    taken = in_turns({"floor": lambda: floor("a.b.c", 1), **functions}, within=within)
    for what in ("hit", "miss"):
        # The one that reads first is as fast as if it was alone: what is left is the other's.
        second = (taken[f"two places, {what}"] - taken[f"one place, {what}"]) / taken["floor"]
        yield Row(f"the second of two places, {what}", second, "x floor", 8)
    for name, (_, most) in cases.items():
        yield Row(f"read {name}", taken[name] / taken["floor"], "x floor", most)


def _first() -> Row:
    def enter() -> None:
        with hp.scope(x=1):
            pass

    def enter_and_read() -> None:
        with hp.scope(x=1):
            hp.scope.x | 0

    def override() -> None:
        with Override(x=1):
            pass

    few = opened({f"k{i}": i for i in range(10)})
    taken = in_turns(
        {"override": override, "enter": enter, "read": enter_and_read},
        within={"enter": few, "read": few},
    )
    first = (taken["read"] - taken["enter"]) / taken["override"]
    return Row("first read of a key in a new scope", first, "x minimal manager", 2)
