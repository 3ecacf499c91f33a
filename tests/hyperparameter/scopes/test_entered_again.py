"""A scope object that is entered again shows what it binds, over what is there each time."""

import contextlib
import gc
import weakref

import hyperparameter as hp
from hyperparameter._scopes import ambient


class Value:
    """A value that is alive as long as somebody has it."""


def shown() -> dict[str, object]:
    return ambient.current().snapshot.flat()


def test_it_is_opened_over_what_is_there_each_time() -> None:
    scope, text, closed = hp.scope(n=1, both=1), hp.scope("text=1"), hp.scope.empty(only=1)
    for m in [0, 1, 0, 2, 2]:
        with hp.scope(m=m, both=0), scope, text:
            assert {**shown(), "text": hp.scope.text()} == {"m": m, "both": 1, "n": 1, "text": 1}
            with closed:
                assert shown() == {"only": 1}
        with scope, hp.scope(m=m):
            assert shown() == {"m": m, "both": 1, "n": 1}
        with hp.record(), scope:
            assert shown() == {"both": 1, "n": 1}


def test_a_write_into_it_is_there_the_next_time_and_in_no_other() -> None:
    scope = hp.scope(n=0)
    for n in range(4):
        with scope:
            assert shown() == {"n": n}
            hp.scope.n = "written"
            assert shown() == {"n": "written"}
        scope["n"] = n + 1


def test_an_empty_one_shows_what_lies_below() -> None:
    scope = hp.scope()
    for m in range(4):
        with hp.scope(m=m), scope:
            assert shown() == {"m": m}


def test_a_key_written_as_a_mapping_replaces_what_is_below_each_time() -> None:
    scope = hp.scope(opt={"lr": 1})
    for below in ["sgd", {"wd": 2}, "adam", {"wd": 3}]:
        with hp.scope(opt=below):
            with hp.scope(opt={"lr": 1}):
                expected = shown()
            with scope:
                assert shown() == expected


def test_many_of_them_are_as_few_layers_as_new_ones() -> None:
    scopes = [hp.scope(**{f"k{n}": n}) for n in range(40)]
    layers = []
    for _ in range(4):
        with contextlib.ExitStack() as stack:
            for scope in scopes:
                stack.enter_context(scope)
            assert shown() == {f"k{n}": n for n in range(40)}
            layers.append(len(ambient.current().snapshot.layers))
    assert max(layers) == layers[0]


def test_it_keeps_nothing_alive_of_where_it_was_entered() -> None:
    scope, value = hp.scope(n=1), Value()
    alive = weakref.ref(value)
    for _ in range(3):
        with hp.scope(large=value), scope:
            assert len(shown()) == 2
    del value
    gc.collect()
    assert alive() is None
