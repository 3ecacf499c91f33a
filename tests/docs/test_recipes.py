"""Every recipe of the documentation, run as the program that it is, prints what stands below it."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ray_settings import cluster_of_programs

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("recipes*.md"))
RECIPE = re.compile(r"^```python\n(# (\w+\.py)\n.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.M)
SETTER = "laptop:4242"  # in the documentation: host and process of the program that set a value


class Recipe(NamedTuple):
    name: str
    program: str
    output: str


def recipes() -> list[Recipe]:
    found = [match for page in PAGES for match in RECIPE.findall(page.read_text("utf-8"))]
    return [Recipe(name, program, output) for program, name, output in found]


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """One cluster for all recipes."""
    with cluster_of_programs() as environment:
        yield environment


def test_every_program_on_the_pages_is_named_and_shows_its_output() -> None:
    assert PAGES
    programs = sum(page.read_text("utf-8").count("\n```python\n") for page in PAGES)
    assert len(recipes()) == programs
    assert len({recipe.name for recipe in recipes()}) == programs


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.name)
def test_recipe_prints_what_is_written_below_it(
    recipe: Recipe, environment: dict[str, str], tmp_path: Path
) -> None:
    if recipe.name.startswith("torch_") and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed; it is too large for the development extra")
    (tmp_path / recipe.name).write_text(recipe.program, "utf-8")
    with (
        (tmp_path / "stderr").open("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, recipe.name],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as program,
    ):
        try:
            printed, _ = program.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            printed, _ = program.communicate()
        errors.seek(0)
        assert program.returncode == 0, printed + errors.read()
    expected = recipe.output.replace(SETTER, f"{socket.gethostname()}:{program.pid}")
    assert expected in printed  # libraries may talk before and after
