"""CONTRIBUTING.md has a map of all files, and the glossary stays short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAP = CONTRIBUTING.partition("## A map of the house")[2]
PARTS = {
    "hyperparameter": MAP.partition("`hp_dist/`:")[0],
    "hp_dist": MAP.partition("`hp_dist/`:")[2],
}


def rooms(package: str) -> dict[str, set[str]]:
    """Return the modules that the map names, by the folder that they are in."""
    text = PARTS[package]
    found = {package: set(re.findall(r"`(\w+)`", text.partition("| room |")[0]))}
    for room, files in re.findall(r"^\| `(\S+)/` \|[^|]*\|([^|]*)\|$", text, re.MULTILINE):
        found[f"{package}/{room}"] = set(re.findall(r"`(\w+)`", files))
    return found


@pytest.mark.parametrize("package", PARTS)
def test_every_file_is_in_the_map(package: str) -> None:
    named = rooms(package)
    for path in (ROOT / package).rglob("*.py"):
        folder = path.parent.relative_to(ROOT).as_posix()
        if path.stem == "__init__" and folder != package:
            continue
        assert path.stem in named.get(folder, ()), f"{path.relative_to(ROOT)} is not in the map"


@pytest.mark.parametrize("package", PARTS)
def test_every_room_of_the_map_exists(package: str) -> None:
    for folder, names in rooms(package).items():
        assert (ROOT / folder / "__init__.py").exists()
        if folder != package:  # the text above the table names functions, too
            known = {path.stem for path in (ROOT / folder).glob("*.py")}
            written = {name for name in names if name.islower() and name not in known}
            assert written <= PROSE, f"{folder} has no {written - PROSE}"


PROSE = {"bind", "extract", "inject"}
"""Names of functions that the map explains files with."""


def test_every_place_for_something_new_exists() -> None:
    table = CONTRIBUTING.partition("## Where do I put")[2].partition("## A map")[0]
    paths = re.findall(r"`((?:hyperparameter|hp_dist|docs|tests)/\S*?)`", table)
    assert len(paths) >= 9
    for path in paths:
        assert (ROOT / path).exists(), path


def test_the_glossary_has_at_most_35_words() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    words = re.findall(r"^\| ([^|]+?) \|", glossary, re.MULTILINE)[2:]
    assert 20 <= len(words) <= 35
    assert len(set(words)) == len(words)
