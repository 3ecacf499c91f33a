"""The table in docs/params.md has every public name of `Params` and tests that exist."""

import ast
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from hyperparameter import params

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parents[1] / "docs/params.md").read_text("utf-8")
TABLE = DOCUMENT.partition("| item | tests |")[2].partition("\n\n")[0]


def column(number: int) -> Iterator[str]:
    for row in TABLE.splitlines()[2:]:
        yield from re.findall(r"`(.+?)`", row.split("|")[number])


def defined(file: str) -> set[str]:
    """Return the names of the test classes and functions of a file, methods with their class."""
    found = set()
    for node in ast.parse((TESTS / file).read_text("utf-8")).body:
        name = getattr(node, "name", "")
        found |= {
            name,
            *(f"{name}.{getattr(one, 'name', '')}" for one in getattr(node, "body", [])),
        }
    return found


def test_every_public_name_is_in_the_table() -> None:
    named = set(re.findall(r"\w+", " ".join(column(1))))
    of_class = {name for name in dir(params.Params) if not name.startswith("_")}
    inherited = {name for name in dir(MutableMapping) if not name.startswith("_")}
    public = (of_class - inherited) | {"get", "pop"} | set(params.__all__)
    assert public <= named


def test_every_test_in_the_table_exists() -> None:
    named = list(column(2))
    assert len(named) > 15
    for name in named:
        if name.endswith(".py"):
            assert (TESTS / name).exists()
        else:
            assert name in defined("params/test_params.py")
