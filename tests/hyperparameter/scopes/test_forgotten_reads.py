"""A parameter that is used as if it were its value is an error that shows how to read it."""

import copy
import inspect
import io
import math
import operator
import pickle
import pprint
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy
import pytest
import rich.pretty

import hyperparameter as hp


def _matches(one: Any) -> bool:
    match one:
        case "gpu":
            return True
    return False


USES: dict[str, Callable[[Any], Any]] = {
    "==": lambda one: one == "gpu",
    "!=": lambda one: one != "gpu",
    "== from the right": lambda one: "gpu" == one,  # noqa: SIM300
    "== None": lambda one: one == None,  # noqa: E711
    "== a number": lambda one: one == 7,
    "in a tuple": lambda one: one in ("cpu", "gpu"),
    "in a list": lambda one: one in ["cpu"],
    "in a set": lambda one: one in {"cpu", "gpu"},
    "in a dict": lambda one: one in {"cpu": 1},
    "a choice from a dict": lambda one: {"cpu": 1}[one],
    "hash": hash,
    "in it": lambda one: "g" in one,
    "iterated": lambda one: [*one],
    "unpacked": lambda one: divmod(*one),
    "reversed": reversed,
    "length": len,
    "an item": lambda one: one[0],
    "an item from behind": lambda one: one[-1],
    "a slice": lambda one: one[1:],
    "setting an item": lambda one: operator.setitem(one, 0, 1),
    "deleting an item": lambda one: operator.delitem(one, 0),
    "an index": lambda one: [1, 2][one],
    "range": range,
    "int": int,
    "float": float,
    "complex": complex,
    "bytes": bytes,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "round": round,
    "divmod": lambda one: divmod(one, 2),
    "text before it": lambda one: "a" + one,
    "a list before it": lambda one: [1] + one,  # noqa: RUF005
    "match": lambda one: _matches(one),
    "|": lambda one: 1 | one,
    "<": lambda one: one < 5,
    ">=": lambda one: one >= 5,
    "> from the right": lambda one: 5 > one,  # noqa: SIM300
    "+": lambda one: one + 1,
    "+ from the right": lambda one: 1 + one,
    "-": lambda one: one - 1,
    "*": lambda one: 2 * one,
    "/": lambda one: one / 2,
    "//": lambda one: one // 2,
    "%": lambda one: one % 2,
    "**": lambda one: one**2,
    "@": lambda one: one @ one.other,
    "<<": lambda one: one << 1,
    "&": lambda one: one & 1,
    "^": lambda one: one ^ 1,
    "negative": operator.neg,
    "inverse": operator.invert,
    "abs": abs,
    "f-string": lambda one: f"{one}",
    "f-string with a format": lambda one: f"{one:.2f}",
    "format": format,
    "str.format": "{}".format,
}


@pytest.mark.parametrize("stored", [{}, {"mode": "gpu"}, {"mode": 5}, {"mode.deep": 5}], ids=str)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_forgotten_read_is_an_error_that_shows_how_to_read(
    use: Callable[[Any], Any], stored: dict[str, Any]
) -> None:
    with hp.scope(**stored), pytest.raises(TypeError) as caught:
        use(hp.scope.mode)
    assert "hp.scope.mode()" in str(caught.value)
    assert "| default" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_accessors_may_be_compared_with_each_other() -> None:
    with hp.scope(mode=1):
        assert hp.scope.mode == hp.scope.mode
        assert hp.scope.mode != hp.scope.other


def test_keys_are_the_same_however_they_are_spelt_and_whole_scopes_are_told_apart() -> None:
    one, other = hp.scope(), hp.scope()
    assert hp.scope.a.b == hp.scope["a.b"] == hp.scope.a["b"]
    assert one.a.b == one.a["b"]
    assert one.a != other.a
    assert one.a != hp.scope.a


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        ("a.b", "hp.scope.a.b"),
        ("keys", "hp.scope['keys']"),
        ("a.keys", "hp.scope.a.keys"),
        ("a.class", "hp.scope['a.class']"),
        ("a.0", "hp.scope['a.0']"),
        ("a.__b", "hp.scope['a.__b']"),
    ],
)
def test_the_error_shows_an_expression_that_reads_the_parameter(key: str, spelled: str) -> None:
    with pytest.raises(TypeError) as caught:
        hp.scope[key] + 1  # type: ignore[operator]
    assert f"{spelled}()" in str(caught.value)
    with hp.scope(**{key: 5}):
        assert eval(f"{spelled}()") == 5


def test_the_parameter_of_one_scope_is_not_called_one_of_the_active_scope() -> None:
    with hp.scope(mode="gpu") as ps, pytest.raises(TypeError, match=r"ps\.mode\(\)"):
        _ = ps.mode == "gpu"


def test_a_default_that_was_not_read_is_named() -> None:
    with pytest.raises(TypeError, match=r"hp\.scope\.a\.b \| \(hp\.scope\.c \| default\)"):
        hp.scope.a.b | hp.scope.c


def test_truth_is_that_of_the_stored_value() -> None:
    with hp.scope("no=off", zero=0, one=1, empty=[]):
        found = [bool(hp.scope[key]) for key in ("zero", "one", "empty", "missing")]
    assert found == [False, True, False, False]


def test_an_accessor_can_be_copied_pickled_inspected_and_patched() -> None:
    one = hp.scope.mode
    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert not inspect.isfunction(one)
    assert not inspect.isawaitable(one)
    assert not isinstance(one, (Awaitable, AbstractContextManager))
    assert inspect.unwrap(one) is one
    assert inspect.signature(one).parameters.keys() == {"default"}
    assert inspect.getmembers(one)
    holder = SimpleNamespace(mode=one)
    with mock.patch.object(holder, "mode", 5):
        assert holder.mode == 5
    assert holder.mode is one
    assert mock.create_autospec(one) is not None
    assert mock.call(one) == mock.call(one)
    with hp.scope(), mock.patch.object(hp.scope, "mode", 7):
        assert hp.scope.mode | 0 == 7
    assert hp.scope.mode | 0 == 0


def test_printers_show_an_accessor() -> None:
    one = hp.scope.mode
    out = io.StringIO()
    pprint.pprint({"a": [one], "b": (one, one)}, stream=out)
    shown = [out.getvalue(), rich.pretty.pretty_repr([one]), str([one]), f"{one!r}", f"{one!s}"]
    assert all("'mode'" in text for text in shown)


def test_numpy_takes_an_accessor_for_no_number() -> None:
    with pytest.raises(TypeError, match=r"hp\.scope\.rate\(\)"):
        numpy.ones(3) * hp.scope.rate  # type: ignore[operator]


class Stubborn:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


@pytest.mark.parametrize(
    "value", ["gpu", 5, None, Stubborn(), [1], {"a": 1}], ids=lambda _: "value"
)
def test_an_accessor_shows_its_key_and_never_fails_to(value: Any) -> None:
    with hp.scope(mode=value):
        for shown in (repr(hp.scope.mode), str(hp.scope.mode), "%s" % hp.scope.mode):  # noqa: UP031
            assert "mode" in shown


def test_an_accessor_shows_value_and_origin() -> None:
    with hp.scope(mode="gpu"):
        shown = repr(hp.scope.mode)
    assert "gpu" in shown
    assert "test_forgotten_reads.py:" in shown


def test_an_accessor_shows_what_is_below_it_or_near_it() -> None:
    with hp.scope(**{"train.lr": 1, "train.epochs": 2}):
        assert "train.lr, train.epochs" in repr(hp.scope.train)
        assert "Did you mean 'train.lr'?" in repr(hp.scope.train.lrr)


def test_showing_an_accessor_is_no_read() -> None:
    with hp.record() as rec, hp.scope(mode="gpu"):
        print(hp.scope.mode)
        assert "gpu" in repr(hp.scope.mode)
    assert not rec.reads


def test_an_accessor_shows_no_secret() -> None:
    with hp.scope(api_key="hunter2"):
        assert "hunter2" not in repr(hp.scope.api_key) + str(hp.scope.api_key)


@pytest.mark.parametrize(
    "write",
    [
        lambda: hp.scope(a=hp.scope.b),
        lambda: hp.scope(a={"x": hp.scope.b}),
        lambda: setattr(hp.scope, "a", hp.scope.b),
        lambda: hp.scope.update({"a": hp.scope.b}),
    ],
    ids=["keyword", "nested", "attribute", "update"],
)
def test_a_parameter_that_has_not_been_read_is_not_a_value(write: Callable[[], object]) -> None:
    with hp.scope(), pytest.raises(TypeError, match=r"'a.* has not been read"):
        write()


def test_shells_complete_the_keys_that_are_set_without_reading_them() -> None:
    with hp.record() as record, hp.scope(**{"tab.opt.lr": 1, "tab.epochs": 2}) as scope:
        assert "tab" in dir(hp.scope)
        assert "tab" in dir(scope)
        assert {"opt", "epochs"} <= set(dir(hp.scope.tab))
        assert "lr" in dir(hp.scope.tab.opt)
        assert "lr" not in dir(hp.scope.tab)
    assert not record.reads
