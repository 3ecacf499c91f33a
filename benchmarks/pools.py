"""Pools, executors and joblib: the map of a function that does nothing."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import joblib
from bursts import carrying, check, compared, in_turns, look, params
from table import Figures, Row

import hyperparameter as hp

SIZES = (1_000, 10_000)
BUDGETS = {1_000: {32: 1.2, 1: 1.6}}
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
        stack.enter_context(hp.scope(begun=1))
        pools = {
            "stock": pool,
            "carried": make_pool("multiprocessing"),
            "carried, older pool": early,
        }
        executors = {"stock": executor, "carried": make_executor("futures")}
        parallel = joblib.Parallel(n_jobs=2, backend="loky")
        loky = {name: Case(_Joblib(parallel), one) for name, one in _LOKY.items()}
        for keys in SIZES:
            with hp.scope(**params(keys)):
                yield from _compared("Pool.map, fork", keys, pools, figures, rounds)
                yield from _compared("ProcessPoolExecutor.map", keys, executors, figures, rounds)
                yield from _compared("joblib with loky", keys, loky, figures, rounds)


class _Joblib:
    """The workers of joblib, which it keeps, with the method of a pool."""

    def __init__(self, parallel: joblib.Parallel) -> None:
        self._parallel = parallel

    def map(
        self, function: Callable[[int], Any], items: Iterable[int], chunksize: int = 1
    ) -> list[Any]:
        self._parallel.batch_size = chunksize
        made: list[Any] = self._parallel(joblib.delayed(function)(item) for item in items)
        return made


_LOKY = {"stock": None, "carried": "joblib"}


def _made(stack: contextlib.ExitStack, make: Callable[[], Any], engine: str | None) -> Case:
    with carrying(engine):
        pool = stack.enter_context(make())
        list(pool.map(idle, [0]))  # an executor forks now, and not where there is a scope
    return Case(pool, engine)


def _compared(
    what: str, keys: int, cases: Mapping[str, Case], figures: Figures, rounds: int
) -> Iterator[Row]:
    budgets = BUDGETS.get(keys, {}) if what.startswith("Pool.map") else {}
    for name, case in cases.items():
        check(f"{what}, {name}", functools.partial(_seen, case.pool), case.engine)
    for chunk in (32, 1):
        bursts = {name: functools.partial(_burst, case, chunk) for name, case in cases.items()}
        taken = {name: case["s"] for name, case in in_turns(bursts, rounds, 6).items()}
        for name, seconds in taken.items():
            shown = f"{what}, chunk {chunk}, {keys:,} keys, {name}"
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
