"""A sweep on a command line: what runs, in which order, with which values, and how it ends."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest
from sweep_programs import Program, rows

TRAIN = """
@hp.param("train")
def train(lr: float = 0.1, tag: str = "x", epochs: int = 3, fails: bool = False):
    note(lr=lr, tag=tag, epochs=epochs)
    print("lr is", lr)
    if fails:
        raise ValueError(f"diverged at {lr}")
    return {"loss": lr * epochs}
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, TRAIN)


def test_each_cell_runs_once_with_its_values_the_last_axis_fastest(program: Program) -> None:
    ended = program.run("--sweep", "train.lr=0.1,0.2", "--sweep", "train.epochs=1:3")
    assert ended.status == 0, ended.errors
    assert [(one["lr"], one["epochs"]) for one in program.noted] == [
        (0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2),
    ]  # fmt: skip
    assert [row["number"] for row in rows(ended.output)] == ["1", "2", "3", "4"]


def test_text_stays_text_and_numbers_are_numbers(program: Program) -> None:
    program.run("--sweep", "train.tag=007,1e3,true,null", "--sweep", "train.lr=1e-1")
    assert [one["tag"] for one in program.noted] == ["007", "1e3", "true", "null"]
    assert {one["lr"] for one in program.noted} == {0.1}


def test_the_best_result_comes_first_where_a_goal_is_given(program: Program) -> None:
    ended = program.run("--sweep", "train.lr=0.2,0.1,0.3", "--minimize", "loss")
    assert [row["number"] for row in rows(ended.output)] == ["2", "1", "3"]
    ended = program.run("--sweep", "train.lr=0.2,0.1,0.3", "--maximize", "loss")
    assert [row["number"] for row in rows(ended.output)] == ["3", "1", "2"]


def test_options_files_and_variables_hold_for_every_cell(program: Program) -> None:
    (program.folder / "base.toml").write_text('[train]\ntag = "file"\nepochs = 7\n')
    program.run("-C", "base.toml", "--epochs", "5", "--sweep", "train.lr=0.1,0.2")
    assert [(one["tag"], one["epochs"]) for one in program.noted] == [("file", 5), ("file", 5)]


def test_a_swept_key_is_stronger_than_a_file_and_chooses_what_it_includes(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("opt")
def opt(kind: str = "sgd", momentum: float = 0.0):
    return kind, momentum

@hp.param("train")
def train():
    note(opt=opt())
""")  # fmt: skip
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/sgd.yaml").write_text("opt: {momentum: 0.5}\n")
    (tmp_path / "opt/adam.yaml").write_text("opt: {momentum: 0.25}\n")
    (tmp_path / "base.yaml").write_text('$include: ["opt/${opt.kind}.yaml"]\nopt: {kind: other}\n')
    ended = program.run("-C", "base.yaml", "--sweep", "opt.kind=sgd,adam")
    assert ended.status == 0, ended.errors
    assert [one["opt"] for one in program.noted] == [["sgd", 0.5], ["adam", 0.25]]


def test_a_positional_argument_may_be_swept(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(data: str, lr: float = 0.1):
    note(data=data)
""")  # fmt: skip
    ended = program.run("--sweep", "train.data=a.csv,b.csv")
    assert ended.status == 0, ended.errors
    assert [one["data"] for one in program.noted] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", ["lr", "train.lr"])
def test_a_parameter_of_the_function_may_be_named_as_its_option_is(
    program: Program, name: str
) -> None:
    ended = program.run("--sweep", f"{name}=0.5,0.25")
    assert ended.status == 0, ended.errors
    assert [one["lr"] for one in program.noted] == [0.5, 0.25]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sweep", "train.lr=0.1,x"], "--sweep (train.lr): 'x' is not a float."),
        (["--sweep", "train.lrr=0.1"], "Did you mean 'train.lr'?"),
        (["--sweep", "train.lr=1,2", "--lr", "3"], "--lr and --sweep both set train.lr"),
        (["--sweep", "train.lr=1,2", "-D", "train.lr=3"], "-D and --sweep both set train.lr"),
        (["--sweep", "train.lr=log:1e-3:1"], "--sample"),
        (["--sweep", "train.lr=1,2", "--retries", "many"], "'many'"),
        (["--sweep", "train.lr=1,2", "--time-limit", "soon"], "'soon' is not a time"),
        (["--sweep", "train.lr=1,2", "--on", "procesess"], "Did you mean 'processes'?"),
        (["--sweep", "train.lr=1,2", "--record", "r.json"], "hp show SWEEP/NUMBER"),
        (["--sweep", "train.lr=1,2", "--skip-unread", "--repeat", "2"], "cannot be given together"),
        (["--sweep", "train.lr=1,2", "--minimize", "a", "--maximize", "b"], "together"),
        (["--sweep", "train.lr=1,2", "--name", "../x"], "--name"),
        (["--retries", "3"], "give it with --sweep"),
    ],
)
def test_what_cannot_be_used_is_one_line_before_anything_runs(
    program: Program, words: list[str], said: str
) -> None:
    ended = program.run(*words)
    assert ended.status == 2, ended
    assert said in ended.errors
    assert len(ended.errors.splitlines()) == 1, ended.errors
    assert not program.noted
    assert not program.sweeps


def test_a_failure_is_told_at_once_and_at_the_end_and_the_others_run(program: Program) -> None:
    ended = program.run("--sweep", "train.fails=true,false", "--sweep", "train.lr=0.1,0.2")
    assert ended.status == 1
    assert [row["number"] for row in rows(ended.output)] == ["3", "4"]
    assert "2 runs failed:" in ended.output
    assert "ValueError: diverged at 0.1" in ended.output
    assert "train.py: error: 2 runs of 4 failed. See one: hp log train-1/1" in ended.errors
    assert "Traceback" not in ended.errors
    assert (program.folder / "sweeps/train-1/logs/1.log").read_text() == "lr is 0.1\n"


def test_what_fails_is_tried_again_as_often_as_is_asked(program: Program) -> None:
    ended = program.run("--sweep", "train.fails=true,false", "--retries", "2")
    assert ended.status == 1
    assert len(program.noted) == 4
    assert "(attempt 3)" in ended.output


def test_the_first_failure_stops_the_sweep_if_that_is_asked(program: Program) -> None:
    ended = program.run("--sweep", "train.lr=0.1,0.2,0.3", "--fails", "--fail-fast")
    assert ended.status == 1
    assert [one["lr"] for one in program.noted] == [0.1]


def test_a_dry_run_lists_the_runs_and_makes_nothing(program: Program) -> None:
    ended = program.run(
        "--sweep", "train.lr=0.1,0.2", "--sweep", "train.epochs=1,2",
        "--skip", "train.lr=0.2,train.epochs=1", "--dry-run",
    )  # fmt: skip
    assert ended.status == 0, ended.errors
    lines = [line.split() for line in ended.output.splitlines()]
    assert [line[:3] for line in lines[:3]] == [
        ["1", "train.lr=0.1", "train.epochs=1"],
        ["2", "train.lr=0.1", "train.epochs=2"],
        ["3", "train.lr=0.2", "train.epochs=2"],
    ]
    assert "--skip train.lr=0.2,train.epochs=1" in ended.output
    assert not program.noted
    assert not program.sweeps


def test_repeats_are_one_line_with_their_mean(program: Program) -> None:
    ended = program.run("--sweep", "train.lr=1,2", "--repeat", "3:train.epochs")
    assert [one["epochs"] for one in program.noted] == [0, 1, 2, 0, 1, 2]
    first, second = rows(ended.output)
    assert (first["train.lr"], first["n"], first["loss"]) == ("1", "3", "1 ± 1")
    assert (second["train.lr"], second["n"], second["loss"]) == ("2", "3", "2 ± 2")


def test_a_key_that_no_run_reads_is_named(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: float = 0.1):
    if lr < 0:
        return hp.scope.train.lrs | 1.0
    return lr
""")  # fmt: skip
    ended = program.run("--sweep", "train.lrs=1,2")
    said = "train.lrs was set, and no run has read it. Did you mean 'train.lr'?"
    assert said in ended.errors


def test_the_functions_of_a_program_with_commands_are_swept_by_name(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("")
    program = Program(tmp_path, TRAIN)
    text = (tmp_path / "train.py").read_text()
    other = "\n@hp.param('other')\ndef other(n: int = 0):\n    note(other=n)\n"
    text = text.replace("\n\nif __name__", other + "\n\nif __name__")
    (tmp_path / "train.py").write_text(text.replace("hp.launch(train)", "hp.launch()"))
    ended = program.run("other", "--sweep", "other.n=1,2")
    assert ended.status == 0, ended.errors
    assert program.noted == [{"other": 1}, {"other": 2}]


def test_a_question_is_answered_without_a_sweep(program: Program) -> None:
    ended = program.run("--sweep", "train.lr=1,2", "-ep", "train.lr")
    assert ended.status == 0, ended.errors
    assert not program.sweeps
    assert "train.lr" in ended.output


def test_parameters_of_the_program_keep_their_names(tmp_path: Path) -> None:
    """`--seed` and `--name` are the program's, and those of sweeps are `--hp-seed`, `--hp-name`."""
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: float = 0.1, seed: int = 0, name: str = "n"):
    note(lr=lr, seed=seed, name=name)
""")  # fmt: skip
    ended = program.run("--sweep", "train.lr=log:1e-3:1", "--sample", "2", "--seed", "5",
                        "--name", "mine", "--hp-seed", "3", "--hp-name", "grid")  # fmt: skip
    assert ended.status == 0, ended.errors
    assert [(one["seed"], one["name"]) for one in program.noted] == [(5, "mine")] * 2
    assert program.sweeps == ["grid"]


def test_quoted_text_arrives_without_its_quotes(program: Program) -> None:
    ended = program.run("--sweep", 'train.tag="a,b","12:30","null","",x')
    assert ended.status == 0, ended.errors
    assert [one["tag"] for one in program.noted] == ["a,b", "12:30", "null", "", "x"]


def test_values_that_differ_only_in_a_secret_are_refused(tmp_path: Path) -> None:
    program = Program(
        tmp_path, "@hp.param\ndef train(lr: float = 1, password: str = ''):\n    note(lr=lr)"
    )
    ended = program.run("--sweep", "password=first,second")
    assert (ended.status, program.noted) == (2, [])
    assert "first" not in ended.errors
    pairs = program.run("--sweep", "lr,password=(1,first),(2,second)")
    assert (pairs.status, [one["lr"] for one in program.noted]) == (0, [1, 2]), pairs.errors


@pytest.mark.parametrize("where", ["local", "processes:1"])
def test_a_structure_whose_fields_all_have_defaults_is_built_from_them(
    tmp_path: Path, where: str
) -> None:
    body = """
from dataclasses import dataclass

@dataclass
class Optimizer:
    lr: float = 0.1

@hp.param("train")
def train(optimizer: Optimizer, epochs: int = 3):
    note(lr=optimizer.lr, epochs=epochs)
"""
    program = Program(tmp_path, body)
    ended = program.run("--sweep", "epochs=1,2", "--on", where)
    assert ended.status == 0, ended.errors
    assert program.noted == [{"lr": 0.1, "epochs": 1}, {"lr": 0.1, "epochs": 2}]


@pytest.mark.parametrize("where", ["local", "processes:1"])
def test_arguments_that_follow_those_with_a_name_leave_those_their_values(
    tmp_path: Path, where: str
) -> None:
    body = """
@hp.param("train")
def train(data: str, n: int = 5, *files: str, lr: float = 0.1):
    note(data=data, n=n, files=files, lr=lr)
"""
    program = Program(tmp_path, body)
    ended = program.run("D", "one", "two", "--sweep", "n=1,2", "--on", where)
    assert (ended.status, "no run has read" in ended.errors) == (0, False), ended.errors
    assert program.noted == [
        {"data": "D", "n": n, "files": ["one", "two"], "lr": 0.1} for n in (1, 2)
    ]


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of descendants")
def test_a_time_limit_ends_descendants_that_have_left_the_group(tmp_path: Path) -> None:
    body = """
import subprocess, sys

LEAVES = '''
import os, subprocess, sys
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
'''

@hp.param("train")
def train(n: int = 1):
    child = subprocess.Popen([sys.executable, "-c", LEAVES], stdout=subprocess.PIPE)
    note(pid=int(child.stdout.readline()))
    child.wait()
"""
    program = Program(tmp_path, body)
    ended = program.run("--sweep", "n=1", "--on", "processes:1", "--time-limit", "2s")
    [noted] = program.noted
    assert ended.status == 1
    try:
        process = os.pidfd_open(int(str(noted["pid"])))
    except ProcessLookupError:
        return
    assert select.select([process], [], [], 20)[0], "it goes on"


def test_a_goal_that_no_result_has_is_named(program: Program) -> None:
    ended = program.run("--sweep", "lr=1,2", "--minimize", "los")
    assert "--minimize los: no run has this number. 'los' is not in the result." in ended.errors
    assert (
        "no run has this number" not in program.run("--sweep", "lr=1", "--minimize", "loss").errors
    )
    assert "no run has this number" not in program.run("--sweep", "lr=1").errors


def test_a_sweep_that_is_not_there_cannot_be_resumed(program: Program) -> None:
    program.run("--sweep", "lr=1")
    ended = program.run("--sweep", "lr=1", "--name", "other", "--resume")
    assert ended.status == 2
    assert "--resume: 'other': sweeps has no sweep of this name" in ended.errors


def test_a_search_over_axes_of_different_kinds_begins(program: Program) -> None:
    ended = program.run(
        "--sweep", "lr=log:1e-4:1", "--sweep", "epochs=int(log:1:100)", "--sweep", "tag=a,b",
        "--search", "optuna", "--sample", "4", "--minimize", "loss",
    )  # fmt: skip
    assert ended.status == 0, ended.errors
    assert len(program.noted) == 4
    assert all(isinstance(one["epochs"], int) for one in program.noted)


def test_fail_fast_waits_for_the_retries_that_were_announced(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: int = 0):
    note(lr=lr)
    if len(open("noted").readlines()) == 1:
        raise ValueError("the first time")
    return lr
""")  # fmt: skip
    ended = program.run("--sweep", "train.lr=1,2", "--retries", "1", "--fail-fast")
    assert ended.status == 0, ended.errors
    assert [one["lr"] for one in program.noted] == [1, 1, 2]
