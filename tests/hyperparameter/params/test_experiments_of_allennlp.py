"""What an experiment that was written for AllenNLP 0.9 relies on, errors' classes included."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from hyperparameter.params import (
    ConfigurationError,
    Params,
    infer_and_cast,
    parse_overrides,
    unflatten,
    with_fallback,
)

EXPERIMENT: dict[str, Any] = {
    "dataset_reader": {"type": "squad", "token_indexers": {"tokens": {"type": "single_id"}}},
    "train_data_path": "train.json",
    "model": {"type": "tagger", "embedder": {"tokens": {"type": "embedding", "dim": 50}}},
    "iterator": {"type": "bucket", "keys": [["passage", "length"], ["question", "length"]]},
    "trainer": {"epochs": 40, "optimizer": "adam"},
}


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(EXPERIMENT))
    return file


def written(folder: Path, text: str) -> Path:
    file = folder / "written.jsonnet"
    file.write_text(text)
    return file


def test_a_file_is_read_and_popped(experiment: Path) -> None:
    params = Params.from_file(experiment)
    assert "trainer" in params
    assert params.pop("model").pop("type") == "tagger"
    assert "model" not in params


def test_the_text_none_is_none_at_any_depth() -> None:
    params = Params({"x": "None", "list": ["None", 1], "deep": {"y": "None"}})
    assert (params["x"], params["list"], params["deep"]["y"]) == (None, [None, 1], None)


def test_an_environment_variable_that_is_no_text_is_not_in_the_way(
    experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOT_UTF8", "\udcff")
    assert Params.from_file(experiment).pop("train_data_path") == "train.json"


def test_overrides_reach_nested_keys_and_items_of_lists(experiment: Path) -> None:
    over = {
        "train_data_path": "other.json",
        "model": {"type": "parser"},
        "trainer.epochs": 1,
        "iterator.keys.1.0": "answer",
    }
    params = Params.from_file(experiment, json.dumps(over))
    assert params["train_data_path"] == "other.json"
    assert params["model"]["type"] == "parser"
    assert params["model"]["embedder"]["tokens"]["dim"] == 50
    assert params["trainer"].as_dict() == {"epochs": 1, "optimizer": "adam"}
    assert params["iterator"]["keys"] == [["passage", "length"], ["answer", "length"]]


def test_an_override_of_a_key_and_of_one_below_it_join(experiment: Path) -> None:
    over = '{"model": {"type": "parser"}, "model.embedder.tokens.dim": 7}'
    model = Params.from_file(experiment, over).pop("model")
    assert model.pop("type") == "parser"
    assert model["embedder"]["tokens"].as_dict() == {"type": "embedding", "dim": 7}


def test_dotted_keys_unflatten_and_nested_ones_stay() -> None:
    nested = unflatten({"a.b.c": 1, "a.b.d": 2, "a.e": 3, "f": 4})
    assert nested == {"a": {"b": {"c": 1, "d": 2}, "e": 3}, "f": 4}
    assert unflatten(nested) == nested


@pytest.mark.parametrize(
    ("preferred", "merged"),
    [
        ({"n": 1}, {"n": 1, "deep": {"x": 0, "y": 2}}),
        ({"deep": {"x": 1}}, {"n": 0, "deep": {"x": 1, "y": 2}}),
        ({"n": {"x": 1}}, {"n": {"x": 1}, "deep": {"x": 0, "y": 2}}),
    ],
)
def test_what_is_preferred_is_merged_deeply(preferred: Any, merged: Any) -> None:
    assert with_fallback(preferred, {"n": 0, "deep": {"x": 0, "y": 2}}) == merged


def test_overrides_are_text_that_may_be_empty() -> None:
    assert parse_overrides("") == parse_overrides("{}") == {}
    over = parse_overrides('{"path": "/data", "trainer.epochs": 3}')
    assert over == {"path": "/data", "trainer": {"epochs": 3}}
    assert with_fallback(over, EXPERIMENT)["trainer"] == {"epochs": 3, "optimizer": "adam"}


def test_the_flat_form_has_dotted_keys() -> None:
    assert Params({"a": 1, "b": {"c": 2, "d": "x"}}).as_flat_dict() == {
        "a": 1,
        "b.c": 2,
        "b.d": "x",
    }


def test_jsonnet_computes(tmp_path: Path) -> None:
    text = '{ one: { name: "A", hi: "Hi " + self.name }, two: self.one { name: "B" } }'
    params = Params.from_file(written(tmp_path, text))
    assert params.pop("one").as_dict() == {"name": "A", "hi": "Hi A"}
    assert params.pop("two").as_dict() == {"name": "B", "hi": "Hi B"}
    params.assert_empty("nothing is left")


def test_backslashes_are_those_of_json(tmp_path: Path) -> None:
    params = Params.from_file(written(tmp_path, r'{"pattern": "x\\.y"}'))
    assert re.fullmatch(params["pattern"], "x.y")
    assert not re.fullmatch(params["pattern"], "x-y")
    again = Params.from_file(written(tmp_path, json.dumps(params.as_dict())))
    assert again == params


@pytest.mark.parametrize("text", [r'{"pattern": "x\.y"}', '{"p": std.extVar("NOT_SET")}', "{"])
def test_jsonnet_that_cannot_be_evaluated_is_a_runtime_error_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Params.from_file(written(tmp_path, text))
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.__class__ is not RuntimeError


def test_a_file_asks_for_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, '{"path": std.extVar("DATA_FOLDER") + "/x"}')
    with pytest.raises(RuntimeError, match="DATA_FOLDER"):
        Params.from_file(file)
    monkeypatch.setenv("DATA_FOLDER", "/env")
    assert Params.from_file(file)["path"] == "/env/x"
    assert Params.from_file(file, ext_vars={"DATA_FOLDER": "/given"})["path"] == "/given/x"


def test_files_for_the_archive_are_known_by_their_full_keys(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("one", "two", "three")]
    for name in names:
        Path(name).touch()
    params = Params({"a": {"file": names[0], "c": {"file": names[1]}, "l": [{"file": names[2]}]}})
    part = params.pop("a")
    part.add_file_to_archive("file")
    part.pop("c").add_file_to_archive("file")
    part.pop("l")[0].add_file_to_archive("file")
    keys = ["a.file", "a.c.file", "a.l.0.file"]
    assert params.files_to_archive == dict(zip(keys, names, strict=True))


def test_keys_are_ordered_by_preference_and_then_by_name(tmp_path: Path) -> None:
    params = Params({"c": 1, "b": 2, "a": 3, "z": {"n": 4, "m": 5}})
    orders = [["z", "c"], ["n", "m"]]
    assert json.dumps(params.as_ordered_dict(orders)) == (
        '{"z": {"n": 4, "m": 5}, "c": 1, "a": 3, "b": 2}'
    )
    file = os.path.join(tmp_path, "out.json")
    params.to_file(file, orders)
    with open(file, encoding="utf-8") as text:
        assert list(json.load(text)) == ["z", "c", "a", "b"]
    params.to_file(file)
    assert Params.from_file(file) == params


def test_text_is_cast_where_asked_for_and_nowhere_else() -> None:
    texts = {"a": ["10", "1.5", "true"], "b": {"x": 10, "y": "2.5", "z": "words"}, "c": "a word"}
    cast = {"a": [10, 1.5, True], "b": {"x": 10, "y": 2.5, "z": "words"}, "c": "a word"}
    params = Params(texts)
    assert params.as_dict(quiet=True) == texts
    assert params.as_dict(infer_type_and_cast=True) == infer_and_cast(texts) == cast


def test_what_cannot_be_cast_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cannot infer type"):
        infer_and_cast({"x": 1, "y": int})


def test_a_duplicate_shares_nothing() -> None:
    params = Params({"a": {"b": [1]}}, "h.", True, {"k": "v"})
    twin = params.duplicate()
    assert (twin, twin.history, twin.loading_from_archive) == (params, "h.", True)
    twin.pop("a")
    twin.files_to_archive["k"] = "w"
    assert params.as_dict() == {"a": {"b": [1]}}
    assert params.files_to_archive == {"k": "v"}


def test_a_choice_may_be_the_name_of_a_class_where_that_is_allowed() -> None:
    choices = ["model1", "model2"]
    assert Params({"m": "model1"}).pop_choice("m", choices) == "model1"
    with pytest.raises(ConfigurationError, match="not in acceptable choices for m"):
        Params({"m": "module"}).pop_choice("m", choices)
    assert Params({"m": "a.b.Class"}).pop_choice("m", choices) == "a.b.Class"
    with pytest.raises(ConfigurationError):
        Params({"m": "a.b.Class"}).pop_choice("m", choices, allow_class_names=False)
