"""`true`, `null` and `-0` inside of JSON are, toward text, what was written."""

import json
from dataclasses import dataclass
from enum import Enum
from numbers import Number
from pathlib import Path
from typing import Any, Literal

import pytest

import hyperparameter as hp


@dataclass
class Run:
    name: str = "none"
    on: bool = False


class Switch(Enum):
    true = "t"
    ON = True


SOURCES = ["scope", "-D", "option", "environment", "override"]
ROWS: list[tuple[Any, str, Any]] = [
    (list[str], "[true, false, null]", ["true", "false", "null"]),
    (list[str], "[-0, 10, 1.50, 1E3]", ["-0", "10", "1.50", "1E3"]),
    (list[str], "[NaN, -Infinity]", ["NaN", "-Infinity"]),
    (list[str | None], "[true, null]", ["true", None]),
    (list[int | str], "[true, 1]", ["true", 1]),
    (list[bool | str], '[true, "true"]', [True, "true"]),
    (list[bool], "[true, false]", [True, False]),
    (list[int | None], "[null, -0]", [None, 0]),
    (list[Literal["true"]], "[true]", ["true"]),
    (list[Literal[True, "true"]], '[true, "true"]', [True, "true"]),
    (list[Switch], '[true, "true"]', [Switch.ON, Switch.true]),
    (list[Number], "[1.5, -0]", [1.5, 0]),
    (dict[str, str], '{"a": {"b": true}, "c": null}', hp.ConversionError),
    (dict[str, list[str]], '{"a": [false]}', {"a": ["false"]}),
    (list[Path], "[true, 1.50]", [Path("true"), Path("1.50")]),
    (Run, '{"name": true, "on": true}', Run("true", True)),
    (Run, '{"name": null}', Run("null")),
    (list[int], "[true]", hp.ConversionError),
    (list[int], "[null]", hp.ConversionError),
    (list, "[true, null, -0, 1.50]", [True, None, 0, 1.5]),
]


def given(source: str, hint: Any, text: str) -> Any:
    @hp.param("words")
    def read(x: hint) -> Any:  # type: ignore[valid-type]
        return x

    try:
        if source == "scope":
            with hp.scope(f"words.x={text}"):
                return read()
        if source == "override":
            with hp.config({}, overrides=[f"words.x={text}"]):
                return read()
        argv = {"-D": ["-D", f"words.x={text}"], "option": ["--x", text]}.get(source, [])
        return hp.run_cli(read, argv, env_prefix="WORDS")
    except (hp.ConversionError, hp.UsageError):
        return hp.ConversionError


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("hint", "text", "expected"), ROWS, ids=[row[1][:30] for row in ROWS])
def test_words_of_json_are_text_toward_text(
    source: str, hint: Any, text: str, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDS_WORDS__X" if source == "environment" else "OTHER", text)
    found = given(source, hint, text)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 == True


FILES = {
    "json": '{"f": {"name": true, "flags": [false, -0, 1.50], "text": "true", "on": true}}',
    "toml": 'f.name = true\nf.flags = [false, "-0", 1.50]\nf.text = "true"\nf.on = true',
    "yaml": 'f: {name: true, flags: [false, -0, 1.50], text: "true", on: true}',
}


@pytest.mark.parametrize("kind", FILES)
def test_words_of_files_are_text_toward_text(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"c.{kind}"
    file.write_text(FILES[kind])
    with hp.config(file) as scope:
        assert hp.scope.f.name | "d" == "true"
        assert hp.scope.f.flags() == [False, "-0" if kind == "toml" else 0, 1.5]
        assert hp.scope.f.name() is True
        assert hp.scope.f.on | False is True
        assert scope["f.text"] == "true"
        assert hp.config(file, Wanted) == Wanted(
            Flags("true", ["false", "-0", "1.50"], "true", True)
        )
        json.dumps(scope.storage().storage())


def test_words_of_jsonnet_are_text_toward_text(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonnet"
    file.write_text("{f: {name: 1 < 2, flags: [false, 1.5], text: 'true', on: true}}")
    assert hp.config(file, Wanted) == Wanted(Flags("true", ["false", "1.5"], "true", True))
    with hp.config(file):
        assert named() == "true"
        assert hp.scope.f.name() is True
        assert hp.scope.f.flags() == [False, 1.5]


@dataclass
class Flags:
    name: str
    flags: list[str]
    text: str
    on: bool


@dataclass
class Wanted:
    f: Flags


def test_null_of_a_json_file_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"f": {"name": null}}')
    with hp.config(file), pytest.raises(hp.ConversionError, match="null is not text"):
        named()


@hp.param("f")
def named(name: str = "d") -> str:
    return name


def test_a_boolean_of_a_file_is_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"use": {"password": true}, "copy": "${use.password}", "text": "is true"}')
    with hp.config(file), hp.record() as record:
        assert (hp.scope.copy(), hp.scope.text()) == (True, "is true")
    assert record.operative() == {"copy": True, "text": "is true"}


def test_a_list_may_have_ints_of_any_number_of_digits() -> None:
    with hp.scope(f"words.x=[1{'0' * 5000}]"):
        assert hp.scope.words.x | [1] == hp.scope.words.x() == [10**5000]
