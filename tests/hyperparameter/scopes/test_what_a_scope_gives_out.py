"""What a scope gives out as a mapping, another scope takes and means the same by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hyperparameter as hp

SCOPES: dict[str, Callable[[], Any]] = {
    "a word and a name over it": lambda: hp.scope('given.x={"a": 1, "l": [1.5]}', "given.x.b=3"),
    "a name and a word over it": lambda: hp.scope("given.x.b=3", 'given.x={"a": 1}'),
    "the same name in both": lambda: hp.scope('given.x={"a": 1}', "given.x.a=3"),
    "a list and a text": lambda: hp.scope('given.x={"a": [1, {"b": 2.5}]}', "given.x.t=abc def"),
    "an empty mapping": lambda: hp.scope(**{"given.x": {}, "given.x.a": 2}),
    "names that are no keys": lambda: hp.scope(**{"given.x": {1: 2}, "given.x.a": 2}),
    "dots": lambda: hp.scope('given.x={"a.b": {"c.d": 1}}', "given.x.a.b.c.d=4"),
}


@hp.param("given")
def given(x: dict[Any, Any] = {"z": 0}) -> dict[Any, Any]:
    return x


@pytest.mark.parametrize("name", SCOPES)
def test_it_is_taken_back(name: str) -> None:
    ps = SCOPES[name]()
    with ps:
        wanted = given()
    for again in (hp.scope(**ps), hp.scope(**dict(ps)), hp.scope().update(dict(ps))):
        with again:
            assert given() == wanted


def test_two_names_with_different_values_are_an_error() -> None:
    for other in (2, 1.0, True, "1", [1]):
        with pytest.raises(hp.InvalidKey, match=r"two names for 'given\.x\.a'"):
            hp.scope(**{"given.x": {"a": 1}, "given.x.a": other})
