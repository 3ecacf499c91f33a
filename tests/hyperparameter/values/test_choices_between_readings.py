"""Which of several readings of a value is taken, where more than one would do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import pytest

import hyperparameter as hp
from hyperparameter._values.untyped import UntypedText


class Colour(Enum):
    RED = 1


@dataclass
class Numbered:
    x: int


@dataclass
class Named:
    x: str


@hp.param("readings")
def text_or_colour(value: Colour | str = "") -> object:
    return value


@hp.param("readings_literal")
def text_or_one(value: Literal[1] | str = "") -> object:
    return value


@hp.param("readings_structure")
def first_structure(value: Numbered | Named | None = None) -> object:
    return value


def test_a_name_of_an_enumeration_is_its_member_beside_text() -> None:
    with hp.scope("readings.value=RED"):
        assert text_or_colour() is Colour.RED
    with hp.scope("readings.value=BLUE"):
        assert text_or_colour() == "BLUE"


def test_a_word_of_a_literal_is_its_value_beside_text() -> None:
    with hp.scope("readings_literal.value=1"):
        assert text_or_one() == 1
    with hp.scope("readings_literal.value=01"):
        assert text_or_one() == "01"


def test_the_first_structure_that_takes_all_values_is_taken() -> None:
    with hp.scope(**{"readings_structure.value": {"x": "7"}}):
        assert first_structure() == Numbered(7)
    with hp.scope(**{"readings_structure.value": {"x": "abc"}}):
        assert first_structure() == Named("abc")


def test_a_mapping_over_a_number_replaces_it_inside_a_whole() -> None:
    with hp.scope(**{"m.a": 5, "m.c": 2}), hp.scope(**{"m.a.b": 1}):
        assert hp.scope.m({}) == {"a": {"b": 1}, "c": 2}


@pytest.mark.parametrize(("text", "truth"), [("no", False), ("yes", True), ("0", False)])
def test_a_word_from_outside_is_as_true_as_what_it_says(text: str, truth: bool) -> None:
    with hp.scope(flag=UntypedText(text)):
        assert bool(hp.scope.flag) is truth


def test_text_of_python_is_true_unless_it_is_empty() -> None:
    with hp.scope(flag="no", blank=""):
        assert bool(hp.scope.flag) is True
        assert bool(hp.scope.blank) is False


@pytest.mark.parametrize("other", [{1: 2, 3: 4}, {1: 3}, {2: 2}, {1: {}}])
def test_a_mapping_may_be_beside_its_parts_only_if_they_are_the_same(other: object) -> None:
    both = {"a": {"b": {1: 2}}, "a.b": {1: 2}}
    assert dict(hp.config(both)) == {"a.b": {1: 2}}
    with pytest.raises(hp.ConfigurationError, match=r"a\.b"):
        hp.config({**both, "a.b": other})
