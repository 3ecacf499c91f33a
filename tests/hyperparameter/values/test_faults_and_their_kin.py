"""Kin of known faults: what went wrong with other types, from other sources."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
import numpy as np
import pytest
from value_oracle import NO_HINT
from value_sources import declared, environment

import hyperparameter as hp


@dataclass
class Optimizer:
    rate: int = 1
    name: str = "sgd"


def taking(hint: Any, default: Any) -> Callable[[], Any]:
    def program(x: Any = default) -> Any:
        return x

    program.__annotations__ = {} if hint is NO_HINT else {"x": hint}
    return declared(program)


# Variables that are empty


MAPPINGS: list[tuple[Any, Any]] = [
    (dict, {"d": 1}),
    (dict[str, int], {"d": 1}),
    (Optimizer, Optimizer(5)),
    (Optimizer | dict, Optimizer(5)),
    (Optimizer | None, None),
    (dict | str, "text"),
    (Any, None),
    (NO_HINT, None),
    (object, None),
]


@pytest.mark.parametrize(("hint", "default"), MAPPINGS, ids=str)
def test_an_empty_variable_for_a_part_that_is_no_text_leaves_the_default(
    hint: Any, default: Any
) -> None:
    with environment({"KIN_T__X__RATE": ""}):
        assert hp.run_cli(taking(hint, default), [], env_prefix="KIN") == default


@pytest.mark.parametrize(("hint", "default"), MAPPINGS, ids=str)
def test_parts_count_beside_an_empty_variable_for_the_whole(hint: Any, default: Any) -> None:
    program = taking(hint, default)
    with environment({"KIN_T__X__RATE": "3"}):
        right = hp.run_cli(program, [], env_prefix="KIN")
    with environment({"KIN_T__X": "", "KIN_T__X__RATE": "3"}):
        assert hp.run_cli(program, [], env_prefix="KIN") == right


@pytest.mark.parametrize("hint", [NO_HINT, Any, object, dict, dict[str, int]], ids=str)
def test_an_empty_variable_for_a_part_leaves_what_a_variable_for_the_whole_says(hint: Any) -> None:
    program = taking(hint, None)
    with environment({"KIN_T__X": '{"rate": 3, "more": 4}', "KIN_T__X__RATE": ""}):
        assert hp.run_cli(program, [], env_prefix="KIN") == {"rate": 3, "more": 4}


# Classes that cannot be asked for their instances


class Runs(Protocol):
    def run(self) -> None: ...


@pytest.mark.parametrize(("hint", "default"), [(Runs, None), (Runs | None, 1), (Runs | int, None)])
def test_a_protocol_refuses_text_and_passes_values(hint: Any, default: Any) -> None:
    program, value = taking(hint, default), object()
    with hp.scope(**{"t.x": value}):
        assert program() is value
    with hp.scope("t.x=fast"), pytest.raises(hp.ConversionError, match=r"^t\.x \("):
        program()


@pytest.mark.parametrize("hint", [None, type(None)], ids=str)
def test_a_parameter_that_is_none_alone_refuses_values(hint: Any) -> None:
    program = taking(hint, None)
    with hp.scope("t.x=null"):
        assert program() is None
    for text in ("x", "3", ""):
        with hp.scope(f"t.x={text}"), pytest.raises(hp.ConversionError):
            program()


# Numbers and booleans of other libraries


def test_a_boolean_of_numpy_is_a_boolean() -> None:
    with hp.scope(**{"t.x": np.bool_(False)}):
        assert (hp.scope.t.x | True) is False
        assert taking(bool, True)() is False
        assert taking(bool | None, None)() is False


@pytest.mark.parametrize("hint", [int, float, complex])
def test_a_boolean_of_numpy_is_no_number(hint: type) -> None:
    program = taking(hint, hint(5))
    with hp.scope(**{"t.x": np.bool_(True)}), pytest.raises(hp.ConversionError):
        program()


# What a message says


@pytest.mark.parametrize(
    ("hint", "end"),
    [
        (int, "{'a': 1} is not an int."),
        (int | None, "{'a': 1} is not an int."),
        (str | int, "{'a': 1} is not text or an int."),
        (list[int], "{'a': 1} is not a list."),
    ],
    ids=str,
)
@pytest.mark.parametrize("below", [{}, {"t.x": 5}], ids=["alone", "over a value"])
def test_the_error_of_a_mapping_for_a_scalar_shows_the_mapping_and_what_is_wanted(
    hint: Any, end: str, below: dict[str, Any]
) -> None:
    program = taking(hint, None)
    with hp.scope(**below), hp.scope(**{"t.x.a": 1}), pytest.raises(hp.ConversionError) as raised:
        program()
    assert str(raised.value).startswith("t.x (code ")
    assert str(raised.value).endswith(f": {end}")


class Plain:
    """A class without fields."""


def test_a_mapping_is_not_called_text_in_an_error() -> None:
    program = taking(Plain, None)
    with hp.scope(**{"t.x": {"a": 1}}), pytest.raises(hp.ConversionError) as raised:
        program()
    assert str(raised.value).endswith(": {'a': 1} is not of type Plain.")


@pytest.mark.parametrize(
    ("value", "shown"), [(np.float64(3.5), repr(np.float64(3.5))), (np.True_, repr(np.True_))]
)
def test_the_error_of_a_number_of_numpy_shows_it(value: object, shown: str) -> None:
    with hp.scope(**{"kin_numpy.n": value}), pytest.raises(hp.ConversionError) as caught:
        _ = hp.scope.kin_numpy.n | True if value is not np.True_ else hp.scope.kin_numpy.n | "x"
    assert f": {shown} is not " in str(caught.value)


# Names that are spelt otherwise than their type writes them


class Mode(enum.Enum):
    FAST = 1
    SAFE = "s"


@pytest.mark.parametrize(
    ("hint", "name", "typed"),
    [
        (dict[bool, int], "true", True),
        (dict[bool, int], "FALSE", False),
        (dict[int, int], "07", 7),
        (dict[int, int], "0x10", 16),
        (dict[int, int], "1_0", 10),
        (dict[float, int], "1e3", 1000.0),
        (dict[Path, int], "a//b", Path("a/b")),
        (dict[Mode, int], "FAST", Mode.FAST),
        (dict[Mode, int], "s", Mode.SAFE),
        (dict[date, int], "2021-02-03", date(2021, 2, 3)),
    ],
    ids=str,
)
def test_what_is_written_below_a_name_of_any_type_has_been_read(
    hint: Any, name: str, typed: object
) -> None:
    program = taking(hint, {})
    with hp.record() as rec, hp.scope(**{"t.x": {name: 1}}):
        assert program() == {typed: 1}
    assert rec.unused() == []


# Structs with a type that msgspec itself cannot check


class Struct(msgspec.Struct):
    place: Path | int = 3
    day: date | str = "none"
    modes: dict[Mode, int] = {}
    count: Annotated[int, msgspec.Meta(ge=1)] = 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("place=a/b", Struct(place=Path("a/b"))),
        ("place=5", Struct(place=5)),
        ("day=2020-01-02", Struct(day=date(2020, 1, 2))),
        ("day=later", Struct(day="later")),
        ("modes.FAST=4", Struct(modes={Mode.FAST: 4})),
    ],
)
@pytest.mark.parametrize("default", [Struct(), None], ids=["changed", "made"])
def test_a_struct_takes_what_other_structures_take(
    text: str, expected: Struct, default: Struct | None
) -> None:
    with hp.scope(f"t.x.{text}"):
        assert taking(Struct | None, default)() == expected


def test_its_other_fields_keep_their_constraints() -> None:
    with (
        hp.scope("t.x.count=0"),
        pytest.raises(hp.ConversionError, match="count: Expected `int` >= 1"),
    ):
        taking(Struct, Struct())()


# Classes as values


@pytest.mark.parametrize(
    ("hint", "value", "fits"),
    [
        (type[int], bool, True),
        (type[int], str, False),
        (type[int | str], str, True),
        (type[int | str], float, False),
        (type[Optimizer] | None, Optimizer, True),
        (type[Optimizer] | None, dict, False),
        (type[Any], dict, True),
        (type, dict, True),
        (type[int], 3, False),
    ],
    ids=str,
)
def test_a_class_has_to_be_a_subclass_of_the_one_that_is_wanted(
    hint: Any, value: object, fits: bool
) -> None:
    program = taking(hint, None)
    with hp.scope(**{"t.x": value}):
        if fits:
            assert program() is value
        else:
            with pytest.raises(hp.ConversionError, match="type"):
                program()


class Few(enum.Enum):
    ONE = 1
    TWO = 2


@hp.param("hugekin")
def of_choices(
    lit: Literal[1, 2] = 1, few: Few = Few.ONE, maybe: Literal["a", 3] | None = None
) -> object:
    return lit, few, maybe


@pytest.mark.parametrize("name", ["lit", "few", "maybe"])
@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: [n], lambda n: {"a": n}])
def test_a_number_with_too_many_digits_is_refused_in_one_line(
    name: str, wrap: Callable[[int], object]
) -> None:
    huge = hp.scope(**{f"hugekin.{name}": wrap(10**5000)})
    with huge, pytest.raises(hp.ConversionError, match=r"is not one of ") as caught:
        of_choices()
    assert "\n" not in str(caught.value)
