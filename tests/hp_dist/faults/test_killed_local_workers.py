"""Workers of this host that are killed or replaced, and values that cannot travel."""

import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faulty_work as work
import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

import hp_dist
import hyperparameter as hp

pytestmark = [
    # Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

METHODS = ["fork", "spawn", "forkserver"]
each_method = pytest.mark.parametrize("method", METHODS)
SIZES = ["small", "large", "array"]


def turn(method: str, repeat: int = 0) -> str:
    """Return a size for the method, another one at each repeat: together they make all pairs."""
    return SIZES[(METHODS.index(method) + repeat) % 3]


def scope(size: str, name: str, n: int) -> Any:
    """Return a scope that binds `name` to `n`, or to a 1 MB array of it, alone or among many."""
    value = np.full(125_000, float(n)) if size == "array" else n
    others = {f"{name}.other{i}": i * n for i in range(10_000)} if size == "large" else {}
    return hp.scope(**{name: value}, **others)


def told(size: str, n: int) -> Any:
    """Return what a worker tells of the value that `scope` has bound."""
    return ((125_000,), 125_000.0 * n) if size == "array" else n


@contextmanager
def loky() -> Iterator[None]:
    """Leave no worker of joblib behind."""
    try:
        yield
    finally:
        get_reusable_executor().shutdown(wait=True, kill_workers=True)


# -- killed in the middle of a task -----------------------------------------------------------


@each_method
def test_worker_that_replaces_a_killed_one_of_a_pool_sees_the_right_scopes(
    installed: None, method: str, repeat: int
) -> None:
    size = turn(method, repeat)
    with scope(size, "made", 3):
        pool = mp.get_context(method).Pool(1)
    with pool:
        first = pool.apply(work.process)
        with scope(size, "sent", 4):
            lost = pool.apply_async(work.die)
        results = []
        for n in range(3):
            with scope(size, "sent", n):
                results.append(pool.apply_async(work.seen, ("made", "sent")))
        results.append(pool.apply_async(work.seen, ("made", "sent")))
        found = [result.get(timeout=150) for result in results]
        assert not lost.ready()  # a pool has no way to tell
    assert [values for _, values, _ in found] == [
        *((None, told(size, n)) for n in range(3)),
        (None, None),
    ]
    assert {process for *_, process in found}.isdisjoint({first})
    one = 10_001 if size == "large" else 1
    assert [count for count, *_ in found] == [one] * 3 + [0]


@each_method
def test_other_worker_of_a_pool_goes_on_in_the_right_scopes(
    installed: None, method: str, repeat: int
) -> None:
    size = turn(method, repeat)
    with mp.get_context(method).Pool(2) as pool:
        results = []
        for n in range(12):
            with scope(size, "sent", n):
                results.append(pool.apply_async(work.values, ("sent",)))
                if n == 5:
                    pool.apply_async(work.die)
        assert [result.get(timeout=150) for result in results] == [told(size, n) for n in range(12)]


@each_method
def test_killed_worker_breaks_an_executor_as_always_and_a_new_one_sees_the_scope(
    installed: None, method: str, repeat: int
) -> None:
    size = turn(method, repeat)
    context = mp.get_context(method)
    with scope(size, "sent", 1), ProcessPoolExecutor(1, context) as executor:
        assert executor.submit(work.values, "sent").result(timeout=150) == told(size, 1)
        with scope(size, "sent", 2):
            killed = executor.submit(work.die)
            with pytest.raises(BrokenProcessPool):  # at the submission, or by the result
                executor.submit(work.values, "sent").result(timeout=150)
        with pytest.raises(BrokenProcessPool):
            killed.result(timeout=150)
        with pytest.raises(BrokenProcessPool):
            executor.submit(work.process)
    with ProcessPoolExecutor(2, context) as executor:
        futures = []
        for n in range(6):
            with scope(size, "sent", n):
                futures.append(executor.submit(work.values, "sent"))
        found = [future.result(timeout=150) for future in futures]
    assert found == [told(size, n) for n in range(6)]


def test_killed_worker_of_joblib_is_the_error_it_was_and_the_next_call_sees_the_scope(
    installed: None, repeat: int
) -> None:
    size = turn("spawn", repeat)
    with loky():
        with scope(size, "sent", 1), pytest.raises(TerminatedWorkerError):
            joblib.Parallel(2, timeout=150)(
                joblib.delayed(work.die if n == 3 else work.values)("sent") for n in range(6)
            )
        with scope(size, "sent", 2):
            found = joblib.Parallel(2, timeout=150)(
                joblib.delayed(work.values)("sent") for _ in range(6)
            )
    assert found == [told(size, 2)] * 6


@each_method
def test_process_started_in_place_of_a_killed_one_sees_the_scope_of_its_own_start(
    installed: None, method: str, tmp_path: Path, repeat: int
) -> None:
    context = mp.get_context(method)
    mark = str(tmp_path / "mark")
    for size, code in (("large", -signal.SIGKILL), ("array", 0)):
        receiver, sender = context.Pipe(duplex=False)
        with scope(size, "sent", 5):
            process = context.Process(target=work.send, args=(sender, work.die_once, mark, "sent"))
            process.start()
        sender.close()
        process.join(timeout=150)
        assert process.exitcode == code
        if code == 0:
            assert receiver.recv() == told(size, 5)
        receiver.close()


# -- replacements that are planned ------------------------------------------------------------


@each_method
def test_each_worker_of_a_pool_that_serves_one_task_sees_the_right_scopes(
    installed: None, method: str
) -> None:
    size = turn(method)
    with scope(size, "made", 3):
        pool = mp.get_context(method).Pool(1, maxtasksperchild=1)
    with pool:
        results = []
        for n in range(4):
            with scope(size, "sent", n):
                results.append(pool.apply_async(work.seen, ("made", "sent")))
        found = [result.get(timeout=150) for result in results]
    assert [values for _, values, _ in found] == [(None, told(size, n)) for n in range(4)]
    assert len({process for *_, process in found}) == 4


@pytest.mark.parametrize("method", ["spawn", "forkserver"])  # with fork, Python refuses
def test_each_worker_of_an_executor_that_serves_one_task_sees_the_right_scopes(
    installed: None, method: str
) -> None:
    size = turn(method)
    context = mp.get_context(method)
    with scope(size, "made", 3):
        executor = ProcessPoolExecutor(1, context, max_tasks_per_child=1)
    with executor:
        futures = []
        for n in range(3):
            with scope(size, "sent", n):
                futures.append(executor.submit(work.seen, "made", "sent"))
        found = [future.result(timeout=150) for future in futures]
    assert [values for _, values, _ in found] == [(None, told(size, n)) for n in range(3)]
    assert len({process for *_, process in found}) == 3


@each_method
def test_worker_started_by_one_submission_brings_nothing_of_it_to_the_next(method: str) -> None:
    """The executor is older than `install`, so its workers have no initializer of ours."""
    with ProcessPoolExecutor(1, mp.get_context(method)) as executor:
        hp_dist.install("multiprocessing", "futures")
        try:
            with hp.scope(first=1):
                first = executor.submit(work.seen, "first", "second")
            with hp.scope(second=2):
                second = executor.submit(work.seen, "first", "second")
            found = [future.result(timeout=150) for future in (first, second)]
            last = executor.submit(work.seen, "first", "second").result(timeout=150)
        finally:
            hp_dist.uninstall()
    assert [values for _, values, _ in [*found, last]] == [(1, None), (None, 2), (None, None)]
    assert len({process for *_, process in [*found, last]}) == 1


# -- values that cannot be pickled ------------------------------------------------------------


def line_of_next() -> str:
    import inspect

    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{os.path.basename(__file__)}:{frame.f_back.f_lineno + 1}"


SUBMISSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "apply": lambda pool, _: pool.apply(work.process),
    "apply_async": lambda pool, _: pool.apply_async(work.process),
    "map": lambda pool, _: pool.map(work.die, [1]),
    "map_async": lambda pool, _: pool.map_async(work.die, [1]),
    "starmap": lambda pool, _: pool.starmap(work.die, [()]),
    "starmap_async": lambda pool, _: pool.starmap_async(work.die, [()]),
    "imap": lambda pool, _: pool.imap(work.die, [1]),
    "imap in chunks": lambda pool, _: pool.imap(work.die, [1], 2),
    "imap_unordered": lambda pool, _: pool.imap_unordered(work.die, [1]),
    "submit": lambda _, executor: executor.submit(work.process),
    "executor map": lambda _, executor: executor.map(work.die, [1]),
    "joblib": lambda *_: joblib.Parallel(2)(joblib.delayed(abs)(n) for n in [1, 2]),
    "bind": lambda *_: hp_dist.bind(len),
    "initializer": lambda *_: hp_dist.initializer(),
    "spawn": lambda *_: mp.get_context("spawn").Process(target=work.die).start(),
    "forkserver": lambda *_: mp.get_context("forkserver").Process(target=work.die).start(),
}


@pytest.mark.parametrize("submit", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_value_that_cannot_be_pickled_is_named_with_its_place_and_nothing_runs(
    installed: None, submit: Callable[[Any, Any], Any]
) -> None:
    with mp.get_context("fork").Pool(1) as pool, ProcessPoolExecutor(1) as executor:
        before = pool.apply(work.process), executor.submit(work.process).result(timeout=150)
        line = line_of_next()
        with hp.scope(fine=1, **{"model.lock": threading.Lock()}):
            with pytest.raises(hp_dist.CarrierError) as caught:
                submit(pool, executor)
        assert caught.value.key == "model.lock"
        assert caught.value.origin.location.endswith(line)
        assert "model.lock" in str(caught.value)
        assert line in str(caught.value)
        with hp.scope(fine=2):
            after = pool.apply(work.seen, ("fine",))
            assert after == (1, (2,), before[0])
            found = executor.submit(work.seen, "fine").result(timeout=150)
            assert found == (1, (2,), before[1])
        pool.close()
        pool.join()  # waits for ever where a refused job has stayed in the pool's books


def test_baseline_that_cannot_be_pickled_is_named_too(installed: None) -> None:
    with ProcessPoolExecutor(1) as executor:
        line = line_of_next()
        with hp.scope(lock=threading.Lock()):
            hp.scope.frozen()
        with pytest.raises(hp_dist.CarrierError, match="lock") as caught:
            executor.submit(work.process)
    assert caught.value.origin.location.endswith(line)
