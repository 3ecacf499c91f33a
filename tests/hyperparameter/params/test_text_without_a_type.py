"""Text without a type is plain data in a `Params`; who says a type gets what was written."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter.params import Params

TEXTS = ("v=3.10", "flag=off", "n=12", "half=3.5", "yes=true", "big=18446744073709551617",
         "xs=[1, 3.10]", 'deep={"x": [{"y": 3.10}]}', "hash=1e9999", "none=null")  # fmt: skip


@pytest.fixture(params=["scope", "a duplicate", "a pickle", "through a scope", "a part"])
def params(request: pytest.FixtureRequest) -> Params:
    with hp.scope(*(f"a.{text}" for text in TEXTS)):
        if request.param == "a part":
            part: Params = Params.from_scope().pop("a")
            return part
        made = Params.from_scope(prefix="a")
    if request.param == "a duplicate":
        return made.duplicate()
    if request.param == "a pickle":
        twin: Params = pickle.loads(pickle.dumps(made))
        return twin
    return Params.from_scope(made.to_scope()) if request.param == "through a scope" else made


PLAIN = (type(None), bool, int, float, str)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if type(value) is list:
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


TAKEN: dict[str, Callable[[Params], Any]] = {
    "as_dict": lambda params: params.as_dict(quiet=True),
    "as_dict, cast": lambda params: params.as_dict(quiet=True, infer_type_and_cast=True),
    "as_flat_dict": Params.as_flat_dict,
    "as_ordered_dict": lambda params: dict(params.as_ordered_dict()),
    "pop": lambda params: [params.pop(key, keep_as_dict=True) for key in list(params)],
    "params": lambda params: params.params,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_what_is_taken_out_is_plain_data(params: Params, take: Callable[[Params], Any]) -> None:
    assert {type(leaf) for leaf in leaves(take(params))} <= set(PLAIN)


def test_without_a_type_it_is_what_yaml_reads(params: Params) -> None:
    found = {key: params.pop(key) for key in ("v", "flag", "n", "yes", "xs", "none")}
    assert found == {"v": 3.1, "flag": "off", "n": 12, "yes": True, "xs": [1, 3.1], "none": None}


def test_a_choice_of_texts_is_the_text_that_was_written(params: Params) -> None:
    assert params.pop_choice("v", ["3.9", "3.10"]) == "3.10"
    assert params.pop_choice("n", ["12"]) == "12"
    with pytest.raises(hp.ConfigurationError, match=r"half: \['3\.50'\]"):
        params.pop_choice("half", ["3.50"])


def test_a_number_is_exact_or_an_error(params: Params) -> None:
    assert params.pop_int("n") == 12
    assert params.pop_float("v") == 3.1
    for method, key in (("pop_int", "half"), ("pop_int", "yes"), ("pop_float", "big")):
        with pytest.raises(hp.ConversionError, match=key):
            getattr(params, method)(key)


def test_the_words_of_a_scope_are_booleans(params: Params) -> None:
    assert params.pop_bool("flag") is False
    assert params.pop_bool("yes") is True
    assert params.pop_bool("none") is None


def test_to_scope_the_text_is_what_was_written(params: Params) -> None:
    with params.to_scope("b"):
        assert hp.scope.b.v | "a text" == "3.10"


@pytest.mark.parametrize("change", [3.1, "other", {"x": 1}])
def test_a_value_that_replaces_it_has_a_type(params: Params, change: Any) -> None:
    params["v"] = change
    with pytest.raises(hp.ConfigurationError, match="not in acceptable choices"):
        params.pop_choice("v", ["3.10"])


def test_a_changed_value_has_a_type(params: Params) -> None:
    params.params["v"] = 4.5
    with pytest.raises(hp.ConfigurationError, match="not in acceptable choices"):
        params.pop_choice("v", ["3.10"])


def test_a_scope_makes_params_of_plain_data() -> None:
    assert Params(dict(hp.scope("v=3.10", "n=12"))).as_dict(quiet=True) == {"v": 3.1, "n": 12}


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.toml"])
def test_a_file_makes_params_of_plain_data_with_the_names_as_given(
    name: str, tmp_path: Path
) -> None:
    texts = {
        "a.yaml": "v: 3.10\nd:\n  x.y: 1\n  '7': [3.10, {z: on}]\n",
        "a.json": '{"v": 3.10, "d": {"x.y": 1, "7": [3.10, {"z": "on"}]}}',
        "a.toml": 'v = 3.10\n[d]\n"x.y" = 1\n7 = [3.10, {z = "on"}]\n',
    }
    (tmp_path / name).write_text(texts[name])
    params = Params.from_file(tmp_path / name)
    assert params.params == {"v": 3.1, "d": {"x.y": 1, "7": [3.1, {"z": "on"}]}}
    assert {type(leaf) for leaf in leaves(params.params)} == {float, int, str}
    assert params.pop("d").pop("x.y") == 1


WORDS = ('t.d={"q": 1.10, "a.b": true}', 't.xs=[{"q": 1.10}]', 't.n={"1": 1e5}', "t.s=1.10")
FILES = {
    "t.json": '{"t": {"d": {"q": 1.10, "a.b": true}, "xs": [{"q": 1.10}], "n": {"1": 1e5}, '
    '"s": 1.10}}',
    "t.yaml": "t: {d: {q: 1.10, a.b: true}, xs: [{q: 1.10}], n: {1: 1e5}, s: 1.10}",
}
SOURCES: dict[str, Callable[[Path], Params]] = {
    "words": lambda _: Params.from_scope(hp.scope(*WORDS)),
    "json": lambda path: Params.from_file(path / "t.json"),
    "yaml": lambda path: Params.from_file(path / "t.yaml"),
    "scope of json": lambda path: Params.from_scope(hp.config(path / "t.json")),
    "scope of yaml": lambda path: Params.from_scope(hp.config(path / "t.yaml")),
}


@hp.param("t")
def texts(
    d: dict[str, str],
    xs: list[dict[str, str]],
    n: dict[int, str],
    s: str,
) -> Any:
    return d, xs, n, s


@pytest.mark.parametrize("source", SOURCES)
def test_text_at_any_depth_is_what_was_written(source: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    params = SOURCES[source](tmp_path)
    with params.to_scope():
        assert texts() == ({"q": "1.10", "a.b": "true"}, [{"q": "1.10"}], {1: "1e5"}, "1.10")
    part = params.pop("t").pop("d")
    with part.duplicate().to_scope("u.d"):
        assert hp.scope.u.d.q | "text" == "1.10"
    assert part.pop_choice("q", ["1.10"]) == "1.10"
