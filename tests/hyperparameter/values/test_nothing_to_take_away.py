"""`~key` below a value that has nothing below it leaves that value alone, from every source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


@hp.param("nothing_away")
def of_mapping(m: dict[str, Any] = {"k": 1}) -> object:
    return m


@hp.param("nothing_away")
def of_any(m: Any = {"k": 1}) -> object:
    return m


AWAY = ["nothing_away.m.a.b", "nothing_away.m.a.b.c"]
VALUES: list[object] = [5, 0.5, True, "text", "", [1, 2], None]


@pytest.mark.parametrize("key", AWAY)
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("source", ["file", "-D", "scope"])
def test_the_value_above_stays(source: str, value: object, key: str, tmp_path: Path) -> None:
    wanted = {"k": 1, "a": value}
    config = {"nothing_away": {"m": {"a": value}}}
    (tmp_path / "c.json").write_text(json.dumps(config))
    words = {
        "file": ["-C", str(tmp_path / "c.json")],
        "-D": ["-D", f"nothing_away.m.a={json.dumps(value)}"],
        "scope": [],
    }
    for function in (of_mapping, of_any):
        with hp.scope(**(config if source == "scope" else {})):
            assert hp.run_cli(function, [*words[source], "-D", f"~{key}"]) == wanted


@pytest.mark.parametrize("key", ["nothing_away.m.a", "nothing_away.m.a.b"])
@pytest.mark.parametrize("value", [5, "text", None])
def test_so_does_what_replaces_a_mapping_as_a_whole(
    value: object, key: str, tmp_path: Path
) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"nothing_away": {"m": value}}))
    assert hp.run_cli(of_any, ["-C", str(tmp_path / "c.json"), "-D", f"~{key}"]) == value
