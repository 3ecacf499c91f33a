"""What a run returns is stored as what it is: JSON gives the same value back, or it is pickled."""

import enum
import json
import math
from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperparameter._sweeps.work.packing import Unpicklable, pack, unpack


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


class Number(float):
    __slots__ = ()


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.text(st.characters(categories=["Cs", "L"]))
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.none(), inner)
    ),
)


@given(values)
def test_any_value_comes_back_with_its_types(value):
    assert repr(unpack(pack(value))) == repr(value)


@pytest.mark.parametrize(
    "value", [1, 1.0, True, None, "ä", [], {}, {"a": [1, {"b": None}]}, math.inf, -0.0]
)
def test_plain_values_are_json(value):
    assert pack(value).kind == "json"


@pytest.mark.parametrize(
    "value",
    [(1,), {1: 2}, {None: 1}, {True: 1}, Colour.RED, Text("a"), Number(1), "\ud800",
     ["\ud83d\ude00"], {"\ud800": 1}, 10**5000, b"a", {1}, Decimal("0.1"), np.arange(3),
     datetime(2026, 1, 1), np.datetime64("2026-01-01"), np.timedelta64(5, "ns"), np.str_("a"),
     np.array(["a"]), 1j],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_all_else_is_pickled(value):
    packed = pack(value)
    assert packed.kind == "pickle"
    assert type(unpack(packed)) is type(value)
    assert np.array_equal(unpack(packed), value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(np.float64(0.3), 0.3), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True),
     (np.array(2.5), 2.5), (np.float64("inf"), math.inf)],
)  # fmt: skip
def test_numbers_of_numpy_are_the_plain_numbers(value, number):
    for given_value, wanted in [(value, number), ({"a": [value]}, {"a": [number]})]:
        packed = pack(given_value)
        assert packed.kind == "json"
        assert repr(json.loads(packed.data)) == repr(wanted)


def test_a_masked_number_is_not_its_hidden_value():
    assert pack(np.ma.masked).kind == "pickle"


class Tensor:
    """As those of torch: a shape that is a subclass of tuple, and a dtype without a kind."""

    shape = type("Size", (tuple,), {})()
    dtype = "float32"

    def item(self):
        return 0.25


def test_numbers_of_other_libraries_are_plain_too():
    assert unpack(pack(Tensor())) == 0.25


def test_lambdas_and_local_classes_are_pickled_by_value():
    class Local:
        value = 3

    assert unpack(pack(lambda: 4))() == 4
    assert unpack(pack(Local)).value == 3


def test_what_cannot_be_pickled_is_named():
    with pytest.raises(Unpicklable, match="of type generator, cannot be pickled"):
        pack(item for item in "a")


def test_a_value_that_contains_itself_is_pickled():
    value = []
    value.append(value)
    found = unpack(pack(value))
    assert found[0] is found
