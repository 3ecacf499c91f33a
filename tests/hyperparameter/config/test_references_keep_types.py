"""A reference brings the value with its type: quoted text stays text, whoever reads it."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Optional

import pytest

import hyperparameter as hp

TEXTS = ["3.10", "007", "7", "1e3", "true", "null", "~", "", "2025-01-31", '{"a": 1}', "[1]"]


@dataclass
class Readers:
    untyped: Any = 0
    text: str = ""
    optional: Optional[str] = "x"  # noqa: UP045  # the older spelling is one of the cases
    int_or_text: int | str = 0
    float_or_text: float | str = 0.0
    bool_or_text: bool | str = False
    date_or_text: date | str = ""
    number_text_or_none: float | str | None = None


def yaml_of(text: str) -> str:
    return json.dumps({"it": {"at": text, "all": [0, text]}})  # quoted, as YAML has it too


def source(kind: str, text: str, folder: Path) -> Any:
    """Return a source that says `it.at` and `it.all.1` are this text, quoted."""
    if kind == "mapping":
        return {"it": {"at": text, "all": [0, text]}}
    if kind == "include":
        (folder / "inner.yaml").write_text(yaml_of(text))
        (folder / "outer.yaml").write_text("$include: inner.yaml\n")
        return folder / "outer.yaml"
    path = folder / f"it.{kind}"
    quoted = json.dumps(text)
    path.write_text(
        f"[it]\nat = {quoted}\nall = [0, {quoted}]\n" if kind == "toml" else yaml_of(text)
    )
    return path


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", ["yaml", "json", "toml", "mapping", "include"])
def test_quoted_text_stays_text(kind: str, text: str, tmp_path: Path) -> None:
    ways = {
        "alone": "${it.at}",
        "item": "${it.all.1}",
        "again": "${ways.alone}",
        "made": "${it.${name}}",
    }
    (tmp_path / "ways.yaml").write_text(
        "name: at\nways:\n" + "".join(f"  {name}: {way}\n" for name, way in ways.items())
    )
    given = [source(kind, text, tmp_path), tmp_path / "ways.yaml"]
    found: Any = hp.config(given, dict)["ways"]
    assert found == dict.fromkeys(ways, text)
    with hp.config(given):
        for name in ways:
            assert hp.scope.ways[name]() == text  # type: ignore[index]  # an accessor
    for way in ways.values():
        fields = "".join(f"  {name}: {way}\n" for name in Readers.__annotations__)
        (tmp_path / "r.yaml").write_text(f"readers:\n{fields}")
        got = hp.config([*given, tmp_path / "r.yaml"], Readers, section="readers")
        assert got == Readers(*[text] * len(Readers.__annotations__))


def test_words_without_quotes_stay_without_a_type_and_env_has_none(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "v: 3.10\nn: 1\na: ${v}\nb: 3.${n}0\nc: ${env:V}\nd: '3.${n}0'\n"
    )
    with hp.config(tmp_path / "c.yaml", env={"V": "3.10"}):
        assert (hp.scope.a | "", hp.scope.b | "", hp.scope.c | "") == ("3.10",) * 3
        assert (hp.scope.a(), hp.scope.b(), hp.scope.c()) == (3.1,) * 3
        assert hp.scope.d() == "3.10"


@hp.param("rkdeclared")
def declared(
    version: str = "1.10",
    path: Path = Path("1.10"),
    number: Decimal = Decimal("1.10"),
    day: date = date(2025, 1, 31),
    raw: bytes = b"7",
    several: tuple[Any, ...] = (Path("7"), "8"),
) -> None: ...


def test_text_of_a_declared_default_stays_text(tmp_path: Path) -> None:
    names = ["version", "path", "number", "day", "raw", "several", "several.0", "several.1"]
    lines = [f"{name.replace('.', '_')}: ${{rkdeclared.{name}}}\n" for name in names]
    (tmp_path / "c.yaml").write_text("".join(lines))
    found = hp.config(tmp_path / "c.yaml", dict)
    assert found == {
        "version": "1.10", "path": "1.10", "number": "1.10", "day": "2025-01-31", "raw": "7",
        "several": ("7", "8"), "several_0": "7", "several_1": "8",
    }  # fmt: skip


@dataclass
class WithVersion:
    version: str = "1.10"
    same: Any = None


def test_text_of_a_default_of_the_schema_stays_text(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("same: ${version}\n")
    assert hp.config(tmp_path / "c.yaml", WithVersion) == WithVersion("1.10", "1.10")


@hp.param("rkjob")
def job(python: Any = None, tag: str | None = "x") -> Any:
    return python, tag


def test_a_program_gets_the_text(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        'version: "3.10"\ntag: "null"\nrkjob:\n  python: ${version}\n  tag: ${tag}\n'
    )
    assert hp.run_cli(job, ["-C", str(tmp_path / "c.yaml")]) == ("3.10", "null")
