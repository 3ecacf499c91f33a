"""Values, keys and moments that misbehave: none may reach other scopes, none may crash."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from enum import Enum
from typing import Any
from unicodedata import normalize
from unittest.mock import Mock

import numpy as np
import pytest

import hyperparameter as hp


class Nasty(Exception):
    """Raised by values whose special methods fail."""


def fail(*_: Any) -> Any:
    raise Nasty


def hostile(**methods: Any) -> Any:
    """Return an instance of a new class with these special methods."""
    return type("Hostile", (), {f"__{name}__": method for name, method in methods.items()})()


VALUES = {
    "eq": lambda: hostile(eq=fail, hash=fail),
    "hash": lambda: hostile(hash=fail),
    "unhashable": lambda: hostile(eq=lambda a, b: True, hash=None),
    "repr": lambda: hostile(repr=fail),
    "str": lambda: hostile(str=fail),
    "repr no text": lambda: hostile(repr=lambda _: 3),
    "len": lambda: hostile(len=fail),
    "bool": lambda: hostile(bool=fail),
    "getattr": lambda: hostile(getattr=fail),
    "iter": lambda: hostile(iter=fail),
    "format": lambda: hostile(format=fail),
    "reduce": lambda: hostile(reduce=fail, reduce_ex=fail),
    "copy": lambda: hostile(copy=fail, deepcopy=fail),
    "all": lambda: hostile(
        eq=fail, hash=fail, repr=fail, str=fail, len=fail, bool=fail, iter=fail, getattr=fail
    ),
    "array": lambda: np.arange(3),
    "empty array": lambda: np.empty((0, 2)),
    "object array": lambda: np.array([None, fail], dtype=object),
    "nan": lambda: float("nan"),
    "module": lambda: sys,
    "class object": lambda: hp.scope,
    "function": lambda: fail,
    "frame": sys._getframe,
    "list subclass": lambda: type("List", (list,), {"__len__": fail, "__iter__": fail})([1]),
    "str subclass": lambda: type("Text", (str,), {"__eq__": fail, "__hash__": fail})("text"),
    "int subclass": lambda: type("Int", (int,), {"__eq__": fail, "__hash__": fail})(3),
    "recursive list": lambda: recursive_list(),
    "mock of a dict": lambda: Mock(spec=dict),
    "mock of a mapping": lambda: Mock(spec=Mapping),
}


def recursive_list() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


values = pytest.mark.parametrize("make", list(VALUES.values()), ids=list(VALUES))


# ---------------------------------------------------------------- values


@values
def test_a_hostile_value_is_set_and_read_unchanged(make: Callable[[], Any]) -> None:
    value = make()
    with hp.scope(other=1, bad=value) as ps:
        for _ in range(2):
            assert hp.scope.bad() is value
            assert (hp.scope.bad | None) is value
            assert hp.scope.bad(None) is value
            assert ps["bad"] is value
            assert (ps.bad | None) is value
        assert dict(ps)["bad"] is value
        assert ps.storage().storage()["bad"] is value
        assert "bad" in ps
        assert len(ps) == 2
        assert hp.scope.other() == 1


@values
def test_a_hostile_value_is_written_overwritten_and_deleted(make: Callable[[], Any]) -> None:
    value = make()
    with hp.scope(other=1) as ps:
        hp.scope.bad = value
        ps.bad = value
        ps["below.bad"] = value
        ps.update({"again": {"bad": value}})
        assert ps.below.bad() is ps.again.bad() is value
        ps.bad = 1
        del ps.below.bad
        assert list(ps) == ["other", "bad", "again.bad"]
        assert (ps.other(), ps.bad()) == (1, 1)
    assert (hp.scope.bad | None) is None


@values
def test_a_hostile_value_is_shadowed_and_comes_back(make: Callable[[], Any]) -> None:
    value = make()
    with hp.scope(bad=value):
        with hp.scope(bad=1):
            assert hp.scope.bad() == 1
            with hp.scope(bad=value):
                assert hp.scope.bad() is value
        assert hp.scope.bad() is value


@values
def test_a_hostile_value_is_a_default_like_any_other(make: Callable[[], Any]) -> None:
    value = make()
    with hp.scope(other=1):
        for _ in range(2):
            assert (hp.scope.bad | value) is value
            assert hp.scope.bad(value) is value


@values
def test_a_hostile_value_fills_a_parameter(make: Callable[[], Any]) -> None:
    value = make()

    @hp.param("job")
    def job(bad: Any = None, other: int = 0) -> tuple[Any, int]:
        return bad, other

    with hp.scope(**{"job.bad": value, "job.other": 3}):
        for _ in range(2):
            bad, other = job()
            assert bad is value
            assert other == 3


@values
def test_a_hostile_value_is_recorded_saved_and_explained(
    make: Callable[[], Any], tmp_path: Any
) -> None:
    value = make()
    with hp.record() as record, hp.scope(bad=value) as ps:
        hp.scope.bad()
        hp.scope.bad | None
        hp.scope.missing | value
        assert str(hp.explain("bad"))
        assert repr(ps).startswith("<scope bad=")
    record.save(tmp_path / "record.json")
    loaded = hp.Record.load(tmp_path / "record.json")
    assert {*loaded.operative(), *loaded.left_out} == {"bad", "missing"}
    assert record.unused() == []
    assert record.divergent().keys() <= {"bad"}


@values
def test_a_hostile_value_becomes_the_baseline(make: Callable[[], Any]) -> None:
    value = make()
    with hp.scope(bad=value):
        hp.scope.frozen()
    assert hp.scope.bad() is value
    with hp.scope.empty():
        hp.scope.frozen()
    assert (hp.scope.bad | None) is None


@values
def test_a_hostile_value_that_cannot_be_converted_is_named_in_the_error(
    make: Callable[[], Any],
) -> None:
    value = make()
    if isinstance(value, (str, int, float)):
        return
    with hp.scope(bad=value), pytest.raises(hp.ConversionError, match=r"^bad \(code ") as raised:
        hp.scope.bad | True
    assert raised.value.key == "bad"


def test_a_failing_truth_is_the_readers_own_error() -> None:
    """`bool(accessor)` is the truth of the value, so its error is, too; nothing else suffers."""
    with hp.scope(bad=hostile(bool=fail), array=np.arange(3), other=1):
        with pytest.raises(Nasty):
            bool(hp.scope.bad)
        with pytest.raises(ValueError, match="ambiguous"):
            bool(hp.scope.array)
        assert hp.scope.other() == 1


def test_the_scalar_of_an_array_library_stays_what_it_is() -> None:
    value = np.float32(0.5)
    with hp.scope(n=value, i=np.int64(3)):
        assert (hp.scope.n | 1.0) is value
        assert type(hp.scope.i | 1) is np.int64


def test_huge_values_pass_unchanged() -> None:
    text, number, data = "x" * 10_000_000, 10**100_000, bytes(10_000_000)
    with hp.scope(text=text, number=number, data=data, items=[0] * 1_000_000) as ps:
        for _ in range(2):
            assert (hp.scope.text | "") is text
            assert (hp.scope.number | 0) is number
            assert (hp.scope.data | None) is data
        assert len(repr(ps)) < 2000
        assert len(str(hp.explain("number"))) < 2000


def test_a_number_too_long_for_decimal_is_recorded_and_saved(tmp_path: Any) -> None:
    with hp.record() as record, hp.scope(number=10**100_000):
        hp.scope.number | 0
        assert str(hp.explain("number"))
    record.save(tmp_path / "record.json")


def test_a_mapping_with_failing_items_changes_nothing() -> None:
    class Bad(dict[str, Any]):
        def items(self) -> Any:
            yield "x", 1
            raise Nasty

    with hp.scope(a=1) as ps:
        with pytest.raises(Nasty):
            ps.update(Bad(x=1))
        with pytest.raises(Nasty):
            ps.b = Bad(x=1)
        assert dict(ps) == {"a": 1}


def test_a_mapping_that_contains_itself_changes_nothing() -> None:
    loop: dict[str, Any] = {}
    loop["inner"] = {"loop": loop}
    with hp.scope(a=1) as ps:
        with pytest.raises(hp.InvalidKey, match="contains itself"):
            ps.update({"b": 2, "c": loop})
        assert dict(ps) == {"a": 1}


def test_a_scope_as_a_value_of_itself_flattens_what_it_shows() -> None:
    with hp.scope(a=1) as ps:
        ps.copy = ps
        assert dict(ps) == {"a": 1, "copy.a": 1}


# ---------------------------------------------------------------- keys


class Name(str, Enum):  # noqa: UP042  # StrEnum has the str() that this one lacks
    """Text whose `str()` is something else: the common kind of constants for keys."""

    RATE = "rate"
    BELOW = "below.rate"


class Label(str):
    __slots__ = ()


@pytest.mark.parametrize("met_before", [False, True])
def test_a_subclass_of_str_is_the_key_that_its_text_says(met_before: bool) -> None:
    if met_before:
        hp.scope(**{"a.b": 0, "c": 0, "d.e": 0})
    with hp.scope(**{Label("a.b"): 1}) as ps:
        ps[Label("c")] = 2
        ps.update({Label("d"): {Label("e"): 3}})
        assert dict(ps) == {"a.b": 1, "c": 2, "d.e": 3}
        assert {type(key) for key in ps} == {str}
        assert hp.scope[Label("a")][Label("b")]() == ps[Label("a.b")] == 1
        assert Label("c") in ps


@pytest.mark.parametrize("met_before", [False, True])
def test_a_member_of_a_text_enum_is_the_key_that_its_text_says(met_before: bool) -> None:
    if met_before:
        hp.scope(**{"rate": 0, "below.rate": 0, "a.rate": 0})
    with hp.scope(**{Name.RATE: 1}) as ps:
        assert list(ps) == ["rate"]
        assert type(next(iter(ps))) is str
        ps[Name.BELOW] = 2
        hp.scope[Name.RATE] = 3
        ps.update({"a": {Name.RATE: 4}})
        assert dict(ps) == {"rate": 3, "below.rate": 2, "a.rate": 4}
        assert hp.scope[Name.RATE]() == ps[Name.RATE] == 3
        assert Name.RATE in ps
        del ps[Name.RATE]
        assert Name.RATE not in ps


def test_a_value_whose_class_cannot_be_asked_changes_nothing_but_its_own_key() -> None:
    """Such as a proxy of something dead: setting it may fail with its error, or work."""
    value = hostile(**{"class": property(fail)})
    with hp.scope(a=1) as ps:
        with suppress(Nasty):
            ps.update({"b": 2, "bad": value, "c": 3})
        assert list(ps) in (["a"], ["a", "b", "bad", "c"])
        assert hp.scope.a() == 1


ODD = [
    "ключ", "键", "é", "e\u0301", "😀", "a b", "\u200b", "\x00", "\n", "\ud800", "'", '"', "%s",
    "{}", "a-b", "0", "-1", "class", "None", "__class__", "__init__", "__dict__", "_hp_made",
    "_hp_key", "_hp_state", "self", "texts", "params", "x" * 1000, ".".join("x" * 500),
]  # fmt: skip


@pytest.mark.parametrize("key", ODD, ids=range(len(ODD)))
def test_an_odd_key_is_a_key_like_any_other(key: str) -> None:
    with hp.scope(**{key: 1}) as ps:
        assert hp.scope[key]() == ps[key] == 1
        assert (hp.scope["below"][key] | 0) == 0
        ps[key] = 2
        ps[f"below.{key}"] = 3
        assert list(ps) == [normalize("NFC", key), f"below.{normalize('NFC', key)}"]
        assert hp.scope["below"][key]() == 3
        del ps[key]
        assert dict(ps) == {f"below.{normalize('NFC', key)}": 3}
        with pytest.raises(hp.MissingParameter):
            hp.scope[key]()
    assert len(hp.scope) == 0


@pytest.mark.parametrize("key", ODD, ids=range(len(ODD)))
def test_an_odd_key_is_recorded_saved_and_explained(key: str, tmp_path: Any) -> None:
    with hp.record() as record, hp.scope(**{key: 1}) as ps:
        hp.scope[key] | 0
        assert str(hp.explain(key))
        assert repr(ps)
    record.save(tmp_path / "record.json")
    assert hp.Record.load(tmp_path / "record.json").operative() == {normalize("NFC", key): 1}


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "..", 1, None, b"a", ("a",), 1.5])
def test_what_is_no_key_is_refused_and_changes_nothing(key: Any) -> None:
    with hp.scope(a=1) as ps:
        for action in (
            lambda: hp.scope[key],
            lambda: ps[key],
            lambda: ps.__setitem__(key, 2),
            lambda: ps.update({key: 2}),
            lambda: ps.__delitem__(key),
        ):
            with pytest.raises(hp.InvalidKey):
                action()
        assert dict(ps) == {"a": 1}


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "..", 1, None, b"a", ("a",), 1.5])
def test_a_mapping_with_a_name_that_is_no_key_is_one_value(key: Any) -> None:
    with hp.scope(a={"fine": 1, key: 2}) as ps:
        ps.update({"new": {key: 3}})
        hp.scope.outer = {"inner": {key: 4}}
        assert dict(ps) == {"a": {"fine": 1, key: 2}, "new": {key: 3}, "outer.inner": {key: 4}}
        assert hp.scope.a() == {"fine": 1, key: 2}
        assert (hp.scope.outer | None) == {"inner": {key: 4}}


@pytest.mark.parametrize("key", [1, None, b"a", ("a",), [], {}, 1.5, ""])
def test_what_is_no_key_is_in_no_scope(key: Any) -> None:
    with hp.scope(a=1) as ps:
        assert key not in ps


@pytest.mark.parametrize("key", [1, None, b"a", ("a",), [], {}, 1.5, ""])
def test_the_class_answers_in_as_an_instance_does(key: Any) -> None:
    with hp.scope(a=1):
        assert key not in hp.scope


# ---------------------------------------------------------------- many and deep


def test_100_000_keys_are_all_there() -> None:
    params = {f"g{i % 100}.k{i}": i for i in range(100_000)}
    with hp.scope(**params) as ps:
        assert len(ps) == 100_000
        assert all(hp.scope[key]() == value for key, value in list(params.items())[::997])
        with hp.scope(**{"g0.k0": -1}), hp.scope(new=1):
            assert hp.scope.g0.k0() == -1
            assert len(hp.scope) == 100_001
        assert hp.scope.g0.k0() == 0
        ps.clear()
        assert len(ps) == 0
    assert len(hp.scope) == 0


def test_100_000_single_writes_are_all_kept() -> None:
    with hp.scope() as ps:
        for index in range(100_000):
            ps[f"k{index}"] = index
        assert dict(ps.storage().storage()) == {f"k{i}": i for i in range(100_000)}


def opened(depth: int) -> list[hp.scope]:
    return [hp.scope(**{f"k{i}": i, "depth": i}).__enter__() for i in range(depth)]


def test_5_000_nested_scopes_are_entered_read_and_left() -> None:
    scopes = opened(5000)
    assert hp.scope.depth() == 4999
    assert hp.scope.k0() == 0
    assert len(hp.scope) == 5001
    for index, scope in reversed(list(enumerate(scopes))):
        if index % 500 == 0:
            assert hp.scope.depth() == index
        scope.__exit__(None, None, None)
    assert len(hp.scope) == 0


def test_5_000_nested_scopes_are_left_from_the_outside() -> None:
    scopes = opened(300)
    for index, scope in enumerate(scopes[:-1]):
        scope.__exit__(None, None, None)
        assert (hp.scope[f"k{index}"] | None) is None
    assert dict(hp.scope.current()) == {"k299": 299, "depth": 299}
    scopes[-1].__exit__(None, None, None)


def test_the_outermost_of_5_000_scopes_is_written_and_left() -> None:
    scopes = opened(5000)
    scopes[0].new = 1
    assert (hp.scope.new | 0) == 0
    scopes[0].__exit__(None, None, None)
    assert (hp.scope.k0 | None) is None
    assert hp.scope.k1() == 1
    for scope in reversed(scopes):
        scope.__exit__(None, None, None)


def test_5_000_nested_scopes_unread_are_dropped_with_their_context() -> None:
    context = copy_context()
    context.run(opened, 5000)
    del context
    gc.collect()
    assert len(hp.scope) == 0


def test_5_000_nested_records_and_decorated_calls_return() -> None:
    @hp.param("count")
    def count(n: int, step: int = 0) -> int:
        return n if n <= 0 else count(n - step)

    limit = sys.getrecursionlimit()
    with hp.scope(**{"count.step": 1}):
        sys.setrecursionlimit(20_000)
        try:
            assert count(3000) == 0
        finally:
            sys.setrecursionlimit(limit)


def test_scopes_nested_until_the_stack_ends_are_all_left() -> None:
    def deeper(depth: int) -> None:
        with hp.scope(depth=depth):
            hp.scope.depth | 0
            deeper(depth + 1)

    with hp.scope(depth=-1) as ps:
        with pytest.raises(RecursionError):
            deeper(0)
        assert hp.scope.current() is ps
        assert hp.scope.depth() == -1


def test_reading_at_the_end_of_the_stack_harms_nobody() -> None:
    def deeper() -> None:
        hp.scope["fresh"] | 0
        hp.scope.text | 1.0
        deeper()

    with hp.scope("text=1"):
        with pytest.raises(RecursionError):
            deeper()
        assert (hp.scope.text | 1.0) == 1.0
        assert (hp.scope.fresh | 0) == 0


# ---------------------------------------------------------------- __del__ and the collector


class Finalizer:
    """Runs `action` when it dies, and keeps what came out."""

    outcomes: list[Any] = []

    def __init__(self, action: Callable[[], Any]) -> None:
        self.action = action

    def __del__(self) -> None:
        try:
            self.outcomes.append(self.action())
        except Exception as error:  # noqa: BLE001  # an error in __del__ would vanish
            self.outcomes.append(error)


@pytest.fixture(autouse=True)
def _no_outcomes() -> None:
    gc.collect()
    Finalizer.outcomes = []


def test_a_value_that_reads_the_scope_when_it_dies_sees_an_intact_one() -> None:
    with hp.scope(a=1):
        with hp.scope(a=2, bad=Finalizer(lambda: hp.scope.a | 0)):
            hp.scope.bad | None
        assert hp.scope.a() == 1
    gc.collect()
    assert len(Finalizer.outcomes) == 1
    assert Finalizer.outcomes[0] in {0, 1, 2}


def test_a_value_that_writes_the_scope_when_it_dies_changes_one_scope_only() -> None:
    def write() -> None:
        hp.scope.written = "by __del__"

    with hp.scope(a=1) as outer:
        with hp.scope() as inner:
            inner.bad = Finalizer(write)
            inner.clear()
            inner.b = 2
            assert hp.scope.b() == 2
        assert Finalizer.outcomes == [None]
        assert dict(outer) == {"a": 1}
        assert hp.scope.current() is outer


def test_the_write_that_kills_a_value_survives_the_write_in_its_del() -> None:
    """The one does not undo the other."""

    def write() -> None:
        hp.scope.written = "by __del__"

    with hp.scope() as ps:
        ps.bad = Finalizer(write)
        ps.bad = "new"
        assert hp.scope.bad() == "new"
        assert hp.scope.written() == "by __del__"


def test_a_value_that_writes_when_its_scope_is_left_leaves_no_scope_half_open() -> None:
    def write() -> None:
        hp.scope.written = 1

    def work() -> list[str]:
        with hp.scope(a=1) as outer:
            inner = hp.scope(bad=Finalizer(write))
            with inner:
                del inner
            gc.collect()
            assert hp.scope.current() is outer
            assert hp.scope.a() == 1
        return list(hp.scope)

    assert copy_context().run(work) == []
    assert Finalizer.outcomes == [None]


def test_a_value_that_opens_and_leaves_scopes_when_it_dies_leaves_nothing() -> None:
    def nest() -> int:
        with hp.scope(n=1), hp.scope(n=2), hp.record():
            return hp.scope.n | 0

    with hp.scope(a=1) as ps:
        ps.bad = Finalizer(nest)
        del ps.bad
        ps.other = 1
        gc.collect()
        assert hp.scope.current() is ps
        assert dict(ps) == {"a": 1, "other": 1}
    assert Finalizer.outcomes == [2]


def test_a_value_that_leaves_its_own_scope_when_it_dies_leaves_only_that() -> None:
    with hp.scope(a=1) as outer:
        inner = hp.scope().__enter__()
        inner.bad = Finalizer(lambda: inner.__exit__(None, None, None))
        inner.bad = None
        assert Finalizer.outcomes == [None]
        inner.__exit__(None, None, None)
        assert hp.scope.current() is outer
        assert dict(outer) == {"a": 1}


def test_finalizers_run_by_the_collector_in_the_middle_of_anything_harm_nobody() -> None:
    """Cycles die at arbitrary allocations, with the collector set to run very often."""

    def meddle() -> None:
        with hp.scope(meddled=True):
            hp.scope.meddled | False
            hp.scope[f"fresh{len(Finalizer.outcomes)}"] | 0
        hp.scope.storage().storage()

    def litter() -> None:
        cycle: list[Any] = [Finalizer(meddle)]
        cycle.append(cycle)

    threshold = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        with hp.record() as record, hp.scope(a=0) as ps:
            for index in range(300):
                litter()
                with hp.scope(**{"a": index, f"k{index}": index}) as inner:
                    litter()
                    inner.b = index
                    assert (hp.scope.a(), hp.scope.b()) == (index, index)
                    assert set(inner) == {"a", f"k{index}", "b"} | ({"last"} if index else set())
                ps.last = index
                assert hp.scope.current() is ps
            assert dict(ps) == {"a": 0, "last": 299}
            assert len(record.reads) > 300
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(Finalizer.outcomes) == 600
    assert not any(Finalizer.outcomes)


def test_a_finalizer_may_freeze() -> None:
    def freeze() -> None:
        with hp.scope.empty(frozen_by="__del__"):
            hp.scope.frozen()

    with hp.scope.empty(bad=Finalizer(freeze)):
        hp.scope.frozen()
    with hp.scope.empty(n=1):
        hp.scope.frozen()
    gc.collect()
    assert Finalizer.outcomes == [None]
    assert dict(hp.scope.current()) in ({"n": 1}, {"frozen_by": "__del__"})


def test_a_key_that_writes_while_it_is_compared_breaks_nothing() -> None:
    class Meddling(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            hp.scope.meddled = True
            return str.__eq__(self, other)

    with hp.scope(a=1) as ps:
        ps[Meddling("a")] = 2
        assert hp.scope.a() == 2
        assert ps[Meddling("a")] == 2
        assert set(ps) <= {"a", "meddled"}


def test_keys_of_thousands_of_characters_are_missing_without_a_comparison() -> None:
    """Comparing two of them took a minute; nobody has typed them."""
    long = "x" * 10_000
    with hp.scope(**{f"below.{long}": 1}), pytest.raises(hp.MissingParameter) as caught:
        hp.scope[long]()
    assert "Did you mean" not in str(caught.value)
