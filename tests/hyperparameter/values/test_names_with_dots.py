"""One flat key of a mapping is one place, with however many dots its names are written."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

import hyperparameter as hp


@dataclass
class Opt:
    lr: float = 0.1
    mom: float = 0.9


@dataclass
class Cfg:
    extra: dict[str, Any] = field(default_factory=lambda: {"a": {"b": 1}})


SPELLINGS = [{"a.b.c": 1}, {"a.b": {"c": 1}}, {"a": {"b.c": 1}}, {"a": {"b": {"c": 1}}}]


def spelled(like: Any, value: object) -> Any:
    return {n: spelled(v, value) for n, v in like.items()} if isinstance(like, dict) else value


PAIRS = list(itertools.product(SPELLINGS, SPELLINGS))


@pytest.mark.parametrize(("below", "over"), PAIRS)
@pytest.mark.parametrize("typed", [True, False])
def test_what_is_written_over_a_default_lands_on_its_names(
    below: dict[str, Any], over: dict[str, Any], typed: bool
) -> None:
    over = spelled(over, 2)
    texts = [] if typed else [f"m={json.dumps(over)}"]
    with hp.scope(*texts, **({"m": over} if typed else {})):
        assert hp.scope.m | below == spelled(below, 2)

    with hp.scope(*texts, **({"m": over} if typed else {})):
        assert hp.scope.m | {} == over


@pytest.mark.parametrize(("below", "over"), PAIRS)
def test_what_is_written_over_a_lower_scope_lands_on_its_names(
    below: dict[str, Any], over: dict[str, Any]
) -> None:
    with hp.scope(m=below), hp.scope(m=spelled(over, 2)):
        assert hp.scope.m | {} == spelled(below, 2)
    with hp.config([{"m": below}, {"m": spelled(over, 2)}]):
        assert hp.scope.m | {} == spelled(below, 2)


@pytest.mark.parametrize("below", SPELLINGS)
def test_a_dotted_key_lands_on_names_of_the_default(below: dict[str, Any]) -> None:
    with hp.scope("m.a.b.c=2"):
        assert hp.scope.m | below == spelled(below, 2)


def test_other_names_stay_as_they_are_written() -> None:
    with hp.scope(m={"a.b": 2, "x.y": 3, "a": {"d": 4}}):
        assert hp.scope.m | {"a": {"b": 1, "c": 0}} == {"a": {"b": 2, "c": 0, "d": 4}, "x.y": 3}
        assert hp.scope.m | {"a": {"c": 0}} == {"a": {"c": 0, "d": 4}, "a.b": 2, "x.y": 3}
    with hp.scope(m={"a": {"b": 2, "d": 4}}):
        assert hp.scope.m | {"a.b": 1} == {"a.b": 2, "a": {"d": 4}}


def test_a_name_with_dots_lands_on_a_field_of_an_instance() -> None:
    with hp.scope(m={"opt.lr": 5.0}):
        assert hp.scope.m | {"opt": Opt(1, 2)} == {"opt": Opt(5.0, 2)}


def test_a_name_with_dots_lands_on_the_default_of_a_field() -> None:
    @hp.param("dotted")
    def read(cfg: Cfg) -> Cfg:
        return cfg

    for text in ('{"extra": {"a.b": 2}}', '{"extra": {"a": {"b": 2}}}'):
        with hp.scope(f"dotted.cfg={text}"):
            assert read() == Cfg({"a": {"b": 2}})  # type: ignore[call-arg]  # filled


def test_a_removed_name_is_removed_however_it_is_spelt() -> None:
    @hp.param("dotted")
    def read(m: dict[str, Any] = {"a.b": 1, "c": 2}) -> Any:  # never changed
        return m

    assert hp.run_cli(read, ["-D", "~dotted.m.a.b", "-D", "dotted.m.d=3"]) == {"c": 2, "d": 3}
