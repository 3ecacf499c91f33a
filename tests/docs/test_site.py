"""The site has every public name, and its picture of a terminal shows what the tutorial shows."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = "".join(page.read_text("utf-8") for page in (ROOT / "docs/api").glob("*.md"))


@pytest.mark.parametrize(
    "name", ["hyperparameter", "hyperparameter.params", "hyperparameter.context", "hp_dist"]
)
def test_reference_has_every_public_name(name: str) -> None:
    module = importlib.import_module(name)
    described = {each.rpartition(".")[2] for each in re.findall(r"^::: (\S+)$", REFERENCE, re.M)}
    assert set(module.__all__) <= described


def test_picture_of_a_terminal_shows_what_the_tutorial_shows(tmp_path: Path) -> None:
    drawn = tmp_path / "terminal.svg"
    subprocess.run([sys.executable, ROOT / "tools/terminal_picture.py", drawn], check=True)
    committed = ROOT / "docs/images/terminal.svg"
    assert committed.read_text("utf-8") == drawn.read_text("utf-8"), "run `make picture`"
