"""Classes as programs: dataclasses, models and classes with an initializer, decorated or not."""

import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import msgspec
import pydantic
import pytest

import hyperparameter as hp


@dataclass
class Optim:
    lr: float = 0.1


@dataclass
class Config:
    data: str
    epochs: int = 3
    optim: Optim = field(default_factory=lambda: Optim(0.5))


class Row(NamedTuple):
    data: str
    epochs: int = 3


class Struct(msgspec.Struct):
    data: str
    epochs: int = 3


@attrs.define
class Defined:
    data: str
    epochs: int = attrs.field(default=3, metadata={"help": "how often"})


class Model(pydantic.BaseModel):
    data: str
    epochs: int = pydantic.Field(3, description="how often")


class Plain:
    def __init__(self, data: str, epochs: int = 3) -> None:
        self.data, self.epochs = data, epochs


CLASSES = [Config, Row, Struct, Defined, Model, Plain]


@pytest.mark.parametrize("cls", CLASSES)
def test_a_class_is_a_program_whose_result_is_an_instance_of_it(cls: Any) -> None:
    made = hp.run_cli(cls, ["in.txt", "--epochs", "5"])
    assert type(made) is cls
    assert (made.data, made.epochs) == ("in.txt", 5)
    name = cls.__name__
    made = hp.run_cli(cls, ["-D", f"{name}.data=x", "-D", f"{name}.epochs=7"])
    assert (made.data, made.epochs) == ("x", 7)
    assert cls(data="y").epochs == 3  # the class itself is left alone
    with pytest.raises(hp.UsageError, match="DATA is missing"):
        hp.run_cli(cls, [])
    with pytest.raises(hp.UsageError, match=r"--epochs: 'x' is not an int"):
        hp.run_cli(cls, ["x", "--epochs", "x"])


@pytest.mark.parametrize("cls", [Defined, Model])
def test_help_has_the_texts_of_fields(cls: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(cls, ["--help"])
    assert "--epochs INT  how often (default: 3)" in capsys.readouterr().out


def test_options_of_fields_override_the_default_instance() -> None:
    assert hp.run_cli(Config, ["x", "--optim.lr", "2"]) == Config("x", 3, Optim(2.0))
    assert hp.run_cli(Config, ["x"]) == Config("x", 3, Optim(0.5))


def test_a_decorated_class_keeps_its_namespace() -> None:
    @hp.param("mine")
    @dataclass
    class Local:
        n: int = 1

    assert hp.run_cli(Local, ["-D", "mine.n=4"]).n == 4
    assert hp.run_cli(hp.param("other")(Config), ["x", "-D", "other.epochs=4"]).epochs == 4


def test_decorated_classes_are_commands_where_no_function_is() -> None:
    @hp.param
    class Train:
        def __init__(self, n: int = 1) -> None:
            self.n = n

    @hp.param("evaluation")
    @dataclass
    class EvalModel:
        n: int = 2

    made = hp.run_cli(argv=["Train", "--n", "5"])
    assert (type(made), made.n) == (Train, 5)
    assert hp.run_cli(argv=["evaluation", "--n", "6"]) == EvalModel(6)


def test_beside_functions_classes_are_not_commands() -> None:
    @hp.param
    class Net:
        def __init__(self, n: int = 1) -> None: ...

    @hp.param
    def work(n: int = 1) -> int:
        return n

    assert hp.run_cli(argv=["--n", "5"]) == 5
    assert Net


PROGRAM = '''
from dataclasses import dataclass
import hyperparameter as hp

@dataclass
class Cfg:
    """Set up a run."""
    lr: float = 0.1
    """step size"""

if __name__ == "__main__":
    print(hp.launch(Cfg))
'''
Runs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program(tmp_path: Path) -> Runs:
    (tmp_path / "cfg.py").write_text(PROGRAM)

    def runs(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "cfg.py", *words], cwd=tmp_path, capture_output=True, text=True
        )

    return runs


def test_a_program_of_an_undecorated_dataclass(program: Runs) -> None:
    assert program("--lr", "3").stdout == "Cfg(lr=3.0)\n"
    shown = program("--help").stdout
    assert shown.startswith("usage: cfg.py [OPTIONS]\n\nSet up a run.\n")
    assert "  --lr FLOAT  step size (default: 0.1)\n" in shown
    done = program("-D", "Cfg.lrr=3")
    assert done.returncode == 2
    assert "Did you mean 'Cfg.lr'?" in done.stderr
    assert program("--print-config").stdout == "[Cfg]\nlr = 0.1\n"
    explained = program("-ep", "Cfg.lr").stdout.splitlines()
    assert explained[2:] == ["  help=step size", "  declared=cfg.py"]


def test_a_namespace_is_explained_by_its_parameters(program: Runs) -> None:
    done = program("-ep", "Cfg")
    assert done.stderr == "cfg.py: error: Cfg is a namespace. Its parameters are Cfg.lr.\n"
    assert done.returncode == 1


def undecorated(n: int = 1) -> int:
    return n


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        (undecorated, r"Write @hp\.param above it, or hp\.launch\(hp\.param\(undecorated\)\)\."),
        (int, r"^int cannot be launched: .*hp\.param"),
        (lambda: 1, "Write a function that calls it"),
        (3, "a function decorated with @hp.param, or a class, not 3"),
    ],
)
def test_what_cannot_be_launched_is_told_what_to_do(target: Any, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        hp.launch(target, [])


@pytest.mark.parametrize("words", [["-f", "/run/kernel-1.json"], ["--f=/run/kernel-1.json"]])
def test_the_words_of_a_notebooks_kernel_are_not_those_of_a_program(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setattr(sys, "argv", ["ipykernel_launcher.py", *words])
    with pytest.raises(SystemExit):
        hp.launch(Optim)
    (line,) = capsys.readouterr().err.splitlines()
    assert "hp.launch(f, [])" in line
    assert hp.launch(Optim, []) == Optim()
    monkeypatch.setattr(sys, "argv", ["mine.py", "--lr", "2"])
    assert hp.launch(Optim) == Optim(2.0)
