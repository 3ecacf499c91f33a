"""`--on` without a sweep: the program runs in a worker, and behaves as if it ran here."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from programs import output_of
from sweep_programs import Program

import hyperparameter as hp

TRAIN = """
import sys
from multiprocessing import Pool

import hp_dist

@hp.param("inner")
def inner(n: int, scale: float = 1.0):
    return n * scale

@hp.param("train")
def train(lr: float = 0.1, how: str = "returns"):
    note(lr=lr, pid=os.getpid())
    print("out", lr)
    print("err", lr, file=sys.stderr)
    if how == "raises":
        raise ValueError("of the program")
    if how == "exits":
        sys.exit(7)
    if how == "dies":
        os.kill(os.getpid(), 11)
    if how == "pools":
        hp_dist.install()
        with Pool(2) as pool:
            note(values=pool.map(inner, [1, 2]))
    return {"a": (1, 2)}
"""


@hp.param("never")
def never(lr: float = 0.1) -> None:
    raise AssertionError("it has run")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, TRAIN)


@pytest.mark.parametrize("on", ["local", "processes"])
def test_it_prints_what_it_prints_and_reads_what_is_set(program: Program, on: str) -> None:
    (program.folder / "base.toml").write_text("[train]\nlr = 0.5\n")
    ended = program.run("-C", "base.toml", "--on", on)
    assert ended.status == 0, ended.errors
    assert ended.output == "out 0.5\n"
    assert ended.errors == "err 0.5\n"
    assert not program.sweeps


def test_it_is_another_process(program: Program) -> None:
    first = program.start("--on", "processes")
    output_of(first)
    assert program.noted[0]["pid"] != first.pid


def test_pools_of_the_run_inherit_what_is_set(program: Program) -> None:
    ended = program.run("--on", "processes", "--how", "pools", "-D", "inner.scale=10")
    assert ended.status == 0, ended.errors
    assert program.noted[-1] == {"values": [10.0, 20.0]}


@pytest.mark.parametrize("on", ["local", "processes"])
def test_the_record_has_what_the_worker_read(program: Program, on: str) -> None:
    ended = program.run("--on", on, "--lr", "3", "--record", "r.json")
    assert ended.status == 0, ended.errors
    shown = program.hp("show", "r.json").output
    assert "train.lr" in shown
    assert "3.0" in shown
    assert "cli --lr" in shown


@pytest.mark.parametrize("on", ["local", "processes"])
def test_an_override_that_the_worker_does_not_read_is_told(program: Program, on: str) -> None:
    ended = program.run("--on", on, "-D", "inner.scale=2")
    assert ended.status == 0
    assert "inner.scale (cli -D) was never read" in ended.errors


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("raises", 1, "ValueError: of the program"),
        ("exits", 7, ""),
        ("dies", 1, "SIGSEGV"),
    ],
)
def test_it_ends_as_it_would_here(program: Program, how: str, status: int, said: str) -> None:
    ended = program.run("--on", "processes", "--how", how)
    assert ended.status == status, ended.errors
    assert said in ended.errors


def test_a_wrong_value_is_one_line(program: Program) -> None:
    ended = program.run("--on", "processes", "--lr", "x")
    assert ended.status == 2
    assert ended.errors == "train.py: error: --lr: 'x' is not a float.\n"


@pytest.mark.parametrize("on", ["local", "processes"])
@pytest.mark.parametrize(
    "words",
    ["--dry-run", "--retries 2", "--sample 3", "--seed 1", "--skip lr=1", "--or", "--resume",
     "--search optuna", "--prune median", "--name mine", "--skip-unread", "--fail-fast",
     "--minimize loss", "--maximize loss"],
)  # fmt: skip
def test_options_of_sweeps_are_refused(on: str, words: str) -> None:
    option = words.split(maxsplit=1)[0]
    said = f"^{option}: unknown option. It is an option of sweeps"
    with pytest.raises(hp.UsageError, match=said):
        hp.run_cli(never, ["--on", on, *words.split()])


@pytest.mark.parametrize("words", ["--time-limit 10s", "--gpus 1", "--resources cpu=1"])
def test_options_of_runners_are_refused_where_there_is_none(words: str) -> None:
    option, text = words.split()
    with pytest.raises(hp.UsageError, match=f"{option} needs workers, and --on local has none"):
        hp.run_cli(never, ["--on", "local", option, text])
    with pytest.raises(hp.UsageError, match=f"{option}: unknown option.*with --on RUNNER"):
        hp.run_cli(never, [option, text])


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train():
    try:
        note(began=True)
        while True:
            time.sleep(0.01)
    finally:
        note(cleaned=True)
""")  # fmt: skip
    process = program.start("--on", "processes")
    while not program.noted:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = output_of(process)
    assert process.returncode == 130
    assert program.noted == [{"began": True}, {"cleaned": True}]
    assert "Traceback" not in errors
