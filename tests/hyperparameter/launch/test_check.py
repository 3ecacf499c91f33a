"""`--check` tells every fault of what is set, runs nothing, and refuses what a run refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hyperparameter as hp

PROGRAM = """
from dataclasses import dataclass, field
from typing import Literal
import hyperparameter as hp

def loudly():
    print("CALLED")
    return 3

@dataclass
class Opt:
    lr: float
    n: int = 1
    kind: Literal["adam", "sgd"] = "adam"
    made: int = field(default_factory=loudly)
    def __post_init__(self):
        print("CALLED")

@hp.param("model")
def build(layers: int = 3, opt: Opt | None = None, name: str = "x", password: int = 0): ...

@hp.param("train")
def train(data: str, epochs: int = 3, size: float = 0.5, *, seed: int):
    print("RUN")

if __name__ == "__main__":
    hp.launch(train, env_prefix="APP")
"""
COMMANDS = """
import hyperparameter as hp

@hp.param("one")
def one(n: int = 0): print("RUN")

@hp.param("two")
def two(path: str, n: int = 0): print("RUN")

if __name__ == "__main__":
    hp.launch()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(PROGRAM)
    (tmp_path / "tool.py").write_text(COMMANDS)
    return tmp_path / "train.py"


def run(program: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, program.name, *words], capture_output=True, text=True, check=False,
        cwd=program.parent, env={**os.environ, **env},
    )  # fmt: skip


def lines(program: Path, *words: str, **env: str) -> list[str]:
    done = run(program, *words, **env)
    found = done.stdout.splitlines()
    number = f"{len(found)} fault{'s' if len(found) > 1 else ''}"
    assert (done.returncode, done.stderr) == (2, f"{program.name}: error: {number} found.\n")
    return found


def test_nothing_is_wrong(program: Path) -> None:
    done = run(program, "d", "--seed", "3", "-D", "model.opt.lr=1", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
    done = run(program, "--check", "json", "d", "--seed", "3")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [], "")


def test_every_fault_of_every_source_has_a_line(program: Path) -> None:
    (program.parent / "base.toml").write_text(
        '[train]\nepochs = "many"\n[model]\nlyers = 3\nopt.lr = "fast"\nopt.n = [2]\n'
        'opt.kind = "adm"\n'
    )
    words = "-C", "base.toml", "--check", "-D", "model.namee=3", "--size", "big"
    found = lines(program, *words, APP_MODEL__LAYERS="two")
    assert found.pop(0) == (
        "model.lyers (file base.toml:4): this program has no such parameter. "
        "Did you mean 'model.layers'?"
    )
    assert found == [
        "model.namee (cli -D): this program has no such parameter. Did you mean 'model.name'?",
        "DATA is missing. Give it as an argument or with -D train.data=VALUE. See --help.",
        "--seed is missing. Give it with --seed INT. See --help.",
        "train.epochs (file base.toml:2): 'many' is not an int.",
        "model.opt.lr (file base.toml:5): 'fast' is not a float.",
        "model.opt.n (file base.toml:6): [2] is not an int.",
        "model.opt.kind (file base.toml:7): 'adm' is not one of adam, sgd; did you mean 'adam'?",
        "model.layers (env $APP_MODEL__LAYERS): 'two' is not an int.",
        "--size: 'big' is not a float.",
    ]


def test_each_file_that_cannot_be_read_is_told_and_the_others_are_checked(program: Path) -> None:
    (program.parent / "bad.yaml").write_text("a: [1\n")
    (program.parent / "good.toml").write_text('[model]\nlayers = "two"\n')
    words = "-C", "bad.yaml", "-C", "none.toml", "-C", "model=no.toml", "-C", "good.toml"
    first, second, third, last = lines(program, *words, "--check")
    assert first.startswith("bad.yaml:2: ")
    assert second.startswith("none.toml: the file does not exist.")
    assert third.startswith("-C model=no.toml: the file no.toml does not exist.")
    assert last == "model.layers (file good.toml:2): 'two' is not an int."


def test_each_wrong_reference_is_told_and_what_it_stands_for_fits(program: Path) -> None:
    (program.parent / "conf.toml").write_text(
        '[model]\nlayers = "${nowhere}"\nname = "${env:NO_SUCH_VARIABLE}"\npassword = "7${nor}"\n'
        'opt.n = "${model.layers}"\nopt.lr = "fast"\n[train]\ndata = "${model.name}"\nseed = 3\n'
    )
    found = lines(program, "-C", "conf.toml", "--check")
    assert [one.partition(" (")[0] for one in found] == [
        "model.layers", "model.name", "model.password", "model.opt.lr",
    ]  # fmt: skip
    assert all("refers to" in one or "NO_SUCH_VARIABLE" in one for one in found[:3])


def test_an_include_that_does_not_exist(program: Path) -> None:
    (program.parent / "conf.yaml").write_text('"$include": none.yaml\ntrain: {epochs: many}\n')
    first, *_ = lines(program, "-C", "conf.yaml", "--check", "d", "--seed", "3")
    assert "none.yaml" in first


def test_standard_input_is_read(program: Path) -> None:
    done = subprocess.run(
        [sys.executable, program.name, "-C", "-", "--check", "d", "--seed", "1"], text=True,
        input='[model]\nlayers = "two"\n', capture_output=True, cwd=program.parent, check=False,
    )  # fmt: skip
    assert done.stdout == "model.layers (file <stdin>:2): 'two' is not an int.\n"


def test_json_has_key_value_origin_and_message(program: Path) -> None:
    (program.parent / "base.yaml").write_text("model:\n  layers: 007x\n  password: hunter2\n")
    done = run(program, "-C", "base.yaml", "--check=json", "--seed", "1", "-D", "model.nam=[1]")
    assert done.returncode == 2
    assert json.loads(done.stdout) == [
        {
            "key": "model.nam",
            "value": "[1]",
            "origin": "cli -D",
            "message": "model.nam (cli -D): this program has no such parameter. "
            "Did you mean 'model.name'?",
        },
        {
            "key": "train.data",
            "value": None,
            "origin": None,
            "message": "DATA is missing. Give it as an argument or with -D train.data=VALUE. "
            "See --help.",
        },
        {
            "key": "model.layers",
            "value": "007x",
            "origin": "file base.yaml:2",
            "message": "model.layers (file base.yaml:2): '007x' is not an int.",
        },
        {
            "key": "model.password",
            "value": "***",
            "origin": "file base.yaml:3",
            "message": "model.password (file base.yaml:3): *** is not an int.",
        },
    ]


def test_json_has_words_that_cannot_be_understood_too(program: Path) -> None:
    done = run(program, "--check", "json", "--epoch", "3")
    assert (done.returncode, done.stderr) == (2, "train.py: error: 1 fault found.\n")
    assert [one["message"] for one in json.loads(done.stdout)] == [
        "--epoch: unknown option. Did you mean '--epochs'? See --help."
    ]


def test_a_part_is_at_fault_and_not_those_beside_it(program: Path) -> None:
    words = "d", "--seed", "1", "--check", "-D"
    assert lines(program, *words, "model.opt.lr=x", "-D", "model.opt.n=3") == [
        "-D model.opt.lr: 'x' is not a float."
    ]
    assert lines(program, *words, 'model.opt={"lr": "x"}', "-D", "model.opt.n=y") == [
        "-D model.opt.lr: 'x' is not a float.", "-D model.opt.n: 'y' is not an int.",
    ]  # fmt: skip


def test_unknown_keys_may_be_allowed(program: Path) -> None:
    words = "d", "--seed", "1", "--check", "--allow-unknown", "-D", "model.nam=3"
    assert run(program, *words).stdout == "ok\n"


def test_the_place_of_the_record_is_checked(program: Path) -> None:
    words = "d", "--seed", "1", "--check", "--record", "none/run.json"
    (fault,) = lines(program, *words)
    assert fault.startswith("--record 'none/run.json': ")
    assert run(program, *words[:-1], "run.json").stdout == "ok\n"
    assert not (program.parent / "run.json").exists()


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("procesess", "'procesess' is not a runner. Did you mean 'processes'?"),
        ("processes:", "nothing stands behind the colon. Write --on processes."),
        ("", "--on: no runner is named."),
    ],
)
def test_the_name_of_the_runner_is_checked(program: Path, on: str, said: str) -> None:
    (fault,) = lines(program, "d", "--seed", "1", "--check", f"--on={on}")
    assert said in fault


def test_what_is_set_is_checked_without_a_command_too(program: Path) -> None:
    tool = program.parent / "tool.py"
    assert run(tool, "--check").stdout == "ok\n"
    assert lines(tool, "--check", "-D", "two.n=x") == ["-D two.n: 'x' is not an int."]
    assert lines(tool, "two", "--check", "-D", "one.n=x") == [
        "PATH is missing. Give it as an argument or with -D two.path=VALUE. See --help.",
        "-D one.n: 'x' is not an int.",
    ]


def test_code_that_launches_has_an_error_and_no_exit(capsys: pytest.CaptureFixture[str]) -> None:
    @hp.param("checked")
    def main(n: int = 0) -> str:
        return "run"

    assert hp.run_cli(main, ["--check"]) is None
    assert capsys.readouterr().out == "ok\n"
    with pytest.raises(hp.UsageError, match=r"^1 fault found\.$"):
        hp.run_cli(main, ["--check", "--n", "x"])


def test_a_parameter_may_be_called_check(capsys: pytest.CaptureFixture[str]) -> None:
    @hp.param("own")
    def main(check: bool = False) -> bool:
        return check

    assert hp.run_cli(main, ["--check"]) is True
    assert hp.run_cli(main, ["--hp-check"]) is None
    assert capsys.readouterr().out == "ok\n"
