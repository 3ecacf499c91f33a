"""`--check` and `--strict-unused` with a sweep, and options that do not go with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweep_programs import Program

from hyperparameter._sweeps.agenda import CellAgenda

TRAIN = """
@hp.param("train")
def train(n: int = 1, size: int = 2, name: str = "x"):
    note(n=n)
    return n
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, TRAIN)


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        (["n=a,1,b"], ["'a' is not an int", "'b' is not an int"]),
        (["zz=1,2"], ["zz (cli --sweep): this program has no such parameter"]),
        (["n=a", "--sweep", "size=b"], ["'a' is not an int", "'b' is not an int"]),
        (["n=1:9:0"], ["the step is 0"]),
        (["n=1,2", "--skip", "n=7"], ["train.n is never '7'"]),
        (["n=1,2", "--n", "3"], ["--n and --sweep both set train.n"]),
        (["n=1,2", "-D", "train.size=c"], ["'c' is not an int"]),
        (["n=1,2", "--on="], ["no runner is named"]),
        (["n=1,2", "--retries", "x"], ["'x' is not a number of 0 or more"]),
    ],
)
def test_each_fault_of_the_cells_is_told_once(
    program: Program, words: list[str], faults: list[str]
) -> None:
    ended = program.run("--check", "--sweep", *words)
    assert ended.status == 2
    lines = ended.output.splitlines()
    assert len(lines) == len(faults)
    for fault in faults:
        assert any(fault in line for line in lines), lines
    assert not program.noted


def test_a_sweep_without_faults_is_ok_and_does_not_run(program: Program) -> None:
    ended = program.run("--check", "--sweep", "n=1,2")
    assert (ended.status, ended.output, program.noted) == (0, "ok\n", [])


def test_a_parameter_that_the_sweep_sets_is_not_missing(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(data):
    return 1
""")  # fmt: skip
    assert program.run("--check", "--sweep", "data=a,b").status == 0
    assert "DATA is missing" in program.run("--check").output


def test_editors_get_the_faults_of_a_sweep(program: Program) -> None:
    ended = program.run("--check", "json", "--sweep", "n=a,1")
    (fault,) = json.loads(ended.output)
    assert (fault["key"], fault["value"], fault["origin"]) == ("train.n", "a", "cli --sweep")


def test_a_value_that_no_run_has_read_is_an_error_if_that_is_asked(program: Program) -> None:
    words = ["--sweep", "n=1,2", "--allow-unknown", "-D", "qq=3"]
    assert program.run(*words).status == 0
    ended = program.run(*words, "--strict-unused")
    assert ended.status == 3
    assert "--strict-unused: 1 value that was set had no effect" in ended.errors
    assert program.run("--sweep", "n=1,2", "--strict-unused").status == 0


def test_a_record_that_lacks_reads_does_not_tell_what_had_no_effect(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(n: int = 1):
    dict(hp.scope())
    return n
""")  # fmt: skip
    ended = program.run("--sweep", "n=1,2", "--allow-unknown", "-D", "qq=3", "--strict-unused")
    assert ended.status == 0, ended.errors


@pytest.mark.parametrize("words", [["--print-config"], ["-ep", "train.n"], ["-lps"]])
def test_an_answer_about_one_run_says_that_the_sweep_is_left_out(
    program: Program, words: list[str]
) -> None:
    ended = program.run(*words, "--sweep", "n=1,2")
    assert (ended.status, program.noted) == (0, [])
    assert ended.errors == f"{words[0]}: this is about one run, so the sweep is left out.\n"
    assert program.run(*words).errors == ""


@pytest.mark.parametrize("option", ["--on", "--minimize", "--maximize"])
def test_an_option_without_a_name_is_refused(program: Program, option: str) -> None:
    ended = program.run("--sweep", "n=1,2", option, "")
    assert ended.status == 2
    assert f"{option}: no " in ended.errors
    assert not program.noted


def test_an_earlier_attempt_has_nothing_of_the_others(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(n: int = 1):
    if not os.path.exists("tried"):
        open("tried", "w").close()
        raise ValueError("at first")
    return 987654321
""")  # fmt: skip
    program.run("--sweep", "n=1", "--retries", "1", "--name", "r")
    first, last = program.hp("log", "r/1.1").output, program.hp("log", "r/1").output
    assert "987654321" not in first
    assert "attempt 2 " not in first
    assert "ValueError: at first" in first
    assert "returned 987654321" in last
    assert "attempt 1 raised ValueError: at first" in last


def test_a_result_that_cannot_be_read_again_fails_its_run(tmp_path: Path) -> None:
    program = Program(tmp_path, """
class Odd:
    def __reduce__(self):
        return int, ("odd",)

@hp.param("train")
def train(n: int = 1):
    return Odd()
""")  # fmt: skip
    ended = program.run("--sweep", "n=1")
    assert ended.status == 1
    assert "the result, which is of type Odd, cannot be unpickled" in ended.errors


def test_an_error_without_words_has_no_colon(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(n: int = 1):
    raise GeneratorExit
""")  # fmt: skip
    errors = program.run("--sweep", "n=1").errors
    assert "GeneratorExit" in errors
    assert "GeneratorExit:" not in errors


def test_a_result_is_told_alike_wherever_it_was_made(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(n: int = 1):
    return lambda: n
""")  # fmt: skip
    ended = program.run("--sweep", "n=1", "--on", "processes:1")
    assert "__main__.train.<locals>.<lambda>" in ended.output
    assert "__mp_main__" not in ended.output + ended.errors


def test_one_cell_that_is_the_same_as_another_is_counted_as_one(tmp_path: Path) -> None:
    class Known:
        repeated, unseen = 1, ()

    (note,) = CellAgenda.notes(Known())  # type: ignore[arg-type]  # all that it asks for
    assert note.startswith("1 cell means the same as another, and is not run")
