"""A mapping that is given for a number, a text or a list is an error, whoever gives and reads it.

What counts is how it was given: `t.lr.value=3` alone sets a longer key, and leaves `t.lr` as it is.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp

GIVEN = {"t": {"lr": {"value": 3}}}
FILES = {
    "yaml": "t:\n  lr:\n    value: 3\n",
    "json": json.dumps(GIVEN),
    "toml": "[t.lr]\nvalue = 3\n",
}


@hp.param("t")
def with_default(lr: float = 0.1) -> Any:
    return lr


@hp.param("t")
def required(lr: float) -> Any:
    return lr


@hp.param("t")
def without_hint(lr=0.1):  # type: ignore[no-untyped-def]  # the default is its type
    return lr


READERS: dict[str, Callable[[], Any]] = {
    "attribute": lambda: hp.scope.t.lr | 0.1,
    "call": lambda: hp.scope.t.lr(0.1),
    "item": lambda: hp.scope["t.lr"] | 0.1,
    "handle": lambda: hp.scope.current().t.lr | 0.1,
    "param": lambda: with_default(),
    "required": lambda: required(),  # type: ignore[call-arg]  # a scope fills it
    "param without annotation": lambda: without_hint(),
    "pop": lambda: hp.Params.from_scope(prefix="t").pop_float("lr", 0.1),
}


def update() -> Any:
    ps = hp.scope()
    ps.update(GIVEN)
    return ps


def assigned() -> Any:
    ps = hp.scope()
    ps.t.lr = {"value": 3}
    return ps


def text_carrier() -> Any:
    carrier: dict[str, str] = {}
    with hp.scope(**GIVEN):
        hp_dist.inject(carrier)
    return hp_dist.extract(carrier)


@contextlib.contextmanager
def baseline() -> Iterator[None]:
    with hp.scope(**GIVEN):
        hp.scope.frozen()
    yield


SCOPES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "keywords": lambda: hp.scope(**GIVEN),
    "dotted keyword": lambda: hp.scope(**{"t.lr": {"value": 3}}),
    "empty": lambda: hp.scope.empty(**GIVEN),
    "update": update,
    "assigned": assigned,
    "baseline": baseline,
    "pickled": lambda: pickle.loads(pickle.dumps(hp.scope(**GIVEN))),
    "text carrier": text_carrier,
    "config": lambda: hp.config(GIVEN),
    "config, dotted": lambda: hp.config({"t.lr": {"value": 3}}),
    "config at": lambda: hp.config({"value": 3}, at="t.lr"),
    "section": lambda: hp.config({"o": GIVEN}, section="o"),
    "overrides": lambda: hp.config({}, overrides=GIVEN),
    "reference": lambda: hp.config({"o": {"value": 3}, "t": {"lr": "${o}"}}),
    "Params": lambda: hp.Params(GIVEN).to_scope(),
}


def check_refused(read: Callable[[], Any]) -> None:
    with pytest.raises(hp.ConversionError) as caught:
        read()
    assert re.fullmatch(
        r"t\.lr \((code|file) .*:\d+.*\): \{'value': 3\} is not a float\.",
        str(caught.value),
    )
    assert caught.value.key == "t.lr"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("source", SCOPES)
def test_a_mapping_for_a_number_is_refused(source: str, reader: str) -> None:
    with SCOPES[source]():
        check_refused(READERS[reader])
        with hp.scope(other=1):
            check_refused(READERS[reader])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", FILES)
def test_a_section_of_a_file_for_a_number_is_refused_with_its_line(
    kind: str, reader: str, tmp_path: Path
) -> None:
    file = tmp_path / f"conf.{kind}"
    file.write_text(FILES[kind])
    with hp.config(file), pytest.raises(hp.ConversionError, match=rf"conf\.{kind}:\d\): \{{'val"):
        READERS[reader]()


@pytest.mark.parametrize("default", [0.1, 1, "x", True, [], (), timedelta(1), Path("p")], ids=repr)
def test_it_is_refused_for_every_default_that_is_no_mapping(default: Any) -> None:
    with hp.scope(**GIVEN), pytest.raises(hp.ConversionError, match=r"\{'value': 3\} is not "):
        hp.scope.t.lr | default


@pytest.mark.parametrize("default", [0.1, "x", [1]], ids=repr)
@pytest.mark.parametrize("make", [lambda **given: hp.scope(**given), hp.config])
def test_an_empty_mapping_is_refused_as_well(make: Any, default: Any) -> None:
    scope = make(t={"lr": {}}) if make is not hp.config else make({"t": {"lr": {}}})
    with scope, pytest.raises(hp.ConversionError, match=r"t\.lr .*: \{\} is not"):
        hp.scope.t.lr | default


@dataclass
class Rate:
    value: int = 1


@pytest.mark.parametrize("source", SCOPES)
def test_readers_of_mappings_and_structures_get_it(source: str) -> None:
    with SCOPES[source]():
        assert (hp.scope.t.lr | {}) == {"value": 3}
        assert (hp.scope.t.lr | None) == {"value": 3}
        assert (hp.scope.t.lr | Rate()) == Rate(3)
        assert (hp.scope.t.lr.value | 1) == 3
        assert bool(hp.scope.t.lr) is True
        assert "t.lr" not in hp.scope


@pytest.mark.parametrize(
    "make",
    [
        lambda: hp.scope("t.lr.value=3"),
        lambda: hp.scope(**{"t.lr.value": 3}),
        lambda: hp.config({"t.lr.value": 3}),
        lambda: hp.config({"t": {"lr.value": 3}}),
        lambda: hp.config({"lr.value": 3}, at="t"),
        lambda: hp.config({}, overrides=["t.lr.value=3"]),
        lambda: hp.config({}, env_prefix="APP", env={"APP_T__LR__VALUE": "3"}),
    ],
)
def test_a_longer_key_leaves_the_shorter_one_as_it_is(make: Any) -> None:
    with make():
        assert (hp.scope.t.lr | 0.1) == 0.1
        assert (hp.scope.t.lr.value | 1) == 3
        assert bool(hp.scope.t.lr) is False


def test_a_mapping_of_declared_parameters_is_a_namespace() -> None:
    @hp.param("spaces.model")
    def depth_of(depth: int = 1, width: int = 1) -> Any:
        return depth

    with hp.config({"spaces": {"model": {"depth": 5}}}):
        assert (hp.scope.spaces.model | "resnet", depth_of()) == ("resnet", 5)
    with hp.scope(spaces={"model": {"depth": 5, "height": 1}}), pytest.raises(hp.ConversionError):
        hp.scope.spaces.model | "resnet"


WRITES: dict[str, Callable[[Any], Any]] = {
    "scopes": lambda given: hp.scope(**given),
    "config": hp.config,
}


@pytest.mark.parametrize("outer", WRITES)
@pytest.mark.parametrize("inner", WRITES)
def test_the_later_of_a_number_and_a_mapping_decides(outer: str, inner: str) -> None:
    with WRITES[outer]({"t": {"lr": 0.5}}), WRITES[inner](GIVEN):
        check_refused(READERS["attribute"])
        with WRITES[outer]({"t": {"lr": 0.25}}):
            assert (hp.scope.t.lr | 0.1) == 0.25
    with hp.config([GIVEN, {"t": {"lr": 0.5}}]):
        assert (hp.scope.t.lr | 0.1) == 0.5
    with hp.config([{"t": {"lr": 0.5}}, GIVEN]):
        check_refused(READERS["attribute"])


def test_within_one_scope_the_last_write_decides() -> None:
    with hp.scope(**GIVEN) as ps:
        ps.t.lr = 0.5
        assert (hp.scope.t.lr | 0.1) == 0.5
        ps.t.lr = {"value": 3}
        check_refused(READERS["attribute"])
        del ps["t.lr.value"]
        assert (hp.scope.t.lr | 0.1) == 0.1
        assert not hp.scope.t.lr
        ps.clear()
        ps["t.lr.value"] = 1
        assert (hp.scope.t.lr | 0.1) == 0.1


def test_a_number_that_took_its_place_and_is_deleted_leaves_longer_keys() -> None:
    with hp.scope(**GIVEN) as ps:
        ps.t.lr = 0.5
        del ps.t.lr
        assert (hp.scope.t.lr | 0.1) == 0.1


@pytest.mark.parametrize("rounds", [1, 20])
def test_a_baseline_of_many_knows_which_was_the_last(rounds: int) -> None:
    for _ in range(rounds):
        with hp.scope(**GIVEN):
            hp.scope.frozen()
        check_refused(READERS["attribute"])
        with hp.scope(**{"t.lr": 0.5}):
            hp.scope.frozen()
        assert (hp.scope.t.lr | 0.1) == 0.5


def test_deep_scopes_are_joined_with_what_they_know() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(hp.scope(**GIVEN))
        for number in range(30):
            stack.enter_context(hp.scope(**{f"other{number}": number}))
        check_refused(READERS["attribute"])
        stack.enter_context(hp.scope(**{"t.lr": 0.5}))
        assert (hp.scope.t.lr | 0.1) == 0.5


def test_dotted_names_stay_what_they_were_in_a_baseline_of_many() -> None:
    for number in range(12):
        with hp.scope(a={"b.c": number}):
            hp.scope.frozen()
        with hp.scope(**{"a.b.c": number}):
            hp.scope.frozen()
    assert (hp.scope.a | {}) == {"b.c": 11}


def test_its_truth_is_a_read_of_its_names() -> None:
    with hp.record() as rec, hp.scope(**GIVEN):
        assert hp.scope.t.lr
    assert rec.unused() == []


def test_a_record_that_was_read_as_a_mapping_gives_one_again(tmp_path: Path) -> None:
    with hp.record() as rec, hp.scope(**GIVEN):
        hp.scope.t.lr | {}
    rec.save(tmp_path / "run.json")
    refused = r"run\.json\): \{'value': 3\} is not a float"
    with hp.config(tmp_path / "run.json"), pytest.raises(hp.ConversionError, match=refused):
        hp.scope.t.lr | 0.1


@hp.param("refusing")
def program(steps: int = 1) -> Any:
    return hp.scope.t.lr | 0.1


def run(*argv: str) -> Any:
    with contextlib.redirect_stderr(None):
        return hp.run_cli(program, ["--allow-unknown", *argv])


@pytest.mark.parametrize("kind", FILES)
def test_a_launched_program_refuses_what_its_files_give(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"conf.{kind}"
    file.write_text(FILES[kind])
    with pytest.raises(hp.HyperparameterError, match=rf"t\.lr .*conf\.{kind}:\d\): \{{'value': 3"):
        run("-C", str(file))
    file.write_text({"yaml": "value: 3", "json": '{"value": 3}', "toml": "value = 3"}[kind])
    with pytest.raises(hp.HyperparameterError, match=r"\{'value': 3\} is not a float"):
        run("-C", f"t.lr={file}")


def test_the_command_line_may_set_a_longer_key_or_take_a_mapping_away(tmp_path: Path) -> None:
    file = tmp_path / "conf.yaml"
    file.write_text(FILES["yaml"])
    assert run("-D", "t.lr.value=3") == 0.1
    assert run("-C", str(file), "-D", "t.lr=0.5") == 0.5
    assert run("-C", str(file), "-D", "~t.lr") == 0.1
    assert run("-C", str(file), "-D", "~t", "-D", "t.lr.x=1") == 0.1
    with pytest.raises(hp.HyperparameterError, match=r"-D t\.lr: .* is not a float"):
        run("-D", 't.lr={"value": 3}')
