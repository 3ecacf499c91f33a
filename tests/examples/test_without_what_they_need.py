"""An example that needs what is not installed says in one line what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HIDING = """
import sys

class Hides:
    def find_spec(self, name, path=None, target=None):
        if name == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")

sys.meta_path.insert(0, Hides())
"""


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run a program where Ray cannot be imported; return its status and what is on stderr."""
    (folder / "sitecustomize.py").write_text(HIDING)
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["cluster", "ray_data", "service"])
def test_examples_of_ray(tmp_path: Path, name: str) -> None:
    status, errors = run(tmp_path, str(EXAMPLES / f"{name}.py"))
    extra = "examples" if name == "ray_data" else "ray"
    assert status == 1
    assert errors == f"No module named 'ray'. Run: pip install 'hyperparameter-dist[{extra}]'\n"


@pytest.mark.parametrize("words", [["--lr", "1"], ["--sweep", "lr=1,2"]], ids=["run", "sweep"])
def test_a_program_with_on_ray(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "train.py").write_text("""
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 0.1) -> float:
    return lr

if __name__ == "__main__":
    hp.launch(train)
""")
    message = "--on ray needs Ray. Install it with 'pip install hyperparameter-dist[ray]'."
    assert run(tmp_path, "train.py", *words, "--on", "ray") == (2, f"train.py: error: {message}\n")
