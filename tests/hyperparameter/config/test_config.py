"""`hp.config`: files, mappings, the environment and overrides become one scope."""

import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp
from hyperparameter._files.from_json import parse_json
from hyperparameter._files.from_toml import parse_toml
from hyperparameter._files.from_yaml import parse_yaml
from hyperparameter._values.untyped import as_untyped, plain

SAMPLES = {
    "a.toml": 'name = "x"\n\n[train]\nlr = 0.1\nlayers = [1, 2]\n',
    "a.yaml": "name: x\n\ntrain:\n  lr: 0.1\n  layers: [1, 2]\n",
    "a.json": '{"name": "x",\n\n"train": {\n  "lr": 0.1,\n  "layers": [1, 2]}}\n',
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**texts: str) -> None:
    for name, text in texts.items():
        stem, _, extension = name.rpartition("_")
        Path(f"{stem}.{extension}").write_text(text)


def origin(scope: Any, key: str) -> str:
    with scope:
        return str(hp.explain(key).origin)


@pytest.mark.parametrize("name", SAMPLES)
def test_file_becomes_a_scope_whose_values_know_their_lines(name: str) -> None:
    Path(name).write_text(SAMPLES[name])
    config = hp.config(name)
    assert dict(config) == {"name": "x", "train.lr": 0.1, "train.layers": [1, 2]}
    assert origin(config, "name") == f"file {name}:1"
    assert origin(config, "train.lr") == f"file {name}:4"
    assert origin(config, "train.layers") == f"file {name}:5"


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("change", ["crlf", "bom"])
def test_line_ends_and_marks_of_windows_change_nothing(name: str, change: str) -> None:
    text = SAMPLES[name]
    text = text.replace("\n", "\r\n") if change == "crlf" else f"\ufeff{text}"
    Path(name).write_bytes(text.encode())
    config = hp.config(name)
    assert dict(config) == {"name": "x", "train.lr": 0.1, "train.layers": [1, 2]}
    assert origin(config, "train.lr") == f"file {name}:4"


def test_path_may_be_a_path() -> None:
    write(a_toml="x = 1")
    assert dict(hp.config(Path("a.toml"))) == {"x": 1}


def test_mapping_has_the_line_of_the_call() -> None:
    config = hp.config({"train": {"lr": 1}})
    assert dict(config) == {"train.lr": 1}
    assert origin(config, "train.lr").startswith("code ")


def test_later_sources_win_mapping_by_mapping_and_lists_are_replaced() -> None:
    write(base_yaml="train: {lr: 1, xs: [1, 2, 3], opt: {name: adam}}\n")
    config = hp.config(["base.yaml", {"train": {"xs": [9]}}, {"train": {"opt": {"eps": 2}}}])
    assert dict(config) == {
        "train.lr": 1, "train.xs": [9], "train.opt.name": "adam", "train.opt.eps": 2,
    }  # fmt: skip


def test_value_takes_away_the_mapping_below_it() -> None:
    assert dict(hp.config([{"a": {"x": 1}}, {"a": None}])) == {"a": None}
    config = hp.config([{"a": {"x": 1}}, {"a": None}, {"a": {"y": 2}}])
    assert dict(config) == {"a.y": 2}
    with config:
        assert hp.scope.a | {"z": 3} == {"y": 2}
        assert (hp.scope.a.x | 5) == 5


@pytest.mark.parametrize("value", [2, None, "x", [1], True])
def test_mapping_takes_the_place_of_a_value_that_it_cannot_join(value: Any) -> None:
    config = hp.config([{"b": value}, {"b": {"y": 3}}])
    assert dict(config) == {"b.y": 3}
    with config:
        assert hp.scope.b | {} == {"y": 3}


def test_name_with_a_dot_is_not_below_the_name_that_it_begins_like() -> None:
    one, other = {"lrs": {"layer1": 0.2}}, {"lrs": {"layer1.conv": 0.1}}
    for sources in ([one, other], [other, one]):
        with hp.config(sources):
            assert hp.scope.lrs | {} == {"layer1": 0.2, "layer1.conv": 0.1}
    assert hp.config([one, other, {"a": "${lrs.layer1}"}])["a"] == 0.2


def test_instance_and_text_are_joined_by_what_is_written_below_them() -> None:
    @dataclass
    class Opt:
        lr: float = 0.1
        mom: float = 0.9

    @dataclass
    class Job:
        opt: Opt

    for lower in (Opt(4, 5), {"lr": 4, "mom": 5}, '{"lr": 4, "mom": 5}'):
        assert hp.config([{"opt": lower}, {"opt.lr": 9}], Job) == Job(Opt(9, 5))
    overrides = ['opt={"lr": 4, "mom": 5}', "opt.lr=9"]
    assert hp.config({"opt.lr": 1}, Job, overrides) == Job(Opt(9, 5))
    assert hp.config([{"opt.lr": 9}, {"opt": Opt(4, 5)}], Job) == Job(Opt(4, 5))


def test_empty_mapping_takes_nothing_away() -> None:
    assert dict(hp.config([{"a": {"x": 1}}, {"a": {}}])) == {"a.x": 1}
    assert dict(hp.config([{"a": {}}])) == {"a": {}}


@pytest.mark.parametrize(
    ("name", "text"),
    [("e.yaml", "a:\n  # x: 3\n"), ("e.yaml", "a: {}"), ("e.json", '{"a": {}}'), ("e.toml", "[a]")],
)
def test_empty_section_of_a_file_sets_nothing(name: str, text: str) -> None:
    Path(name).write_text(text)
    assert dict(hp.config([{"a": {"x": 1}}, name])) == {"a.x": 1}
    assert dict(hp.config([name, {"a": {"x": 1}}])) == {"a.x": 1}


def test_null_of_a_file_is_a_value_of_a_section() -> None:
    write(a_yaml="a: null\n", b_json='{"a": null}')
    for name in ("a.yaml", "b.json"):
        assert dict(hp.config([{"a": {"x": 1}}, name])) == {"a": None}


def test_dotted_name_is_nesting_in_every_source() -> None:
    write(a_json='{"train.lr": 1}')
    config = hp.config(["a.json", {"train": {"lr": 2}}], overrides={"train.lr": 3})
    assert dict(config) == {"train.lr": 3}


def test_what_a_value_shadows_is_told_with_its_place() -> None:
    write(base_toml="lr = 1", exp_yaml="\nlr: 2")
    with hp.config(["base.toml", "exp.yaml"], overrides=["lr=3"]):
        told = hp.explain("lr")
    assert [str(place) for _, place in told.shadows] == ["file exp.yaml:2", "file base.toml:1"]
    assert [value for value, _ in told.shadows] == [2, 1]


def test_overrides_come_last_and_text_has_no_type() -> None:
    config = hp.config({"lr": 1, "name": 2}, overrides=["lr=1e-3", "name=007", "new.key=a=b"])
    with config:
        assert hp.scope.lr() == 0.001
        assert hp.scope.name | "" == "007"
        assert hp.scope.new.key() == "a=b"


def test_override_without_a_value_says_how_to_write_it() -> None:
    with pytest.raises(hp.ConfigurationError, match=r"'lr' has no '='\. Write it as KEY=VALUE"):
        hp.config({}, overrides=["lr"])


def test_override_that_is_no_text_is_a_type_error() -> None:
    for overrides in (3, [3], [None]):
        with pytest.raises(TypeError, match="verride"):
            hp.config({}, overrides=overrides)  # type: ignore[call-overload]


@pytest.mark.parametrize("key", ["a.xs.0", "a.xs.-1", "a.xs.1.b"])
def test_override_of_a_part_of_a_list_says_that_lists_are_replaced(key: str) -> None:
    write(a_toml="[a]\nxs = [1, {b = 2}]")
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config("a.toml", overrides=[f"{key}=3"])
    assert f"{key!r} would change an item of the list at a.toml:2" in str(caught.value)
    assert str(caught.value).endswith("A list is replaced as a whole: set 'a.xs'.")
    assert caught.value.key == key
    assert dict(hp.config("a.toml", overrides=["a.xs.b=3"])) == {"a.xs.b": 3}  # a mapping instead


def test_key_may_have_a_value_and_others_below_it() -> None:
    values = {"a": 1, "a.b": 2, "lrs": {"layer1": 0.2, "layer1.conv": 0.1}}
    config = hp.config(values)
    flat = {"a": 1, "a.b": 2, "lrs.layer1": 0.2, "lrs.layer1.conv": 0.1}
    assert dict(config) == flat
    with config:
        assert hp.scope.lrs | {} == values["lrs"]


@pytest.mark.parametrize(
    "values", [{"a.b": 1, "a": {"b": 2}}, {"x": {"a.b": 1, "a": {"b": 2}}}, {"a..b": 1}]
)
def test_errors_of_mappings_have_an_origin_and_can_be_sent_to_other_processes(values: Any) -> None:
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(values)
    assert str(caught.value.origin).startswith("code ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_environment_wins_over_files_and_loses_against_overrides() -> None:
    env = {"APP_TRAIN__LR": "0.5", "APP_SEED": "7", "APPLE": "no", "APP_": "no", "OTHER": "no"}
    config = hp.config(
        {"train": {"lr": 1}, "seed": 1}, overrides=["seed=8"], env_prefix="APP", env=env
    )
    assert dict(config) == {"train.lr": 0.5, "seed": 8}
    assert origin(config, "train.lr") == "env $APP_TRAIN__LR"


def test_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPTEST_A__B", "on")
    with hp.config({}, env_prefix="HPTEST_"):
        assert (hp.scope.a.b | False) is True


def test_environment_names_that_are_no_key_are_named() -> None:
    with pytest.raises(hp.ConfigurationError, match=r"\$APP_A____B.*empty segment"):
        hp.config({}, env_prefix="APP", env={"APP_A____B": "1"})


def test_environment_names_that_differ_in_case_alone_are_an_error() -> None:
    with pytest.raises(
        hp.ConfigurationError, match=r"\$APP_a: the key 'a' is set twice.*\$APP_A\."
    ):
        hp.config({}, env_prefix="APP", env={"APP_a": "1", "APP_A": "2"})


def test_scope_of_a_config_is_entered_written_and_left_as_any_other() -> None:
    with hp.scope(outer=1), hp.config({"a": 1}) as ps:
        ps.a = 2
        assert (hp.scope.outer(), hp.scope.a()) == (1, 2)
    assert "a" not in hp.scope


def test_yaml_follows_the_scalars_of_1_2() -> None:
    write(a_yaml="a: 1e-3\nb: on\nc: 0o17\nd: 0x1F\ne: 1_000\nf: .inf\ng: ~\n"
                 "h: 2020-01-02\ni: 12:30\nj: 010\nk: 'true'\nl: True\nm: .NaN\nn: \n"
                 "o: -.5\np: +7\nq: No\n")  # fmt: skip
    found = dict(hp.config("a.yaml"))
    assert math.isnan(found.pop("m"))
    assert found == {
        "a": 0.001, "b": "on", "c": 15, "d": 31, "e": "1_000", "f": math.inf, "g": None,
        "h": "2020-01-02", "i": "12:30", "j": "010", "k": "true", "l": True, "n": None, "o": -0.5,
        "p": 7, "q": "No",
    }  # fmt: skip
    assert type(found["a"]) is float


def test_yaml_anchors_and_merge_keys_are_understood() -> None:
    write(
        a_yaml="base: &b\n  x: 1\n  y: 2\nexp:\n  y: 3\n  <<: *b\n"
        "both:\n  <<: [{x: 7}, *b]\nxs: &l [1]\nys: *l\n"
    )
    config = hp.config("a.yaml")
    assert dict(config) == {
        "base.x": 1, "base.y": 2, "exp.y": 3, "exp.x": 1, "both.x": 7, "both.y": 2,
        "xs": [1], "ys": [1],
    }  # fmt: skip
    assert origin(config, "exp.y") == "file a.yaml:5"
    assert origin(config, "exp.x") == "file a.yaml:6"


def test_yaml_aliases_keep_the_lines_of_what_they_stand_for() -> None:
    write(a_yaml="base: &b\n  x:\n    y: 1\nexp:\n  <<: *b\nsame: *b\n&k key: *k\n")
    config = hp.config("a.yaml")
    assert config["key"] == "key"
    for key in ("base.x.y", "exp.x.y", "same.x.y"):
        assert origin(config, key) == "file a.yaml:3"


def test_yaml_mapping_in_the_place_of_an_inherited_one_has_lines_of_its_own() -> None:
    write(a_yaml="base: &b\n  x: {y: 1}\nexp:\n  <<: *b\n  x: {y: 2}\n")
    config = hp.config("a.yaml")
    assert origin(config, "base.x.y") == "file a.yaml:2"
    assert origin(config, "exp.x.y") == "file a.yaml:5"


@pytest.mark.parametrize(
    ("parse", "text", "items"),
    [
        (parse_yaml, "xs:\n  - a: 1\n  -\n   - b:\n      2\n  - [3]\n", {0: 2, 1: 4, 2: 6}),
        (parse_toml, "xs = [\n {a = 1},\n[{b = 2}],\n [3]]\n", {}),
        (parse_json, '{"xs": [\n {"a": 1},\n\n[{"b":\n 2}],\n [3]]}', {}),
    ],
    ids=["yaml", "toml", "json"],
)
def test_lines_of_lists_are_as_good_as_the_format_tells(parse: Any, text: str, items: Any) -> None:
    values, lines = parse(text, "f")
    assert plain(as_untyped(values)) == {"xs": [{"a": 1}, [{"b": 2}], [3]]}
    found = dict(lines)
    assert {path[1]: line for path, line in found.items() if len(path) == 2} == items
    if parse is not parse_toml:
        assert (found["xs", 0, "a"], found["xs", 1, 0, "b"]) == (2, 4)
    assert found["xs",] == 1


def test_yaml_merge_keys_give_way_to_the_first_and_to_what_is_written_out() -> None:
    write(a_yaml="e:\n  <<: {a: {b: 1}, c: 2}\n  <<: {a: 3, d: 4}\n  c: 5\n  a: {z: 6}\n")
    config = hp.config("a.yaml")
    assert dict(config) == {"e.d": 4, "e.c": 5, "e.a.z": 6}
    assert [origin(config, key)[-1] for key in ("e.d", "e.c", "e.a.z")] == ["3", "4", "5"]


def test_yaml_without_the_parser_in_c_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a_yaml=SAMPLES["a.yaml"])
    monkeypatch.delattr("yaml.CSafeLoader")
    config = hp.config("a.yaml")
    assert dict(config) == {"name": "x", "train.lr": 0.1, "train.layers": [1, 2]}
    assert origin(config, "train.lr") == "file a.yaml:4"
    Path("a.yaml").write_text("a: \x00")
    with pytest.raises(hp.ConfigurationError, match=r"^a\.yaml: "):
        hp.config("a.yaml")


def test_yaml_tags_of_plain_data_are_taken() -> None:
    write(
        a_yaml="a: !!str 1\nb: !!float 2\nc: !!int '3'\nd: !!null x\ne: ! 4\n"
        "f: !!map {g: 1}\nh: !!seq [1]"
    )
    found = dict(hp.config("a.yaml"))
    assert found == {"a": "1", "b": 2.0, "c": 3, "d": None, "e": "4", "f.g": 1, "h": [1]}
    assert type(found["b"]) is float


def test_toml_lines_are_found_behind_strings_arrays_and_tables() -> None:
    write(a_toml='''# comment = 1
a = """
b = 1
"""
c = [1, # ]
  [2], {d = 1}]
"q.r" = { e = 1, f = 2 }
[t."x y".u]
g.h = 'it = # no'

[[rows]]
i = 1
[[rows]]
j = 2
''')  # fmt: skip
    config = hp.config("a.toml")
    assert dict(config) == {
        "a": "b = 1\n", "c": [1, [2], {"d": 1}], "q.r.e": 1, "q.r.f": 2,
        "t.x y.u.g.h": "it = # no", "rows": [{"i": 1}, {"j": 2}],
    }  # fmt: skip
    lines = {"a": 2, "c": 5, "q.r.e": 7, "t.x y.u.g.h": 9, "rows": 11}
    assert {key: origin(config, key) for key in lines} == {
        key: f"file a.toml:{line}" for key, line in lines.items()
    }


def test_json_lines_are_found_behind_escapes_and_brackets_in_text() -> None:
    write(a_json='{"a\\"b": "} ] ,\\n",\n"c": [{"d": "x"},\n{"e": "y"}],\n"\\u00e9": 1}')
    config = hp.config("a.json")
    assert dict(config) == {'a"b': "} ] ,\n", "c": [{"d": "x"}, {"e": "y"}], "é": 1}
    assert origin(config, "é") == "file a.json:4"
    assert origin(config, "c") == "file a.json:2"


def test_json_items_behind_an_empty_object_are_not_keys() -> None:
    write(a_json='{"a": [{}, false, false, "x", "x"],\n"b": [[], {}, 1, 1]}')
    config = hp.config("a.json")
    assert dict(config) == {"a": [{}, False, False, "x", "x"], "b": [[], {}, 1, 1]}
    assert origin(config, "b") == "file a.json:2"


NAMES = st.text("abc", min_size=1, max_size=2)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.text("xy$} ", max_size=4) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
MAPPINGS = st.dictionaries(NAMES, PLAIN, max_size=3)


def deep(lower: Any, upper: Any) -> Any:
    """Merge as the documentation says, with none of the code that is tested."""
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return lower if upper == {} else upper  # which names nothing
    return {k: deep(lower[k], upper[k]) if k in lower and k in upper else {**lower, **upper}[k]
            for k in [*lower, *(k for k in upper if k not in lower)]}  # fmt: skip


@given(st.lists(MAPPINGS, min_size=1, max_size=4))
def test_sources_merge_from_left_to_right(sources: list[Any]) -> None:
    expected: Any = {}
    for source in sources:
        expected = deep(expected, source)
    with hp.config({"all": {}}), hp.config([{"all": source} for source in sources]):
        assert hp.scope["all"] | {} == expected


@given(MAPPINGS, MAPPINGS)
def test_merging_changes_neither_side(lower: Any, upper: Any) -> None:
    before = repr(lower), repr(upper)
    hp.config([lower, upper])
    assert (repr(lower), repr(upper)) == before
