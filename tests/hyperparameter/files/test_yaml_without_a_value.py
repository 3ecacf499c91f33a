"""A name or an item of YAML with nothing behind it is None where the type has None."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

import hyperparameter as hp


@dataclass
class Inner:
    name: str | None = "d"


HINTS: list[Any] = [
    str | None, Path | None, int | str | None, Literal["a"] | None, int | None,
    list[str] | None, dict[str, str] | None, Inner | None,
]  # fmt: skip


def program(hint: Any) -> Any:
    @hp.param("t")
    def read(x: hint) -> Any:  # type: ignore[valid-type]  # made for each case
        return x

    return read


def read_from(text: str, hint: Any, tmp_path: Path) -> Any:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    return hp.run_cli(program(hint), ["-C", str(path)])


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_a_name_without_a_value_is_none(hint: Any, tmp_path: Path) -> None:
    assert read_from("t:\n  x:\n", hint, tmp_path) is None


INSIDE = [
    (list[str | None], "t:\n  x:\n  -\n  - a\n  - ''\n", [None, "a", ""]),
    (dict[str, str | None], "t:\n  x:\n    a:\n    b: b\n", {"a": None, "b": "b"}),
    (Inner, "t:\n  x:\n    name:\n", Inner(None)),
]


@pytest.mark.parametrize(("hint", "text", "value"), INSIDE)
def test_nothing_inside_of_a_value_is_none(
    hint: Any, text: str, value: object, tmp_path: Path
) -> None:
    assert read_from(text, hint, tmp_path) == value


@pytest.mark.parametrize("text", ["''", '""'])
def test_an_empty_text_in_quotes_stays_text(text: str, tmp_path: Path) -> None:
    assert read_from(f"t:\n  x: {text}\n", str | None, tmp_path) == ""
