"""A command line that is refused has launched nothing: `--resume` continues what was before it."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import pytest
from sweep_programs import Program

import hyperparameter as hp

TRAIN = """
@hp.param("train")
def train(lr: float = 0.1):
    note(lr=lr)
    return lr
"""
REFUSED = [
    ["--search", "optuna:nosuch", "--sample", "2"],
    ["--search", "optuna", "--sample", "2", "--prune", "median", "--repeat", "2"],
    ["--search", "optuna"],
    ["--prune", "median", "--repeat", "2"],
    ["--gpus", "3"],
    ["--on", "processes:0"],
]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, TRAIN)


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_it_leaves_no_sweep(program: Program, words: list[str]) -> None:
    for named in ([], ["--name", "mine"]):
        ended = program.run("--sweep", "lr=1,2", *words, *named)
        assert ended.status == 2, ended.errors
    assert not (program.folder / "sweeps").exists()


def test_what_was_in_the_folder_stays(program: Program) -> None:
    kept = program.folder / "sweeps" / "mine" / "notes.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("of the user")
    ended = program.run("--sweep", "lr=1,2", "--name", "mine", *REFUSED[0])
    assert ended.status == 2
    assert os.listdir(kept.parent) == ["notes.txt"]
    assert kept.read_text() == "of the user"


@pytest.mark.parametrize(
    "words",
    [
        ["--name", "first"],
        ["--name", "first", "--resume", "--maximize", "loss"],
        ["--name", "first", "--resume", *REFUSED[0]],
        REFUSED[0],
    ],
    ids=" ".join,
)
def test_the_last_sweep_is_still_the_last(program: Program, words: list[str]) -> None:
    for name in ("first", "second"):
        assert program.run("--sweep", "lr=1,2", "--name", name).status == 0
        os.utime(program.folder / "sweeps" / name / "sweep.lock", (0, len(name)))
    assert program.run("--sweep", "lr=1,2", *words).status == 2
    assert program.sweeps == ["first", "second"]
    program.forget()
    ended = program.run("--sweep", "lr=1,2,3", "--resume")
    assert ended.status == 0, ended.errors
    assert program.noted == [{"lr": 3.0}]
    assert program.hp("runs").output.startswith("second: 3 runs")


def test_a_function_that_cannot_be_sent_leaves_no_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(hp.UsageError, match="cannot be sent to another process"):
        hp.sweep(partial(print, threading.Lock()), {"a": [1]}, on="processes:1").run()
    assert os.listdir(tmp_path) == []
