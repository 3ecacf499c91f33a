"""A store that is damaged, foreign, newer, on a full disk, read-only, or on a network."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import soak
from sweep_stores import create, finish, planned, typed
from unprivileged import run_unprivileged

from hyperparameter._console import NotFound
from hyperparameter._sweeps.store import file_system
from hyperparameter._sweeps.store.schema import NAMES, VERSION
from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.store.stored import Stored
from hyperparameter.cli import main
from hyperparameter.exceptions import UsageError

FILE = "sweep.sqlite"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with create(tmp_path) as store:
        store.add([planned(typed(lr=str(number))) for number in range(50)])
        for number in range(1, 40):
            finish(store, number, {"loss": number}, record=f'{{"text": "{number * 99}"}}')
    return tmp_path / "sweeps/grid"


def read_all(folder: Path) -> None:
    with Stored.read(str(folder)) as stored:
        stored.known()
        stored.launches()
        for row in stored.rows():
            stored.record(row.number, row.attempt)
            stored.traceback(row.number, row.attempt)
            stored.result(row.number)


def refused(folder: Path, match: str) -> None:
    """The store is refused by readers and launchers, each naming the file, and stays as it is."""
    before = (folder / FILE).read_bytes()
    for attempt in (lambda: read_all(folder), lambda: Store.open(str(folder)).close()):
        with pytest.raises(UsageError, match=match) as found:
            attempt()
        assert FILE in str(found.value)
    assert (folder / FILE).read_bytes() == before
    (folder / FILE).unlink()  # and nobody holds the lock
    with pytest.raises(NotFound, match="does not exist"):
        Store.open(str(folder))


def test_text_is_no_store(folder: Path) -> None:
    (folder / FILE).write_text("not a database\n" * 1000)
    refused(folder, "is damaged, or not the store of a sweep.*Nothing was changed")


@pytest.mark.parametrize("data", [b"", b"SQLite", bytes(100_000)], ids=["empty", "head", "zeros"])
def test_an_empty_file_and_zeros_are_no_store(folder: Path, data: bytes) -> None:
    (folder / FILE).write_bytes(data)
    refused(folder, "not the store of a sweep")


def test_another_database_is_no_store(folder: Path) -> None:
    (folder / FILE).unlink()
    with sqlite3.connect(folder / FILE) as other:
        other.execute("CREATE TABLE runs (x)")
    other.close()
    refused(folder, "is not the store of a sweep")


def test_a_newer_store_says_so_and_what_to_do(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    refused(
        folder, f"is of version {VERSION + 1}, and this library reads version {VERSION}. Upgrade"
    )


def test_an_older_store_says_so_and_what_to_do(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as older:
        older.execute("PRAGMA user_version = 1")
    older.close()
    refused(
        folder, f"is of version 1, and this library reads version {VERSION}. Run the sweep again"
    )


@pytest.mark.parametrize("table", NAMES)
def test_a_missing_table_is_said(folder: Path, table: str) -> None:
    with sqlite3.connect(folder / FILE) as other:
        other.execute(f"DROP TABLE {table}")
    other.close()
    refused(folder, f"{FILE} is damaged: it has no table {table}. Nothing was changed")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET cell = '{'", "UPDATE runs SET cell = '[]'",
        "UPDATE runs SET summary = '1'",
        "UPDATE records SET data = 'x'", "DELETE FROM sweep",
        "UPDATE launches SET modules = ''", "UPDATE attempts SET unread = '3'",
        "UPDATE runs SET cell = x'00ff'",
    ],
)  # fmt: skip
def test_content_that_is_damaged_is_said(folder: Path, change: str) -> None:
    with sqlite3.connect(folder / FILE) as other:
        other.execute(change)
    other.close()
    with pytest.raises(UsageError, match=f"{FILE} is damaged"):
        read_all(folder)


def test_a_store_that_was_cut_anywhere_is_read_or_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = (folder / FILE).read_bytes()
    rng = random.Random(1)
    for _ in range(soak.amount(25, full=1000)):
        data = bytearray(whole[: rng.randrange(len(whole))])
        (folder / FILE).write_bytes(data)
        refused_or_read(folder, bytes(data))


def test_a_store_with_zeros_or_noise_anywhere_is_read_or_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = (folder / FILE).read_bytes()
    rng = random.Random(2)
    for index in range(soak.amount(40, full=1000)):
        data = bytearray(whole)
        start, size = rng.randrange(len(whole)), rng.choice([1, 100, 4096])
        data[start : start + size] = bytes(size) if index % 2 else rng.randbytes(size)
        (folder / FILE).write_bytes(data)
        refused_or_read(folder, bytes(data))


def refused_or_read(folder: Path, data: bytes) -> None:
    """No other error than ours comes, from the command line neither, and nothing is changed."""
    problem = FILE
    try:
        read_all(folder)
    except UsageError as error:
        problem = str(error)
    assert FILE in problem
    assert "\n" not in problem
    assert main(["runs", "grid"]) in (0, 1, 2)
    assert main(["log", "grid/3"]) in (0, 1, 2)
    assert (folder / FILE).read_bytes() == data
    for ending in ("-wal", "-shm"):
        Path(f"{folder / FILE}{ending}").unlink(missing_ok=True)


def with_own_mounts(script: str, program: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell script that may mount, in which `"$@"` is a Python program."""
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    return subprocess.run(
        [*command, sys.executable, "-c", program],
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


# -- a full disk ------------------------------------------------------------------------------

FILL = """
import sys
from hyperparameter._sweeps.store.store import Store, WantedRun
from hyperparameter._sweeps.store.stored import Sweep, Launch
from hyperparameter._sweeps.run import Cell, Outcome, Result
from hyperparameter.exceptions import UsageError
import json, os, resource

folder, kind = sys.argv[1:]
store = Store.create(folder, Sweep("grid", "f"))
store.begin_launch(Launch(()))
numbers = store.add([WantedRun(Cell({"n": n}), str(n)) for n in range(2000)])
if kind == "limit":
    most = os.path.getsize(f"{folder}/sweep.sqlite") + 400_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
ended = 0
try:
    for number in numbers:
        store.started(number, 1)
        size = 200_000 if kind == "pickles" else 100
        result = Result("pickle" if kind == "pickles" else "json", json.dumps("x" * size).encode())
        outcome = Outcome("returned", result=result, record=os.urandom(2000).hex())
        store.ended(number, 1, outcome, "done")
        ended = number
    print("it never got full")
except UsageError as error:
    print(ended, error)
try:
    store.close()
except UsageError as error:
    print("close", error, file=sys.stderr)
"""


@pytest.mark.parametrize("kind", ["limit", "database", "pickles"])
def test_a_full_disk_is_a_clear_error_and_what_had_finished_is_kept(
    tmp_path: Path, kind: str
) -> None:
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    # A disk of 4 MB, which is copied before it is gone with its namespace.
    mount = f"mount -t tmpfs -o size=4m none {disk}" if kind != "limit" else "true"
    script = f'{mount} && mkdir {disk}/grid && "$@" {disk}/grid {kind} && cp -r {disk}/grid {kept}'
    done = with_own_mounts(script, FILL)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    ended, _, problem = done.stdout.partition(" ")
    assert "full" in problem or "No space left" in problem, problem
    assert "What had finished is kept" in problem
    assert int(ended) > 5
    with Store.open(str(kept)) as store:
        done_runs = [row for row in store.rows() if row.state == "done"]
        assert [row.number for row in done_runs] == list(range(1, int(ended) + 1))
        for row in done_runs:
            assert store.result(row.number) is not None
            assert store.record(row.number, 1) is not None
    assert not list(kept.rglob("*.part"))


# -- who cannot write -------------------------------------------------------------------------

READ = """
from hyperparameter._sweeps.store.stored import Stored
with Stored.read("sweeps/grid") as stored:
    print(stored.counts())
"""


def test_a_folder_that_takes_no_file_is_read(folder: Path, tmp_path: Path) -> None:
    folder.chmod(0o555)
    try:
        done = run_unprivileged(READ, tmp_path)
    finally:
        folder.chmod(0o755)
    assert done.stdout == "{'done': 39, 'waiting': 11}\n", done.stderr


def test_a_read_only_file_system_is_read_with_what_a_killed_launcher_has_left(
    tmp_path: Path,
) -> None:
    store = create(tmp_path)
    store.add([planned(typed(lr=str(number))) for number in range(5)])
    finish(store, 1, 1)
    copy = tmp_path / "copy/sweeps"
    copy.mkdir(parents=True)
    shutil.copytree(tmp_path / "sweeps/grid", copy / "grid")
    store.close()
    assert (copy / "grid/sweep.sqlite-wal").stat().st_size > 0
    (copy / "grid/sweep.sqlite-shm").unlink()
    script = (
        f'mount --bind {copy} {copy} && mount -o remount,ro,bind {copy} && cd {copy}/.. && "$@"'
    )
    done = with_own_mounts(script, READ)
    assert done.stdout == "{'done': 1, 'waiting': 4}\n", done.stderr


def test_a_launcher_needs_a_folder_that_it_can_write(folder: Path, tmp_path: Path) -> None:
    (folder / "sweep.lock").unlink()
    folder.chmod(0o555)
    program = """
from hyperparameter._sweeps.store.schema import NAMES
from hyperparameter._sweeps.store.store import Store
from hyperparameter.exceptions import UsageError
try:
    Store.open("sweeps/grid")
except UsageError as error:
    print(error)
"""
    try:
        done = run_unprivileged(program, tmp_path)
    finally:
        folder.chmod(0o755)
    assert done.stdout.startswith("sweeps/grid/sweep.lock: Permission denied"), done.stderr


# -- a network file system --------------------------------------------------------------------

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:2 - nfs4 server:/home rw
31 22 0:41 / /home/local rw - ext4 /dev/vdb rw
32 22 0:42 / /mnt/my\040share rw - fuse.sshfs user@host: rw
33 22 0:43 / /lustre rw master:3 propagate_from:2 - lustre mds:/l rw
34 22 0:44 / /twice rw - ext4 /dev/vdc rw
35 22 0:45 / /twice rw - cifs //server/x rw
36 22 0:46 / /ntfs rw - fuseblk /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/tmp/x", None), ("/home", "nfs4"), ("/home/me/sweeps", "nfs4"), ("/home/local/x", None),
        ("/homely", None), ("/mnt/my share/x", "fuse.sshfs"), ("/lustre/x", "lustre"),
        ("/twice/x", "cifs"), ("/ntfs/x", None),
    ],
)  # fmt: skip
def test_which_folders_are_on_a_network(tmp_path: Path, folder: str, kind: str | None) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    found = file_system.network_file_system(folder, str(tmp_path / "mountinfo"))
    assert found == kind


def test_the_user_is_told_of_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_system.note_on(str(tmp_path)) is None
    monkeypatch.setattr(file_system, "network_file_system", lambda folder: "nfs4")
    note = file_system.note_on("sweeps/grid")
    assert note is not None
    assert "sweeps/grid is on a network file system (nfs4)" in note
    assert "one host" in note


def test_a_store_on_a_network_is_read_from_a_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hyperparameter._sweeps.store import database

    monkeypatch.setattr(database, "network_file_system", lambda folder: "nfs4")
    before = sorted(os.listdir(folder))
    with Stored.read(str(folder)) as stored:
        assert stored.counts() == {"done": 39, "waiting": 11}
    assert sorted(os.listdir(folder)) == before
