"""`Params` and scopes are two views of the same values, with their places and their reads."""

import dataclasses
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp
from hyperparameter import _engine_interface as interface
from hyperparameter.params import Params

HERE = "tests/hyperparameter/params/test_params_and_scopes.py"


def only(record: hp.Record, key: str) -> hp.Read:
    [read] = [read for read in record.reads if read.key == key]
    return read


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "exp.json"
    path.write_text(json.dumps({"model": {"hidden": 64, "layers": [{"size": 1}]}, "lr": 0.1}))
    return path


class TestToScope:
    def test_the_values_are_visible_under_their_dotted_keys(self) -> None:
        with Params({"a": {"b": 1}, "xs": [1, {"c": 2}], "e": {}}).to_scope():
            assert (hp.scope.a.b(), hp.scope.xs(), hp.scope.e()) == (1, [1, {"c": 2}], {})

    def test_a_prefix_goes_before_and_the_history_does_not(self) -> None:
        child = Params({"m": {"a": 1}}).pop("m")
        assert dict(child.to_scope()) == {"a": 1}
        assert dict(child.to_scope("x.y")) == {"x.y.a": 1}

    def test_values_from_a_file_have_the_file_as_origin(self, experiment: Path) -> None:
        params = Params.from_file(experiment)
        with params["model"].to_scope("net"), params.to_scope():
            for key in ("net.hidden", "lr", "model.layers"):
                assert hp.explain(key).origin == interface.Origin("file", f"{experiment}:1")

    def test_overridden_values_have_the_place_of_the_override(self, experiment: Path) -> None:
        params = Params.from_file(experiment, {"model.layers": {"0": {"size": 9}}})
        with params.to_scope():
            assert str(hp.explain("lr").origin) == f"file {experiment}:1"
        layer = params.pop("model").pop("layers")[0]
        assert layer["size"] == 9
        with layer.to_scope():
            assert str(hp.explain("size").origin).startswith(f"code {HERE}:")

    def test_values_of_a_dict_have_the_place_where_the_params_were_made(self) -> None:
        line = Params.__init__.__code__.co_firstlineno  # of another file: must not be shown
        params = Params({"a": 1})
        params["b"] = 2
        with params.to_scope():
            made, assigned = hp.explain("a").origin, hp.explain("b").origin
        assert made is not None
        assert assigned is not None
        assert made.location.startswith(f"{HERE}:")
        assert made.location != f"{HERE}:{line}"
        first, second = (int(o.location.rpartition(":")[2]) for o in (made, assigned))
        assert second == first + 1

    def test_update_is_the_place_of_what_it_sets(self) -> None:
        params = Params({})
        params.update({"a": 1})
        with params.to_scope():
            assert str(hp.explain("a").origin).startswith(f"code {HERE}:")

    def test_an_assigned_dict_hides_the_places_of_what_it_replaces(self, experiment: Path) -> None:
        params = Params.from_file(experiment, '{"model.hidden": 1}')
        params["model"] = {"hidden": 2}
        with params.to_scope():
            line = hp.explain("model.hidden").origin
        assert line is not None
        with Params({"x": 1}).to_scope():
            here = hp.explain("x").origin
        assert here is not None
        assert int(here.location.rpartition(":")[2]) > int(line.location.rpartition(":")[2])

    def test_consuming_the_params_does_not_change_the_scope(self) -> None:
        params = Params({"a": {"b": 1}, "xs": [{"c": 2}]})
        with params.to_scope() as scope:
            params.pop("xs")[0].pop("c")
            params.pop("a").pop("b")
            assert dict(scope) == {"a.b": 1, "xs": [{"c": 2}]}

    @pytest.mark.parametrize("key", ["", "a.", ".a", "a..b", 3])
    def test_a_key_that_is_no_name_is_an_error(self, key: Any) -> None:
        with pytest.raises(hp.InvalidKey):
            Params({key: 1}).to_scope()

    def test_the_scope_pickles(self, experiment: Path) -> None:
        scope = pickle.loads(pickle.dumps(Params.from_file(experiment).to_scope()))
        with scope:
            assert str(hp.explain("lr").origin).startswith(f"file {experiment}")

    def test_the_flat_dict_makes_a_scope_too(self) -> None:
        with hp.scope(**Params({"a": {"b": 1}}).as_flat_dict()):
            assert hp.scope.a.b() == 1

    def test_params_are_a_value_of_a_scope_like_any_mapping(self) -> None:
        with hp.scope(model=Params({"a": {"b": 1}})):
            assert hp.scope.model.a.b() == 1


class TestLines:
    @pytest.fixture(params=["yaml", "toml", "json"])
    def params(self, request: pytest.FixtureRequest, tmp_path: Path) -> Params:
        texts = {
            "yaml": "a:\n  b: 1\n  c: {d: 2}\n\nxs:\n  - y: 3\n  - y: 4\n",
            "toml": "[a]\nb = 1\nc.d = 2\n\n[[xs]]\ny = 3\n[[xs]]\ny = 4\n",
            "json": '{"a":\n{"b": 1,\n"c": {"d": 2}},\n\n"xs": [\n{"y": 3},\n{"y": 4}]}',
        }
        file = tmp_path / f"exp.{request.param}"
        file.write_text(texts[request.param])
        self.file = str(file)
        return Params.from_file(file, {"xs.0.y": 9})

    def test_each_value_has_its_line_or_that_of_what_is_around_it(self, params: Params) -> None:
        with params.to_scope():
            origins = {key: str(hp.explain(key).origin) for key in ("a.b", "a.c.d", "xs")}
        lines = {"a.b": 2, "a.c.d": 3, "xs": 5}
        assert origins == {key: f"file {self.file}:{line}" for key, line in lines.items()}

    def test_elements_of_lists_too_and_overrides_have_their_own(self, params: Params) -> None:
        with hp.record() as record:
            for item in params.pop("xs"):
                item.pop("y")
        line = 8 if self.file.endswith(".toml") else 7
        assert str(only(record, "xs.1.y").origin) == f"file {self.file}:{line}"
        assert str(only(record, "xs.0.y").origin).startswith(f"code {HERE}:")

    def test_an_assigned_value_loses_the_lines_of_what_it_replaces(self, params: Params) -> None:
        params["a"] = {"b": 1}
        with params.to_scope():
            assert str(hp.explain("a.b").origin).startswith(f"code {HERE}:")

    def test_a_file_that_is_missing_a_key_says_where_it_belongs(self, params: Params) -> None:
        with pytest.raises(hp.ConfigurationError) as raised:
            params.pop("a").pop_int("bb")
        assert str(raised.value.origin) == f"file {self.file}:1"


class TestFromScope:
    def test_the_active_scope_comes_back_nested(self) -> None:
        with hp.scope(**{"a.b": 1, "a.c.d": 2}), hp.scope("e=3"):
            assert Params.from_scope().params == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}

    def test_a_given_scope_comes_back(self) -> None:
        scope = hp.scope(x=1)
        with hp.scope.empty(y=2):
            assert Params.from_scope(scope).params == {"y": 2, "x": 1}

    def test_below_a_prefix_reads_keep_their_full_path(self) -> None:
        with hp.scope(**{"a.b": 1, "a.c": 2, "z": 3}), hp.record() as record:
            params = Params.from_scope(prefix="a")
            assert params.params == {"b": 1, "c": 2}
            params.pop("b")
        assert record.operative() == {"a.b": 1}

    def test_nothing_below_is_empty(self) -> None:
        with hp.scope(a=1):
            assert Params.from_scope(prefix="a").params == {}
        assert Params.from_scope().params == {}

    def test_origins_survive_both_ways(self, experiment: Path) -> None:
        with Params.from_file(experiment).to_scope("p"):
            params = Params.from_scope(prefix="p")
        with hp.scope.empty(), params.to_scope("q"):
            assert hp.explain("q.model.hidden").origin == interface.Origin(
                "file", f"{experiment}:1"
            )

    def test_a_key_that_is_leaf_and_prefix_loses_nothing(self) -> None:
        flat = {"a": 1, "a.b": 2, "c.d": 3}
        with hp.scope(**flat):
            params = Params.from_scope()
        assert params.as_flat_dict() == flat
        assert params.pop("a.b") == 2

    def test_consuming_does_not_change_the_scope(self) -> None:
        with hp.scope(xs=[{"a": 1}]) as scope:
            Params.from_scope().pop("xs")[0].pop("a")
            assert scope["xs"] == [{"a": 1}]

    @given(st.dictionaries(
        st.text(st.characters(exclude_characters=".", codec="utf-8"), min_size=1, max_size=4),
        st.recursive(
            st.integers() | st.none() | st.lists(st.integers(), max_size=2),
            lambda inner: st.dictionaries(
                st.text(st.characters(exclude_characters=".", codec="utf-8"), min_size=1), inner,
                max_size=3,
            ),
            max_leaves=8,
        ),
        max_size=4,
    ))  # fmt: skip
    def test_there_and_back_is_the_same(self, values: dict[str, Any]) -> None:
        params = Params(values)
        with hp.scope.empty(), params.to_scope("p.q"):
            back = Params.from_scope(prefix="p.q")
        assert back.params == params.params


class TestRecord:
    def test_a_pop_is_recorded_under_its_full_path_with_origin_and_reader(
        self, experiment: Path
    ) -> None:
        with hp.record() as record:
            Params.from_file(experiment).pop("model").pop_int("hidden")
        read = only(record, "model.hidden")
        assert (read.value, read.default_used) == (64, False)
        assert read.origin == interface.Origin("file", f"{experiment}:1")
        assert read.reader.startswith(f"{HERE}:")

    @pytest.mark.parametrize(
        ("read", "used"),
        [
            (lambda p: p.pop("k", 1), 1),
            (lambda p: p.pop_int("k", "2"), 2),
            (lambda p: p.pop_float("k", 1), 1.0),
            (lambda p: p.pop_bool("k", "true"), True),
            (lambda p: p.pop_choice("k", ["u"], True), "u"),
            (lambda p: p.get("k", 3), 3),
            (lambda p: p.get("k"), None),
        ],
    )
    def test_a_default_is_recorded_as_one(self, read: Any, used: Any) -> None:
        with hp.record() as record:
            read(Params({}, "m."))
        found = only(record, "m.k")
        assert (found.value, found.default_used, found.origin) == (used, True, None)
        assert found.reader.startswith(f"{HERE}:")

    @pytest.mark.parametrize("read", [
        lambda p: p.pop("k"), lambda p: p.pop_int("k"), lambda p: p.pop_float("k"),
        lambda p: p.get("k"), lambda p: p["k"], lambda p: p.pop_choice("k", ["1"]),
    ])  # fmt: skip
    def test_every_way_to_read_is_recorded(self, read: Any) -> None:
        with hp.record() as record:
            used = read(Params({"k": "1"}))
        found = only(record, "k")
        assert (found.value, found.default_used) == (used, False)
        assert str(found.origin).startswith(f"code {HERE}:")

    def test_values_in_lists_have_their_index_in_the_path(self) -> None:
        with hp.record() as record:
            Params({"bs": [{}, {"x": 5}]})["bs"][1].pop("x")
        assert record.operative() == {"bs.1.x": 5}

    def test_dicts_are_not_reads_but_those_kept_are(self) -> None:
        with hp.record() as record:
            params = Params({"a": {"b": 1}, "c": {"d": 2}, "e": {"f": 3}})
            params.pop("a")
            params.get("c")
            params.pop("e", keep_as_dict=True)
        assert record.operative() == {"e.f": 3}

    @pytest.mark.parametrize("take", [
        lambda p: p.as_dict(quiet=True), lambda p: p.as_flat_dict(), lambda p: p.to_scope(),
        lambda p: p.as_ordered_dict(), dict.fromkeys, lambda p: list(p.items()), list,
    ])  # fmt: skip
    def test_taking_everything_reads_each_key_in_bulk(self, take: Any) -> None:
        with hp.record() as record:
            take(Params({"b": 1, "c": {"d": 2}}, "a."))
        bulk = [read for read in record.reads if read.bulk]
        assert [(read.key, read.value) for read in bulk] == [("a.b", 1), ("a.c.d", 2)]
        assert all(read.reader.startswith(f"{HERE}:") for read in bulk)

    def test_a_read_marks_the_override_of_a_scope_as_used(self) -> None:
        with hp.record() as record, hp.scope(**{"m.a": 1, "m.b": 2}):
            Params.from_scope(prefix="m").pop("a")
        assert [unused.key for unused in record.unused()] == ["m.b"]

    def test_secrets_are_masked(self) -> None:
        with hp.record() as record:
            Params({"db": {"password": "xyz"}}).pop("db").pop("password")
        assert record.operative() == {}
        assert list(record.left_out) == ["db.password"]

    @pytest.mark.parametrize("key", ["", "a.", ".", "a..b", "..."])
    def test_a_record_of_odd_keys_can_be_loaded(self, key: str, tmp_path: Path) -> None:
        with hp.record() as record:
            params = Params({key: {"x": 1, key: 2}})
            params.as_dict(quiet=True)
            child = params.pop(key)
            child.as_flat_dict()
            assert child.pop("x") == 1
            assert child.pop(key) == 2
        record.save(tmp_path / "record.json")
        loaded = hp.Record.load(tmp_path / "record.json")
        assert loaded.reads == record.reads
        assert len(loaded.operative()) == 2

    def test_reads_go_into_the_record_that_is_open_here(self) -> None:
        params = Params({"a": 1, "b": 2})
        with hp.record() as outer:
            params.pop("a")
            with hp.record() as inner:
                params.pop("b")
        assert list(inner.operative()) == ["b"]
        assert list(outer.operative()) == ["a", "b"]
        assert os.path.basename(only(outer, "a").reader).startswith("test_params_and_scopes.py:")


@dataclasses.dataclass
class Opt:
    lr: float = 0.1
    mom: float = 0.9


class TestWholes:
    def test_a_field_over_an_instance_is_a_field_of_it(self) -> None:
        with hp.scope(m={"opt": Opt(), "n": 1}), hp.scope("m.opt.lr=5"):
            params = Params.from_scope(prefix="m")
        assert params.params == {"opt": Opt(5.0), "n": 1}

    def test_a_field_that_does_not_fit_is_an_error_with_its_place(self) -> None:
        with (
            hp.scope(m={"opt": Opt()}),
            hp.scope("m.opt.lr=x"),
            pytest.raises(hp.ConversionError, match=r"m\.opt\.lr .*'x' is not a float"),
        ):
            Params.from_scope(prefix="m")

    def test_an_instance_that_replaces_what_is_below_stays_as_it_is(self) -> None:
        with hp.scope("m.opt.lr=5"), hp.scope(m={"opt": Opt(1, 2)}):
            assert Params.from_scope(prefix="m").params == {"opt": Opt(1, 2)}

    def test_an_instance_at_the_prefix_gives_its_fields(self) -> None:
        with hp.scope(m=Opt(1, 2)), hp.scope("m.lr=5"):
            assert Params.from_scope(prefix="m").params == {"lr": 5.0, "mom": 2}

    def test_names_keep_their_dots_and_their_origins(self) -> None:
        with hp.scope(m={"a.b": 1, "c": {"d.e": 2}}), hp.scope("m.a.b=007"), hp.record() as record:
            params = Params.from_scope(prefix="m")
            assert params.params == {"a.b": "007", "c": {"d.e": 2}}
            assert params.as_flat_dict() == {"a.b": "007", "c.d.e": 2}
            params.pop_choice("a.b", ["007"])
        assert all(str(read.origin).startswith(f"code {HERE}:") for read in record.reads)

    def test_json_joins_the_mapping_below_it(self) -> None:
        with hp.scope(m={"opt": {"lr": 1, "mom": 2}}), hp.scope('m.opt={"lr": 3.10}'):
            params = Params.from_scope()
            assert params.params == {"m": {"opt": {"lr": 3.1, "mom": 2}}}
            assert params.pop("m").pop("opt").pop_choice("lr", ["3.10"]) == "3.10"

    @pytest.mark.parametrize("flat", [{"a": 1, "a.b": 2, "c": 3}, {"a.b": 2, "a": 1, "c": 3}])
    def test_a_number_and_the_keys_below_it_are_both_kept(self, flat: dict[str, int]) -> None:
        with hp.scope(**{f"p.q.{key}": value for key, value in flat.items()}):
            assert Params.from_scope(prefix="p.q").params == {"a": 1, "a.b": 2, "c": 3}
            assert Params.from_scope(prefix="p").params == {"q": {"a": 1, "a.b": 2, "c": 3}}
            assert Params.from_scope(prefix="p.q.a").params == {"b": 2}

    def test_two_names_with_the_same_flat_key_are_an_error(self) -> None:
        with pytest.raises(hp.ConfigurationError, match=r"'a\.b'"):
            Params({"a": {"b": 1}, "a.b": 2})
        params = Params({"a": {"b": 1}})
        params["a.b"] = 2
        with pytest.raises(hp.ConfigurationError, match=r"'a\.b'"):
            params.as_flat_dict()
