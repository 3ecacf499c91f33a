"""Mappings of Python as grids: their values are what they are, and text is read as typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hyperparameter._sweeps.plan.from_code import plan_from_code
from hyperparameter._values.untyped import UntypedText


class Kind(StrEnum):
    A = "a,b"


ARRAY = np.arange(3)


def cells(grids: Any, **options: Any) -> list[dict[str, object]]:
    return [dict(cell.values) for cell in plan_from_code(grids, **options)]


def test_values_of_a_list_survive_unchanged() -> None:
    values: list[Any] = [
        0.1,
        None,
        "a,b",
        "0..9",
        Path("x"),
        ARRAY,
        {"k": [1]},
        (1, 2),
        Kind.A,
        len,
    ]
    made = cells({"key": values})
    assert len(made) == len(values)
    assert all(cell["key"] is value for cell, value in zip(made, values, strict=True))


def test_text_is_read_as_on_a_command_line() -> None:
    assert cells({"a": "x,y"}) == [{"a": UntypedText("x")}, {"a": UntypedText("y")}]
    assert cells({"n": "1:4:2"}) == [{"n": UntypedText("1")}, {"n": UntypedText("3")}]


@pytest.mark.parametrize("value", [3, 0.5, None, True, b"ab", Kind.A, {1: 2}, len])
def test_what_cannot_be_taken_apart_is_the_only_value(value: object) -> None:
    [cell] = cells({"key": value})
    assert cell["key"] is value


def test_keys_of_several_names_are_pairs() -> None:
    both = [{"lr": 0.1, "bs": 32}, {"lr": 0.2, "bs": 64}]
    assert cells({("lr", "bs"): [(0.1, 32), [0.2, 64]]}) == both
    assert cells({"lr,bs": [(0.1, 32), (0.2, 64)]}) == both
    assert len(cells({("lr", "bs"): "(0.1,32),(0.2,64)", "n": [1, 2]})) == 4


def test_nested_mappings_flatten_as_in_a_scope() -> None:
    made = cells({"train": {"lr": [1, 2], "opt": {"m": "0,1"}}})
    assert list(made[0]) == ["train.lr", "train.opt.m"]
    assert len(made) == 4


def test_ranges_and_arrays_are_lists() -> None:
    assert cells({"n": range(2)}) == [{"n": 0}, {"n": 1}]
    found = [cell["x"] for cell in cells({"x": np.linspace(0, 1, 3)})]
    assert found == [0.0, 0.5, 1.0]
    assert all(type(value) is np.float64 for value in found)


def test_several_mappings_are_a_union() -> None:
    assert cells([{"a": [1, 2]}, {"a": [2, 3]}]) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert cells([{"a": [Path("x")]}, {"a": [Path("x")]}]) == [{"a": Path("x")}]
    # An array is the same only as itself.
    assert len(cells([{"a": [ARRAY]}, {"a": [ARRAY, ARRAY.copy()]}])) == 2


def test_values_are_the_same_as_text_that_means_them() -> None:
    assert len(cells([{"a": [0.1, None, True]}, {"a": "0.10,null,true,1"}])) == 4


def test_skip_repeat_and_sample() -> None:
    grid = {"opt": ["sgd", "adam"], "m": [0.0, 0.9]}
    assert len(cells(grid, skip={"opt": "sgd", "m": 0})) == 3
    assert len(cells(grid, skip=[{"opt": "sgd"}, "m=0"])) == 1
    assert len(cells(grid, skip="opt=sgd,m=0")) == 3
    assert [cell["s"] for cell in cells({}, repeat=(2, "s"))] == [0, 1]
    assert [cell["s"] for cell in cells({}, repeat="2:s")] == [0, 1]
    assert [cell.repeat for cell in plan_from_code({}, repeat=2)] == [0, 1]
    drawn = cells({"x": "interval(0,1)", **grid}, sample=5)
    assert drawn == cells({"x": "interval(0,1)", **grid}, sample=5, seed=0)
    assert len(drawn) == 5


def test_values_that_were_made_for_a_comparison_and_are_gone_are_not_taken_for_others() -> None:
    """The id of a value that a conversion made is soon that of another."""
    text = ",".join(f"{'[' * 980}{number}{']' * 980}" for number in range(50))
    assert len(cells({"a": text})) == 50
    read: Callable[[str, object], object] = lambda key, value: ARRAY.copy()  # noqa: E731
    assert len(cells({"a": ",".join(map(str, range(50)))}, read=read)) == 50


PROBLEMS: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    ({"a": []}, {}, ValueError, "'a': it has no values."),
    ({"a": ""}, {}, ValueError, "'a': it has no value."),
    ({"a": {1, 2}}, {}, TypeError, "'a': a set has no order; write sorted(...) of it."),
    ({"a": iter([1])}, {}, TypeError,
     "'a': write list(...) of a list_iterator, or [...] for it as a value."),
    ({"a": range(10**9)}, {}, ValueError, "'a': it has no values, or more than 1000000."),
    ({"a": "1,,2"}, {}, ValueError,
     "'a': value 2 of 3 is empty; write '\"\"' for an empty text."),
    ({"a\nb..c": [1]}, {}, ValueError,
     "'a\\nb..c': Key 'a\\nb..c' has an empty segment. Write it as names joined by single dots."),
    ({1: [1]}, {}, TypeError,
     "1: a key must be text, or a tuple of texts for keys that are set together."),
    ({("a", 1): [1]}, {}, ValueError,
     ("('a', 1): A key must be text, not int: 1. Write the key as a string, or keep the mapping "
      "out of the scope.")),
    ({("a", "a"): [(1, 2)]}, {}, ValueError, "('a', 'a'): it names the key 'a' twice."),
    ({("a", "b"): [(1, 2), 3]}, {}, ValueError,
     "('a', 'b'): value 2 must be a tuple of 2, one for each key."),
    ({("a", "b"): [(1, 2, 3)]}, {}, ValueError,
     "('a', 'b'): value 1 must be a tuple of 2, one for each key."),
    ({"a": [1], ("a", "b"): [(1, 2)]}, {}, ValueError,
     "a and a,b both set 'a'; write all its values in one of them."),
    ([], {}, ValueError, "a union of grids needs at least one key in each of them."),
    ([{"a": 1}, {}], {}, ValueError, "a union of grids needs at least one key in each of them."),
    (3, {}, TypeError, "the grids must be a mapping or a list of mappings, not int: 3."),
    ([3], {}, TypeError, "a grid must be a mapping from keys to values, not int: 3."),
    ({"x": "interval(0,1)"}, {}, ValueError,
     ("x=interval(0,1): this is a space, so add sample=N for runs drawn from it or search=NAME to "
      "search it; log:1e-5:1e-1:5 and 0:1:0.25 list values.")),
    ({"a": [1]}, {"sample": "3"}, TypeError, "sample must be an integer, not str: '3'."),
    ({"a": [1]}, {"sample": True}, TypeError, "sample must be an integer, not bool: True."),
    ({"a": [1]}, {"sample": 0}, ValueError, "sample must be at least 1, not 0."),
    ({"a": [1]}, {"seed": 1}, ValueError, "seed=1: nothing is drawn, so add sample=N."),
    ({"a": [1]}, {"repeat": 0}, ValueError, "repeat=0: repeat must be at least 1, not 0."),
    ({"a": [1]}, {"repeat": "x"}, ValueError, "repeat='x': 'x' is not an integer from 1 up."),
    ({"a": [1]}, {"repeat": (2, "a")}, ValueError, "repeat=(2, 'a'): a sets 'a' as well."),
    ({"a": [1]}, {"repeat": (1, 2, 3)}, TypeError,
     "repeat must be a number, text, or a number and a key, not tuple: (1, 2, 3)."),
    ({"a": [1]}, {"repeat": 1.5}, TypeError, "repeat must be an integer, not float: 1.5."),
    ({"a": [1]}, {"skip": {}}, ValueError,
     "skip: an empty mapping would leave out every cell."),
    ({"a": [1]}, {"skip": 3}, TypeError,
     "skip must be a mapping or a list of mappings, not int: 3."),
    ({"a": [1]}, {"skip": {"a": 2}}, ValueError, "skip a=2: a is never '2', but 1."),
    ({"a": [1]}, {"skip": "a"}, ValueError,
     ("skip a: part 1 has no '='; write KEY=VALUE,KEY=VALUE for what a cell has that is left out, "
      "and skip once more for another value.")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("grids", "options", "kind", "message"),
    PROBLEMS,
    ids=lambda one: re.sub(" at 0x[0-9a-f]+", "", str(one)),
)
def test_what_cannot_be_used_is_an_error_of_python(
    grids: Any, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        plan_from_code(grids, **options)
    assert str(caught.value) == message


def test_a_container_that_contains_itself_is_a_value() -> None:
    loop: list[Any] = []
    loop.append(loop)
    [one, other] = cells({"a": [loop, [loop]]})
    assert one["a"] is loop
    assert other["a"] is not loop
