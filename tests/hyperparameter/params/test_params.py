"""`Params`: each promise of the reference, and each thing that is deliberately different."""

import copy
import json
import logging
import pickle
import re
import subprocess
import sys
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp
from hyperparameter.params import (
    ConfigurationError,
    Params,
    infer_and_cast,
    parse_overrides,
    pop_choice,
    remove_keys_from_params,
    unflatten,
    with_fallback,
    with_overrides,
)

LOGGER = "hyperparameter.params"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, LOGGER)
    return lambda: [record.getMessage() for record in caplog.records]


def written(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


class TestHistoryAndChildren:
    def test_history_grows_with_keys_and_indices(self) -> None:
        params = Params({"a": {"bs": [{"c": {}}]}})
        assert params.history == ""
        assert params["a"].history == "a."
        assert params["a"]["bs"][0].history == "a.bs.0."
        assert params.get("a").pop("bs")[0].pop("c").history == "a.bs.0.c."

    @pytest.mark.parametrize("how", ["get", "pop", "[]"])
    def test_children_share_the_dict_they_come_from(self, how: str) -> None:
        params = Params({"a": {"b": 1, "c": [[{"d": 2}]]}})
        inner = params.params["a"]
        child = params["a"] if how == "[]" else getattr(params, how)("a")
        assert isinstance(child, Params)
        assert child.pop("b") == 1
        assert child["c"][0][0].pop("d") == 2
        assert inner == {"c": [[{}]]}

    def test_children_keep_flag_and_archive_and_class(self) -> None:
        class Mine(Params):
            pass

        params = Mine({"a": {"b": {}}}, "", True)
        child = params["a"]["b"]
        assert type(child) is Mine
        assert child.loading_from_archive is True
        assert child.files_to_archive is params.files_to_archive

    def test_the_text_none_becomes_none_everywhere_at_construction_only(self) -> None:
        params = Params({"a": "None", "b": [1, "None", [{"c": "None"}]], "d": {"e": "None"}})
        assert params.params == {"a": None, "b": [1, None, [{"c": None}]], "d": {"e": None}}
        params["f"] = "None"
        assert params.pop("f") == "None"

    def test_construction_never_changes_or_shares_what_it_is_given(self) -> None:
        given = {"a": "None", "b": {"c": 1}, "d": [{"e": "None"}]}
        before = copy.deepcopy(given)
        params = Params(given)
        params.pop("b").pop("c")
        params.pop("d")[0].pop("e")
        assert given == before

    def test_an_assigned_dict_is_not_shared_either(self) -> None:
        params, given = Params({}), {"b": 1}
        params["a"] = given
        assert params["a"].pop("b") == 1
        assert given == {"b": 1}

    def test_it_is_a_mutable_mapping(self) -> None:
        params = Params({"a": 1, "b": {"c": 2}})
        assert (len(params), list(params), "a" in params, "c" in params) == (
            2,
            ["a", "b"],
            True,
            False,
        )
        params["d"] = 3
        del params["a"]
        params.update(e=4)
        assert params.setdefault("f", 5) == 5
        assert dict(params.items())["b"] == {"c": 2}
        assert params == Params({"b": {"c": 2}, "d": 3, "e": 4, "f": 5}) == dict(params)
        assert params != {}
        assert params != 3
        with pytest.raises(KeyError, match="'zzz'"):
            params["zzz"]
        with pytest.raises(TypeError):
            hash(params)
        params.clear()
        assert not params

    def test_nested_params_and_mappings_become_dicts(self) -> None:
        params = Params({"a": Params({"b": OrderedDict(c=1)})})
        assert params.params == {"a": {"b": {"c": 1}}}
        assert json.loads(json.dumps(params.as_dict(quiet=True))) == {"a": {"b": {"c": 1}}}

    @pytest.mark.parametrize("what", [None, [1], "a", 3])
    def test_only_a_mapping_can_be_params(self, what: Any) -> None:
        with pytest.raises(ConfigurationError, match="must be a mapping"):
            Params(what)

    def test_what_contains_itself_is_an_error(self) -> None:
        loop: dict[str, Any] = {}
        loop["a"] = [loop]
        with pytest.raises(ConfigurationError, match="contains itself"):
            Params(loop)


class TestPop:
    def test_pop_removes_and_returns(self) -> None:
        params = Params({"a": 1})
        assert params.pop("a") == 1
        assert params.params == {}

    def test_missing_without_default_names_key_and_location(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({"m": {}})["m"].pop("k")
        assert str(raised.value) == 'key "k" is required at location "m."'
        assert raised.value.key == "m.k"

    def test_missing_at_the_top_has_no_location(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({}).pop("k")
        assert str(raised.value) == 'key "k" is required'

    def test_missing_suggests_the_near_key(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r'^key "epochs" is required\. Did you mean \'epoch\'\?$'
        ):
            Params({"epoch": 1}).pop("epochs")

    def test_a_default_is_used_only_where_the_key_is_missing(self) -> None:
        params = Params({"a": None, "b": "None"})
        assert params.pop("a", 1) is None
        assert params.pop("b", 1) is None
        assert params.pop("c", 1) == 1
        assert params.pop("d", None) is None

    def test_a_dict_as_default_becomes_params_and_stays_the_callers(self) -> None:
        default = {"x": {"y": 1}}
        child = Params({}, "m.").pop("opt", default)
        assert child.history == "m.opt."
        assert child.pop("x").pop("y") == 1
        assert default == {"x": {"y": 1}}

    def test_keep_as_dict_gives_the_dict(self) -> None:
        params = Params({"a": {"b": 1}, "c": [{"d": 2}]})
        assert type(params.pop("a", keep_as_dict=True)) is dict
        assert params.pop("c", keep_as_dict=True) == [{"d": 2}]
        assert params.pop("e", {"f": 1}, keep_as_dict=True) == {"f": 1}

    def test_every_scalar_is_logged_with_its_path_defaults_too(self, lines: Any) -> None:
        params = Params({"a": {"b": 1, "xs": [1, 2], "d": {"e": 0}, "ds": [{}]}})
        child = params.pop("a")
        for key in ("b", "xs", "d", "ds"):
            child.pop(key)
        child.pop_float("f", 0.5)
        child.pop_choice("g", ["u", "v"], default_to_first_choice=True)
        assert lines() == ["a.b = 1", "a.xs = [1, 2]", "a.f = 0.5", "a.g = u"]

    def test_secrets_are_masked_in_the_log_and_in_messages(self, lines: Any) -> None:
        params = Params({"api_token": "abc", "db": {"password": "xyz"}, "a": 1})
        assert params.pop("api_token") == "abc"
        params.pop("db", keep_as_dict=True)
        params["secret"] = "hidden"
        with pytest.raises(ConfigurationError) as raised:
            params.assert_empty("C")
        with pytest.raises(hp.ConversionError) as unconverted:
            params.pop_int("secret")
        said = " ".join([*lines(), str(raised.value), str(unconverted.value), repr(params)])
        assert not re.search("abc|xyz|hidden", said)
        assert "api_token = ***" in lines()

    def test_nothing_is_logged_below_info(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.WARNING, LOGGER)
        Params({"a": 1}).pop("a")
        assert caplog.records == []


class TestTypedPops:
    @pytest.mark.parametrize(
        ("method", "value", "expected"),
        [
            ("pop_int", "3", 3), ("pop_int", 3.9, 3), ("pop_int", None, None), ("pop_int", True, 1),
            ("pop_float", "1e-3", 0.001), ("pop_float", 2, 2.0), ("pop_float", None, None),
            ("pop_bool", True, True), ("pop_bool", "true", True), ("pop_bool", "false", False),
            ("pop_bool", None, None),
        ],
    )  # fmt: skip
    def test_they_cast(self, method: str, value: Any, expected: Any) -> None:
        popped = getattr(Params({"a": value}), method)("a")
        assert popped == expected
        assert type(popped) is type(expected)

    def test_they_cast_defaults_too(self) -> None:
        params = Params({})
        assert params.pop_int("a", "3") == 3
        assert params.pop_bool("b", None) is None
        assert params.pop_float("c", 1) == 1.0

    @pytest.mark.parametrize(
        ("method", "value"),
        [
            ("pop_bool", 1), ("pop_bool", "True"), ("pop_bool", "yes"), ("pop_bool", []),
            ("pop_int", "3.5"), ("pop_int", [1]), ("pop_int", {"x": 1}), ("pop_int", float("inf")),
            ("pop_float", "abc"), ("pop_float", 10**400),
        ],
    )  # fmt: skip
    def test_what_cannot_be_cast_is_a_clean_value_error(self, method: str, value: Any) -> None:
        with pytest.raises(ValueError, match=r"^m\.a \(code .* is not ") as raised:
            getattr(Params({"a": value}, "m."), method)("a")
        assert isinstance(raised.value, hp.ConversionError)
        assert raised.value.key == "m.a"
        assert raised.value.origin.location.startswith(
            "tests/hyperparameter/params/test_params.py:"
        )

    @pytest.mark.parametrize("method", ["pop_int", "pop_float", "pop_bool"])
    def test_missing_is_required(self, method: str) -> None:
        with pytest.raises(ConfigurationError, match=r'^key "a" is required$'):
            getattr(Params({}), method)("a")


class TestGet:
    def test_get_never_raises_never_removes_never_logs(self, lines: Any) -> None:
        params = Params({"a": 1, "b": {"c": 2}})
        assert params.get("a") == 1
        assert params.get("a") == 1
        assert params.get("zzz") is None
        assert params.get("zzz", 3) == 3
        assert params.get("b").history == "b."
        assert len(params) == 2
        assert lines() == []


class TestChoice:
    def test_a_choice_is_popped(self) -> None:
        params = Params({"a": "x"})
        assert params.pop_choice("a", ["x", "y"]) == "x"
        assert not params

    def test_any_other_value_is_the_documented_error(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({"m": {"type": "z"}}).pop("m").pop_choice("type", ["x", "y"])
        assert str(raised.value) == (
            "z not in acceptable choices for m.type: ['x', 'y']. "
            f"It comes from {raised.value.origin}."
        )
        assert (raised.value.key, raised.value.value) == ("m.type", "'z'")

    def test_the_error_says_what_was_meant_and_what_can_be_given(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({"reader": {"type": "tsvv"}}).pop("reader").pop_choice("type", ["tsv", "csv"])
        assert "reader.type: ['tsv', 'csv']. Did you mean 'tsv'?" in str(raised.value)
        assert "--" not in str(raised.value)

    def test_class_names_pass_where_allowed(self) -> None:
        assert Params({"a": "p.q.C"}).pop_choice("a", ["x"]) == "p.q.C"
        with pytest.raises(ConfigurationError):
            Params({"a": "p.q.C"}).pop_choice("a", ["x"], allow_class_names=False)

    @pytest.mark.parametrize("value", [1, 1.5, None, True, [1]])
    def test_what_is_not_text_is_a_clean_error(self, value: Any) -> None:
        with pytest.raises(ConfigurationError, match="not in acceptable choices"):
            Params({"a": value}).pop_choice("a", ["x"])

    def test_the_first_choice_is_the_default_where_asked_for(self) -> None:
        assert Params({}).pop_choice("a", ["x", "y"], default_to_first_choice=True) == "x"
        with pytest.raises(ConfigurationError, match="is required"):
            Params({}).pop_choice("a", ["x", "y"])
        with pytest.raises(ConfigurationError, match="is required"):
            Params({}).pop_choice("a", [], default_to_first_choice=True)

    def test_the_function_works_on_a_dict_and_does_not_know_the_history(self) -> None:
        plain = {"type": "x", "bad": "z"}
        assert pop_choice(plain, "type", ["x"]) == "x"
        assert plain == {"bad": "z"}
        with pytest.raises(ConfigurationError, match=r"choices for \?\.bad:"):
            pop_choice(plain, "bad", ["x"])
        with pytest.raises(ConfigurationError, match=r"choices for m\.bad:"):
            pop_choice({"bad": "z"}, "bad", ["x"], history="m.")


class TestAsDict:
    def test_not_quiet_it_logs_every_leaf(self, lines: Any) -> None:
        params = Params({"a": 1, "b": {"c": [2, {"d": 3}]}}, "m.")
        assert params.as_dict() == {"a": 1, "b": {"c": [2, {"d": 3}]}}
        assert lines() == ["m.a = 1", "m.b.c = [2, {'d': 3}]"]

    def test_quiet_it_logs_nothing(self, lines: Any) -> None:
        assert Params({"a": 1}).as_dict(quiet=True) == {"a": 1}
        assert lines() == []

    def test_it_is_the_dict_itself(self) -> None:
        params = Params({"a": 1})
        assert params.as_dict(quiet=True) is params.params

    def test_it_casts_a_copy(self) -> None:
        params = Params({"a": "1", "b": [{"c": "True"}]})
        assert params.as_dict(quiet=True, infer_type_and_cast=True) == {"a": 1, "b": [{"c": True}]}
        assert params.params["a"] == "1"

    def test_the_flat_form_has_no_history_and_does_not_enter_lists(self) -> None:
        params = Params({"m": {"a": {"b": 1}, "c": [{"d": 2}], "e": {}}})
        assert params["m"].as_flat_dict() == {"a.b": 1, "c": [{"d": 2}], "e": {}}

    def test_order_is_by_each_list_and_then_by_key(self) -> None:
        params = Params({"z": 1, "b": {"y": 1, "type": 2, "x": 3}, "a": 0, "q": 5})
        found = params.as_ordered_dict([["q", "b"], ["z"]])
        assert list(found) == ["q", "b", "z", "a"]
        assert list(found["b"]) == ["type", "x", "y"]
        assert isinstance(found["b"], OrderedDict)

    def test_default_preferences(self) -> None:
        names = ["vocabulary", "a", "type", "trainer", "model", "dataset_reader", "iterator"]
        names += ["test_data_path", "validation_data_path", "train_data_path"]
        assert list(Params(dict.fromkeys(names, 1)).as_ordered_dict()) == [
            "dataset_reader", "iterator", "model", "train_data_path", "validation_data_path",
            "test_data_path", "trainer", "vocabulary", "type", "a",
        ]  # fmt: skip

    def test_to_file_writes_indent_4_and_no_final_newline(self, tmp_path: Path) -> None:
        params = Params({"b": 1, "type": {"c": [1]}, "model": 2})
        params.to_file(tmp_path / "x.json")
        expected = json.dumps({"model": 2, "type": {"c": [1]}, "b": 1}, indent=4)
        assert (tmp_path / "x.json").read_bytes() == expected.encode()
        params.to_file(str(tmp_path / "y.json"), [["b"]])
        assert list(json.loads((tmp_path / "y.json").read_text())) == ["b", "model", "type"]

    def test_what_is_no_json_is_an_error_and_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="JSON"):
            Params({"a": object()}).to_file(tmp_path / "x.json")
        assert not (tmp_path / "x.json").exists()
        with pytest.raises(ConfigurationError, match="order"):
            Params({"a": {1: 1, "b": 2}}).as_ordered_dict()  # type: ignore[dict-item]
        with pytest.raises(ConfigurationError, match="JSON"):
            Params({"a": {1, 2}}).get_hash()

    def test_the_hash_is_the_documented_checksum(self) -> None:
        values = {"b": [1.0, None, "é"], "a": {"c": True}}
        expected = str(zlib.adler32(json.dumps(values, sort_keys=True).encode()))
        assert Params(values).get_hash() == expected == Params(values).duplicate().get_hash()
        assert Params({"a": 1}).get_hash() != Params({"a": 2}).get_hash()


class TestAssertEmpty:
    def test_empty_passes(self) -> None:
        params = Params({"a": {"b": 1}})
        child = params.pop("a")
        child.pop("b")
        child.assert_empty("A")
        params.assert_empty("B")

    def test_what_is_left_is_named_with_its_place(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({"a": 1, "b": {"c": 2}}).assert_empty("Model")
        text = str(raised.value)
        assert text.startswith("Extra parameters passed to Model: {'a': 1, 'b': {'c': 2}}")
        assert re.search(r"'a' \(code tests/hyperparameter/params/test_params\.py:\d+\)", text)
        assert raised.value.key == "a"

    @pytest.mark.parametrize("key", [1, None, ("a",)])
    def test_a_key_that_is_no_text_is_named_too(self, key: Any) -> None:
        params = Params({key: 1})
        params.pop("other", 2)
        with pytest.raises(ConfigurationError, match="Extra parameters passed to M"):
            params.assert_empty("M")

    def test_it_suggests_the_key_whose_default_was_used(self) -> None:
        params = Params({"trainer": {"num_epoch": 3}})
        params["trainer"].pop_int("num_epochs", 10)  # another child of the same dict
        trainer = params.pop("trainer")
        with pytest.raises(ConfigurationError, match=r"Did you mean 'num_epochs'\?"):
            trainer.assert_empty("Trainer")

    def test_it_does_not_suggest_the_keys_of_others(self) -> None:
        params = Params({"a": {"rate": 1}, "b": {}})
        params["b"].pop("rates", 1)
        with pytest.raises(ConfigurationError) as raised:
            params["a"].assert_empty("A")
        assert "Did you mean" not in str(raised.value)


class TestDuplicateAndPickle:
    def test_a_duplicate_is_distinct_and_keeps_all(self) -> None:
        params = Params({"a": {"b": [1]}}, "h.", True, {"x": "y"})
        twin = params.duplicate()
        assert (twin.params, twin.history, twin.loading_from_archive) == (
            {"a": {"b": [1]}},
            "h.",
            True,
        )
        assert twin.files_to_archive == {"x": "y"}
        twin.pop("a").pop("b")
        twin.files_to_archive["z"] = "w"
        assert params.params == {"a": {"b": [1]}}
        assert params.files_to_archive == {"x": "y"}

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_default_keeps_its_identity(self, protocol: int) -> None:
        assert pickle.loads(pickle.dumps(Params.DEFAULT, protocol)) is Params.DEFAULT
        assert copy.deepcopy(Params.DEFAULT) is copy.copy(Params.DEFAULT) is Params.DEFAULT

    def test_default_as_default_means_required(self) -> None:
        with pytest.raises(ConfigurationError):
            Params({}).pop("a", pickle.loads(pickle.dumps(Params.DEFAULT)))

    def test_params_pickle_with_their_places(self) -> None:
        params = Params({"a": {"b": 1}}, "h.")
        params["c"] = 2
        twin = pickle.loads(pickle.dumps(params))
        assert (twin.params, twin.history) == (params.params, "h.")
        with pytest.raises(
            ConfigurationError,
            match=r"'c' \(code tests/hyperparameter/params/test_params.py:\d+ on ",
        ):
            twin.assert_empty("") if twin.pop("a") else None

    def test_errors_pickle_with_message_and_data(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            Params({}, "m.").pop("k")
        twin = pickle.loads(pickle.dumps(raised.value))
        assert str(twin) == 'key "k" is required at location "m."'
        assert (type(twin), twin.key, twin.origin) == (
            ConfigurationError, "m.k", raised.value.origin,
        )  # fmt: skip

    def test_it_is_the_errors_class_of_the_library(self) -> None:
        assert ConfigurationError is hp.ConfigurationError
        assert hp.Params is Params


class TestArchive:
    def test_files_are_noted_in_the_topmost_by_full_path(self, tmp_path: Path) -> None:
        file = written(tmp_path / "vocab.txt", "x")
        params = Params({"model": {"vocab": str(file)}})
        params.pop("model").add_file_to_archive("vocab")
        assert params.files_to_archive == {"model.vocab": str(file)}

    def test_it_does_nothing_when_loading_from_an_archive(self) -> None:
        params = Params({"a": "no such file"}, loading_from_archive=True)
        params.add_file_to_archive("a")
        params.add_file_to_archive("missing")
        assert params.files_to_archive == {}

    @pytest.mark.parametrize("value", ["no such file", 3, None, ["x"]])
    def test_what_is_no_file_is_an_error(self, value: Any) -> None:
        params = Params({"a": value})
        with pytest.raises(ConfigurationError, match="which is not a local file"):
            params.add_file_to_archive("a")
        with pytest.raises(ConfigurationError, match="is required"):
            params.add_file_to_archive("b")


class TestPlainFunctions:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("TRUE", True), ("false", False), ("10", 10), ("-1_0", -10), ("1.3", 1.3), ("1e3", 1e3),
            ("text", "text"), ("", ""), ("3x", "3x"), (None, None), (True, True), (1.5, 1.5),
            ("9" * 700, int("9" * 700)), (["1", {"a": "true"}], [1, {"a": True}]),
        ],
    )  # fmt: skip
    def test_infer_and_cast(self, value: Any, expected: Any) -> None:
        found = infer_and_cast(value)
        assert found == expected
        assert type(found) is type(expected)

    def test_infer_and_cast_refuses_what_is_no_json(self) -> None:
        with pytest.raises(ConfigurationError, match="cannot infer type"):
            infer_and_cast({"a": int})

    def test_infer_and_cast_keeps_more_digits_than_python_reads(self) -> None:
        assert infer_and_cast("1" + "0" * 6000) == 10**6000

    def test_unflatten(self) -> None:
        assert unflatten({"a.b": 0, "a.c.d": 1, "e": {"f": 2}}) == {
            "a": {"b": 0, "c": {"d": 1}}, "e": {"f": 2},
        }  # fmt: skip

    @pytest.mark.parametrize(
        "flat",
        [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}, {"a.b.c": 1, "a.b": {}}, {1: 2}, {"a." * 300: 1}],
    )
    def test_unflatten_conflicts(self, flat: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^flattened dictionary is invalid"):
            unflatten(flat)

    def test_unflatten_does_not_write_into_the_callers_dicts(self) -> None:
        given = {"a": {"b": 1}, "a.c": 2}
        assert unflatten(given) == {"a": {"b": 1, "c": 2}}
        assert given == {"a": {"b": 1}, "a.c": 2}

    @pytest.mark.parametrize(
        ("preferred", "fallback", "expected"),
        [
            ({"a": {"b": 1}}, {"a": {"c": 2}, "d": 3}, {"a": {"b": 1, "c": 2}, "d": 3}),
            ({"a": 1}, {"a": {"c": 2}}, {"a": 1}),
            ({"a": {"c": 2}}, {"a": 1}, {"a": {"c": 2}}),
            ({"a": [1]}, {"a": [2, 3]}, {"a": [1]}),
            ({"a": {"0": 9, "-1": 8}}, {"a": [1, 2, 3]}, {"a": [9, 2, 8]}),
            ({"a": {"1": {"x": 9}}}, {"a": [1, {"x": 2, "y": 3}]}, {"a": [1, {"x": 9, "y": 3}]}),
            ({"a": {}}, {"a": [1]}, {"a": [1]}),
        ],
    )
    def test_with_fallback(self, preferred: Any, fallback: Any, expected: Any) -> None:
        assert with_fallback(preferred, fallback) == expected

    @pytest.mark.parametrize("index", ["2", "-3", "x", "1.0", "", "9" * 5000])
    def test_a_bad_index_is_an_error(self, index: str) -> None:
        with pytest.raises(ConfigurationError, match="not a valid index"):
            with_fallback({"a": {index: 0}}, {"a": [1, 2]})

    def test_overrides_replace_what_exists(self) -> None:
        original = {"foo": {"bar": {"baz": 3}, "x": 0}, "xs": ["a", {"b": 1}], "p.q": {"r": 1}}
        before = copy.deepcopy(original)
        overrides = {"foo.bar": {"z": 2}, "xs.0": "d", "xs.1.b": 5, "new": 1, "p.q.r": 7}
        assert with_overrides(original, overrides) == {
            "foo": {"bar": {"z": 2}, "x": 0}, "xs": ["d", {"b": 5}], "p.q": {"r": 7}, "new": 1,
        }  # fmt: skip
        assert original == before

    @pytest.mark.parametrize("key", ["foo.zzz", "no.such", "xs.3", "xs.-1", "xs.a", "foo.bar.y"])
    def test_a_dotted_override_that_does_not_exist_is_an_error(self, key: str) -> None:
        with pytest.raises(ConfigurationError, match=f"contains unused keys.*'{key}'") as raised:
            with_overrides({"foo": {"bar": {}}, "xs": [1]}, {key: 1})
        assert raised.value.key == key

    def test_overrides_help_with_a_typo(self) -> None:
        with pytest.raises(ConfigurationError, match=r"Did you mean 'trainer\.epochs'\?"):
            with_overrides({"trainer": {"epochs": 1}}, {"trainer.epoch": 2})

    def test_an_override_below_a_value_is_an_error(self) -> None:
        with pytest.raises(ConfigurationError, match="expected list or dict at 'foo', found int"):
            with_overrides({"foo": 3}, {"foo.x": 2})

    def test_overrides_of_a_key_and_of_what_is_below_it_are_an_error(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'a\.b'"):
            with_overrides({"a": {"b": 1}}, {"a.b": 2, "a": {}})

    def test_keys_are_removed_at_every_level_of_dicts(self) -> None:
        params = Params(
            {"initializer": 1, "a": {"pretrained_file": 2, "b": {"initializer": {}, "c": 3}}}
        )
        remove_keys_from_params(params)
        assert params.params == {"a": {"b": {"c": 3}}}
        remove_keys_from_params(params, ["b"])
        assert params.params == {"a": {}}
        remove_keys_from_params("bert")  # type: ignore[arg-type]  # a model may be just a name

    def test_overrides_as_text(self) -> None:
        assert parse_overrides("") == {}
        assert parse_overrides('{"a.b": 1.0, "a.c": "x"}') == {"a": {"b": 1.0, "c": "x"}}
        assert type(parse_overrides('{"a": 1.0}')["a"]) is float

    @pytest.mark.parametrize("text", ["[1]", "3", '"x"', '{"a": 1, "a": 2}', '{"a": 1, "a.b": 2}'])
    def test_text_that_is_no_override_is_an_error(self, text: str) -> None:
        with pytest.raises(ConfigurationError):
            parse_overrides(text)


JSON_KEYS = st.text(st.characters(exclude_characters=".", codec="utf-8"), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_KEYS, inner, max_size=3),
    max_leaves=12,
)
NESTED = st.dictionaries(JSON_KEYS, JSON, max_size=4)


class TestProperties:
    @given(NESTED)
    def test_unflatten_undoes_the_flat_form(self, values: dict[str, Any]) -> None:
        params = Params(values)
        assert unflatten(params.as_flat_dict()) == params.params

    @given(NESTED)
    def test_a_written_file_reads_as_the_same(self, values: dict[str, Any]) -> None:
        import tempfile

        params = Params(values)
        with tempfile.TemporaryDirectory() as directory:
            params.to_file(f"{directory}/x.json")
            again = Params.from_file(f"{directory}/x.json")
        assert again.params == params.params
        assert again.get_hash() == params.get_hash()

    @given(NESTED, NESTED)
    def test_merging_changes_and_shares_nothing(self, over: Any, base: Any) -> None:
        before = copy.deepcopy((over, base))
        try:
            merged = with_fallback(over, base)
        except ConfigurationError:
            merged = {}
        assert (over, base) == before
        scribble(merged)
        assert (over, base) == before

    @given(NESTED, NESTED)
    def test_merging_keeps_every_key_and_prefers(self, over: Any, base: Any) -> None:
        try:
            merged = with_fallback(over, base)
        except ConfigurationError:
            return
        assert merged.keys() == over.keys() | base.keys()
        for key, value in merged.items():
            if key not in over:
                assert value == base[key]
            elif key not in base or not isinstance(over[key], dict):
                assert value == over[key]
        assert with_fallback(over, {}) == over
        assert with_fallback({}, base) == base

    @given(st.data(), NESTED)
    def test_merging_is_associative_where_no_dict_meets_a_value(
        self, data: Any, shape: Any
    ) -> None:
        a, b, c = (part_of(shape, data.draw) for _ in range(3))
        assert with_fallback(with_fallback(a, b), c) == with_fallback(a, with_fallback(b, c))

    @given(NESTED)
    def test_merging_with_itself_changes_nothing(self, values: Any) -> None:
        assert with_fallback(values, values) == values

    @given(NESTED)
    def test_popping_to_the_end_leaves_nothing(self, values: Any) -> None:
        params = Params(values)
        exhaust(params)
        params.assert_empty("All")


def part_of(shape: Any, draw: Any) -> Any:
    if not isinstance(shape, dict):
        return draw(st.integers())
    return {key: part_of(value, draw) for key, value in shape.items() if draw(st.booleans())}


def scribble(value: Any) -> None:
    items = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )
    for item in items:
        scribble(item)
    if isinstance(value, (dict, list)):
        value.clear()


def exhaust(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            exhaust(item)
    elif isinstance(value, Params):
        for key in list(value):
            exhaust(value.pop(key))
        value.assert_empty("Part")


def test_params_are_imported_only_when_asked_for() -> None:
    program = (
        "import sys, hyperparameter as hp; assert 'hyperparameter.params' not in sys.modules; "
        "hp.Params; assert 'hyperparameter.params' in sys.modules; "
        "assert 'subprocess' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-c", program], check=True)


def test_the_facade_has_no_other_late_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Paramz'"):
        hp.Paramz  # type: ignore[attr-defined]
