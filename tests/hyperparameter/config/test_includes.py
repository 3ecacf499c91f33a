"""`$include`: which files a file includes, what lies over what, and where each value is from."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import soak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hyperparameter as hp


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**texts: str) -> None:
    """Write files: `conf__base_yaml` is `conf/base.yaml`."""
    for name, text in texts.items():
        path = Path("/".join(name.rsplit("_", 1)[0].split("__")) + "." + name.rsplit("_", 1)[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def origins(*args: Any, **options: Any) -> dict[str, tuple[object, str]]:
    with hp.config(*args, **options) as found:
        return {key: (found[key], str(hp.explain(key).origin)) for key in found}


def problem(*args: Any, **options: Any) -> str:
    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


GROUPS = {
    "base_yaml": "optim: {kind: adam, lr: 1}\nseed: 1\n",
    "conf_yaml": '$include: [base.yaml, "optim/${optim.kind}.yaml"]\nseed: 2\n',
    "optim__adam_yaml": "optim: {lr: 0.1, eps: 1e-8}\n",
    "optim__sgd_yaml": "optim:\n  lr: 0.2\n  momentum: 0.9\n",
}


def test_what_a_file_includes_lies_under_it_in_the_order_of_the_list() -> None:
    write(**GROUPS)
    assert origins("conf.yaml") == {
        "optim.kind": ("adam", "file base.yaml:1"),
        "optim.lr": (0.1, "file optim/adam.yaml:1"),
        "seed": (2, "file conf.yaml:2"),
        "optim.eps": (1e-8, "file optim/adam.yaml:1"),
    }
    with hp.config("conf.yaml"):
        assert [str(at) for _, at in hp.explain("optim.lr").shadows] == ["file base.yaml:1"]


@pytest.mark.parametrize(
    "options",
    [
        {"overrides": ["optim.kind=sgd"]},
        {"overrides": {"optim": {"kind": "sgd"}}},
        {"env_prefix": "A", "env": {"A_OPTIM__KIND": "sgd"}},
    ],
)
def test_stronger_sources_choose_the_file(options: Any) -> None:
    write(**GROUPS)
    found = hp.config("conf.yaml", **options)
    assert (found["optim.lr"], found["optim.momentum"]) == (0.2, 0.9)
    assert "optim.eps" not in found


def test_a_file_that_is_given_later_chooses_and_lies_over_what_is_included() -> None:
    write(**GROUPS, more_toml='[optim]\nkind = "sgd"\nlr = 5\n')
    found = hp.config(["conf.yaml", "more.toml"])
    assert (found["optim.lr"], found["optim.momentum"]) == (5, 0.9)
    found = hp.config([{"optim.lr": 3, "optim.x": 4}, "conf.yaml"])
    assert (found["optim.lr"], found["optim.x"]) == (0.1, 4)  # the file and its includes are later


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "$include: base.yaml\na: 2\n"),
        ("c.yaml", "$include:\n  - base.yaml\na: 2\n"),
        ("c.toml", '"$include" = "base.yaml"\na = 2\n'),
        ("c.toml", '"$include" = ["base.yaml"]\na = 2\n'),
        ("c.json", '{"a": 2, "$include": ["base.yaml"]}'),
        ("c.json", '{"$include": "./base.yaml", "a": 2}'),
    ],
)
def test_every_format_includes_one_file_or_several(name: str, text: str) -> None:
    write(base_yaml="a: 1\nb: 1\n")
    Path(name).write_text(text)
    assert dict(hp.config(name)) == {"a": 2, "b": 1}


def test_names_are_relative_to_the_file_that_has_them(here: Path) -> None:
    write(
        conf__main_yaml="$include: parts/one.toml\n",
        conf__parts__one_toml='"$include" = "../../two.json"\na = 1\n',
        two_json='{"b": 2}',
    )
    assert origins("conf/main.yaml") == {
        "b": (2, "file conf/parts/../../two.json:1"),
        "a": (1, "file conf/parts/one.toml:2"),
    }
    os.chdir("conf")
    assert dict(hp.config("main.yaml")) == {"b": 2, "a": 1}
    Path("absolute.yaml").write_text(f"$include: {here / 'two.json'}\n")
    assert dict(hp.config("absolute.yaml")) == {"b": 2}


def test_an_include_in_a_section_puts_the_file_there() -> None:
    write(
        c_yaml="model:\n  optim:\n    $include: 'opt/${.kind}.yaml'\n    kind: x\n    lr: 2\n",
        opt__x_yaml="$include: y.yaml\nlr: 1\nname: 'n-${.lr}'\n",
        opt__y_yaml="eps: 3\n",
    )
    assert origins("c.yaml") == {
        "model.optim.eps": (3, "file opt/y.yaml:1"),
        "model.optim.lr": (2, "file c.yaml:5"),
        "model.optim.name": ("n-2", "file opt/x.yaml:3"),
        "model.optim.kind": ("x", "file c.yaml:4"),
    }


def test_a_section_is_stronger_than_the_top_in_what_they_include() -> None:
    write(c_yaml="s: {$include: b.yaml}\n$include: a.yaml\n", a_yaml="s: {x: 1}", b_yaml="x: 2")
    assert dict(hp.config("c.yaml")) == {"s.x": 2}


def test_a_mounted_file_includes_at_its_key() -> None:
    write(c_yaml="$include: d.yaml\na: 1\n", d_yaml="b: {c: 2}\n")
    assert dict(hp.config("c.yaml", at="x.y")) == {"x.y.b.c": 2, "x.y.a": 1}


def test_names_with_dots_stay_names_below_an_include() -> None:
    write(c_yaml="m:\n  a.b:\n    $include: d.yaml\n", d_yaml="lrs: {l.c: 1}\n")
    with hp.config("c.yaml"):
        assert hp.scope.m | {} == {"a.b": {"lrs": {"l.c": 1}}}


def test_the_same_file_may_be_included_twice() -> None:
    write(c_yaml="$include: [a.yaml, b.yaml]", a_yaml="$include: z.yaml\nx: 1",
          b_yaml="$include: z.yaml\ny: 1", z_yaml="x: 0\ny: 0\nz: 0")  # fmt: skip
    assert dict(hp.config("c.yaml")) == {"x": 0, "y": 1, "z": 0}  # z.yaml again, over a.yaml


def test_a_chosen_file_chooses_another() -> None:
    write(
        c_yaml="$include: ['${b}.yaml', '${a}.yaml']\na: x\n",
        x_yaml="b: y\n",
        y_yaml="found: 1\n",
    )
    assert hp.config("c.yaml")["found"] == 1


def test_references_bring_lists_of_names_and_the_environment() -> None:
    write(c_yaml="$include: '${files}'\nfiles: [a.yaml, b.yaml]\n", a_yaml="a: 1", b_yaml="b: 1",
          d_yaml="$include: ['${env:WHICH}.yaml', '$${x}.yaml']")  # fmt: skip
    Path("${x}.yaml").write_text("x: 1")
    found = hp.config("c.yaml")
    assert (found["a"], found["b"]) == (1, 1)
    assert dict(hp.config("d.yaml", env={"WHICH": "a"})) == {"a": 1, "x": 1}


@pytest.mark.parametrize("text", ["$include:\na: 1", "$include: []\na: 1", "$include: null\na: 1"])
def test_an_include_of_nothing_is_nothing(text: str) -> None:
    write(c_yaml=text)
    assert dict(hp.config("c.yaml")) == {"a": 1}


def test_an_empty_file_may_be_included() -> None:
    write(c_yaml="$include: e.yaml\na: 1", e_yaml="# later\n")
    assert dict(hp.config("c.yaml")) == {"a": 1}


def test_a_schema_gets_what_is_included() -> None:
    @dataclass
    class Conf:
        a: int
        b: float

    write(c_yaml="$include: d.toml\na: 1\n", d_toml="b = 2\nc = 3\n")
    assert problem("c.yaml", Conf).startswith("c (file d.toml:2): ")
    write(d_toml="b = 2\n")
    assert hp.config("c.yaml", Conf) == Conf(1, 2.0)


def test_a_record_may_be_included(tmp_path: Path) -> None:
    with hp.scope(**{"m.x": 4}), hp.record() as rec:
        hp.scope.m.x()
    rec.save("run.json")
    write(c_yaml="$include: run.json\nm: {y: 1}\n", s_yaml="s: {$include: run.json}\n")
    assert dict(hp.config("c.yaml")) == {"m.x": 4, "m.y": 1}
    assert "record" in problem("s.yaml")


# -- errors ------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_the_line_that_includes_it_and_what_chose_it() -> None:
    write(**GROUPS)
    assert problem("conf.yaml", overrides={"optim.kind": "sgdd"}) == (
        "conf.yaml:1: $include 'optim/${optim.kind}.yaml': the file optim/sgdd.yaml does not "
        f"exist. Did you mean 'sgd.yaml'? optim.kind is 'sgdd' (code {line()})."
    )
    write(c_toml='a = 1\n"$include" = ["base.yaml", "bose.yaml"]\n')
    assert problem("c.toml") == (
        "c.toml:2: $include 'bose.yaml': the file bose.yaml does not exist. "
        "Did you mean 'base.yaml'?"
    )


def line() -> str:
    """Return the place of `problem`, which calls `hp.config`."""
    number = problem.__code__.co_firstlineno + 2
    return f"{__file__}:{number}"


def test_an_error_inside_of_an_included_file_shows_the_way_to_it() -> None:
    write(a_yaml="$include: b.yaml\n", b_yaml="x: 1\n$include: c.yaml\n", c_yaml="x: [1\n")
    assert problem("a.yaml").startswith(
        "a.yaml:1: $include 'b.yaml': b.yaml:2: $include 'c.yaml': c.yaml:"
    ) or problem("a.yaml").startswith("b.yaml:2: $include 'c.yaml': c.yaml:")
    write(c_yaml="a..b: 1\n")
    assert "c.yaml:1" in problem("a.yaml")


@pytest.mark.parametrize("start", ["a.json", "b.yaml", "sub/../a.json", "c.yaml"])
def test_a_circle_is_named(start: str) -> None:
    Path("sub").mkdir()
    write(a_json='{"$include": "b.yaml"}', b_yaml="s:\n  $include: [a.json]\n",
          c_yaml="$include: c.yaml")  # fmt: skip
    assert "the file includes itself: " in (text := problem(start))
    assert " -> " in text
    assert "$include" in text


def test_a_circle_through_references_is_named() -> None:
    write(a_yaml="$include: '${n}.yaml'\nn: b\n", b_yaml="n: c\n$include: '${n}.yaml'")
    assert "the file includes itself" in problem("a.yaml")


def test_files_without_end_end() -> None:
    for number in range(40):
        Path(f"f{number}.json").write_text(json.dumps({"$include": [f"f{number + 1}.json"] * 2}))
    Path("f40.json").write_text("{}")
    assert "more than 1,000 files" in problem("f0.json")


def test_a_name_of_a_reference_that_is_not_set() -> None:
    write(c_yaml="a: 1\n$include: 'x/${optim.knd}.yaml'\noptim: {kind: a}\n")
    text = problem("c.yaml")
    assert "c.yaml:2" in text
    assert "Did you mean 'optim.kind'?" in text


def test_a_name_that_an_included_file_makes_another_is_an_error() -> None:
    write(c_yaml="$include: [k.yaml, '${kind}.yaml']\n", k_yaml="kind: x\n", x_yaml="kind: y\n",
          y_yaml="kind: y\n")  # fmt: skip
    text = problem("c.yaml")
    assert text.startswith("c.yaml:1: $include '${kind}.yaml': ")
    for part in ("x.yaml", "y.yaml", "kind is 'y' (file x.yaml:1)"):
        assert part in text


@pytest.mark.parametrize("lower", ["mysql", "3", "true", "'quoted'"])
def test_a_text_in_one_file_and_a_mapping_in_another_are_named_with_both_lines(lower: str) -> None:
    write(c_yaml=f"$include: d.yaml\ndb: {lower}\n", d_yaml="x: 1\ndb:\n  host: h\n")
    assert "(file c.yaml:2)" in (text := problem("c.yaml"))
    assert "(file d.yaml:3)" in text
    write(e_yaml="$include: f.yaml\ndb:\n  host: h\n", f_yaml=f"db: {lower}\n")
    assert "(file f.yaml:1)" in (text := problem("e.yaml"))
    assert "(file e.yaml:3)" in text


def test_what_chooses_a_file_cannot_be_the_mapping_of_that_file() -> None:
    write(c_yaml="$include: 'db/${db}.yaml'\n", db__mysql_yaml="db: {host: h}\n")
    text = problem("c.yaml", overrides=["db=mysql"])
    assert "db is 'mysql' (code " in text
    assert "(file db/mysql.yaml:1)" in text


def test_null_and_json_may_meet_a_mapping() -> None:
    write(c_yaml="$include: d.yaml\na: null\nb: '{\"x\": 1}'\nc: '${b}'\n",
          d_yaml="a: {x: 1}\nb: {y: 2}\nc: {z: 3}\n")  # fmt: skip
    assert hp.config("c.yaml")["a"] is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("xs: [{$include: b.yaml}]", "inside of 'xs', which is one value"),
        ("xs:\n  ys: [1, [{a: {$include: b.yaml}}]]", "inside of 'xs.ys'"),
        ("xs: {1: 2, a: {$include: b.yaml}}", "inside of 'xs'"),
        ("$include: {a: b.yaml}", "is a text"),
        ("s: {$include: {a: b.yaml}}", "is a text"),
        ("$include: [[b.yaml]]", "is a text"),
        ("$include: ''", "is a text"),
        ("$include: [null]", "is a text"),
        ("$include: .", "directory"),
        ("$include: b", "Did you mean 'b.yaml'?"),
    ],
)
def test_an_include_that_names_no_file_is_an_error(text: str, where: str) -> None:
    write(c_yaml=text, b_yaml="a: 1")
    assert problem("c.yaml").startswith("c.yaml:")
    assert where in problem("c.yaml")


def test_only_files_include() -> None:
    write(b_yaml="a: 1")
    for options in ({}, {"overrides": {"$include": "b.yaml"}}, {"overrides": ["$include=b.yaml"]}):
        source = {} if options else {"x": {"$include": "b.yaml"}}
        assert "'$include' stands in files" in problem(source, **options)


# -- against a plain model ----------------------------------------------------------------------

LEAVES = st.dictionaries(st.sampled_from("ab"), st.integers(0, 99), max_size=2)
SECTIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda leaves, below: {**leaves, **below},
        LEAVES,
        st.dictionaries(st.sampled_from("st"), inner, min_size=1, max_size=2),
    ),
    max_leaves=4,
)
TREES = st.lists(st.tuples(SECTIONS, st.data()), min_size=1, max_size=5)


def with_includes(draw: Any, values: Any, names: list[str]) -> Any:
    """Return a section that includes some of the files, at its top or in the sections in it."""
    made = {
        name: with_includes(draw, one, names) if isinstance(one, dict) else one
        for name, one in values.items()
    }
    if chosen := draw(st.lists(st.sampled_from(names), max_size=2)) if names else []:
        made["$include"] = chosen if len(chosen) > 1 or draw(st.booleans()) else chosen[0]
    return made


def joined(lower: Any, upper: Any) -> Any:
    both = dict(lower)
    for name, one in upper.items():
        is_section = isinstance(one, dict) and isinstance(both.get(name), dict)
        both[name] = joined(both[name], one) if is_section else one
    return both


def meant(files: dict[str, Any], name: str) -> Any:
    """Return what a file means, by the documentation alone."""
    own, included = {}, []

    def walk(values: Any, path: tuple[str, ...], into: Any) -> None:
        names = values.get("$include", [])
        for one in [names] if isinstance(names, str) else names:
            found = meant(files, one)
            for step in reversed(path):
                found = {step: found}
            included.append((len(path), found))
        for key, value in values.items():
            if isinstance(value, dict):
                walk(value, (*path, key), into.setdefault(key, {}))
            elif key != "$include":
                into[key] = value

    walk(files[name], (), own)
    whole: Any = {}
    for _, one in sorted(included, key=lambda pair: pair[0]):
        whole = joined(whole, one)
    return joined(whole, own)


def without_empty(values: Any) -> Any:
    """Return a section without those in it that set nothing."""
    found = {k: without_empty(v) if isinstance(v, dict) else v for k, v in values.items()}
    return {k: v for k, v in found.items() if v != {}}


@given(TREES)
@settings(
    suppress_health_check=list(HealthCheck), max_examples=soak.count_of_examples(60), deadline=None
)
def test_files_that_include_each_other_mean_what_merging_them_by_hand_gives(trees: Any) -> None:
    files: dict[str, Any] = {}
    for number, (values, data) in enumerate(trees):
        files[f"f{number}.json"] = with_includes(data.draw, values, list(files))
    for name, values in files.items():
        Path(name).write_text(json.dumps(values))
    last = f"f{len(trees) - 1}.json"
    assert without_empty(hp.config(last, dict)) == without_empty(meant(files, last))


# -- secrets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["${db.password}", "${db.password}.yaml", "${db.password}.txt", "a${alias}.yaml",
     "conf.yaml${db.password}"],
)  # fmt: skip
@pytest.mark.parametrize("beside", ["hunter2.toml", "hunter2.txt", "other"])
def test_a_name_that_is_made_of_a_secret_is_masked(name: str, beside: str) -> None:
    Path(beside).write_text("x: [")
    write(conf_yaml=f'$include: "{name}"\ndb: {{password: hunter2}}\nalias: "${{db.password}}"\n')
    text = problem("conf.yaml")
    assert "hunter2" not in text
    assert "***" in text


def test_the_names_in_other_faults_of_includes_are_masked_as_well() -> None:
    write(conf_yaml='$include: "${token}"\ntoken: conf.yaml\n')
    assert problem("conf.yaml").endswith("the file includes itself: *** -> ***.")
    write(conf_yaml='$include: "${token}.yaml"\ntoken: hunter2\n', hunter2_yaml="token: hunter3\n")
    write(base_yaml="$include: [conf.yaml, over.yaml]\n", over_yaml="token: hunter3\n")
    assert "hunter" not in problem("base.yaml")
