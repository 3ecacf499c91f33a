"""A mapping of a class of its own comes back as one: the same class, factory and attributes."""

import pickle
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import hp_dist
import hyperparameter as hp
from hyperparameter.params import Params


class Named(dict[str, Any]):
    label = "none"


class Frozen(dict[str, Any]):
    def clear(self) -> None:
        raise TypeError("it is frozen")


def named(**items: Any) -> Named:
    made = Named(items)
    made.label = "mine"
    return made


GIVEN: dict[str, Any] = {
    "defaultdict": defaultdict(int, a=1, b={"c": 2}),
    "OrderedDict": OrderedDict(b=1, a=2),
    "Counter": Counter(a=2, b=1),
    "own": named(a=1),
    "inside": {"x": {"y": named(a=1)}, "xs": [OrderedDict(a=1)]},
    "in another": OrderedDict(a=defaultdict(list, b=[1])),
    "numbers": defaultdict(int, {1: 2}),
    "dots": OrderedDict({"a.b": 1, "c": OrderedDict({"d.e": 2})}),
    "empty": defaultdict(int),
}


@hp.param("kinds")
def untyped(m=None):  # type: ignore[no-untyped-def]
    return m


@hp.param("kinds")
def mapping(m: Mapping[Any, Any] = {}) -> Any:  # never changed
    return m


@hp.param("kinds")
def plain_dict(m: dict[Any, Any]) -> Any:
    return m


READERS: dict[str, Any] = {
    "default": lambda: hp.scope.kinds.m | {},
    "no annotation": untyped,
    "Mapping": mapping,
    "dict": plain_dict,
    "part": lambda: (hp.scope.kinds | {})["m"],
}
SOURCES: dict[str, Any] = {
    "scope": lambda m: hp.scope(kinds={"m": m}),
    "flat": lambda m: hp.scope(**{"kinds.m": m}),
    "with text": lambda m: hp.scope("other=1", **{"kinds.m": m}),
    "config": lambda m: hp.config({"kinds": {"m": m}}),
    "configs": lambda m: hp.config([{"kinds": {"n": 1}}, {"kinds": {"m": m}}]),
    "pickled": lambda m: pickle.loads(pickle.dumps(hp.scope(kinds={"m": m}))),
    "mounted": lambda m: hp.config({"m": m}, at="kinds"),
    "section": lambda m: hp.config(
        {"all": {"kinds": {"m": m}, "o": "${x}"}, "x": 1}, section="all"
    ),
    "reference": lambda m: hp.config({"given": m, "kinds": {"m": "${given}"}}),
    "references": lambda m: hp.config({"given": {"x": m}, "m": "${given.x}", "kinds.m": "${m}"}),
    "beside one": lambda m: hp.config([{"x": 1, "kinds": {"m": m}}, {"y": "${x}"}]),
    "Params": lambda m: Params({"kinds": {"m": m}}).to_scope(),
    "Params of a scope": lambda m: Params.from_scope(hp.scope(kinds={"m": m})).to_scope(),
}


def same(one: Any, other: Any) -> None:
    assert one == other
    assert type(one) is type(other)
    assert getattr(one, "default_factory", None) is getattr(other, "default_factory", None)
    assert getattr(one, "label", None) == getattr(other, "label", None)
    if isinstance(one, dict):
        assert list(one) == list(other)
    for name in one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
        same(one[name], other[name])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("given", GIVEN)
def test_a_mapping_keeps_its_class(given: str, reader: str, source: str) -> None:
    with SOURCES[source](GIVEN[given]):
        same(READERS[reader](), GIVEN[given])


@pytest.mark.parametrize("given", GIVEN)
def test_params_keep_it(given: str) -> None:
    wanted = GIVEN[given]
    same(Params({"m": wanted}).as_dict()["m"], wanted)
    same(Params({"m": wanted}).pop("m", keep_as_dict=True), wanted)
    same(Params(wanted).as_dict(), wanted)
    params = Params({})
    params["m"] = wanted
    same(params.duplicate().as_dict()["m"], wanted)


def test_a_reference_inside_keeps_the_class_of_what_is_around_it() -> None:
    cfg = hp.config({"x": 1, "kinds": {"m": OrderedDict(a="${x}", b={"c": "${kinds.m.a}"})}})
    with cfg:
        same(untyped(), OrderedDict(a=1, b={"c": 1}))
    with hp.config({"x": 1, "kinds": {"m": [Counter({"a": "${x}"})]}}):  # type: ignore[dict-item]
        same(untyped(), [Counter(a=1)])


def test_what_references_take_is_shared_with_nobody() -> None:
    given = [Counter(a=1)]
    with hp.config({"given": given, "kinds": {"m": "${given}"}, "n": "${given}"}):
        untyped()[0]["b"] = 1
        same(hp.scope.n(), [Counter(a=1)])
        same(hp.scope.given(), [Counter(a=1)])


@pytest.mark.parametrize("given", [one for one in GIVEN if not one.startswith("in")])
def test_a_text_carrier_names_the_key_of_what_it_cannot_hold(given: str) -> None:
    with hp.scope(kinds={"m": GIVEN[given]}):
        with pytest.raises(
            hp_dist.CarrierError, match=r"'kinds\.m'.*cannot be carried as text"
        ) as e:
            hp_dist.inject({})
    assert e.value.key == "kinds.m"


def test_a_text_carrier_names_the_innermost_key() -> None:
    with hp.scope(kinds={"m": {"x": {"y": named(a=1)}}}):
        with pytest.raises(hp_dist.CarrierError, match=r"'kinds\.m\.x\.y'.*Named"):
            hp_dist.inject({})
    with hp.config({"given": [named(a=1)], "kinds": {"m": "${given}"}}):
        with pytest.raises(hp_dist.CarrierError, match=r"'given'.*Named"):
            hp_dist.inject({})


def test_what_is_written_below_joins_it() -> None:
    with hp.scope(kinds={"m": named(a=1, b={"c": 1})}), hp.scope("kinds.m.b.c=2"):
        same(hp.scope.kinds.m | {}, named(a=1, b={"c": 2}))
        with hp.scope('kinds.m={"d": 3}'):
            same(hp.scope.kinds.m | {}, named(a=1, b={"c": 2}, d=3))
        with hp.scope(kinds={"m": None}):
            assert untyped() is None
            with hp.scope(kinds={"m": {"a": 5}}):
                same(untyped(), {"a": 5})


def test_each_reader_gets_a_mapping_of_its_own() -> None:
    given = defaultdict(int, a=1)
    with hp.scope(kinds={"m": given}):
        (hp.scope.kinds.m | {})["b"] = 2
        mapping()["c"] = 3
        same(untyped(), defaultdict(int, a=1))
    same(given, defaultdict(int, a=1))


def test_a_write_keeps_the_class_too() -> None:
    with hp.scope() as scope:
        hp.scope.kinds.m = OrderedDict(a=1)
        same(untyped(), OrderedDict(a=1))
        scope["kinds.m"] = named(b=2)
        same(untyped(), named(a=1, b=2))


def test_a_default_keeps_its_class_where_it_is_annotated_as_a_dict() -> None:
    @hp.param("kinds")
    def run(m: dict[str, int] = defaultdict(int, a=1)) -> Any:  # never changed
        return m

    with hp.scope("kinds.m.b=2"):
        same(run(), defaultdict(int, a=1, b=2))


def test_one_that_cannot_be_emptied_is_a_dict() -> None:
    with hp.scope(kinds={"m": Frozen(a=1)}):
        same(untyped(), {"a": 1})


def test_flat_keys_are_those_of_any_mapping(tmp_path: Path) -> None:
    with hp.record() as record, hp.scope(kinds={"m": named(a=1)}) as scope:
        assert dict(scope) == scope.storage().storage() == {"kinds.m.a": 1}
        assert hp.scope.kinds.m.a() == 1
    assert record.unused() == []


def test_a_number_written_over_a_mapping_takes_its_class_away() -> None:
    with hp.scope() as ps:
        ps.options = OrderedDict(a=1)
        ps.options = 5
        ps["options.b"] = 2
        assert type(hp.scope.options | {}) is dict
    with hp.scope(options=OrderedDict(a=1)), hp.scope(options=5), hp.scope(**{"options.b": 2}):
        assert type(hp.scope.options | {}) is dict
