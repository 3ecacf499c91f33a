"""`Pool.map` and `ProcessPoolExecutor.map` of a function that does nothing."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from bursts import carrying, check, compared, in_turns, look, params
from table import Figures, Row

import hyperparameter as hp

KEYS = 1_000
TASKS = 1_000


class Case(NamedTuple):
    """A pool or an executor, and the engine installed while it is used."""

    pool: Any
    engine: str | None


def idle(item: int) -> tuple[int, bool] | None:
    return look() if item < 0 else None


def rows(figures: Figures, rounds: int = 15) -> Iterator[Row]:
    fork = multiprocessing.get_context("fork")
    with contextlib.ExitStack() as stack:
        make_pool = functools.partial(_made, stack, lambda: fork.Pool(1))
        make_executor = functools.partial(
            _made, stack, lambda: ProcessPoolExecutor(1, mp_context=fork)
        )
        pool, executor = make_pool(None), make_executor(None)
        early = make_pool("multiprocessing")
        stack.enter_context(hp.scope(**params(KEYS)))
        cases = {
            "stock": pool,
            "carried": make_pool("multiprocessing"),
            "carried, older pool": early,
        }
        yield from _compared("Pool.map, fork", cases, figures, rounds, {32: 1.1, 1: 1.6})
        cases = {"stock": executor, "carried": make_executor("futures")}
        yield from _compared("ProcessPoolExecutor.map, fork", cases, figures, rounds, {})


def _made(stack: contextlib.ExitStack, make: Callable[[], Any], engine: str | None) -> Case:
    with carrying(engine):
        pool = stack.enter_context(make())
        list(pool.map(idle, [0]))  # an executor forks now, and not where there is a scope
    return Case(pool, engine)


def _compared(
    what: str,
    cases: Mapping[str, Case],
    figures: Figures,
    rounds: int,
    budgets: Mapping[int, float],
) -> Iterator[Row]:
    for name, case in cases.items():
        check(f"{what}, {name}", functools.partial(_seen, case.pool), case.engine)
    for chunk in (32, 1):
        bursts = {name: functools.partial(_burst, case, chunk) for name, case in cases.items()}
        taken = {name: case["s"] for name, case in in_turns(bursts, rounds, 6).items()}
        for name, seconds in taken.items():
            shown = f"{what}, chunk {chunk}, {KEYS:,} keys, {name}"
            figures[shown] = {"us a task": seconds.median * 1e6}
            if name != "stock":
                budget = budgets.get(chunk) if name == "carried" else None
                yield compared(shown, seconds, taken["stock"], "x stock", budget)


def _seen(pool: Any) -> Any:
    (seen,) = pool.map(idle, [-1])
    return seen


def _burst(case: Case, chunk: int) -> dict[str, float]:
    items = range(TASKS if chunk == 1 else TASKS * 8)
    with carrying(case.engine):
        list(case.pool.map(idle, items[:chunk], chunksize=chunk))
        start = time.perf_counter()
        list(case.pool.map(idle, items, chunksize=chunk))
        return {"s": (time.perf_counter() - start) / len(items)}
