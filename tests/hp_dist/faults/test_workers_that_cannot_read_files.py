"""Workers that cannot read the files of the process that submits: they get the bytes."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

PROGRAM = """
    import ctypes, multiprocessing as mp, os, sys, tempfile
    from concurrent.futures import ProcessPoolExecutor
    import numpy as np
    import hp_dist, hyperparameter as hp

    LARGE = {f"key{i}": i for i in range(2_000)}

    def other_user():
        os.setuid(65534)

    def other_root():
        os.chroot(tempfile.mkdtemp())

    def other_mounts():  # as on another host: what the program writes is not there
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.unshare(0x20000) == 0, os.strerror(ctypes.get_errno())  # CLONE_NEWNS
        assert libc.mount(b"none", b"/", None, 0x44000, None) == 0  # MS_REC, MS_PRIVATE
        assert libc.mount(b"none", os.environ["TMPDIR"].encode(), b"tmpfs", 0, None) == 0

    def seen(n, _=None):
        return n, len(hp.scope), float((hp.scope.array | np.zeros(0)).sum())

    if __name__ == "__main__":
        hp_dist.install()
        context = mp.get_context(sys.argv[1])
        begin = globals()[sys.argv[2]]
"""
ALL_WAYS = """
    pool, executor = context.Pool(2, begin), ProcessPoolExecutor(2, context, begin)
    with pool, executor, hp.scope(**LARGE, array=np.ones(300_000)):
        found = [
            pool.apply(seen, (0,)),
            *pool.map(seen, range(5), 2),
            *pool.starmap(seen, [(n, n) for n in range(3)]),
            *pool.imap(seen, range(5)),
            *sorted(pool.imap_unordered(seen, range(5), 2)),
            *[result.get(60) for result in [pool.apply_async(seen, (n,)) for n in range(5)]],
            executor.submit(seen, 0).result(60),
            *executor.map(seen, range(5)),
            *executor.map(seen, range(5), chunksize=2),
        ]
        last = [executor.submit(seen, n) for n in range(5)]
    with executor:  # it is shut down already
        found += [future.result(60) for future in last]
    assert {(count, total) for _, count, total in found} == {(2001, 300_000.0)}
    print([n for n, *_ in found])
"""
FIRST = """
    # The first submission, whose executor is shut down before anything comes back.
    with ProcessPoolExecutor(1, context, begin) as executor, hp.scope(**LARGE):
        futures = [executor.submit(seen, n) for n in range(5)]
    print([future.result(60) for future in futures])
    pool = context.Pool(1, begin)
    with hp.scope(**LARGE):
        lazy = pool.imap(seen, range(5))
        later = pool.map_async(seen, range(5), 2)
    pool.close()
    print(list(lazy), later.get(60))
    pool.join()
"""
CHANGED = """
    array = np.ones(300_000)
    pool, executor = context.Pool(1, begin), ProcessPoolExecutor(1, context, begin)
    with pool, executor, hp.scope(array=array):
        futures = [executor.submit(seen, n) for n in range(3)]
        later = pool.map_async(seen, range(3), 2)
        array[:] = 2
        print({total for *_, total in [*(future.result(60) for future in futures), *later.get(60)]})
"""
BEGINS = ["other_user", "other_root", "other_mounts"]


def run(folder: Path, body: str, *argv: str) -> list[str]:
    path = folder / "program.py"
    path.write_text(dedent(PROGRAM) + indent(dedent(body), "    "))
    done = subprocess.run(
        [sys.executable, str(path), *argv],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(folder.glob("hyperparameter-*"))
    return done.stdout.splitlines()


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_every_way_to_submit_reaches_workers_that_cannot_read_files(
    folders: Path, method: str, begin: str
) -> None:
    (found,) = run(folders, ALL_WAYS, method, begin)
    five, three = [*range(5)], [*range(3)]
    assert eval(found) == [0, *five, *three, *five, *five, *five, 0, *five, *five, *five]


@pytest.mark.parametrize("begin", BEGINS)
def test_pool_that_is_closed_and_executor_that_is_shut_down_deliver_what_they_have(
    folders: Path, begin: str
) -> None:
    first, second = run(folders, FIRST, "forkserver", begin)
    expected: list[Any] = [(n, 2000, 0.0) for n in range(5)]
    assert eval(first) == expected
    assert second == f"{expected} {expected}"


def test_bytes_that_are_sent_again_are_those_of_the_submission(folders: Path) -> None:
    assert run(folders, CHANGED, "fork", "other_user") == ["{300000.0}"]
