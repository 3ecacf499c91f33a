"""A parameter that is used as if it were its value is an error that shows how to read it."""

import operator
from collections.abc import Callable
from typing import Any

import pytest

import hyperparameter as hp

USES: dict[str, Callable[[Any], Any]] = {
    "==": lambda one: one == "gpu",
    "!=": lambda one: one != "gpu",
    "== from the right": lambda one: "gpu" == one,  # noqa: SIM300
    "== None": lambda one: one == None,  # noqa: E711
    "== a number": lambda one: one == 7,
    "in a tuple": lambda one: one in ("cpu", "gpu"),
    "in a list": lambda one: one in ["cpu"],
    "in it": lambda one: "g" in one,
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


def test_an_accessor_shows_no_secret() -> None:
    with hp.scope(api_key="hunter2"):
        assert "hunter2" not in repr(hp.scope.api_key) + str(hp.scope.api_key)
