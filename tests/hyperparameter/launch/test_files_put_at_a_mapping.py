"""A file that is put at a key with a mapping type has the names of that mapping at its top."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp

DOTTED = {"urllib3": {"l": 1}, "urllib3.pool": {"l": 2}, "a.b": 3}
TEXTS = {"urllib3.pool": "2", "urllib3": "1"}


@dataclass
class Log:
    loggers: dict = field(default_factory=dict)  # type: ignore[type-arg]  # one of the cases
    names: dict[str, str] = field(default_factory=dict)
    either: dict[str, str] | None = None
    inner: "Log | None" = None


@hp.param("fmlog")
def log(
    fm_plain={},  # type: ignore[no-untyped-def]  # one of the cases
    names: dict[str, str] = {},
    either: dict[str, str] | None = None,
    inner: Log = Log(),
    untyped: Any = None,
) -> Any:
    return Log(fm_plain, names, either, inner), untyped


Written = Callable[[str, Any], str]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.chdir(tmp_path)

    def write(name: str, values: Any) -> str:
        Path(name).write_text(json.dumps(values))
        return name

    return write


def test_the_names_of_a_mapping_are_kept(written: Written) -> None:
    file, texts = written("m.json", DOTTED), written("s.yaml", TEXTS)
    assert hp.run_cli(log, ["-C", f"fmlog.fm_plain={file}"])[0].loggers == DOTTED
    assert hp.run_cli(log, ["-C", f"fm_plain={file}"])[0].loggers == DOTTED
    assert hp.run_cli(log, ["-C", f"fmlog.names={texts}"])[0].names == TEXTS
    assert hp.run_cli(log, ["-C", f"fmlog.either={texts}"])[0].either == TEXTS
    assert hp.run_cli(log, ["-C", f"fmlog.inner.names={texts}"])[0].inner.names == TEXTS
    assert hp.run_cli(log, ["-C", f"fmlog.inner.loggers={file}"])[0].inner.loggers == DOTTED


def test_a_later_write_lands_on_such_a_name(written: Written) -> None:
    words = ["-C", f"fmlog.fm_plain={written('m.json', {'urllib3.pool': {'l': 2}})}"]
    found = hp.run_cli(log, [*words, "-D", "fmlog.fm_plain.urllib3.pool.l=9"])[0].loggers
    assert found == {"urllib3.pool": {"l": 9}}


def test_elsewhere_a_dotted_name_at_the_top_is_nesting(written: Written) -> None:
    nested = {"urllib3": {"l": 1, "pool": {"l": 2}}, "a": {"b": 3}}
    assert hp.run_cli(log, ["-C", f"fmlog.untyped={written('m.json', DOTTED)}"])[1] == nested
    words = ["-C", f"fmlog.inner={written('d.json', {'names.a': '1'})}"]
    assert hp.run_cli(log, words)[0].inner == Log(names={"a": "1"})
    words = ["-C", f"fmlog={written('d.json', {'names.a': '1'})}"]
    assert hp.run_cli(log, words)[0].names == {"a": "1"}


def test_what_a_section_includes_is_put_there_alike(written: Written) -> None:
    written("s.json", TEXTS)
    file = written("c.json", {"fmlog": {"names": {"$include": "s.json", "more": "3"}}})
    assert hp.run_cli(log, ["-C", file])[0].names == {**TEXTS, "more": "3"}


def test_with_a_schema(written: Written) -> None:
    file = written("s.json", TEXTS)
    assert hp.config(file, Log, at="names").names == TEXTS
    assert hp.config(TEXTS, Log, at="names").names == TEXTS
    assert hp.config(file, Log, at="s.either", section="s").either == TEXTS
    found = hp.config(file, Log, at="inner.names").inner
    assert found is not None
    assert found.names == TEXTS
    assert hp.config({"names.a": "1"}, Log, at="inner").inner == Log(names={"a": "1"})
    written("c.json", {"names": {"$include": "s.json"}})
    assert hp.config("c.json", Log).names == TEXTS
