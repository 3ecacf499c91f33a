"""What scopes cost, and what they let go of."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter import context

MB = 1024 * 1024
LARGE = 8 * MB
COUNT = 100_000


def allocated(make: Callable[[], Any]) -> tuple[Any, int]:
    """Return what `make` returns, and how many bytes of what it allocated are still there."""
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        return made, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


class Large:
    """A value of 8 MB that tells when it is gone."""

    def __init__(self) -> None:
        self.data = bytearray(LARGE)


def names(count: int = COUNT) -> dict[str, int]:
    return {f"group{i // 1000}.member{i}": i for i in range(count)}


# ---------------------------------------------------------------- size


def test_a_scope_of_100_000_keys_takes_14_mb_at_most() -> None:
    """Beyond the keys and values, which the caller has anyway."""
    params = names()
    scope, size = allocated(lambda: hp.scope(**params))
    assert len(scope) == COUNT
    assert size <= 14 * MB


def test_100_000_keys_take_14_mb_at_most_entered_and_read() -> None:
    params = names()

    def enter_and_read() -> hp.scope:
        scope = hp.scope(**params).__enter__()
        assert hp.scope.group0.member5() == 5
        assert hp.explain("group0.member5").value == 5
        return scope

    scope, size = allocated(enter_and_read)
    scope.__exit__(None, None, None)
    assert size <= 14 * MB


@pytest.mark.parametrize("depth", [1, 10])
def test_a_nested_scope_on_100_000_keys_takes_2_kb_at_most(depth: int) -> None:
    with hp.scope(**names()):
        hp.scope.group0.member5 | 0
        scopes: list[hp.scope] = [None] * depth  # type: ignore[list-item]

        def open_all() -> None:
            for index in range(depth):
                scopes[index] = hp.scope(lr=0.1).__enter__()
                assert hp.scope.lr() == 0.1

        open_all()  # once for what stays: accessors, the record's entry
        close(scopes)
        _, size = allocated(open_all)
        close(scopes)
    assert size <= 2048 * depth


def close(scopes: list[hp.scope]) -> None:
    for scope in reversed(scopes):
        scope.__exit__(None, None, None)


def test_a_write_inside_100_000_keys_copies_none_of_them() -> None:
    with hp.scope(**names()), hp.scope():
        hp.scope.lr = 0
        _, size = allocated(lambda: setattr(hp.scope, "lr", 1))
    assert size <= 2048


def test_scopes_opened_again_and_again_leave_nothing_behind() -> None:
    def turn() -> None:
        for index in range(1000):
            with hp.scope(**{"train.lr": index % 7}) as ps:
                ps.train.wd = index % 5
                hp.scope.train.lr | 0
                ps.train.wd | 0

    turn()
    _, size = allocated(turn)
    assert size <= 64 * 1024


# ---------------------------------------------------------------- large values are let go


def gone_after(use: Callable[[Large], None]) -> bool:
    """Tell whether a large value is gone as soon as `use` has ended, without the collector."""
    value = Large()
    reference = weakref.ref(value)
    gc.collect()
    gc.disable()
    try:
        use(value)
        del value
        return reference() is None
    finally:
        gc.enable()


def read_through_the_class(value: Large) -> None:
    with hp.scope(big=value):
        assert (hp.scope.big | None) is hp.scope.big() is value


def read_through_a_handle(value: Large) -> None:
    with hp.scope(big=value) as ps:
        assert (ps.big | None) is ps["big"] is dict(ps)["big"] is value


def read_through_an_accessor_that_stays(value: Large) -> None:
    with hp.scope(**{"model.weights": value}):
        assert (KEPT.weights | None) is value
        assert KEPT.weights() is value
        assert bool(KEPT.weights)


def read_twice_deep_inside(value: Large) -> None:
    with hp.scope(big=value), hp.scope(a=1), hp.scope(b=2):
        assert hp.scope.big() is hp.scope.big() is value


def use_as_default(value: Large) -> None:
    with hp.scope(a=1):
        assert (hp.scope.big | value) is value
        assert hp.scope.big(value) is value


def use_as_default_without_scope(value: Large) -> None:
    assert (hp.scope.big | value) is value
    assert hp.scope.big(value) is value


def write_and_delete(value: Large) -> None:
    with hp.scope() as ps:
        ps.big = value
        assert hp.scope.big() is value
        del ps.big


def overwrite(value: Large) -> None:
    with hp.scope(big=value) as ps:
        hp.scope.big | None
        ps.big = None
        assert hp.scope.big() is None


def explain_and_store(value: Large) -> None:
    with hp.scope(big=value) as ps:
        hp.explain("big")
        str(hp.explain("big"))
        repr(ps)
        ps.storage().storage()


def record(value: Large) -> None:
    with RECORD, hp.scope(big=value):
        hp.scope.big | None
        RECORD.operative()


def fill_a_parameter(value: Large) -> None:
    with hp.scope(**{"job.big": value}):
        assert job() is job(small=1) is value


def freeze_and_replace(value: Large) -> None:
    with hp.scope.empty(big=value):
        hp.scope.frozen()
    assert hp.scope.big() is job_default() is value
    with hp.scope.empty():
        hp.scope.frozen()


def fail_to_convert(value: Large) -> None:
    with hp.scope(big=value), pytest.raises(hp.ConversionError):
        hp.scope.big | 0


def leave_out_of_order(value: Large) -> None:
    outer, inner = hp.scope(big=value), hp.scope(a=1)
    outer.__enter__()
    inner.__enter__()
    assert hp.scope.big() is value
    outer.__exit__(None, None, None)
    assert (hp.scope.big | None) is None
    del outer
    inner.__exit__(None, None, None)


KEPT = hp.scope.model
RECORD = hp.record()


@hp.param("job")
def job(big: Any = None, small: int = 0) -> Any:
    return big


def job_default() -> Any:
    return hp.scope.big | None


@pytest.mark.parametrize(
    "use",
    [
        read_through_the_class,
        read_through_a_handle,
        read_through_an_accessor_that_stays,
        read_twice_deep_inside,
        use_as_default,
        use_as_default_without_scope,
        write_and_delete,
        overwrite,
        explain_and_store,
        record,
        fill_a_parameter,
        freeze_and_replace,
        fail_to_convert,
        leave_out_of_order,
    ],
)
def test_a_large_value_is_gone_when_its_scope_is_left(use: Callable[[Large], None]) -> None:
    assert gone_after(use)


def test_a_large_value_that_is_replaced_is_gone_while_the_scope_stays_open() -> None:
    with hp.scope() as ps:

        def write(value: Large) -> None:
            ps.big = value
            assert hp.scope.big() is value
            ps.big = None

        assert gone_after(write)


def test_a_default_is_gone_while_the_scope_stays_open() -> None:
    with hp.scope(a=1):
        assert gone_after(use_as_default)


def test_a_large_value_of_an_inner_scope_is_gone_while_the_outer_stays_open() -> None:
    with hp.scope(a=1), hp.record():
        assert gone_after(read_through_the_class)
        assert gone_after(fill_a_parameter)


def test_a_record_keeps_no_large_text_or_bytes() -> None:
    def read_all() -> None:
        for index in range(5):
            with hp.scope(**{f"text{index}": "x" * LARGE, f"bytes{index}": b"x" * LARGE}):
                hp.scope[f"text{index}"] | None
                hp.scope[f"bytes{index}"] | None
                hp.scope[f"list{index}"] | [0] * MB

    with hp.record() as record:
        _, size = allocated(read_all)
        assert len(record.reads) == 15
    assert size <= MB


def test_converted_text_and_its_result_are_not_kept() -> None:
    def read() -> None:
        with hp.scope(f"big=[{'1,' * 100_000}1]"):
            assert len(hp.scope.big | [0]) == len(hp.scope.big()) == 100_001

    with hp.scope(a=1):
        _, size = allocated(read)
    assert size <= 64 * 1024


# ---------------------------------------------------------------- keys without end

CACHES = 16 * MB
"""What all caches of names together may take when they are full: 100 000 keys and some."""


def growth(turn: Callable[[int], None], first: int = 10_000, more: int = 100_000) -> int:
    """Return how many bytes `more` new names leave, after `first` have filled what has a limit."""
    for index in range(first):
        turn(index)

    def use_more() -> None:
        for index in range(first, first + more):
            turn(index)

    return allocated(use_more)[1]


def touch(accessor: Any) -> None:
    """Make an accessor and drop it; nothing is read."""


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(lambda i: touch(getattr(hp.scope, f"k{i}")), id="root"),
        pytest.param(lambda i: touch(getattr(hp.scope.below, f"k{i}")), id="below"),
        pytest.param(lambda i: touch(getattr(hp.scope, f"p{i}").q), id="grown root"),
    ],
)
def test_new_names_without_end_fill_no_cache_of_accessors(turn: Callable[[int], None]) -> None:
    """The caches have a limit: names beyond it cost nothing that stays."""
    assert growth(turn) <= CACHES


def test_many_groups_of_many_names_fill_no_cache_of_accessors() -> None:
    """The limit is for all accessors together, not for each level of each branch."""

    family = hp.scope.family

    def turn(index: int) -> None:
        touch(getattr(getattr(family, f"group{index % 400}"), f"name{index}"))

    assert growth(turn) <= CACHES


def test_many_keys_read_in_one_scope_fill_no_memory_of_answers() -> None:
    """The record has met them all before, so only what the scope keeps can grow."""

    def read_all() -> None:
        for index in range(50_000):
            hp.scope[f"k{index}"] | 0

    with hp.scope(a=1):
        read_all()
    with hp.scope(a=1):
        _, size = allocated(read_all)
    assert size <= 2 * MB


def test_keys_set_and_read_in_scopes_that_are_left_leave_nothing() -> None:
    """The record has met them all before."""

    def use_all() -> None:
        for index in range(20_000):
            with hp.scope(**{f"k{index}": index}):
                hp.scope[f"k{index}"] | 0

    use_all()
    _, size = allocated(use_all)
    assert size <= 2 * MB  # the set of known keys, which is bounded


def test_values_without_end_of_one_key_leave_nothing() -> None:
    """Beyond the 1 000 different values that a record keeps of a key."""

    def turn(index: int) -> None:
        with hp.scope(step=index):
            hp.scope.step | 0

    assert growth(turn, 3_000, 10_000) <= MB


# ---------------------------------------------------------------- baselines and functions


class Collected:
    """Values that tell how many of them are still there."""

    def __init__(self) -> None:
        self._made: list[weakref.ref[Large]] = []

    def make(self) -> Large:
        large = Large()
        self._made.append(weakref.ref(large))
        return large

    def alive(self) -> int:
        gc.collect()
        return sum(each() is not None for each in self._made)


@pytest.mark.parametrize("others", [0, 50], ids=["alone", "over many keys"])
def test_a_baseline_frozen_again_keeps_no_value_that_nothing_can_see(others: int) -> None:
    values = Collected()
    with hp.scope(**names(others)):
        hp.scope.frozen()
    for turn in range(20):
        with hp.scope(model=values.make(), **{f"key{turn % 3}": turn}):
            hp.scope.frozen()
    assert values.alive() == 1
    assert len(hp.scope) == others + min(3, 20) + 1
    assert hp.scope.key1() == 19
    assert isinstance(hp.scope.model(), Large)


def test_explain_tells_where_a_value_was_bound_that_a_later_baseline_has_replaced() -> None:
    with hp.scope(tags=[1, 2], lr=1):
        hp.scope.frozen()
    with hp.scope(tags=[3], lr=2):
        hp.scope.frozen()
    for key, shown in {"tags": "a value that is no longer kept", "lr": "1"}.items():
        explained = str(hp.explain(key))
        assert f"shadows {shown}  (code " in explained
        assert explained.count("test_memory.py") == 2


def test_a_baseline_frozen_again_and_again_stays_as_quick_to_search() -> None:
    for turn in range(2_000):
        with hp.scope(**{"n": turn, f"key{turn % 5}": turn, "gone": 1}):
            del hp.scope.gone
            hp.scope.frozen()
    assert len(context.capture().baseline.layers) <= 9
    assert dict(hp.scope.current()) == {
        "n": 1999, **{f"key{turn % 5}": turn for turn in range(1995, 2000)}
    }  # fmt: skip


def test_decorated_functions_that_were_called_are_gone_with_what_they_hold() -> None:
    values = Collected()

    def call(how: int) -> None:
        large = values.make()

        @hp.param("f")
        def function(x: int = 1) -> int:
            return len(large.data) + x

        @hp.param("g")
        class Class:
            def __init__(self, x: int = 1) -> None:
                self.x = x + len(large.data)

        @hp.param("h")
        def positional(first: object = large, second: int = 2, /) -> object:
            return second

        function() if how else function(x=2)
        Class()
        with hp.scope(**{"h.second": 3}):
            positional()
        positional()

    for turn in range(4):
        call(turn % 2)
    with hp.scope(**{"f.x": 3, "h.second": 4}):
        for turn in range(4):
            call(turn % 2)
        assert values.alive() <= 1  # the last of each name is the one that is known by it
    assert values.alive() <= 1
