"""Files of large scopes: there for as long as work needs them, and gone afterwards."""

import gc
import multiprocessing as mp
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import util
from pathlib import Path
from textwrap import dedent
from typing import Any

import faulty_work as work
import numpy as np
import pytest

import hp_dist
import hyperparameter as hp
from hp_dist._carry.spool import Spool
from hp_dist._carry.submission import Submission

pytestmark = [
    # Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def files(folder: Path) -> list[str]:
    gc.collect()
    return sorted(path.name for path in folder.glob("hyperparameter-*/*"))


def gone(folder: Path) -> bool:
    """Wait for the files to go: an engine's own thread may have to let go of the work first."""
    end = time.monotonic() + 30
    while files(folder) and time.monotonic() < end:
        time.sleep(0.01)
    return not files(folder)


def pool(method: str = "fork") -> Any:
    return mp.get_context(method).Pool(1)


def large(n: int) -> Any:
    return hp.scope(**work.large(n))


# -- as long as it is needed ------------------------------------------------------------------

LATER: dict[str, Callable[[Any, Any], Any]] = {
    "apply_async": lambda pool, _: pool.apply_async(work.values, ("key1",)),
    "map_async": lambda pool, _: pool.map_async(work.values, ["key1"] * 3, 2),
    "starmap_async": lambda pool, _: pool.starmap_async(work.pair, [("key1", 0)] * 3, 2),
    "imap": lambda pool, _: pool.imap(work.values, ["key1"] * 3),
    "imap in chunks": lambda pool, _: pool.imap(work.values, ["key1"] * 3, 2),
    "imap_unordered": lambda pool, _: pool.imap_unordered(work.values, ["key1"] * 3, 2),
    "submit": lambda _, executor: executor.submit(work.values, "key1"),
    "map": lambda _, executor: executor.map(work.values, ["key1"] * 3),
    "map in chunks": lambda _, executor: executor.map(work.values, ["key1"] * 3, chunksize=2),
}


def results(submitted: Any) -> list[Any]:
    if hasattr(submitted, "result"):
        return [submitted.result(timeout=60)]
    if hasattr(submitted, "get"):
        found = submitted.get(timeout=60)
        return found if isinstance(found, list) else [found]
    return list(submitted)


@pytest.mark.parametrize("submit", LATER.values(), ids=LATER)
def test_work_that_is_still_queued_when_its_scope_has_been_closed_sees_it(
    installed: None, folders: Path, submit: Callable[[Any, Any], Any]
) -> None:
    """The queue is held up by tasks that wait; nobody keeps the scope meanwhile."""
    gate, other = folders / "gate", folders / "other"
    os.mkfifo(gate)
    os.mkfifo(other)
    with pool() as one, ProcessPoolExecutor(1) as executor:
        held = one.apply_async(work.wait, (str(gate),)), executor.submit(work.wait, str(other))
        with large(1):
            submitted = [submit(one, executor) for _ in range(4)]
        gc.collect()
        assert files(folders)
        gate.write_text("go")
        other.write_text("go")
        assert held[0].get(timeout=60) == held[1].result(timeout=60) == "go"
        found = [value for each in submitted for value in results(each)]
        assert set(found) == {1}
        assert len(found) in (4, 12)
        assert gone(folders)  # though results, pool and executor are still there


def test_file_stays_for_a_result_that_nobody_keeps(installed: None, folders: Path) -> None:
    gate = folders / "gate"
    os.mkfifo(gate)
    seen: list[Any] = []
    with pool() as one:
        one.apply_async(work.wait, (str(gate),))
        with large(3):
            one.apply_async(work.values, ("key1",), callback=seen.append)
        gc.collect()
        gate.write_text("go")
        one.close()
        one.join()
        assert seen == [3]
        assert gone(folders)


@pytest.mark.parametrize("burst", [1, 40])
def test_files_are_gone_when_the_work_is_done_though_its_results_are_kept(
    installed: None, folders: Path, burst: int
) -> None:
    with pool() as one, ProcessPoolExecutor(1) as executor:
        kept: list[Any] = []
        for n in range(1, burst + 1):
            with large(n):
                kept += [one.apply_async(work.values, ("key1",)), executor.submit(work.process)]
        assert [results(result)[0] for result in kept[::2]] == list(range(1, burst + 1))
        for future in kept[1::2]:
            future.result(timeout=60)
        assert gone(folders)


def test_one_file_serves_all_tasks_in_a_scope_and_those_nested_over_it(
    installed: None, folders: Path
) -> None:
    with pool() as one, hp.scope(array=np.ones(1_000_000)):
        before = None
        for n in range(20):
            with hp.scope(n=n):
                assert one.apply(work.seen, ("array", "n"))[1] == (((1_000_000,), 1e6), n)
            sizes = [path.stat().st_size for path in folders.glob("hyperparameter-*/*")]
            large_ones = [size for size in sizes if size > 1_000_000]
            assert len(large_ones) == 1
            before = before or large_ones
            assert large_ones == before
    assert gone(folders)


def test_tasks_submitted_by_threads_at_once_all_arrive(installed: None, folders: Path) -> None:
    def submit(n: int) -> Any:
        with large(n):
            return one.apply_async(work.values, ("key1",))

    with pool() as one, ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(submit, range(80)))
        assert [result.get(timeout=60) for result in sent] == list(range(80))
        del sent
        assert gone(folders)


def test_cancelled_future_lets_its_file_go(installed: None, folders: Path) -> None:
    gate = folders / "gate"
    os.mkfifo(gate)
    with ProcessPoolExecutor(1) as executor:
        executor.submit(work.wait, str(gate))
        with large(1):
            futures = [executor.submit(work.process) for _ in range(5)]
        cancelled = [future for future in futures if future.cancel()]
        assert cancelled
        gate.write_text("go")
        for future in futures:
            if future not in cancelled:
                future.result(timeout=60)
        assert gone(folders)


def test_scopes_that_come_and_go_in_many_threads_always_find_a_folder(folders: Path) -> None:
    def send(thread: int) -> None:
        for n in range(150):
            with hp.scope(value=f"{thread} {n}" * 20_000):
                Submission.capture().message(Spool)

    known = len(util._finalizer_registry)  # type: ignore[attr-defined]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(send, range(4))) == [None] * 4
    assert gone(folders)
    assert len(util._finalizer_registry) - known < 10  # type: ignore[attr-defined]


# -- folders that go, disks that are full -----------------------------------------------------


@pytest.mark.parametrize("method", ["spawn", "forkserver"])  # a forked worker needs no file
def test_folder_removed_by_a_cleaner_is_made_again(
    installed: None, folders: Path, method: str
) -> None:
    with large(2):
        one = pool(method)
    with one, large(3):
        killed = one.apply(work.process)
        for folder in folders.glob("hyperparameter-*"):
            shutil.rmtree(folder)
        assert one.apply_async(work.values, ("key1",)).get(timeout=60) == 3
        with large(4):
            assert one.apply_async(work.values, ("key1",)).get(timeout=60) == 4
        for folder in folders.glob("hyperparameter-*"):
            shutil.rmtree(folder)
        one.apply_async(work.die)
        with hp.scope.empty(), hp.scope(small=1):
            found = one.apply_async(work.value_and_process, ("small",)).get(timeout=60)
    assert found[0] == 1
    assert found[1] != killed


def test_scope_that_the_disk_has_no_room_for_is_an_error_at_submission_and_leaves_nothing(
    installed: None, folders: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ProcessPoolExecutor(1) as executor, hp.scope(array=np.ones(1_000_000)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            for _ in range(2):
                with pytest.raises(hp_dist.CarrierError, match="cannot be written"):
                    executor.submit(work.values, "array")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sizes = [path.stat().st_size for path in folders.glob("hyperparameter-*/*")]
        assert not [size for size in sizes if size >= 100_000]
        assert executor.submit(work.values, "array").result(60) == ((1_000_000,), 1e6)


# -- processes that end -----------------------------------------------------------------------

PROGRAM = """
    import multiprocessing as mp, os, sys
    from concurrent.futures import ProcessPoolExecutor
    from pathlib import Path
    import hp_dist, hyperparameter as hp
    import faulty_work as work

    if __name__ == "__main__":
        hp_dist.install("multiprocessing", "futures", "joblib")
        here = os.environ["TMPDIR"]
        with hp.scope(**work.large(5)):
            {body}
"""
ENDINGS = {
    "pool": "print(mp.Pool(1).apply(work.values, ('key1',)))",
    "executor": "print(ProcessPoolExecutor(1).submit(work.values, 'key1').result())",
    "error": "print(mp.Pool(1).apply(work.values, ('key1',))); raise SystemExit(3)",
    "process that nests, fork": "work.nested('fork', here)",
    "process that nests, spawn": "work.nested('spawn', here)",
    "process that nests, forkserver": "work.nested('forkserver', here)",
    "executor that nests": "print(*ProcessPoolExecutor(1).submit(work.nest, here).result())",
    "joblib that nests": "import joblib; print(*joblib.Parallel(2)([joblib.delayed(work.nest)"
    "(here)] * 2)[0])",
}


@pytest.mark.parametrize("body", ENDINGS.values(), ids=ENDINGS)
def test_program_that_ends_leaves_no_folder(folders: Path, body: str) -> None:
    program = folders / "program.py"
    program.write_text(dedent(PROGRAM).format(body=body))
    ended = subprocess.run(
        [sys.executable, str(program)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == (3 if "SystemExit" in body else 0), ended.stderr
    if "nest" in body:  # of the worker's own, beside that of the program where it had one
        assert ended.stdout.startswith("49 ")
        assert "hyperparameter-" in ended.stdout
    else:
        assert ended.stdout == "5\n"
    assert list(folders.glob("hyperparameter-*")) == []
