"""Annotations with `Unpack` or `*`: of keywords (PEP 692), and of items of a tuple (PEP 646)."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, Unpack

import pytest

import hyperparameter as hp


class Keywords(TypedDict):
    tag: str
    n: NotRequired[int]
    hidden: NotRequired[list[int]]


@hp.param("unpacked")
def keywords(**kwargs: Unpack[Keywords]) -> dict[str, Any]:
    return {**kwargs}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--tag", "007"], {"tag": "007"}),
        (["-D", "unpacked.tag=1.10", "--n", "3"], {"tag": "1.10", "n": 3}),
        (["--tag", "a", "--hidden", "1", "2"], {"tag": "a", "hidden": [1, 2]}),
        (["--tag", "a", "-D", "unpacked.hidden=[1, 2]"], {"tag": "a", "hidden": [1, 2]}),
    ],
)
def test_each_keyword_has_its_own_type(words: list[str], found: dict[str, Any]) -> None:
    assert hp.run_cli(keywords, words) == found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--tag is missing"),
        (["--tag", "a", "--n", "x"], "--n: 'x' is not an int"),
        (["--tag", "a", "--tga", "x"], "--tga: unknown option. Did you mean '--tag'"),
    ],
)
def test_wrong_keywords_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(keywords, words)
    assert message in str(caught.value)


def test_a_scope_gives_them_to_the_launched_function() -> None:
    with hp.scope("unpacked.tag=007", **{"unpacked.n": 3}):
        assert hp.run_cli(keywords, []) == {"tag": "007", "n": 3}


Texts = tuple[str, ...]


@hp.param("unpacked_tuple")
def items(
    x: tuple[int, *tuple[str, ...]] = (0,),
    y: tuple[*tuple[str, ...], float] = (0.5,),
    z: tuple[int, Unpack[tuple[str, bool]]] = (0, "", False),  # noqa: UP044  # both forms
) -> tuple[object, ...]:
    return x, y, z


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--x", '[1, 1.10, "007"]'], ((1, "1.10", "007"), (0.5,), (0, "", False))),
        (["--x", "1"], ((1,), (0.5,), (0, "", False))),
        (["--x", "1", "1.10"], ((1, "1.10"), (0.5,), (0, "", False))),
        (["-D", "unpacked_tuple.y=[1.10, 3]"], ((0,), ("1.10", 3.0), (0, "", False))),
        (["--z", "1", "1.10", "true"], ((0,), (0.5,), (1, "1.10", True))),
    ],
)
def test_items_of_a_tuple_have_their_types(words: list[str], found: tuple[object, ...]) -> None:
    assert hp.run_cli(items, words) == found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--x", "[]"], "at least 1 items are wanted, 0 were given"),
        (["--x", '["a", "b"]'], "'a' is not an int"),
        (["-D", "unpacked_tuple.z=[1, 2]"], "3 items are wanted, 2 were given"),
    ],
)
def test_wrong_items_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(items, words)
    assert message in str(caught.value)


def test_the_type_of_a_scope_takes_a_scope() -> None:
    @hp.param("unpacked_scope")
    def inside(ps: hp.scope | None = None, n: int = 1) -> tuple[object, int]:
        return ps, n

    assert inside() == (None, 1)
    assert hp.run_cli(inside, ["--n", "3"]) == (None, 3)
    opened = hp.scope(a=1)
    assert inside(opened)[0] is opened
    with pytest.raises(hp.UsageError, match="is not of type scope"):
        hp.run_cli(inside, ["--ps", "x"])
