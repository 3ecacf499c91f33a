"""A mapping in one word for a namespace: its parameters must not overlook what it says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

import hyperparameter as hp


@hp.param("oneword")
def outer(x: dict[str, int] = {"z": 0}, y: int = 1) -> tuple[dict[str, int], int]:
    return x, y


@hp.param("oneword.inner")
def inner(n: int = 1) -> int:
    return n


WORD = '{"y": 2, "inner": {"n": 3}}'
SOURCES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "scope": lambda: hp.scope(f"oneword={WORD}"),
    "overrides": lambda: hp.config({}, overrides=[f"oneword={WORD}"]),
    "environment": lambda: hp.config({}, env_prefix="ONE", env={"ONE_ONEWORD": WORD}),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_namespace_in_one_word_is_an_error_of_its_parameters(source: str) -> None:
    readers: dict[str, Callable[[], Any]] = {
        "oneword.y": outer,
        "oneword.inner.n": inner,
    }
    with SOURCES[source]():
        for key, call in readers.items():
            for read in (call, lambda key=key: hp.scope[key] | 5):
                with pytest.raises(hp.ConversionError) as caught:
                    read()
                assert str(caught.value).startswith("oneword (")
                assert str(caught.value).endswith(f"set {key} itself: {ENDS}")
        assert (hp.scope.oneword.other | 5) == 5
        assert hp.scope.oneword() == {"y": 2, "inner": {"n": 3}}


ENDS = "one word cannot set a namespace."


def test_the_command_line_refuses_it_in_one_line() -> None:
    with pytest.raises(hp.UsageError, match=r"^-D oneword: .* cannot set a namespace\.$"):
        hp.run_cli(outer, ["-D", f"oneword={WORD}", "--allow-unknown"])


@pytest.mark.parametrize("source", SOURCES)
def test_a_word_hides_the_older_values_of_what_it_sets(source: str) -> None:
    older = {"oneword.y": 7, "oneword.inner": 7, "oneword.inner.n": 7, "oneword.other": 7}
    with hp.scope(**older), SOURCES[source]():
        for key in ("oneword.y", "oneword.inner.n"):
            for read in (lambda key=key: hp.scope[key] | 5, lambda key=key: hp.scope[key]()):
                with pytest.raises(hp.ConversionError, match=ENDS):
                    read()
        assert (hp.scope.oneword.other | 5) == 7
        assert hp.scope.oneword() == {"y": 2, "inner": {"n": 3}, "other": 7}


def test_the_command_line_hides_them_as_well() -> None:
    @hp.param("onewordrun")
    def run() -> int:
        value: int = hp.scope["onewordrun.group"]["y"] | 5
        return value

    with hp.scope(**{"onewordrun.group.y": 7}):
        words = ["-D", 'onewordrun.group={"y": 2}', "--allow-unknown"]
        with pytest.raises(hp.UsageError, match="cannot set a namespace"):
            hp.run_cli(run, words)
        assert hp.run_cli(run, [*words, "-D", "onewordrun.group.y=3"]) == 3


@pytest.mark.parametrize(
    ("texts", "y"),
    [
        (["o.y=3", 'o={"y": 8}'], 8),
        (["o.y=3", 'o={"y": 8}', "o.y=4"], 4),
        (['o={"y": 8}', "o.y=4"], 4),
        (['o={"y": 8}', "o.y=4", 'o={"y": 9}'], 9),
    ],
)
def test_of_several_texts_the_last_one_is_the_value(texts: list[str], y: int) -> None:
    with hp.scope(*texts):
        assert hp.scope.o() == {"y": y}
        if texts[-1].startswith("o.y"):
            assert hp.scope.o.y() == y
        else:
            with pytest.raises(hp.ConversionError, match=ENDS):
                hp.scope.o.y()


def test_a_word_for_a_parameter_that_is_a_namespace_as_well_is_its_value() -> None:
    @hp.param("oneword_both")
    def both(n: dict[str, int] = {}) -> dict[str, int]:
        return n

    @hp.param("oneword_both.n")
    def below(x: int = 1) -> int:
        return x

    with hp.scope('oneword_both.n={"x": 2}'):
        assert (both(), below()) == ({"x": 2}, 1)


def test_typed_mappings_and_dotted_names_set_a_namespace() -> None:
    with hp.scope(oneword={"y": 2, "inner": {"n": 3}}):
        assert (outer()[1], inner()) == (2, 3)
    with hp.scope("oneword.y=2", "oneword.inner.n=3"):
        assert (outer()[1], inner()) == (2, 3)


@hp.param("dottedword.x")
def of_dotted(p: int = 0) -> int:
    return p


@hp.param("dottedword")
def of_parts(x: dict[str, int] = {}) -> dict[str, int]:
    return x


@pytest.mark.parametrize("word", ['{"x.p": 1}', '{"x": {"p": 1}}'])
def test_names_with_dots_are_found_in_a_word(word: str) -> None:
    with hp.scope(f"dottedword={word}"):
        for read in (of_dotted, of_parts, lambda: hp.scope.dottedword.x.p | 0):
            with pytest.raises(hp.ConversionError, match=ENDS.rstrip(".")):
                read()
