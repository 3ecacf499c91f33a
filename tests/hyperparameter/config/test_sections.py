"""`hp.config(at=..., section=...)`, plain dicts, and variables that meet known names."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


@dataclass
class Model:
    layers: int = 1
    LR: float = 0.1


@dataclass
class Job:
    model: Model = field(default_factory=Model)
    name: str | None = None


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(
        "size: 3\nmodel:\n  layers: ${size}\n  LR: 0.5\nempty:\nlrs: {l.c: 1, l: 2}\n"
    )
    return tmp_path


def problem(*args: Any, **options: Any) -> str:
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(*args, **options)
    return str(caught.value)


def test_at_puts_files_and_mappings_below_a_key_and_nothing_else() -> None:
    Path("d.toml").write_text("host = 'h'\n[deep]\nx = 1\n")
    found = hp.config(
        ["d.toml", {"port": 1}], at="app.db", overrides=["app.db.port=2", "other=3"],
        env_prefix="A", env={"A_APP__DB__HOST": "e", "A_X": "1"},
    )  # fmt: skip
    assert dict(found) == {
        "app.db.host": "e", "app.db.deep.x": 1, "app.db.port": 2, "x": 1, "other": 3,
    }  # fmt: skip
    with found:
        assert str(hp.explain("app.db.deep.x").origin) == "file d.toml:3"


def test_references_in_a_file_at_a_key_see_everything() -> None:
    Path("d.yaml").write_text("a: ${size}\nb: ${.a}\nc: ${db.a}\n")
    assert dict(hp.config("d.yaml", at="db", overrides=["size=1"])) == {
        "db.a": 1, "db.b": 1, "db.c": 1, "size": 1,
    }  # fmt: skip


@pytest.mark.parametrize("key", ["a..b", ".a"])
def test_at_and_section_are_keys(key: str) -> None:
    with pytest.raises(hp.InvalidKey):
        hp.config({}, at=key)
    with pytest.raises(hp.InvalidKey):
        hp.config({}, section=key)


def test_a_section_for_a_schema_is_resolved_in_the_whole() -> None:
    assert hp.config("c.yaml", Model, section="model") == Model(3, 0.5)
    env = {"A_SIZE": "7", "A_MODEL__LR": "9"}
    found = hp.config("c.yaml", Model, ["model.layers=${size}"], section="model",
                      env_prefix="A", env=env)  # fmt: skip
    assert found == Model(7, 9.0)
    assert hp.config("c.yaml", Model, section="empty") == Model()
    assert hp.config({}, Model, ['m={"layers": 4}'], section="m") == Model(4)


def test_errors_in_a_section_have_the_whole_key() -> None:
    Path("d.yaml").write_text("a:\n  model:\n    layer: 3\n")
    text = problem("d.yaml", Model, section="a.model")
    assert text.startswith("a.model.layer (file d.yaml:3): Model has no field 'layer'.")


def test_a_section_as_a_scope_keeps_origins_and_what_they_shadow() -> None:
    with hp.config(["c.yaml", {"model.LR": 2}], section="model") as found:
        assert dict(found) == {"layers": 3, "LR": 2}
        assert str(hp.explain("layers").origin) == "file c.yaml:3"
        assert [str(at) for _, at in hp.explain("LR").shadows] == ["file c.yaml:4"]


def test_a_section_keeps_names_with_dots() -> None:
    with hp.config({"a": {"b": {"l.c": 1, "l": 2}}}, section="a"):
        assert hp.scope.b | {} == {"l.c": 1, "l": 2}
    assert dict(hp.config({"a": {"b": {"l.c": 1, "l": 2}}}, section="a.b")) == {"l.c": 1, "l": 2}
    assert "no such section" in problem({"a": {"l.c": {"x": 1}}}, section="a.l")


def test_a_section_that_is_none_is_an_error() -> None:
    assert problem("c.yaml", section="modle") == (
        "modle: there is no such section. Did you mean 'model'?"
    )
    assert problem("c.yaml", Model, section="size") == "size: this is 3, not a section."
    assert "not a section" in problem([{"m": {"x": 1}}, {"m": None}], section="m")


def test_dict_is_everything_resolved_as_plain_nested_dicts() -> None:
    found = hp.config(["c.yaml", {"xs": [1, {"a": "b"}], "t": "007"}], dict, ["size=4", "n=007"])
    assert found == {
        "size": 4, "model": {"layers": 4, "LR": 0.5}, "empty": None, "lrs": {"l.c": 1, "l": 2},
        "xs": [1, {"a": "b"}], "t": "007", "n": "007",
    }  # fmt: skip
    assert type(found["size"]) is int
    assert type(found["n"]) is str
    assert type(found["model"]) is dict
    assert hp.config("c.yaml", dict, section="model") == {"layers": 3, "LR": 0.5}
    assert hp.config({}, dict) == {}
    assert hp.config([], dict) == {}
    assert hp.config({"a": 1}, dict, env_prefix="A", env={"A_A": "", "A_B": ""})["a"] == 1


def test_dict_gives_the_instance_with_the_fields_that_were_set_over_it() -> None:
    assert hp.config({"m": Model(4)}, dict, ["m.LR=2"]) == {"m": Model(4, 2.0)}


# -- variables -------------------------------------------------------------------------------


def variables(source: Any, *args: Any, **env: str) -> Any:
    return hp.config(source, *args, env_prefix="MY", env=env)


def test_a_variable_sets_a_name_with_capitals() -> None:
    found = variables({"Model": {"hidden": 8, "T": 1}}, MY_MODEL__HIDDEN="5", MY_MODEL__T="6")
    assert dict(found) == {"Model.hidden": 5, "Model.T": 6}
    assert dict(variables("c.yaml", MY_MODEL__LR="1"))["model.LR"] == 1
    assert variables({}, Job, MY_MODEL__LR="2", MY_NAME="n") == Job(Model(1, 2.0), "n")


def test_the_same_case_comes_first_then_lower_case() -> None:
    both = {"a": {"T": 1, "t": 2}}
    assert dict(variables(both, MY_A__T="5")) == {"a.T": 5, "a.t": 2}
    assert dict(variables(both, MY_a__t="5")) == {"a.T": 1, "a.t": 5}
    assert dict(variables({"ab": 1, "AB": 2, "Ab": 3}, MY_aB="5"))["ab"] == 5
    with pytest.raises(hp.ConfigurationError, match=r"\$MY_AB may mean Ab or aB\."):
        variables({"Ab": 1, "aB": 2}, MY_AB="5")


NAMESPACES_OF_TWO_CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"Model": {"hidden": 8}, "model": {"dropout": 1}}, "MY_MODEL__HIDDEN", "Model.hidden"),
    ({"Model": {"hidden": 8}, "model": {"dropout": 1}}, "MY_MODEL__DROPOUT", "model.dropout"),
    ({"Model": {"hidden": 8}, "model": {"dropout": 1}}, "MY_model__HIDDEN", "Model.hidden"),
    ({"Model": {"hidden": 8}, "model": {"dropout": 1}}, "MY_MODEL__NEW", "model.new"),
    ({"Model": {"x": 8}, "mODEL": {"y": 1}}, "MY_MODEL__X", "Model.x"),
    ({"A": {"Net": {"h": 8}, "net": {"x": 1}}, "a": 1}, "MY_A__NET__H", "A.Net.h"),
    ({"A": {"N": {"X": {"z": 8}}}, "a": {"n": {"y": 1}}}, "MY_A__N__X__Y", "A.N.X.y"),
    ({"a": {"x": 1}, "a__b": {"c": 8}}, "MY_A__B__C", "a__b.c"),
    ({"Model": "${base}", "base": {"hidden": 8}, "model": {}}, "MY_MODEL__HIDDEN", "Model.hidden"),
]


@pytest.mark.parametrize(("source", "name", "key"), NAMESPACES_OF_TWO_CASES)
def test_of_namespaces_that_differ_in_case_the_one_that_has_the_name_is_meant(
    source: dict[str, Any], name: str, key: str
) -> None:
    before = dict(variables(source))
    assert dict(variables(source, **{name: "5"})) == {**before, key: 5}


def test_of_namespaces_that_differ_in_case_only_both_of_which_have_the_name_is_an_error() -> None:
    both = {"Model": {"x": 1}, "mODEL": {"x": 2}}
    with pytest.raises(
        hp.ConfigurationError, match=r"\$MY_MODEL__X may mean Model\.x or mODEL\.x\."
    ):
        variables(both, MY_MODEL__X="5")
    assert dict(variables(both, MY_mODEL__X="5"))["mODEL.x"] == 5


def test_of_fields_that_differ_in_case_the_one_that_has_the_name_is_meant() -> None:
    @dataclass
    class A:
        lr: int = 1

    @dataclass
    class B:
        x: int = 1

    @dataclass
    class Nets:
        Net: A = field(default_factory=A)
        net: B = field(default_factory=B)

    assert variables({}, Nets, MY_NET__LR="5") == Nets(A(5), B())
    assert variables({}, Nets, MY_NET__X="5") == Nets(A(), B(5))


def test_of_namespaces_of_a_program_the_one_that_has_the_name_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @hp.param("Twocase")
    def outer(hidden: int = 1) -> int:
        return hidden

    @hp.param("twocase")
    def inner(layers: int = 2) -> tuple[int, int]:
        return outer(), layers

    monkeypatch.setenv("MY_TWOCASE__HIDDEN", "5")
    assert hp.run_cli(inner, [], env_prefix="MY") == (5, 2)


@pytest.mark.parametrize("text", ["${size}", "$${x}", "a${b", "${nope}", "${env:HOME}", "$x"])
def test_a_variable_is_taken_as_it_was_typed(text: str) -> None:
    assert variables({"size": 3}, MY_TAG=text)["tag"] == text
    assert variables({"size": 3, "a": "<${tag}>"}, MY_TAG=text)["a"] == f"<{text}>"

    @hp.param("lit")
    def tag(tag: str = "t") -> str:
        return tag

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MY_LIT__TAG", text)
        assert hp.run_cli(tag, [], env_prefix="MY") == text
    assert hp.run_cli(tag, ["-D", f"lit.tag={text}"]) == text


def test_what_is_not_known_is_lower_case() -> None:
    found = variables({"Model": {"x": 1}}, MY_MODEL__NEW="2", MY_Other__Y="3")
    assert dict(found) == {"Model.x": 1, "Model.new": 2, "other.y": 3}


def test_a_name_may_have_two_underscores() -> None:
    found = variables({"a": {"b__c": 1, "_d": 2}}, MY_A__B__C="5", MY_A___D="6")
    assert dict(found) == {"a.b__c": 5, "a._d": 6}


def test_names_of_included_files_are_known() -> None:
    Path("i.yaml").write_text("$include: '${Kind}.yaml'\nKind: x\n")
    Path("y.yaml").write_text("Rate: 1\n")
    assert dict(variables("i.yaml", MY_KIND="y", MY_RATE="3")) == {"Kind": "y", "Rate": 3}


@dataclass
class Nested:
    model: Model
    name: str = "n"
    table: dict[str, int] = field(default_factory=dict)


def nested(*, section: str | None = None, **env: str) -> object:
    source = {"model": {"layers": 3}}
    whole = {section: source} if section else source
    return hp.config(whole, Nested, section=section, env_prefix="MY", env=env)


@pytest.mark.parametrize(
    "name",
    ["MY_HOME", "MY_SERVICE__HOST", "MY_NAME__X", "MY_", "MY___X", "MY_A____B", "MY_MODLE__X"],
)
def test_variables_of_others_are_left_alone_by_a_schema(name: str) -> None:
    wanted = Nested(Model(3))
    assert nested(**{name: "x"}) == wanted
    assert nested(section="s", **{name: "x"}) == wanted


def test_a_variable_in_a_part_of_a_schema_is_checked() -> None:
    assert nested(MY_MODEL__LAYERS="4", MY_TABLE__A="1") == Nested(Model(4), "n", {"a": 1})
    text = r"env \$MY_.*Model has no field 'layer'"
    with pytest.raises(hp.ConfigurationError, match=text):
        nested(MY_MODEL__LAYER="4")
    with pytest.raises(hp.ConfigurationError, match=text):
        nested(section="s", MY_S__MODEL__LAYER="4")
    with pytest.raises(hp.ConfigurationError, match=r"env \$MY_S__NAMES.* no field 'names'"):
        nested(section="s", MY_S__NAMES="4")


def test_a_variable_with_the_last_name_of_a_field_is_told_its_name() -> None:
    text = r"^\$MY_LAYERS sets nothing\. Use MY_MODEL__LAYERS to set model\.layers\.$"
    with pytest.warns(UserWarning, match=text) as caught:
        assert nested(MY_LAYERS="4", MY_HOME="x") == Nested(Model(3))
    assert [(len(caught), one.filename) for one in caught] == [(1, __file__)]
    with pytest.warns(UserWarning, match=r"Use MY_S__NAME to set s\.name\.$"):
        nested(section="s", MY_NAME="4")


def test_a_variable_that_a_reference_takes_is_used() -> None:
    env = {"MY_SIZE": "4", "MY_LAYERS": "5"}
    source = {"model.layers": "${size}", "name": "${layers}"}
    assert hp.config(source, Nested, env_prefix="MY", env=env) == Nested(Model(4), "5")


def test_all_variables_are_names_of_a_scope_and_of_a_dict() -> None:
    assert dict(variables({}, MY_HOME="x")) == variables({}, dict, MY_HOME="x") == {"home": "x"}
