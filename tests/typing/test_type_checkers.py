"""Type checkers see what reads give: the types of the defaults, and errors where there are some."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WRONG = """
import hyperparameter as hp

def wrong() -> None:
    rate: str = hp.scope.train.lr | 0.1
    forgotten: float = hp.scope.train.lr
    if hp.scope.train.lr > 3:
        pass
    if 3 < hp.scope.train.lr:
        pass
    forgotten = hp.scope.train.lr + 1
    forgotten = 2 * hp.scope.train.lr
    forgotten = -hp.scope.train.lr
    for _ in hp.scope.train.layers:
        pass
    assert "a" in hp.scope.train.layers
    launched: int = hp.launch(named)

@hp.param("named")
def named() -> str:
    return ""
"""


def mypy(program: Path) -> list[int]:
    """Return the lines in which mypy finds an error."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(program.parent), program],
        capture_output=True,
        text=True,
        cwd=program.parent,
        timeout=300,
    )
    return [int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line]


def pyright(program: Path) -> list[int]:
    """Return the lines in which pyright finds an error."""
    settings = program.parent / "pyrightconfig.json"
    settings.write_text(json.dumps({"include": [str(program)], "typeCheckingMode": "standard"}))
    done = subprocess.run(
        ["basedpyright", "-p", settings, "--pythonpath", sys.executable, "--outputjson"],
        executable=Path(sys.executable).parent / "basedpyright",
        capture_output=True,
        text=True,
        cwd=program.parent,
        timeout=300,
    )
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == 1
    return [each["range"]["start"]["line"] + 1 for each in found["generalDiagnostics"]]


@pytest.mark.parametrize("checker", [mypy, pyright])
@pytest.mark.parametrize("name", ["api.py", "reads.py"])
def test_types_are_as_written(checker: object, name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    program.write_text((HERE / name).read_text("utf-8"), "utf-8")
    assert callable(checker)
    assert checker(program) == []


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_wrong_type_and_a_forgotten_read_are_errors(checker: object, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(WRONG, "utf-8")
    assert callable(checker)
    assert sorted(set(checker(program))) == [5, 6, 7, 9, 11, 12, 13, 14, 16, 17]
