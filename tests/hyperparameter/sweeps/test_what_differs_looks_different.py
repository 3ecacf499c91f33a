"""Values that are read differently look different, and so do runs that were set differently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweep_programs import Program, rows

from hyperparameter._sweeps.run import Cell
from hyperparameter._sweeps.shown import cell_text, overrides
from hyperparameter._sweeps.store.cells import packed_cell, unpacked_cell

ALIKE = [
    1, "1", 1.0, "1.0", True, "true", None, "null", "None", "", '""', "x", " x", "x ", '"x"', "x\n",
    [1], ["1"], "[1]", {"a": 1}, '{"a": 1}', float("nan"), "nan", float("inf"), "inf", "-inf", "~",
    "0x10", 16, "1e3", 1000.0,
]  # fmt: skip


def test_values_that_are_read_differently_look_different_in_lines_and_tables() -> None:
    lines = [overrides(Cell({"v": value})) for value in ALIKE]
    assert len(set(lines)) == len(ALIKE), sorted(lines)
    texts = [unpacked_cell(packed_cell({"v": value}, {}))[0]["v"] for value in ALIKE]
    assert len(set(texts)) == len(ALIKE), sorted(texts)
    assert [f"v={text}" for text in texts] == lines


def test_results_that_are_text_do_not_look_like_others() -> None:
    shown = [cell_text(value) for value in (1, "1", True, "true", float("nan"), "nan", "x")]
    assert shown == ["1", '"1"', "true", '"true"', "nan", '"nan"', "x"]


UNTYPED = """
@hp.param("train")
def train(lr: float = 0.1, epochs: int = 1):
    return f"{type(hp.scope.kind | None).__name__} {lr} {epochs} {hp.scope.net.width(0)}"
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, UNTYPED)


def test_text_and_numbers_of_a_command_line_are_told_apart(program: Program) -> None:
    words = ("--sweep", 'kind=1,"1",true,"true",null,"null"', "--name", "s")
    wanted = ["1", '"1"', "true", '"true"', "null", '"null"']
    listed = program.run(*words, "--dry-run")
    assert [line.split("kind=")[1] for line in listed.output.splitlines()] == wanted
    ended = program.run(*words)
    assert [row["kind"] for row in rows(ended.output)] == wanted
    assert all(f": kind={text}: " in ended.errors for text in wanted)
    saved = json.loads(program.hp("runs", "s", "-f", "json").output)
    assert [run["parameters"]["kind"] for run in saved] == [1, "1", True, "true", None, "null"]
    for condition in ('kind="1"', "kind='1'"):
        found = json.loads(program.hp("runs", "s", "-f", "json", "-w", condition).output)
        assert 2 in [run["number"] for run in found]


@pytest.mark.parametrize(
    ("first", "second", "key", "values"),
    [
        (["--lr", "0.5"], ["--lr", "0.25"], "train.lr", [0.5, 0.25]),
        (["-D", "net.width=1"], ["-D", "net.width=2"], "net.width", [1, 2]),
        ([], ["-D", "net.width=2"], "net.width", [None, 2]),
        (["-C", "a.json"], ["-C", "b.json"], "train.lr", [2.5, 3.5]),
    ],
    ids=["option", "define", "one of them", "file"],
)
def test_runs_that_differ_in_what_was_set_beside_the_grid_look_different(
    program: Program, first: list[str], second: list[str], key: str, values: list[object]
) -> None:
    (program.folder / "a.json").write_text('{"train": {"lr": 2.5}}')
    (program.folder / "b.json").write_text('{"train": {"lr": 3.5}}')
    words = ("--sweep", "epochs=1,2", "--name", "s")
    assert program.run(*words, *first).status == 0
    assert program.run(*words, *second, "--resume").status == 0
    saved = json.loads(program.hp("runs", "s", "-f", "json").output)
    assert [run["settings"].get(key) for run in saved] == [value for value in values for _ in "12"]
    assert [run["parameters"] for run in saved] == [{"train.epochs": n} for n in (1, 2, 1, 2)]
    heading = next(
        line for line in program.hp("runs", "s").output.splitlines() if line.startswith("number")
    )
    assert key in heading.split()
    found = json.loads(program.hp("runs", "s", "-f", "json", "-w", f"{key}={values[1]}").output)
    assert [run["number"] for run in found] == [3, 4]


def test_a_key_that_was_an_option_and_then_swept_has_one_column(program: Program) -> None:
    assert program.run("--sweep", "epochs=1", "--lr", "0.5", "--name", "s").status == 0
    words = ("--sweep", "epochs=1", "--sweep", "lr=0.25", "--name", "s", "--resume")
    assert program.run(*words).status == 0
    table = program.hp("runs", "s", "-f", "csv").output.splitlines()
    columns = table[0].split(",")
    assert columns.count("train.lr") == 1
    assert [line.split(",")[columns.index("train.lr")] for line in table[1:]] == ["0.5", "0.25"]


def test_repeats_with_other_settings_have_means_of_their_own(program: Program) -> None:
    words = ("--sweep", "epochs=1", "--repeat", "2", "--name", "s")
    assert program.run(*words, "--lr", "0.5").status == 0
    assert program.run(*words, "--lr", "0.25", "--resume").status == 0
    output = program.hp("runs", "s").output
    means = output[output.index("Mean") :].splitlines()[2:]
    assert [line.split()[:2] for line in means] == [["0.5", "2"], ["0.25", "2"]]


def test_secrets_beside_the_grid_are_not_kept(program: Program) -> None:
    words = ("--sweep", "epochs=1", "--name", "s", "--allow-unknown")
    assert program.run(*words, "-D", "net.api_key=hunter2-one", "--lr", "0.5").status == 0
    again = program.run(*words, "-D", "net.api_key=hunter2-two", "--lr", "0.25", "--resume")
    assert again.status == 0, again.errors
    for path in (program.folder / "sweeps" / "s").glob("sweep.sqlite*"):
        assert b"hunter2" not in path.read_bytes()
    assert "hunter2" not in program.hp("runs", "s", "-f", "json").output
