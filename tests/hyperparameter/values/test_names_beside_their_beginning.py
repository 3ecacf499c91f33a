"""A name with dots beside the name that it begins with, as `urllib3.pool` beside `urllib3`.

A dotted write lands on the longest written name, whichever sources have the names and the write,
and the name beside it stays.  What is written for the shorter name leaves the longer one alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import hp_dist
import hyperparameter as hp
from hyperparameter.params import with_fallback, with_overrides

GONE = object()

BESIDE: dict[str, dict[str, Any]] = {
    "number": {"a": 5, "a.b": 4, "k": 1},
    "null": {"a": None, "a.b": 4},
    "list": {"a": [1], "a.b": 4, "k": 1},
    "mapping": {"a": {"l": 1}, "a.b": {"l": 2}, "k": 1},
    "longer first": {"a.b": {"l": 2}, "a": {"l": 1}},
    "three": {"a": 1, "a.b": 2, "a.b.c": 3},
    "deep": {"x": {"a": 5, "a.b": 4}},
}

WRITES: dict[str, list[tuple[str, Any]]] = {
    "number": [("a.b", 9), ("a", 9), ("a.q", 9), ("a.q.p", 9), ("a.b.c", 9)],
    "null": [("a.b", 9), ("a", 9), ("a.q", 9)],
    "list": [("a.b", 9), ("a.q", 9)],
    "mapping": [("a.b.l", 9), ("a.b.n", 9), ("a.b", 9), ("a.l", 9), ("a.q.p", 9), ("a", 9)],
    "longer first": [("a.b.l", 9), ("a.l", 9), ("a", 9)],
    "three": [("a.b.c", 9), ("a.b", 9), ("a", 9), ("a.b.d", 9)],
    "deep": [("x.a.b", 9), ("x.a", 9), ("x.a.q", 9)],
}
CASES = [(name, key, value) for name, writes in WRITES.items() for key, value in writes]
NEW = ["a.q", "a.q.p", "x.a.q", "a.b.n", "a.b.d"]
REMOVED = [
    (name, key) for name, key, _ in CASES if key not in NEW and (name, key[2:]) != ("number", "b.c")
]


def written(below: Any, key: str, value: Any) -> Any:
    """Say what a write makes of a mapping: it lands on the longest name."""
    made = dict(below) if isinstance(below, dict) else {}
    name = next((n for n in sorted(made, key=len)[::-1] if f"{key}.".startswith(f"{n}.")), None)
    if name is None:
        name = key.partition(".")[0]
    rest = key[len(name) + 1 :]
    if value is GONE and not rest:
        made.pop(name, None)
    elif value is not GONE or name in made:
        made[name] = written(made.get(name), rest, value) if rest else value
    return made


# -- where the mapping stands: each gives the default, and what surrounds the program --------------

Below = tuple[dict[str, Any], list[str], Any]


def in_default(mapping: dict[str, Any], _: Path) -> Below:
    return mapping, [], contextlib.nullcontext()


def in_file(mapping: dict[str, Any], folder: Path) -> Below:
    return {}, ["-C", file_of({"t": {"m": mapping}}, folder)], contextlib.nullcontext()


def in_two_files(mapping: dict[str, Any], folder: Path) -> Below:
    files = [{"t": {"m": {name: one}}} for name, one in mapping.items()]
    words = [word for one in files for word in ("-C", file_of(one, folder))]
    return {}, words, contextlib.nullcontext()


def in_scope(mapping: dict[str, Any], _: Path) -> Below:
    return {}, [], hp.scope(t={"m": mapping})


def in_scope_and_file(mapping: dict[str, Any], folder: Path) -> Below:
    (name, first), *rest = mapping.items()
    file = file_of({"t": {"m": dict(rest)}}, folder) if rest else file_of({}, folder)
    return {}, ["-C", file], hp.scope(t={"m": {name: first}})


def in_config(mapping: dict[str, Any], _: Path) -> Below:
    return {}, [], hp.config({"t": {"m": mapping}})


def in_carried_text(mapping: dict[str, Any], _: Path) -> Below:
    carrier: dict[str, str] = {}
    with hp.scope(t={"m": mapping}):
        hp_dist.inject(carrier)
    return {}, [], hp_dist.extract(carrier)


def in_pickle(mapping: dict[str, Any], _: Path) -> Below:
    return {}, [], pickle.loads(pickle.dumps(hp.scope(t={"m": mapping})))


def file_of(values: dict[str, Any], folder: Path) -> str:
    file = folder / f"{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(values))
    return str(file)


# -- ways to write: each gives words, variables, and what is opened in the program -----------------

Write = tuple[list[str], dict[str, str], Any]
NOTHING = contextlib.nullcontext()


def define(key: str, value: Any, _: Path) -> Write:
    return ["-D", f"t.m.{key}={json.dumps(value)}"], {}, NOTHING


def option(key: str, value: Any, _: Path) -> Write:
    return [f"--m.{key}", json.dumps(value)], {}, NOTHING


def variable(key: str, value: Any, _: Path) -> Write:
    name = f"X_T__M__{key}".upper().replace(".", "__")
    return [], {name: json.dumps(value)}, NOTHING


def later_file(key: str, value: Any, folder: Path) -> Write:
    return ["-C", file_of({f"t.m.{key}": value}, folder)], {}, NOTHING


def inner_scope(key: str, value: Any, _: Path) -> Write:
    return [], {}, hp.scope(**{f"t.m.{key}": value})


def inner_text(key: str, value: Any, _: Path) -> Write:
    return [], {}, hp.scope(f"t.m.{key}={json.dumps(value)}")


def inner_config(key: str, value: Any, _: Path) -> Write:
    return [], {}, hp.config({f"t.m.{key}": value})


@contextlib.contextmanager
def assigned(key: str, value: Any) -> Iterator[None]:
    with hp.scope():
        hp.scope[f"t.m.{key}"] = value
        yield


def assignment(key: str, value: Any, _: Path) -> Write:
    return [], {}, assigned(key, value)


# -- readers --------------------------------------------------------------------------------------


def readers(default: dict[str, Any], inside: Any = NOTHING) -> Callable[[], Any]:
    """Return a program that tells what each of its readers gets inside a scope that it opens."""

    @hp.param("t")
    def plain(m: dict = default) -> Any:  # type: ignore[type-arg]  # a bare one
        return m

    @hp.param("t")
    def typed(m: dict[str, Any] = default) -> Any:
        return m

    @hp.param("t")
    def main(m: dict[str, Any] = default) -> Any:
        with inside:
            seen = [plain(), typed(), hp.scope.t.m | default]
            carrier: dict[str, str] = {}
            hp_dist.inject(carrier)
            with hp.scope.empty(), hp_dist.extract(carrier):
                seen.append(typed())
        return seen

    return main


def run(main: Any, words: list[str], variables: dict[str, str]) -> Any:
    with mock.patch.dict(os.environ, variables), contextlib.redirect_stderr(io.StringIO()):
        return hp.run_cli(main, words, env_prefix="X")


BELOWS = [
    in_default, in_file, in_two_files, in_scope, in_scope_and_file, in_config, in_carried_text,
    in_pickle,
]  # fmt: skip
WAYS = [
    define, option, variable, later_file, inner_scope, inner_text, inner_config, assignment,
]  # fmt: skip


@pytest.mark.parametrize("below", BELOWS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("way", WAYS, ids=lambda one: one.__name__)
def test_a_write_lands_on_the_longest_name(below: Any, way: Any, tmp_path: Path) -> None:
    for name, key, value in CASES:
        default, first, around = below(BESIDE[name], tmp_path)
        words, variables, inside = way(key, value, tmp_path)
        with around:
            found = run(readers(default, inside), [*first, *words], variables)
        assert found == [written(BESIDE[name], key, value)] * 4, (name, key)


@pytest.mark.parametrize("below", BELOWS, ids=lambda one: one.__name__)
def test_what_is_taken_away_leaves_the_name_beside_it(below: Any, tmp_path: Path) -> None:
    for name, key in REMOVED:
        default, first, around = below(BESIDE[name], tmp_path)
        with around:
            found = run(readers(default), [*first, "-D", f"~t.m.{key}"], {})
        assert found == [written(BESIDE[name], key, GONE)] * 4, (name, key)


def test_names_of_one_mapping_do_not_replace_each_other() -> None:
    for upper in ({"b.c": 1, "b": 5}, {"b": 5, "b.c": 1}):
        with hp.scope(m={"b": {"c": 7}}), hp.scope(m=upper):
            assert hp.scope.m | {} == upper
        with hp.config([{"m": {"b": {"c": 7}}}, {"m": upper}]):
            assert hp.scope.m | {} == upper
            assert (hp.scope.m.b | 0, hp.scope.m.b.c | 0) == (5, 1)
    with hp.scope(m={"b.c": 1, "b": 5}):
        assert list(hp.scope.m | {}) == ["b.c", "b"]


def test_both_names_of_a_default_are_written() -> None:
    @hp.param("t")
    def main(m: dict[str, float] = {"layer1": 0.2, "layer1.conv": 0.1}) -> Any:
        return m

    words = ["t.m.layer1=3", "t.m.layer1.conv=9"]
    with hp.scope(*words):
        assert main() == {"layer1": 3, "layer1.conv": 9}
    with hp.scope(words[0]), hp.scope(words[1]):
        assert main() == {"layer1": 3, "layer1.conv": 9}
    found = run(main, ["-D", words[0], "-D", words[1]], {})
    assert found == {"layer1": 3, "layer1.conv": 9}


def test_names_of_the_default_of_a_schema() -> None:
    made = field(default_factory=lambda: {"a": 5.0, "a.b": 4.0})
    schema = make_dataclass("Schema", [("m", dict[str, float], made)])
    for given in (
        hp.config({}, schema, overrides=["m.a.b=9"]),
        hp.config({}, schema, overrides={"m.a.b": 9}),
        hp.config({}, schema, env_prefix="X", env={"X_M__A__B": "9"}),
        hp.config([{"m.a.b": 9}], schema),
    ):
        assert given.m == {"a": 5.0, "a.b": 9.0}  # type: ignore[attr-defined]  # made here


def test_a_config_of_dicts() -> None:
    below = {"m": {"a": 5, "a.b": 4}}
    for over in (["m.a.b=9"], {"m.a.b": 9}):
        assert hp.config(below, dict, overrides=over) == {"m": {"a": 5, "a.b": 9}}
    assert hp.config([below, {"m.a": 9}], dict) == {"m": {"a": 9, "a.b": 4}}


def test_what_a_reference_takes(tmp_path: Path) -> None:
    file = file_of({"m": {"a": 5, "a.b": 4}, "x": "${m.a.b}", "y": "${m}"}, tmp_path)
    found = hp.config(file, dict, overrides=["m.a.b=9"])
    assert found == {"m": {"a": 5, "a.b": 9}, "x": 9, "y": {"a": 5, "a.b": 9}}


def test_a_replaced_reference_is_not_resolved(tmp_path: Path) -> None:
    file = file_of({"m": {"a": 5, "a.b": 4}}, tmp_path)
    later = file_of({"m.a.b": "${nothing.at.all}"}, tmp_path)
    assert hp.config([file, later, {"m.a.b": 9}], dict) == {"m": {"a": 5, "a.b": 9}}


@hp.param("again")
def again(m: dict[str, float] = {"a": 5, "a.b": 4}) -> Any:
    return m


@pytest.mark.parametrize("words", ["a.b=9", "~a", "a=7 a.b=9", "~a.b", 'a=7 ={"a.b":9}', "c=1"])
def test_a_record_is_read_again(words: str, tmp_path: Path) -> None:
    given = [
        one.replace("=", "again.m=", 1) if one[0] == "=" else f"again.m.{one}"
        for one in words.split()
    ]
    given = [one.replace("again.m.~", "~again.m.") for one in given]
    argv = [word for one in given for word in ("-D", one)]
    record = str(tmp_path / "record.json")
    wanted = run(again, [*argv, "--record", record], {})
    assert run(again, ["-C", record], {}) == wanted
    assert hp.Record.load(record).reads[0].value == wanted


@pytest.mark.parametrize("form", ["toml", "json", "yaml"])
def test_what_is_printed_is_read_again(form: str, tmp_path: Path) -> None:
    file = tmp_path / f"again.{form}"
    for words in (
        ["-D", "again.m.a.b=9"],
        ["-D", "again.m.a=7", "-D", "again.m.a.b=9"],
        ["-D", "again.m.c=1"],
    ):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run(again, [*words, f"--print-config={form}"], {})
        file.write_text(out.getvalue())
        assert run(again, ["-C", str(file)], {}) == run(again, words, {}), words


class TestParams:
    @pytest.mark.parametrize("over", ["text", "mapping"])
    def test_overrides_land_on_the_longest_name(self, over: str, tmp_path: Path) -> None:
        for name, key, value in CASES:
            if name == "list":
                continue  # whose items overrides name by their index
            file = file_of(BESIDE[name], tmp_path)
            given: Any = {key: value} if over == "mapping" else json.dumps({key: value})
            found = hp.Params.from_file(file, given)
            assert found.params == written(BESIDE[name], key, value), (name, key)

    def test_an_override_of_the_only_name(self, tmp_path: Path) -> None:
        file = file_of({"lrs": {"layer1.conv": 1}}, tmp_path)
        params = hp.Params.from_file(file, {"lrs.layer1.conv": 9})
        assert params.params == {"lrs": {"layer1.conv": 9}}
        with params.to_scope():
            assert hp.explain("lrs.layer1.conv").origin.kind == "code"  # type: ignore[union-attr]

    def test_functions_on_dicts(self) -> None:
        below = {"a": {"l": 1}, "a.b": {"l": 2}}
        wanted = {"a": {"l": 1}, "a.b": {"l": 9}}
        assert with_fallback({"a": {"b": {"l": 9}}}, below) == wanted
        assert with_overrides(below, {"a.b.l": 9}) == wanted
        assert with_overrides(below, {"a.l": 9}) == {"a": {"l": 9}, "a.b": {"l": 2}}
        deep = {"a": {"b": {"c": 1}}, "a.b": {"l": 2}}
        assert with_overrides(deep, {"a.b.c": 9}) == {"a": {"b": {"c": 9}}, "a.b": {"l": 2}}
