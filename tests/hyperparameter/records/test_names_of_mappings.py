"""A record gives mappings back whose names were written otherwise than the mappings have them."""

import enum
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import hyperparameter as hp


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


# The type of the names, a spelling that is not the one that a file is given, and the name.
NAMES: dict[str, tuple[Any, str, object]] = {
    "enum by value": (Color, "b", Color.BLUE),
    "enum by name": (Color, "BLUE", Color.BLUE),
    "float": (float, "0.5", 0.5),
    "float with more digits": (float, "0.50", 0.5),
    "int": (int, "+7", 7),
    "date": (date, "20200101", date(2020, 1, 1)),
    "path": (Path, "a/", Path("a")),
    "uuid": (
        UUID,
        "12345678123456781234567812345678",
        UUID(int=0x12345678123456781234567812345678),
    ),
    "duration": (timedelta, "90s", timedelta(seconds=90)),
    "optional": (Color | None, "b", Color.BLUE),
}
OTHERS: dict[Any, object] = {
    Color: Color.RED, float: 1.25, int: 1, date: date(2021, 1, 1), Path: Path("b"),
    UUID: UUID(int=1), timedelta: timedelta(1), Color | None: Color.RED,
}  # fmt: skip

WORDS: dict[str, Callable[[str, Path], list[str]]] = {
    "-D": lambda name, _: ["-D", f"t.x={json.dumps({name: 3})}"],
    "pair": lambda name, _: ["--x", f"{name}=3"],
    "json": lambda name, path: ["-C", _file(path / "c.json", json.dumps({"t": {"x": {name: 3}}}))],
    "yaml": lambda name, path: ["-C", _file(path / "c.yaml", f"t:\n  x:\n    {name}: 3\n")],
}


def _file(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _program(kind: Any, default: object) -> Callable[..., Any]:
    def program(x: Any = default) -> Any:
        return x

    program.__annotations__["x"] = dict[kind, int]
    return hp.param("t")(program)


# In YAML some of the names are numbers: such a mapping takes the place of the default.
@pytest.mark.parametrize(
    ("words", "has_default"),
    [*((words, False) for words in WORDS), *((words, True) for words in WORDS if words != "yaml")],
)
@pytest.mark.parametrize("name", NAMES)
def test_run_is_the_same_again(
    name: str, words: str, has_default: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, text, typed = NAMES[name]
    default = {OTHERS[kind]: 1} if has_default else {}
    program, path = _program(kind, default), tmp_path / "r.json"
    with hp.record() as rec:
        got = hp.run_cli(program, [*WORDS[words](text, tmp_path), "--record", str(path)])
    assert got == {**default, typed: 3}
    assert rec.unused() == []
    assert "never read" not in capsys.readouterr().err
    assert hp.run_cli(program, ["-C", str(path)]) == got
    with hp.scope(**hp.Record.load(path).operative()):
        assert program() == got


@pytest.mark.parametrize(
    "words", [["-D", "t.x.A.b=2"], ["-D", 't.x={"A": {"b": 2}}'], ["--x", '{"A": {"b": 2}}'],
              ["--x.A.b", "2"], ["--x", "A.b=2"]],
)  # fmt: skip
def test_dots_of_the_default_are_found_again(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, path = _program(str, {"A.b": 1, "A.c": 5}), tmp_path / "r.json"
    got = hp.run_cli(program, [*words, "--record", str(path)])
    assert got == {"A.b": 2, "A.c": 5}
    assert "never read" not in capsys.readouterr().err
    assert hp.run_cli(program, ["-C", str(path)]) == got
    with hp.scope(**hp.Record.load(path).operative()):
        assert program() == got


def test_two_readers_each_get_their_value_again(tmp_path: Path) -> None:
    """One has typed names, and the other the names as they were written."""

    @hp.param("t")
    def typed(x: dict[Color, str] = {}) -> object:
        return x

    @hp.param("program")
    def program() -> object:
        return typed(), hp.scope.t.x()

    path = tmp_path / "r.json"
    got = hp.run_cli(program, ["-D", 't.x={"b": "1"}', "--record", str(path)])
    assert got == ({Color.BLUE: "1"}, {"b": "1"})
    assert hp.run_cli(program, ["-C", str(path)]) == got
