"""The terminal sessions of the API document, with its programs and the installed `hp`.

Where the document shows output, it is compared line by line; its marks of a tree have been lost
on the way to it and are ours.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Session = Callable[[str], str]

APP = '''
import hyperparameter as hp

@hp.param("app")
def main(input_file, output_file="out.txt", verbose=False):
    """Process input file.

    Args:
        input_file: Path to input file
        output_file: Path to output file
        verbose: Enable verbose output
    """
    print(input_file, output_file, verbose)

if __name__ == "__main__":
    hp.launch(main)
'''
COMMANDS = '''
import hyperparameter as hp

@hp.param("train")
def train(epochs=10, lr=0.001):
    """Train the model."""
    print("train", epochs, lr)

@hp.param("eval")
def evaluate(checkpoint="model.pt"):
    """Evaluate the model."""
    print("eval", checkpoint)

if __name__ == "__main__":
    hp.launch()
'''
MYPACKAGE = '''
import hyperparameter as hp


@hp.param("model")
def model(hidden_size: int = 256, dropout: float = 0.1):
    """Build the model."""






@hp.param("train")
def train(lr: float = 0.001, batch_size: int = 32, epochs: int = 10):
    """Training function with configurable learning rate."""
    import helpers

    return helpers.prepare(model())
'''
HELPERS = """
from hyperparameter import param

@param("prep")
def prepare(data, gamma=1.0): ...
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Run a line in a shell, in a folder with the document's programs; return what it prints."""
    site = tmp_path / "site"
    sizes = {("myapp", "1.0.0"): [3] * 5, ("ml-toolkit", "0.2.1"): [3, 3, 2],
             ("config-manager", "2.1.0"): [2, 2]}  # fmt: skip
    for (name, version), counts in sizes.items():
        _install(site, name, version, _functions(name, counts))
    _install(site, "mypackage", "0.1", MYPACKAGE)
    _install(site, "helpers", "0.1", HELPERS)
    work = tmp_path / "work"
    work.mkdir()
    (work / "app.py").write_text(APP)
    (work / "commands.py").write_text(COMMANDS)
    folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(site),
        "PYTHONUTF8": "1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=work, env=environment, capture_output=True, text=True,
            encoding="utf-8", timeout=150, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def _install(site: Path, name: str, version: str, source: str) -> None:
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{module}.py,,\n")


def _functions(name: str, counts: list[int]) -> str:
    lines = ["import hyperparameter as hp"]
    for index, count in enumerate(counts):
        parameters = ", ".join(f"p{number}={number}" for number in range(count))
        lines += [f'@hp.param("{name}.f{index}")', f"def f{index}({parameters}): ..."]
    return "\n".join(lines)


# -- launch -----------------------------------------------------------------------------------


def test_single_function(session: Session) -> None:
    line = "python app.py input.txt --output_file result.txt --verbose"
    assert session(line) == "input.txt result.txt True\n"
    assert session("python app.py input.txt -D app.verbose=true") == "input.txt out.txt True\n"


def test_subcommands(session: Session) -> None:
    assert session("python commands.py train --epochs 20") == "train 20 0.001\n"
    assert session("python commands.py eval") == "eval model.pt\n"


@pytest.mark.parametrize("flag", ["-D", "--define"])
def test_define(session: Session, flag: str) -> None:
    assert session(f"python app.py in.txt {flag} app.output_file=x") == "in.txt x False\n"


@pytest.mark.parametrize("flag", ["-lps", "--list-param-scope"])
def test_list_param_scope(session: Session, flag: str) -> None:
    assert session(f"python commands.py {flag}").splitlines() == [
        "train.epochs:",
        "  function=train, location=__main__.train, default=10",
        "train.lr:",
        "  function=train, location=__main__.train, default=0.001",
        "eval.checkpoint:",
        "  function=evaluate, location=__main__.evaluate, default='model.pt'",
    ]


@pytest.mark.parametrize("flag", ["-ep", "--explain-param"])
def test_explain_param(session: Session, flag: str) -> None:
    assert session(f"python commands.py {flag} train.epochs").splitlines()[:2] == [
        "train.epochs:",
        "  function=train, location=__main__.train, default=10",
    ]


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(session: Session, flag: str) -> None:
    shown = session(f"python app.py {flag}")
    for text in ["Process input file.", "Path to output file", "Enable verbose output"]:
        assert text in shown


# -- hp ls ------------------------------------------------------------------------------------

PACKAGES = """\
Packages using hyperparameter (5):
============================================================
Package                        Version      Params   Funcs
------------------------------------------------------------
config-manager                 2.1.0        4        2
helpers                        0.1          2        1
ml-toolkit                     0.2.1        8        3
myapp                          1.0.0        15       5
mypackage                      0.1          5        2
------------------------------------------------------------
Use 'hp ls <package>' to see hyperparameters in a package.
"""
TREE = """\
Hyperparameters in mypackage:
----------------------------------------
📁 model
  📄 hidden_size = 256
  📄 dropout = 0.1
📁 train
  📄 lr = 0.001
  📄 batch_size = 32
  📄 epochs = 10

Total: 5 hyperparameters
"""
LIST = """\
Hyperparameters in mypackage:
----------------------------------------
  model.hidden_size = 256
  model.dropout = 0.1
  train.lr = 0.001
  train.batch_size = 32
  train.epochs = 10

Total: 5 hyperparameters
"""
KEYS = ["model.hidden_size", "model.dropout", "train.lr", "train.batch_size", "train.epochs"]


@pytest.mark.parametrize("line", ["hp ls", "hp list"])
def test_all_packages(session: Session, line: str) -> None:
    assert session(line) == PACKAGES


@pytest.mark.parametrize(
    "line", ["hp ls mypackage", "hp ls mypackage --self", "hp ls mypackage -f text"]
)
def test_a_package(session: Session, line: str) -> None:
    assert session(line) == LIST


@pytest.mark.parametrize("flag", ["--tree", "-t"])
def test_tree(session: Session, flag: str) -> None:
    assert session(f"hp ls mypackage {flag}") == TREE


def test_with_dependencies_and_these_alone(session: Session) -> None:
    deps = json.loads(session("hp ls mypackage --deps -f json"))
    assert list(deps) == ["prep.data", "prep.gamma"]
    everything = json.loads(session("hp ls mypackage --all -f json"))
    assert sorted(everything) == sorted([*KEYS, "prep.data", "prep.gamma"])


def test_markdown_json_and_a_file(session: Session) -> None:
    assert list(json.loads(session("hp ls mypackage -f json"))) == KEYS
    assert session("hp ls mypackage -o report.md -f markdown") == ""
    assert session("cat report.md") == session("hp ls mypackage -f markdown")
    assert "| " in session("cat report.md")


# -- hp describe ------------------------------------------------------------------------------

DESCRIPTION = """\
============================================================
Hyperparameter: train.lr
============================================================

  Default: 0.001
  Type: float
  Namespace: train
  Function: train

  Source: mypackage
  Location: mypackage.py:15

  Description: Training function with configurable learning rate.

  Usage:
    # Access via scope
    value = hp.scope.train.lr | 0.001

    # Set via command line
    --train.lr=<value>
"""


@pytest.mark.parametrize("line", ["hp desc train.lr mypackage", "hp describe train.lr mypackage"])
def test_describe_exactly(session: Session, line: str) -> None:
    assert session(line) == DESCRIPTION


def test_describe_by_a_part(session: Session) -> None:
    assert session("hp desc lr mypackage") == DESCRIPTION


def test_describe_in_the_current_directory(session: Session) -> None:
    shown = session("hp desc train.lr")
    assert "Hyperparameter: train.lr" in shown
    assert "Location: commands.py:5" in shown
