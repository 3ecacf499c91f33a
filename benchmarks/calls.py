"""Rows of calls of what `@hp.param` decorates, beside a wrapper that passes everything through."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from floor import passing, three
from measure import in_turns
from reading import opened
from table import Row

import hyperparameter as hp

decorated = hp.param("three")(three)
CALLS = 1_000


async def coroutine(a: int = 1, b: int = 2, c: int = 3) -> int:
    return a


async def passing_coroutine(*args: Any, **kwargs: Any) -> Any:
    return await coroutine(*args, **kwargs)


filled_coroutine = hp.param("three")(coroutine)


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False


@hp.param("structured")
def structured(optimizer: Optimizer = Optimizer()) -> float:  # noqa: B008
    return optimizer.lr


def rows() -> Iterator[Row]:
    yield from _functions()
    yield _coroutine()
    yield _structure()


def _functions() -> Iterator[Row]:
    ways: dict[str, tuple[Callable[[Any], object], float]] = {
        "1 override": (lambda call: call(), 5),
        "no override": (lambda call: call(), 2.5),
        "keywords given": (lambda call: call(b=5, c=6), 4),
        "all keywords given": (lambda call: call(a=4, b=5, c=6), 4),
        "positions given": (lambda call: call(4, 5), 2.5),
    }
    one, none = opened({"three.a": 5}), opened({"unrelated": 1})
    cases: dict[str, Callable[[], object]] = {}
    for way, (run, _) in ways.items():
        cases[f"{way}, passing"] = partial(run, passing)
        cases[way] = partial(run, decorated)
    within = {name: one if name == "1 override" else none for name in cases}
    taken = in_turns(cases, within=within)
    for way, (_, most) in ways.items():
        ratio = taken[way] / taken[f"{way}, passing"]
        yield Row(f"@hp.param call, 3 parameters, {way}", ratio, "x pass-through", most)


def _coroutine() -> Row:
    async def repeated(call: Callable[[], Any]) -> None:
        for _ in range(CALLS):
            await call()

    loops = {"passing": passing_coroutine, "filled": filled_coroutine}
    cases = {name: lambda call=call: asyncio.run(repeated(call)) for name, call in loops.items()}
    taken = in_turns(cases, rounds=40, calls=1, within={"filled": opened({"three.a": 5})})
    return Row("a coroutine, 1 override", taken["filled"] / taken["passing"], "x pass-through", 4)


def _structure() -> Row:
    own = {"structured.optimizer.momentum": 0.5}
    few = opened({**own, **{f"k{i}": i for i in range(10)}})
    many = opened({**own, **{f"group{i // 10}.key{i}": i for i in range(10_000)}})
    taken = in_turns({"few": structured, "many": structured}, within={"few": few, "many": many})
    what = "a dataclass with one field overridden, among 10 000 keys"
    return Row(what, taken["many"] / taken["few"], "x inside 10", 1.5)
