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
    words = ["-C", f"fmlog.inner={written('d.json', {'names.a': '1'})}"]
    assert hp.run_cli(log, words)[0].inner == Log(names={"a": "1"})
    words = ["-C", f"fmlog={written('d.json', {'names.a': '1'})}"]
    assert hp.run_cli(log, words)[0].names == {"a": "1"}


@hp.param("fmfree")
def free(bare=None, anything: Any = None, values: dict[str, Any] = {}, log: Any = Log()) -> Any:  # type: ignore[no-untyped-def]  # one of the cases
    return {"bare": bare, "anything": anything, "values": values, "log": log}


@pytest.mark.parametrize("name", ["bare", "anything"])
def test_what_has_no_type_gets_the_names_that_were_written(written: Written, name: str) -> None:
    file, odd = written("m.json", DOTTED), written("odd.json", {"": 1, "a.b": 2})
    written("c.json", {"fmfree": {name: {"$include": "m.json"}}})
    whole = written("whole.json", {"fmfree": {name: DOTTED}})
    for word in (f"fmfree.{name}={file}", f"{name}={file}", "c.json", whole):
        assert hp.run_cli(free, ["-C", word])[name] == DOTTED
    assert hp.run_cli(free, ["-C", f"fmfree.{name}={odd}"])[name] == {"": 1, "a.b": 2}
    assert hp.run_cli(free, ["-C", f"fmfree.{name}.x={file}"])[name] == {"x": DOTTED}
    assert hp.run_cli(free, ["-C", f"fmfree.values.x={file}"])["values"] == {"x": DOTTED}


def test_over_an_instance_a_dotted_name_is_nesting(written: Written) -> None:
    file = written("d.json", {"names.a": "1"})
    assert hp.run_cli(free, ["-C", f"fmfree.log={file}"])["log"] == Log(names={"a": "1"})


@hp.param("fmodd")
def odd(fm_plain: dict = {}, fm_labels: dict[int, str] = {}) -> Any:  # type: ignore[type-arg]  # one of the cases
    return fm_plain, fm_labels


def test_names_that_cannot_be_keys_make_one_value(written: Written) -> None:
    Path("labels.yaml").write_text("0: person\n1: 1.10\n")
    for name, include in (
        ("fm_plain", {0: "person", 1: 1.1}),
        ("fm_labels", {0: "person", 1: "1.10"}),
    ):
        index = ["fm_plain", "fm_labels"].index(name)
        Path("c.yaml").write_text(f"fmodd: {{{name}: {{$include: labels.yaml}}}}")
        for word in (f"fmodd.{name}=labels.yaml", f"{name}=labels.yaml", "c.yaml"):
            assert hp.run_cli(odd, ["-C", word])[index] == include
    with pytest.raises(
        hp.UsageError, match=r"labels.yaml:1: the key 0 is not text. Put it in quot"
    ):
        hp.run_cli(odd, ["-C", "labels.yaml"])
    with pytest.raises(hp.ConfigurationError, match=r"labels.yaml:1: the key 0 is not text. Put"):
        hp.Params.from_file("labels.yaml")


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
