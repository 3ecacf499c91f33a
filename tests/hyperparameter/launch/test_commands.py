"""Programs of several commands: which functions are found, and which one a command line runs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import hyperparameter as hp

Script = Callable[[str], Path]

REFERENCE = '''
import hyperparameter as hp

@hp.param("train")
def train(epochs=10, lr=0.001):
    """Train the model."""
    print("train", epochs, lr)
    return "trained"

@hp.param("eval")
def evaluate(checkpoint="model.pt"):
    """Evaluate the model."""
    print("evaluate", checkpoint)

if __name__ == "__main__":
    hp.launch()
'''


def run(path: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(path), *args],
        capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str) -> Path:
        path = tmp_path / "app.py"
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (["train", "--epochs", "20"], "train 20 0.001\n"),
        (["eval"], "evaluate model.pt\n"),
        (["evaluate", "--checkpoint=x.pt"], "evaluate x.pt\n"),
        (["-D", "train.lr=0.5", "train"], "train 10 0.5\n"),
        (["--train.lr=0.5", "train", "--train.epochs", "3"], "train 3 0.5\n"),
        (["train", "-Dtrain.lr=0.5"], "train 10 0.5\n"),
    ],
)
def test_the_program_of_the_reference_runs_its_commands(
    script: Script, argv: list[str], output: str
) -> None:
    done = run(script(REFERENCE), *argv)
    assert (done.returncode, done.stdout, done.stderr) == (0, output, "")


@pytest.mark.parametrize(
    ("argv", "mentions"),
    [
        ([], ["train", "eval"]),
        (["trian"], ["'train'"]),
        (["zzz"], ["train", "eval", "evaluate"]),
        (["--epochs", "3", "train"], ["--epochs"]),
        (["train", "--checkpoint", "x"], ["--checkpoint"]),
        (["train", "surplus"], ["surplus"]),
        (["eval", "-D", "eval.chekpoint=3"], ["eval.chekpoint", "'eval.checkpoint'"]),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(
    script: Script, argv: list[str], mentions: list[str]
) -> None:
    done = run(script(REFERENCE), *argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    for mention in mentions:
        assert mention in done.stderr


def test_help_lists_the_commands_with_what_they_do(script: Script) -> None:
    done = run(script(REFERENCE), "--help")
    assert done.returncode == 0
    for text in ["train", "Train the model.", "evaluate, eval", "Evaluate the model.", "COMMAND"]:
        assert text in done.stdout


@pytest.mark.parametrize("argv", [["train", "--help"], ["-h", "train"]])
def test_help_for_a_command_shows_its_options(script: Script, argv: list[str]) -> None:
    done = run(script(REFERENCE), *argv)
    assert done.returncode == 0
    assert "app.py train" in done.stdout
    assert "--epochs" in done.stdout
    assert "--checkpoint" not in done.stdout


def test_questions_need_no_command(script: Script) -> None:
    path = script(REFERENCE)
    listed = run(path, "-lps").stdout
    assert "train.epochs:" in listed
    assert "eval.checkpoint:" in listed
    explained = run(path, "-ep", "train.epochs", "eval.checkpoint", "-D", "train.epochs=3").stdout
    assert "value=3, origin=cli -D" in explained
    assert "default='model.pt'" in explained


def test_launch_returns_what_the_command_returns() -> None:
    @hp.param("a")
    def first(x: int = 1) -> int:
        return x

    @hp.param("b")
    def second(y: int = 2) -> int:
        return y

    assert hp.run_cli(argv=["first", "--x", "5"]) == 5
    assert hp.run_cli(argv=["b", "--y", "6"]) == 6
    assert hp.launch(argv=["second"]) == 2


def test_functions_of_the_caller_are_found_in_its_locals_and_globals() -> None:
    names: dict[str, Any] = {"hp": hp}
    program = """
    @hp.param("outer")
    def outer():
        return "outer"

    def start():
        @hp.param("inner")
        def inner():
            return "inner"

        return hp.run_cli(argv=["inner"]), hp.run_cli(argv=["outer"])
    """
    exec(dedent(program), names)
    assert names["start"]() == ("inner", "outer")


def test_names_that_begin_with_an_underscore_are_no_commands() -> None:
    @hp.param("a")
    def _hidden() -> str:
        return "hidden"

    @hp.param("b")
    def shown() -> str:
        return "shown"

    assert hp.run_cli(argv=[]) == "shown"


def test_one_function_under_two_names_needs_no_command() -> None:
    @hp.param("a")
    def main(x: int = 1) -> int:
        return x

    alias = main
    assert hp.run_cli(argv=["--x", "2"]) == 2
    assert alias is main


def test_decorated_classes_and_plain_functions_are_no_commands() -> None:
    @hp.param("M")
    class Model:
        def __init__(self, x: int = 1) -> None: ...

    def plain() -> None: ...

    @hp.param("a")
    def main(x: int = 1) -> int:
        return x

    assert hp.run_cli(argv=["--x", "2"]) == 2


@pytest.mark.parametrize("runner", [hp.launch, hp.run_cli])
def test_nothing_to_launch_is_a_runtime_error(runner: Callable[..., Any]) -> None:
    names: dict[str, Any] = {"runner": runner}
    with pytest.raises(RuntimeError, match=r"hp\.param"):
        exec("def start(): return runner(argv=[])\nstart()", names)


def test_a_name_that_two_functions_share_by_namespace_is_nobodys() -> None:
    @hp.param("a.run")
    def first() -> str:
        return "first"

    @hp.param("b.run")
    def second() -> str:
        return "second"

    assert hp.run_cli(argv=["first"]) == "first"
    with pytest.raises(hp.UsageError, match="run"):
        hp.run_cli(argv=["run"])


def test_a_function_name_wins_over_a_namespace() -> None:
    @hp.param("b")
    def a() -> str:
        return "a"

    @hp.param("a")
    def b() -> str:
        return "b"

    assert hp.run_cli(argv=["a"]) == "a"
    assert hp.run_cli(argv=["b"]) == "b"


def test_underscores_of_a_name_are_dashes_too() -> None:
    @hp.param
    def make_data(n: int = 1) -> int:
        return n

    @hp.param
    def other() -> None: ...

    assert hp.run_cli(argv=["make-data"]) == 1
    assert hp.run_cli(argv=["make_data", "--n", "2"]) == 2
