"""Ctrl-C ends a sweep and says how to go on; a run that raises the same by itself has failed."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from patience import wait_until
from sweep_programs import Ended, Program, rows

from hyperparameter._sweeps.work.interrupts import Interrupts

SLOW = """
@hp.param("train")
def train(lr: int = 0):
    note(began=lr)
    while not os.path.exists("go"):
        try:
            time.sleep(0.01)
        except KeyboardInterrupt:  # it cleans up for long
            note(cleans=lr)
"""


def test_after_a_second_ctrl_c_it_says_how_to_go_on(tmp_path: Path) -> None:
    program = Program(tmp_path, SLOW)
    process = program.start("--sweep", "train.lr=0:3", "--on", "processes:1", "--name", "s")
    wait_until(lambda: bool(program.noted))
    process.send_signal(signal.SIGINT)
    wait_until(lambda: any("cleans" in one for one in program.noted))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "0 of 3 runs are done" in errors
    assert "--name s --resume" in errors
    assert "Traceback" not in errors


STARTING = """
if __name__ == "__mp_main__":
    note(starts=1)
    time.sleep(1)  # as long as it takes to import what is large

@hp.param("train")
def train(lr: int = 0):
    note(ran=lr)
    time.sleep(600)
"""


def test_ctrl_c_while_workers_start_is_ctrl_c(tmp_path: Path) -> None:
    program = Program(tmp_path, STARTING)
    process = program.start("--sweep", "train.lr=0:3", "--on", "processes:2", "--name", "s")
    wait_until(lambda: len(program.noted) == 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "could not import" not in errors
    assert "0 of 3 runs are done" in errors
    assert not any("ran" in one for one in program.noted)


def test_the_run_that_ctrl_c_ended_is_not_said_to_be_running(tmp_path: Path) -> None:
    program = Program(tmp_path, SLOW.replace("except KeyboardInterrupt", "except ValueError"))
    process = program.start("--sweep", "train.lr=0:3", "--name", "s")
    wait_until(lambda: bool(program.noted))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "run 1 interrupted: train.lr=0" in errors
    assert "0 done, 3 waiting" in errors


def test_sigterm_says_how_to_go_on(tmp_path: Path) -> None:
    program = Program(tmp_path, SLOW)
    process = program.start("--sweep", "train.lr=0:3", "--on", "processes:1", "--name", "s")
    wait_until(lambda: bool(program.noted))
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert "--name s --resume" in errors


RAISING = """
import asyncio, signal, subprocess

def directly():
    raise KeyboardInterrupt("by hand")

def after_a_child():
    child = subprocess.Popen(["sh", "-c", "echo; sleep 60"], stdout=subprocess.PIPE,
                             start_new_session=True)
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.wait()
    raise KeyboardInterrupt

def in_a_loop():
    async def work():
        raise KeyboardInterrupt
    asyncio.run(work())

@hp.param("train")
def train(lr: int = 0, how: str = "directly"):
    if lr == 1:
        globals()[how]()
    return lr
"""


def swept(folder: Path, body: str, how: str, on: str, *words: str) -> Ended:
    program = Program(folder, body)
    return program.run("--sweep", "lr=0:3", "--how", how, "--on", on, "--name", "s", *words)


@pytest.mark.parametrize("how", ["directly", "after_a_child", "in_a_loop"])
@pytest.mark.parametrize("on", ["local", "processes:1"])
def test_a_run_that_raises_it_by_itself_has_failed(tmp_path: Path, how: str, on: str) -> None:
    ended = swept(tmp_path, RAISING, how, on)
    assert ended.status == 1, ended.errors
    assert [row["number"] for row in rows(ended.output)] == ["1", "3"]
    assert "KeyboardInterrupt, and nobody has pressed Ctrl-C" in ended.output
    log = Program(tmp_path, RAISING).hp("log", "s/2").output
    assert "raise KeyboardInterrupt" in log


def test_it_is_tried_again_as_any_failure_is(tmp_path: Path) -> None:
    body = RAISING.replace('    raise KeyboardInterrupt("by hand")', """
    note(tried=1)
    if not os.path.exists("second"):
        open("second", "w").close()
        raise KeyboardInterrupt
""")  # fmt: skip
    ended = swept(tmp_path, body, "directly", "local", "--retries", "1")
    assert ended.status == 0, ended.errors
    assert len(rows(ended.output)) == 3


HANDLING = """
import signal
import socket
import time

def handler(number, frame):
    raise KeyboardInterrupt

@hp.param("train")
def train(lr: int = 0):
    before = signal.signal(signal.SIGINT, handler)
    note(began=lr)
    try:
        while True:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGINT, before)
"""


def test_ctrl_c_ends_the_sweep_though_a_run_handles_it_itself(tmp_path: Path) -> None:
    program = Program(tmp_path, HANDLING)
    process = program.start("--sweep", "train.lr=0:3", "--name", "s")
    wait_until(lambda: bool(program.noted))
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert len(program.noted) == 1
    assert "--name s --resume" in errors


FOR_EVER = "        while True:\n            time.sleep(0.01)"


def test_ctrl_c_that_a_run_has_swallowed_is_not_that_of_the_next(tmp_path: Path) -> None:
    program = Program(tmp_path, HANDLING.replace(FOR_EVER, """
        if lr == 1:
            raise KeyboardInterrupt
        while lr == 0:
            time.sleep(0.01)
    except KeyboardInterrupt:
        if lr:
            raise
"""))  # fmt: skip
    process = program.start("--sweep", "train.lr=0:3", "--name", "s")
    wait_until(lambda: bool(program.noted))
    os.kill(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert [row["number"] for row in rows(output)] == ["1", "3"]


def test_a_sweep_after_one_in_an_event_loop_that_is_closed_is_as_any_other() -> None:
    read, write = os.pipe()
    closed = fcntl.fcntl(write, fcntl.F_DUPFD, 500)  # a number that nothing else gets
    os.set_blocking(closed, False)
    before = signal.set_wakeup_fd(closed)
    try:
        for handle in (read, write, closed):
            os.close(handle)
        with Interrupts() as interrupts:
            interrupts.forget()
            assert not interrupts.may_have_come()
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.set_wakeup_fd(before)


def test_an_event_loop_that_a_run_has_closed_is_not_given_its_signals_back() -> None:
    with Interrupts() as interrupts:
        pair = socket.socketpair()
        pair[1].setblocking(False)
        signal.set_wakeup_fd(pair[1].fileno())
        for one in pair:
            one.close()
        assert interrupts.may_have_come()  # nobody can tell
    assert signal.set_wakeup_fd(-1) == -1


def test_one_ctrl_c_that_arrives_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sends it to the program and to `timeout`, which passes it on."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Interrupts() as interrupts:
        for moment in (100.0, 100.01, 100.09):
            now = moment
            signal.raise_signal(signal.SIGINT)
        assert interrupts.count == 1
        now = 100.3
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupts.count == 2
