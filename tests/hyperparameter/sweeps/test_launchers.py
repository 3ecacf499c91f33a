"""One launcher at a time, and nothing lost of what it had finished when it is killed."""

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import soak
from programs import output_of
from sweep_programs import Program, rows
from sweep_stores import create, planned, typed

from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.store.stored import Stored
from hyperparameter.exceptions import UsageError

HOLD = """
import os, sys
from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.store.stored import Launch
store = Store.open(sys.argv[1])
store.begin_launch(Launch(()))
if len(sys.argv) == 2:
    print("open", flush=True)
elif os.fork() == 0:
    print("open", flush=True)  # the child has begun, and does nothing more
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
"""


def holder(folder: Path, *more: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with create(tmp_path) as store:
        store.add([planned(typed(lr="1"))])
    return tmp_path / "sweeps/grid"


def test_a_second_launcher_is_told_which_process_has_the_sweep(folder: Path) -> None:
    process = holder(folder)
    try:
        host = os.uname().nodename
        with pytest.raises(UsageError, match=f"grid: process {process.pid} on {host} is running"):
            Store.open(str(folder))
        with Stored.read(str(folder)) as stored:  # which anybody may read
            assert stored.counts() == {"waiting": 1}
    finally:
        process.kill()
        output_of(process)
    Store.open(str(folder)).close()  # the lock has ended with its process


def test_a_child_of_a_killed_launcher_does_not_keep_the_lock(folder: Path) -> None:
    process = holder(folder, "fork")
    process.kill()
    process.wait()
    try:
        Store.open(str(folder)).close()
    finally:
        output_of(process)  # which ends the child: it reads the same pipe


def test_a_launcher_that_has_closed_its_store_lets_go(folder: Path) -> None:
    for _ in range(3):
        Store.open(str(folder)).close()


# -- killed -----------------------------------------------------------------------------------

WRITE = """
import json, os, sys
from hyperparameter._sweeps.store.store import Store, WantedRun
from hyperparameter._sweeps.store.stored import Launch
from hyperparameter._sweeps.run import Cell, Outcome, Result

store = Store.open(sys.argv[1])
log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
count = int(sys.argv[3])
planned = [WantedRun(Cell({"n": n}), str(n)) for n in range(count)]
store.begin_launch(Launch(()))
numbers = dict(zip(store.add(planned), range(count)))
for known in store.known().values():
    if known.state == "done":
        continue
    n = numbers[known.number]
    store.started(known.number, known.attempt + 1, "here", os.getpid())
    text = "x" * (70_000 if n % 50 == 0 else 10)
    result = Result("json", json.dumps({"n": n, "text": text}).encode())
    outcome = Outcome("returned", result=result, record=str(n) * 100)
    store.ended(known.number, known.attempt + 1, outcome, "done")
    os.write(log, f"{n}\\n".encode())  # only now does it count
"""


def test_no_finished_run_is_lost_when_its_launcher_is_killed(tmp_path: Path) -> None:
    create(tmp_path).close()
    folder, log = tmp_path / "sweeps/grid", tmp_path / "finished"
    log.touch()
    rng = random.Random(3)
    kills = 20 * soak.KILLS
    count = kills * 100
    words = [sys.executable, "-c", WRITE, str(folder), str(log), str(count)]
    for _ in range(kills):
        process = subprocess.Popen(words)
        enough = log.stat().st_size + rng.randrange(1, 900)
        while log.stat().st_size < enough and process.poll() is None:
            time.sleep(rng.random() / 1000)
        process.send_signal(signal.SIGKILL)
        assert process.wait() in (0, -signal.SIGKILL)
        finished = [int(line) for line in log.read_text().split()]
        assert len(finished) == len(set(finished)), "a run that had finished was run again"
        with Stored.read(str(folder)) as stored:
            done = {row.value("n"): row for row in stored.rows() if row.state == "done"}
            assert set(finished) <= done.keys()
            # One may have been committed, and its launcher killed before it could tell.
            log.write_text("".join(f"{n}\n" for n in done))
            for n, row in list(done.items())[-20:]:
                result = stored.result(row.number)
                assert result is not None
                assert stored.record(row.number, row.attempt) == str(n) * 100
        if len(done) == count:
            break
    with Store.open(str(folder)) as store:
        assert "running" not in store.counts()
        assert store._database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_launcher_that_is_killed_while_it_makes_a_store_leaves_none_or_a_whole_one(
    tmp_path: Path,
) -> None:
    program = """
import sys, os
from hyperparameter._sweeps.store.names import make_folder
from hyperparameter._sweeps.store.store import Store
from hyperparameter._sweeps.store.stored import Sweep
while True:
    Store.create(make_folder(None, "p", "sweeps"), Sweep("p", "f")).close()
"""
    from hyperparameter._sweeps.store.names import sweeps_in

    rng = random.Random(4)
    for _ in range(5 * soak.KILLS):
        before = len(sweeps_in(str(tmp_path / "sweeps")))
        process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
        while len(sweeps_in(str(tmp_path / "sweeps"))) < before + rng.randrange(2, 10):
            time.sleep(rng.random() / 1000)
        process.kill()
        process.wait()
    for folder in sweeps_in(str(tmp_path / "sweeps")):
        with Stored.read(folder) as stored:
            assert stored.rows() == []


def test_nothing_is_running_where_there_is_no_launcher(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: int = 0):
    note(began=lr)
    if lr:
        time.sleep(600)
""")  # fmt: skip
    process = program.start("--sweep", "lr=0:3", "--on", "processes:1", "--name", "s")
    while len(program.noted) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    assert "1 done, 1 running, 1 waiting" in program.hp("runs", "s").output
    process.kill()
    process.communicate()
    [_, second, third] = json.loads(program.hp("runs", "s", "-f", "json").output)
    assert (second["state"], second["ending"]) == ("waiting", "lost")
    assert second["error"] == "the launcher ended before the run did"
    assert (third["state"], third["ending"]) == ("waiting", None)
    assert "Run 2 of s: waiting" in program.hp("log", "s/2").output
    assert "1 done, 2 waiting" in program.hp("runs", "s").output
    assert "No run fulfils" in program.hp("runs", "s", "-w", "state=running").output


def test_who_asks_for_a_launcher_is_not_taken_for_one(folder: Path) -> None:
    handle = os.open(folder / "sweep.lock", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    timer = threading.Timer(0.01, os.close, [handle])
    timer.start()
    Store.open(str(folder)).close()
    timer.join()


FORKS = """
@hp.param("train")
def train(lr: int = 0):
    note(ran=lr)
    if lr == 1:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        elif lr:
            return 99
    return lr
"""


@pytest.mark.parametrize("on", ["local", "processes:1"])
def test_a_forked_process_that_returns_from_the_function_does_not_go_on_with_the_sweep(
    tmp_path: Path, on: str
) -> None:
    program = Program(tmp_path, FORKS)
    ended = program.run("--sweep", "train.lr=1,2", "--on", on, "--name", "s")
    assert ended.status == 0, ended.errors
    assert [one["ran"] for one in program.noted] == [1, 2]
    assert [row["result"] for row in rows(ended.output)] == ["1", "2"]
    assert (
        "returned from the function, and ends here"
        in (program.folder / "sweeps/s/logs/1.log").read_text()
    )
