"""What the threads of an engine do for a submission, they do inside its scopes.

They draw the items of lazy maps and call the callbacks.  Each start method runs a program of its
own, because a spawned child imports the main module.
"""

import subprocess
import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import hp_dist.futures
import hyperparameter as hp

METHODS = ["fork", "spawn", "forkserver"]

START = """
import multiprocessing as mp, threading, traceback
from concurrent.futures import ProcessPoolExecutor
import hp_dist, hp_dist.futures, hp_dist.multiprocessing, hyperparameter as hp

def rate(x=None, *rest):
    return x, hp.scope.rate | 0.0

def items():
    for number in (1, 2, 3):
        with hp.scope(own=number):
            yield number * (hp.scope.rate | 0.0)

def pairs():
    for item in items():
        yield item, 0

def fail(x=None):
    raise ValueError(x)

class Waiting:
    def __init__(self):
        self.seen, self.called = [], threading.Event()
    def __call__(self, result):
        self.seen.append(hp.scope.rate | 0.0)
        self.called.set()
    def get(self):
        assert self.called.wait(60)
        return self.seen
"""


def run(tmp_path: Path, body: str, *args: str) -> str:
    program = tmp_path / "program.py"
    program.write_text(
        START + '\nif __name__ == "__main__":\n' + dedent(body).replace("\n", "\n    ")
    )
    done = subprocess.run(
        [sys.executable, program, *args], text=True, capture_output=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


POOLS = """
    import sys
    method, way = sys.argv[1:]
    if way == "installed":
        hp_dist.install()
        context = mp.get_context(method)
    else:
        context = hp_dist.multiprocessing.get_context(method)
"""
pools = pytest.mark.parametrize("way", ["installed", "explicit"])
methods = pytest.mark.parametrize("method", METHODS)


@methods
@pools
def test_items_of_lazy_maps_are_made_inside_the_scope(
    tmp_path: Path, method: str, way: str
) -> None:
    body = """
    inside = [(0.5, 0.5), (1.0, 0.5), (1.5, 0.5)]
    with context.Pool(1) as pool:
        with hp.scope(rate=0.5):
            lazy = [pool.imap(rate, items()), pool.imap(rate, items(), chunksize=2),
                    pool.imap_unordered(rate, items()), pool.map_async(rate, items())]
            assert pool.starmap(rate, pairs()) == inside
        assert [list(lazy[0]), list(lazy[1]), list(lazy[2]), lazy[3].get()] == [inside] * 4
        assert list(pool.imap(rate, items())) == [(0.0, 0.0)] * 3
        pool.close()
        pool.join()
    """
    run(tmp_path, POOLS + body, method, way)


@methods
@pools
def test_error_of_an_iterable_is_its_own_without_a_traceback_of_the_worker(
    tmp_path: Path, method: str, way: str
) -> None:
    body = """
    def broken():
        yield 1
        raise KeyError(hp.scope.rate | 0.0)

    with context.Pool(1) as pool, hp.scope(rate=0.5):
        results = pool.imap(rate, broken())
        assert next(results) == (1, 0.5)
        try:
            next(results)
        except KeyError as error:
            assert error.args == (0.5,)
            assert error.__cause__ is None, error.__cause__
        else:
            raise AssertionError
        assert list(pool.imap(rate, [2])) == [(2, 0.5)]
    """
    run(tmp_path, POOLS + body, method, way)


@methods
@pools
def test_callbacks_of_a_pool_run_inside_the_scope_of_the_submission(
    tmp_path: Path, method: str, way: str
) -> None:
    body = """
    submissions = {
        "apply_async": lambda **c: pool.apply_async(rate, (), **c),
        "apply_async, positional": lambda callback=None, error_callback=None:
            pool.apply_async(rate, (), {}, callback, error_callback),
        "bound": lambda **c: pool.apply_async(hp_dist.bind(rate), (), **c),
        "map_async": lambda **c: pool.map_async(rate, [1, 2], **c),
        "starmap_async": lambda **c: pool.starmap_async(rate, [(1,), (2,)], **c),
    }
    with context.Pool(1) as pool:
        for name, submit in submissions.items():
            waiting = Waiting()
            with hp.scope(rate=0.5):
                submit(callback=waiting)
            assert waiting.get() == [0.5], name
        waiting = [Waiting(), Waiting()]
        with hp.scope(rate=0.5):
            pool.apply_async(fail, error_callback=waiting[0])
            pool.map_async(fail, [1], error_callback=waiting[1])
        assert [each.get() for each in waiting] == [[0.5], [0.5]]
        waiting = Waiting()
        pool.apply_async(rate, callback=waiting)
        assert waiting.get() == [0.0]
    """
    run(tmp_path, POOLS + body, method, way)


@methods
@pools
def test_callbacks_of_futures_run_inside_the_scope_of_the_submission(
    tmp_path: Path, method: str, way: str
) -> None:
    body = """
    from concurrent.futures import Future
    kind = ProcessPoolExecutor if way == "installed" else hp_dist.futures.ProcessPoolExecutor
    with kind(1, mp_context=mp.get_context(method)) as executor:
        early, late, failed = Waiting(), Waiting(), Waiting()
        with hp.scope(rate=0.5):
            future = executor.submit(rate)
            failing = executor.submit(fail)
            assert isinstance(future, Future)
        future.add_done_callback(early)
        failing.add_done_callback(failed)
        assert future.result(60) == (None, 0.5)
        with hp.scope(rate=0.7):
            future.add_done_callback(late)
            assert hp.scope.rate() == 0.7
        assert (early.get(), failed.get(), late.get()) == ([0.5], [0.5], [0.5])
    """
    run(tmp_path, POOLS + body, method, way)


@pytest.mark.parametrize("done", [True, False])
def test_callbacks_of_threads_run_inside_the_scope_of_the_submission(done: bool) -> None:
    seen: list[Any] = []
    with hp_dist.futures.ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as gate:
        with hp.scope(rate=0.5):
            future = executor.submit((lambda: None) if done else gate.submit(int).result)
            if done:
                future.result()
        future.add_done_callback(lambda _: seen.append(hp.scope.rate | 0.0))
    assert seen == [0.5]
    assert "rate" not in hp.scope


class Lazy(Executor):
    """Draws the items when the results are taken, as `map` with a `buffersize` does."""

    def map(self, fn: Any, *iterables: Any, **_: Any) -> Any:  # type: ignore[override]
        def results() -> Any:
            yield from map(fn, *iterables)

        return results()


def test_items_that_an_executor_draws_later_are_made_inside_the_scope() -> None:
    from hp_dist.futures import _mapping

    def items() -> Any:
        yield hp.scope.rate | 0.0

    lazy = _mapping(Lazy.map)
    with hp.scope(rate=0.5):
        results = lazy(Lazy(), lambda item: (item, hp.scope.rate | 0.0), items(), buffersize=1)
    with hp.scope(rate=0.7):
        assert list(results) == [(0.5, 0.5)]


def test_a_large_scope_is_noted_once_and_not_for_each_future(tmp_path: Path) -> None:
    """Else each task takes as long as its scope has keys; a scope that is large has a file."""
    printed = run(tmp_path, """
        noted = []
        override = hp.Record.override
        def counting(self, layer):
            noted.append(len(layer.values))
            override(self, layer)
        hp.Record.override = counting
        hp_dist.install("futures")
        with ProcessPoolExecutor(1, mp_context=mp.get_context("fork")) as executor:
            with hp.scope(rate=0.5, **{f"k{i}": i for i in range(2_000)}):
                futures = [executor.submit(rate, i) for i in range(20)]
                found = [future.result() for future in futures]
        print(found == [(i, 0.5) for i in range(20)], sum(noted) <= 3 * 2_001)
    """)  # fmt: skip
    assert printed == "True True\n"
