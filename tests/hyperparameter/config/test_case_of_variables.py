"""A variable sets the name that is known, in the case in which it is written."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import pytest

import hyperparameter as hp


@dataclass
class Db:
    Port: int = 1
    opts: dict[str, str] = field(default_factory=lambda: {"Key": "v"})


class Typed(TypedDict, total=False):
    Name: str


@dataclass
class Everything:
    db: Db = field(default_factory=Db)
    other: Db = field(default_factory=lambda: Db(opts={"Other": "o"}))
    dbs: dict[str, Db] = field(default_factory=lambda: {"One": Db()})
    deep: dict[str, dict[str, Db]] = field(default_factory=dict)
    maybe: Db | None = None
    typed: Typed = field(default_factory=lambda: Typed())
    dots: dict[str, int] = field(default_factory=lambda: {"Layer.Conv": 1})
    plain: Any = field(default_factory=lambda: {"Sub": {"Key": 1}})


CASES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("DB__OPTS__KEY", "9", lambda s: s.db.opts, {"Key": "9"}),
    ("DB__PORT", "9", lambda s: s.db.Port, 9),
    ("OTHER__OPTS__OTHER", "9", lambda s: s.other.opts, {"Other": "9"}),
    ("OTHER__OPTS__KEY", "9", lambda s: s.other.opts, {"Other": "o", "key": "9"}),
    ("DBS__ONE__OPTS__KEY", "9", lambda s: s.dbs, {"One": Db(1, {"Key": "9"})}),
    ("DBS__ONE__PORT", "9", lambda s: s.dbs, {"One": Db(9)}),
    ("DBS__TWO__OPTS__KEY", "9", lambda s: s.dbs, {"One": Db(), "two": Db(1, {"Key": "9"})}),
    ("DBS__TWO__PORT", "9", lambda s: s.dbs["two"], Db(9)),
    ("DEEP__A__B__OPTS__KEY", "9", lambda s: s.deep, {"a": {"b": Db(1, {"Key": "9"})}}),
    ("MAYBE__OPTS__KEY", "9", lambda s: s.maybe, Db(1, {"Key": "9"})),
    ("TYPED__NAME", "9", lambda s: s.typed, {"Name": "9"}),
    ("DOTS__LAYER__CONV", "9", lambda s: s.dots, {"Layer.Conv": 9}),
    ("PLAIN__SUB__KEY", "9", lambda s: s.plain, {"Sub": {"Key": 9}}),
]  # type: ignore[assignment]  # of many types


@pytest.mark.parametrize(("name", "text", "part", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_with_a_schema(name: str, text: str, part: Any, wanted: Any) -> None:
    assert part(hp.config({}, Everything, env_prefix="CV", env={f"CV_{name}": text})) == wanted
    found = hp.config({}, Everything, section="s", env_prefix="CV", env={f"CV_S__{name}": text})
    assert part(found) == wanted


@hp.param("cvrun")
def by_type(s: Everything = None) -> Any:  # type: ignore[assignment]  # until it is set
    return s


@hp.param("cvhas")
def by_default(s: Any = Everything()) -> Any:
    return s


@hp.param("cvopen")
def by_scope(s: Any = None) -> Any:
    return s


@pytest.mark.parametrize("namespace", ["cvrun", "cvhas", "cvopen"])
@pytest.mark.parametrize(("name", "text", "part", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_of_a_program(
    name: str, text: str, part: Any, wanted: Any, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CV_{namespace.upper()}__S__{name}", text)
    function: Any = {"cvrun": by_type, "cvhas": by_default, "cvopen": by_scope}[namespace]
    with hp.scope(**({"cvopen.s": Everything()} if namespace == "cvopen" else {})):
        assert part(hp.run_cli(function, [], env_prefix="CV")) == wanted


@hp.param("cvword")
def by_word(s: dict[str, Any] = {}) -> Any:
    return s


SAID: dict[str, Any] = {
    "nested": {"Sub": {"Key": 1}},
    "reference": "${base}",
    "again": "${base.Again}",
    "beside": "${.Beside}",
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("kind", ["json", "mapping"])
def test_names_of_files(said: str, kind: str, tmp_path: Path) -> None:
    values = {
        "base": {"Sub": {"Key": 1}, "Again": "${base2}"},
        "base2": {"Sub": {"Key": 1}},
        "it": {"m": SAID[said], "Beside": {"Sub": {"Key": 1}}},
    }
    (tmp_path / "c.json").write_text(json.dumps(values))
    source: Any = values if kind == "mapping" else tmp_path / "c.json"
    env = {"CV_IT__M__SUB__KEY": "9"}
    found: Any = hp.config(source, dict, env_prefix="CV", env=env)
    assert found["it"]["m"]["Sub"] == {"Key": 9}
    assert found["base2"] == {"Sub": {"Key": 1}}


def test_an_entry_of_a_file_has_the_names_of_its_type(tmp_path: Path) -> None:
    values = {"dbs": {"Two": {"Port": 2}}}
    env = {"CV_DBS__TWO__OPTS__KEY": "9"}
    found = hp.config(values, Everything, env_prefix="CV", env=env)
    assert found.dbs == {"One": Db(), "Two": Db(2, {"Key": "9"})}


def test_names_of_a_word_that_is_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CV_CVWORD__S__SUB__KEY", "9")
    with hp.scope('cvword.s={"Sub": {"Key": 1}}'):
        assert hp.run_cli(by_word, [], env_prefix="CV") == {"Sub": {"Key": 9}}


def test_references_that_lead_back_are_named_as_ever() -> None:
    with pytest.raises(hp.ConfigurationError, match="a -> b -> a"):
        hp.config({"a": "${b}", "b": "${a}"}, env_prefix="CV", env={"CV_A__X__Y": "1"})


def test_a_factory_that_no_variable_leads_to_is_not_asked() -> None:
    made: list[int] = []

    @dataclass
    class Counted:
        a: dict[str, int] = field(default_factory=lambda: made.append(1) or {"Key": 1})  # type: ignore[func-returns-value]  # counted
        b: int = 0

    hp.config({"a": {}}, Counted, env_prefix="CV", env={"CV_B": "2"})
    assert len(made) <= 1  # by the instance itself


def test_a_factory_that_fails_says_so_where_it_is_needed() -> None:
    @dataclass
    class Fails:
        a: dict[str, int] = field(default_factory=lambda: {"Key": 1 // 0})
        b: int = 0

    env = {"CV_A__KEY": "2"}
    with pytest.raises(ZeroDivisionError):
        hp.config({}, Fails, env_prefix="CV", env=env)
