"""Files of large scopes: there for as long as work needs them, and gone afterwards."""

import gc
import multiprocessing as mp
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import util
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import faulty_work as work
import numpy as np
import pytest
import soak
from patience import wait_until
from private_files import spool_files, wait_until_files_are_gone

import hyperparameter as hp
from hp_dist._carry.spool import Spool
from hp_dist._carry.submission import Submission

pytestmark = [
    # Only Python 3.12 and later say so; the children here touch nothing that a thread may hold.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]


def files(folder: Path) -> list[str]:
    gc.collect()
    return [path.name for path in spool_files(folder)]


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
        return [submitted.result(timeout=150)]
    if hasattr(submitted, "get"):
        found = submitted.get(timeout=150)
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
        assert held[0].get(timeout=150) == held[1].result(timeout=150) == "go"
        found = [value for each in submitted for value in results(each)]
        assert set(found) == {1}
        assert len(found) in (4, 12)
        wait_until_files_are_gone(folders)  # though results, pool and executor are still there


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
        wait_until_files_are_gone(folders)


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
            future.result(timeout=150)
        wait_until_files_are_gone(folders)


def test_one_file_serves_all_tasks_in_a_scope_and_those_nested_over_it(
    installed: None, folders: Path
) -> None:
    with pool() as one, hp.scope(array=np.ones(1_000_000)):
        before = None
        for n in range(20):
            with hp.scope(n=n):
                assert one.apply(work.seen, ("array", "n"))[1] == (((1_000_000,), 1e6), n)
            sizes = [path.stat().st_size for path in spool_files(folders)]
            large_ones = [size for size in sizes if size > 1_000_000]
            assert len(large_ones) == 1
            before = before or large_ones
            assert large_ones == before
    wait_until_files_are_gone(folders)


def test_tasks_submitted_by_threads_at_once_all_arrive(installed: None, folders: Path) -> None:
    def submit(n: int) -> Any:
        with large(n):
            return one.apply_async(work.values, ("key1",))

    with pool() as one, ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(submit, range(80)))
        assert [result.get(timeout=150) for result in sent] == list(range(80))
        del sent
        wait_until_files_are_gone(folders)


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
                future.result(timeout=150)
        wait_until_files_are_gone(folders)


def test_scopes_that_come_and_go_in_many_threads_always_find_a_folder(folders: Path) -> None:
    def send(thread: int) -> None:
        for n in range(150):
            with hp.scope(value=f"{thread} {n}" * 20_000):
                Submission.capture().message(Spool)

    known = len(util._finalizer_registry)  # type: ignore[attr-defined]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(send, range(4))) == [None] * 4
    wait_until_files_are_gone(folders)
    assert len(util._finalizer_registry) - known < 10  # type: ignore[attr-defined]


# -- folders that go, disks that are full -----------------------------------------------------


# Where a second passes meanwhile, the mailbox of the records is missed too, and that is told.
@pytest.mark.filterwarnings("ignore:The record of what workers read is incomplete:RuntimeWarning")
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
        assert one.apply_async(work.values, ("key1",)).get(timeout=150) == 3
        with large(4):
            assert one.apply_async(work.values, ("key1",)).get(timeout=150) == 4
        for folder in folders.glob("hyperparameter-*"):
            shutil.rmtree(folder)
        one.apply_async(work.die)
        with hp.scope.empty(), hp.scope(small=1):
            found = one.apply_async(work.value_and_process, ("small",)).get(timeout=150)
    assert found[0] == 1
    assert found[1] != killed


def test_scope_that_the_disk_has_no_room_for_travels_without_files_and_leaves_nothing(
    installed: None, folders: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ProcessPoolExecutor(1) as executor, hp.scope(array=np.ones(1_000_000)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            for _ in range(2):
                found = executor.submit(work.values, "array").result(60)
                assert found == ((1_000_000,), 1e6)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sizes = [path.stat().st_size for path in spool_files(folders)]
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
        timeout=150,
        check=False,
    )
    assert ended.returncode == (3 if "SystemExit" in body else 0), ended.stderr
    if "nest" in body:  # of the worker's own, beside that of the program where it had one
        assert ended.stdout.startswith("49 ")
        assert "hyperparameter-" in ended.stdout
    else:
        assert ended.stdout == "5\n"
    assert list(folders.glob("hyperparameter-*")) == []


KILLED = """
    import hp_dist.subprocess, signal, threading

    def wait(*_):
        with hp.scope(data="s3cr3t" * 50_000):
            hp_dist.subprocess.environ()
            print("ready", flush=True)
            threading.Event().wait()
"""
HOLDERS = {
    "program": "ProcessPoolExecutor(1).submit(work.values, 'key1').result(); wait()",
    "forked child": "mp.get_context('fork').Process(target=wait).start()",
    "spawned child": "mp.get_context('spawn').Process(target=wait).start()",
}


def start(folder: Path, body: str) -> "subprocess.Popen[str]":
    program = folder / "program.py"
    program.write_text(dedent(KILLED) + dedent(PROGRAM).format(body=body))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, str(program)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def sweep(folder: Path) -> list[Path]:
    """Let another program need a folder, and return those that are there when it has ended."""
    program = "import hp_dist.subprocess, hyperparameter as hp\nwith hp.scope(a='x' * 200_000): "
    subprocess.run(
        [sys.executable, "-c", f"{program}hp_dist.subprocess.environ()"], check=True, timeout=150
    )
    return sorted(folder.glob("hyperparameter-*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("body", HOLDERS.values(), ids=HOLDERS)
def test_folders_of_processes_that_were_killed_are_removed_by_the_next_and_no_others(
    folders: Path, body: str, number: signal.Signals, repeat: int
) -> None:
    with start(folders, body) as living, start(folders, body) as killed:
        for program in (living, killed):
            assert program.stdout is not None
            while program.stdout.readline() != "ready\n":
                pass
        try:
            before = len(sweep(folders))
            assert before >= 2  # all are alive
            os.killpg(killed.pid, number)
            killed.wait(150)
            (after,) = {len(left) for left in (sweep(folders),)}
            assert after == before // 2
        finally:
            os.killpg(living.pid, signal.SIGKILL)
    wait_until(lambda: not sweep(folders))  # a child of the killed program may take a moment


def test_folder_without_a_lock_and_what_only_has_the_name_are_left_alone(folders: Path) -> None:
    (folders / "hyperparameter-other").mkdir()
    (folders / "hyperparameter-linked").mkdir()
    (folders / ".hyperparameter-linked.lock").symlink_to(folders)
    os.mkfifo(folders / ".hyperparameter-fifo.lock.other")
    assert len(sweep(folders)) == 2


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool_that_kills_its_workers_leaves_none_of_their_files(folders: Path, method: str) -> None:
    body = f"""
            with mp.get_context({method!r}).Pool(2) as pool:
                print(pool.map(work.write_environment, range(4)))
    """
    program = folders / "program.py"
    program.write_text(dedent(PROGRAM).format(body=body.strip()))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, str(program)], env=env, check=True, timeout=150)
    assert list(folders.glob("hyperparameter-*")) == []


# -- few descriptors, no folder ---------------------------------------------------------------

MANY = """
            import resource
            import numpy as np

            with ProcessPoolExecutor(1) as executor, mp.Pool(1) as pool:
                executor.submit(os.getpid).result()
                limit = 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
                ways = lambda *a: executor.submit(*a).result(), lambda f, *a: pool.apply(f, a)
                for submit in ways:
                    submit(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
                    for n in range(100):
                        with hp.scope(**{{f"array{{k}}": np.full(9_000, n + k) for k in range(4)}}):
                            assert submit(work.values, "array1") == ((9_000,), 9_000.0 * (n + 1)), n
                    many = {{f"large{{k}}": np.full(200_000, k) for k in range(80)}}
                    with hp.scope(**many):
                        assert submit(work.values, "large7") == ((200_000,), 1_400_000.0)
            print("done")
"""
# What macOS allows a program; the driver and its workers have it.
ALL_FEW = """
            import resource
            import numpy as np

            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
            size, most = 150_000, 0  # more than a MiB: these are mapped
            with ProcessPoolExecutor(1, mp.get_context("spawn")) as executor, mp.Pool(1) as pool:
                ways = lambda *a: executor.submit(*a).result(), lambda f, *a: pool.apply(f, a)
                for n in range(NUMBER):
                    arrays = {f"array{k}": np.full(9_000, n + k) for k in range(4)}
                    if n % 10 == 0:
                        arrays["array1"] = np.full(size, n + 1)
                    expected = arrays["array1"].shape, float(arrays["array1"].sum())
                    with hp.scope(**arrays):
                        for submit in ways:
                            assert submit(work.values, "array1") == expected, n
                            most = max(most, submit(work.held)["descriptors"])
            print(most < 100, len(os.listdir("/proc/self/fd")) < 50)
"""
NOWHERE = """
            import numpy as np, tempfile

            tempfile.tempdir = "/proc"  # where nobody can write
            with ProcessPoolExecutor(1) as executor, mp.get_context("fork").Pool(1) as pool:
                print(executor.submit(work.values, "key1").result())
                print(pool.map(work.values, ["key1"]))
                with hp.scope(array=np.ones(50_000)):
                    print(pool.apply(work.values, ("array",)), flush=True)
            try:
                hp_dist.inject({{}})
            except hp_dist.CarrierError as error:
                print("cannot be written to a file" in str(error), "TMPDIR" in str(error))
"""


def output(folder: Path, body: str) -> list[str]:
    program = folder / "program.py"
    program.write_text(dedent(PROGRAM).format(body=indent(dedent(body), " " * 8).strip()))
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_worker_that_may_have_few_files_open_gets_all_scopes(folders: Path) -> None:
    assert output(folders, MANY.replace("{{", "{").replace("}}", "}")) == ["done"]


def test_program_that_may_have_256_files_open_and_its_workers_need_few_of_them(
    folders: Path,
) -> None:
    number = soak.amount(100, full=300)  # of scopes with four files each
    assert output(folders, ALL_FEW.replace("NUMBER", str(number))) == ["True True"]


def test_scopes_travel_where_no_file_can_be_written(folders: Path) -> None:
    lines = output(folders, NOWHERE.replace("{{", "{").replace("}}", "}"))
    assert lines == ["5", "[5]", "((50000,), 50000.0)", "True True"]
