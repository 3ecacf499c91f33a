"""What is kept to answer sooner the next time never changes an answer."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp
from hyperparameter._scopes.markers import DELETED
from hyperparameter._scopes.snapshot import EMPTY, Layer, Snapshot
from hyperparameter._scopes.whole import Whole, whole
from hyperparameter._values.origin import Origin
from hyperparameter._values.untyped import Layered, UntypedTree

# -- defaults ---------------------------------------------------------------------------------


def test_each_place_gets_its_own_default() -> None:
    with hp.scope("a.set=7"):
        for _ in range(3):
            assert (hp.scope.a.b | 1, hp.scope.a.b | 2, hp.scope.a.b(3)) == (1, 2, 3)
            assert [type(hp.scope.a.b | one) for one in (1, True, 1.0)] == [int, bool, float]
            assert (hp.scope.a.set | 1, hp.scope.a.set | "x", hp.scope.a.set | 1.5) == (7, "7", 7.0)
            assert hp.scope.a.set() == 7


def test_defaults_that_are_made_anew_are_never_mixed_up() -> None:
    with hp.scope(unrelated=1):
        # More than the cache holds, each in the place that the one before has left in memory.
        for number in range(10_000):
            assert hp.scope.a.b | float(number) == number
            assert hp.scope.a.b | f"text {number}" == f"text {number}"


def test_a_handle_answers_for_its_own_scope() -> None:
    with hp.scope(**{"a.b": 1}) as outer:
        assert [outer.a.b | 0, outer["a.b"]] == [1, 1]
        with hp.scope(**{"a.b": 2}) as inner:
            for _ in range(2):
                assert [outer.a.b | 0, outer["a.b"], outer.a.b()] == [1, 1, 1]
                assert [inner.a.b | 0, inner["a.b"], hp.scope.a.b | 0] == [2, 2, 2]
            inner.a.b = 3
            assert [inner.a.b | 0, inner["a.b"], outer["a.b"]] == [3, 3, 1]
        outer.a.b = 4
        assert [outer.a.b | 0, outer["a.b"], hp.scope["a.b"] | 0] == [4, 4, 4]
    with pytest.raises(hp.MissingParameter):
        hp.scope()["a.b"]


# -- lists ------------------------------------------------------------------------------------


def test_a_list_that_the_scope_holds_is_seen_as_it_is_now() -> None:
    held = [1]
    with hp.record() as record, hp.scope(**{"a.l": held}):
        for more in (2, 3):
            assert hp.scope.a.l | [0] == held
            held.append(more)
        assert hp.scope.a.l | [0] == [1, 2, 3]
        assert hp.scope.a.l | [0] is held
    assert [one.value for one in record.reads] == [[1], [1, 2], [1, 2, 3]]


def test_a_list_of_the_source_is_the_list_of_that_place() -> None:
    with hp.record() as record, hp.scope(unrelated=1):
        for _ in range(2):
            first, second = hp.scope.a.l | [1], hp.scope.a.l | [True]
            assert (first, second) == ([1], [True])
            first.append(2)  # of nobody else
            assert type((hp.scope.a.l | [True])[0]) is bool
    assert [one.value for one in record.reads] == [[1], [True]]


def test_a_list_that_a_text_became_is_a_new_one_each_time() -> None:
    with hp.scope("a.l=[1, 2]"):
        first = hp.scope.a.l | [0]
        first.append(3)
        assert hp.scope.a.l | [0] == [1, 2]


def test_a_list_is_found_again_when_the_scope_is_written() -> None:
    with hp.scope(unrelated=1):
        for number in range(3):
            assert hp.scope.a.l | [9] == ([9] if number == 0 else [number - 1])
            hp.scope.a.l = [number]


@pytest.mark.parametrize("default", [(1, "x"), (), (1, (2,)), (1, [2])])
def test_a_tuple_stays_the_tuple_that_it_is(default: tuple[Any, ...]) -> None:
    with hp.scope(unrelated=1):
        assert all(hp.scope.a.t | default is default for _ in range(3))


# -- writes -----------------------------------------------------------------------------------


def test_what_is_written_belongs_to_the_scope() -> None:
    given = {"a.b": 1}
    with hp.scope(unrelated=1):
        hp.scope.update(given)
        given["a.b"] = 2
        assert hp.scope.a.b() == 1


def test_writes_of_the_same_key_end_with_the_last_and_its_place() -> None:
    with hp.scope(**{"a.b": 0, "a.c": 0}) as ps:
        for number in range(1, 20):
            ps.a.b = number
        assert dict(ps) == {"a.b": 19, "a.c": 0}
        assert list(ps) == ["a.b", "a.c"]
        del ps.a.b
        ps.a.b = "back"
        assert list(ps) == ["a.c", "a.b"]
        ps.a.b = {"below": 1}
        assert ps.a.b | {} == {"below": 1}


# -- calls ------------------------------------------------------------------------------------


@hp.param("kept")
def function(a: int = 1, b: int = 2, c: int = 3) -> tuple[int, int, int]:
    return a, b, c


@hp.param("kept")
async def coroutine(a: int = 1, b: int = 2, c: int = 3) -> tuple[int, int, int]:
    return a, b, c


WAYS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), ((5,), {}), ((5, 6), {}), ((), {"a": 5}), ((), {"b": 6}), ((), {"b": 6, "a": 5}),
    ((), {"a": 5, "b": 6}), ((5,), {"b": 6}), ((5,), {"c": 7}), ((), {"c": 7}),
]  # fmt: skip


@pytest.mark.parametrize("call", [function, lambda *a, **k: asyncio.run(coroutine(*a, **k))])
def test_a_call_of_any_shape_is_filled_with_what_is_active(call: Any) -> None:
    def wanted(scope: dict[str, int], args: tuple[int, ...], kwargs: dict[str, int]) -> Any:
        given = {**dict(zip("abc", args, strict=False)), **kwargs}
        return tuple({"a": 1, "b": 2, "c": 3, **scope, **given}[name] for name in "abc")

    for scope in ({}, {"a": 10}, {"b": 20, "c": 30}, {"a": 10, "b": 20, "c": 30}):
        with hp.scope(**{f"kept.{name}": value for name, value in scope.items()}):
            for _ in range(2):
                for args, kwargs in WAYS:
                    assert call(*args, **kwargs) == wanted(scope, args, kwargs)
            hp.scope.kept.b = 99
            assert call(a=5) == wanted({**scope, "b": 99}, (), {"a": 5})


# -- keys below a key -------------------------------------------------------------------------

KEYS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(".".join)
LAYERS = st.lists(
    st.dictionaries(KEYS, st.one_of(st.integers(0, 9), st.just(DELETED)), max_size=8), max_size=5
)


def opened(layers: list[dict[str, object]], only: str = "") -> Snapshot:
    snapshot = EMPTY
    for number, values in enumerate(layers):
        kept = {k: v for k, v in values.items() if not only or f"{k}.".startswith(f"{only}.")}
        snapshot = Layer(kept, Origin("code", f"{number}")).onto(snapshot)
    return snapshot


def written(value: object) -> object:
    """Return what a value is made of, in a form that can be compared."""
    if isinstance(value, Whole):
        return written(value.value), value.origin, list(value.origins.items())
    if isinstance(value, Layered):
        return "layered", written(value.whole), written(value.parts)
    if isinstance(value, UntypedTree):
        return "tree", [(name, written(part)) for name, part in value.value.items()]
    return value


@given(LAYERS, KEYS)
def test_what_lies_below_a_key_does_not_depend_on_the_other_keys(
    layers: list[dict[str, object]], key: str
) -> None:
    snapshot = opened(layers)
    flat = snapshot.flat()
    below = {k[len(key) + 1 :]: v for k, v in flat.items() if k.startswith(f"{key}.")}
    assert list(snapshot.below(key).items()) == list(below.items())
    assert not below or snapshot.has_below(key)
    assert written(whole(snapshot, key)) == written(whole(opened(layers, key), key))


# -- errors -----------------------------------------------------------------------------------


def test_an_error_says_what_may_have_been_meant_when_it_was_raised() -> None:
    with hp.scope(**{"train.rate": 1}):
        with pytest.raises(hp.MissingParameter) as caught:
            hp.scope.train.rates()
        hp.scope.train.ratse = 2
    shown = "Hyperparameter 'train.rates' is required but not defined. Did you mean 'train.rate'?"
    error = caught.value
    for one in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(one) == shown
        assert one.args == (shown,)
        assert repr(one) == f"MissingParameter({shown!r})"
        assert one.key == "train.rates"


def test_an_error_that_nobody_looks_at_can_still_be_sent() -> None:
    with hp.scope(**{"train.rate": 1}):
        try:
            hp.scope.train.rates()
        except hp.MissingParameter as error:
            sent = pickle.loads(pickle.dumps(error))
    assert "Did you mean 'train.rate'?" in str(sent)
