"""Values become what their reader wants, or an error; never something else in silence."""

# ruff: noqa: UP006, UP007, UP035, UP045  # annotations in every spelling that programs have

import dataclasses
import enum
import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import (
    Annotated,
    Any,
    Dict,
    List,
    Literal,
    NotRequired,
    Optional,
    Tuple,
    TypedDict,
    Union,
)

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp

TRUE_WORDS = ["true", "t", "yes", "y", "1", "on"]
FALSE_WORDS = ["false", "f", "no", "n", "0", "off"]
FOUND_NOTHING = object()

# The two ways in which text arrives: with its type (a str), and without one ("k=v").
SPELLINGS: list[Callable[[str], hp.scope]] = [
    lambda text: hp.scope(a=text),
    lambda text: hp.scope(f"a={text}"),
]
either = pytest.mark.parametrize("spell", SPELLINGS, ids=["str", "untyped"])


def read(stored: Any, default: Any) -> Any:
    """Read a stored value toward a default."""
    with hp.scope(a=stored):
        return hp.scope.a | default


def read_text(text: str, default: Any) -> Any:
    """Read text that has no type toward a default."""
    with hp.scope(f"a={text}"):
        return hp.scope.a | default


def infer(text: str) -> Any:
    """Read text that has no type without a default."""
    with hp.scope(f"a={text}"):
        return hp.scope.a()


def annotated(hint: Any, scope: hp.scope, default: Any = FOUND_NOTHING) -> Any:
    """Call a function whose parameter `f.x` has this annotation inside `scope`."""

    def f(x: Any = default) -> Any:
        return x

    f.__annotations__["x"] = hint
    with scope:
        return hp.param("f")(f)()


def value_or_error(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except hp.ConversionError as error:
        return error


def stored(value: Any) -> hp.scope:
    return hp.scope(**{"f.x": value})


def text(value: str) -> hp.scope:
    return hp.scope(f"f.x={value}")


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal and of one type; NaN equals NaN."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and left == right


# Toward bool


@either
@given(
    word=st.sampled_from(TRUE_WORDS + FALSE_WORDS),
    upper=st.lists(st.booleans(), min_size=5, max_size=5),
    before=st.text(" \t", max_size=3),
    after=st.text(" \t", max_size=3),
    default=st.booleans(),
)
def test_the_listed_words_are_bools_in_any_case_with_blanks(
    spell: Callable[[str], hp.scope],
    word: str,
    upper: list[bool],
    before: str,
    after: str,
    default: bool,
) -> None:
    letters = [c.upper() if up else c for c, up in zip(word, upper, strict=False)]
    with spell(before + "".join(letters) + after):
        assert (hp.scope.a | default) is (word in TRUE_WORDS)


@either
@given(word=st.text(max_size=6).filter(lambda w: w.strip().lower() not in TRUE_WORDS + FALSE_WORDS))
def test_other_words_are_no_bools(spell: Callable[[str], hp.scope], word: str) -> None:
    with spell(word), pytest.raises(hp.ConversionError):
        hp.scope.a | False


@pytest.mark.parametrize(("number", "expected"), [(0, False), (1, True)])
def test_zero_and_one_are_bools(number: int, expected: bool) -> None:
    assert read(number, not expected) is expected


@pytest.mark.parametrize("value", [2, -1, 0.5, [], [True], b"true"])
def test_other_values_are_no_bools(value: Any) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, False)


# Toward int


@either
@given(number=st.integers(-(10**100), 10**100))
def test_whole_text_becomes_the_exact_integer(
    spell: Callable[[str], hp.scope], number: int
) -> None:
    with spell(str(number)):
        assert same(hp.scope.a | 0, number)


@either
def test_an_integer_of_four_thousand_digits_is_exact(spell: Callable[[str], hp.scope]) -> None:
    digits = "123456789" * 450
    with spell(digits):
        assert (hp.scope.a | 0) == int(digits)


@either
def test_text_of_more_digits_than_python_reads_is_exact(spell: Callable[[str], hp.scope]) -> None:
    with spell("1" + "0" * 5_000):
        assert ((hp.scope.a | 0) == 10**5_000) is True


def test_text_of_more_digits_than_python_reads_is_inferred_or_refused_by_key() -> None:
    value = value_or_error(lambda: infer("1" + "0" * 5_000))
    assert value.key == "a" if isinstance(value, hp.ConversionError) else value == 10**5_000


def test_text_of_more_digits_than_python_reads_does_not_spoil_other_keys() -> None:
    with hp.scope("a=" + "1" * 5_000, "b=2") as ps:
        assert ps.storage().storage()["b"] == 2


@given(number=st.integers(2**53, 2**100))
def test_underscores_never_cost_a_digit(number: int) -> None:
    with hp.scope(a=f"{number:_}"):
        value = value_or_error(lambda: hp.scope.a | 0)
        assert value == number or isinstance(value, hp.ConversionError)


@pytest.mark.parametrize("word", ["+5", " 5", "5 ", "\t5 ", "05"])
def test_signs_blanks_and_zeros_belong_to_integers(word: str) -> None:
    assert same(read(word, 0), 5)


@pytest.mark.parametrize(("word", "value"), [("0x10", 16), ("0xfF", 255), ("0o17", 15)])
def test_integers_of_yaml_in_other_bases(word: str, value: int) -> None:
    assert same(read_text(word, 0), value)


@pytest.mark.parametrize("word", ["", " ", "abc", "1,5", "1 2", "--5", "5x", "0b1", "0xg", "[1]"])
@pytest.mark.parametrize("default", [0, 0.0])
def test_text_that_is_no_number_is_an_error(word: str, default: float) -> None:
    with pytest.raises(hp.ConversionError):
        read(word, default)


@either
def test_a_fraction_stays_a_float(spell: Callable[[str], hp.scope]) -> None:
    with spell("3.14"):
        assert same(hp.scope.a | 0, 3.14)


@pytest.mark.parametrize("value", [3.99, -0.5, 3.0, math.inf, math.nan])
def test_a_stored_number_toward_an_int_stays_what_it_is(value: float) -> None:
    assert same(read(value, 0), value)


@pytest.mark.parametrize("value", [[1], (1,), {1}, b"1", object(), 1j, True])
@pytest.mark.parametrize("default", [0, 0.0])
def test_what_is_no_number_is_an_error(value: Any, default: float) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, default)


# Toward float


@either
@given(number=st.floats(allow_nan=False))
def test_the_text_of_a_float_becomes_that_float(
    spell: Callable[[str], hp.scope], number: float
) -> None:
    with spell(repr(number)):
        assert same(hp.scope.a | 0.5, number)


@pytest.mark.parametrize("word", ["nan", "NaN", ".nan", ".NAN"])
def test_nan_is_a_float(word: str) -> None:
    assert math.isnan(read(word, 0.5))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        (" 2 ", 2.0),
    ],
)
def test_the_spellings_of_floats(word: str, value: float) -> None:
    assert same(read(word, 0.5), value)


@pytest.mark.parametrize("number", [0, 1, -7, 2**52, 10**22])
def test_an_integer_toward_a_float_becomes_one(number: int) -> None:
    assert same(read(number, 0.5), float(number))


@pytest.mark.parametrize("number", [2**53 + 1, 10**400, -(10**400)], ids=["2^53+1", "big", "-big"])
def test_an_integer_that_no_float_holds_is_not_rounded(number: int) -> None:
    assert read(number, 0.5) == number


# Toward str


@given(word=st.text())
def test_untyped_text_toward_a_str_is_the_original_text(word: str) -> None:
    assert same(read_text(word, "default"), word)


@given(word=st.text())
def test_a_stored_str_is_never_interpreted(word: str) -> None:
    with hp.scope(a=word):
        assert same(hp.scope.a(), word)
        assert same(hp.scope.a | None, word)
        assert same(hp.scope.a | "default", word)


@pytest.mark.parametrize(("value", "shown"), [(5, "5"), (0.5, "0.5"), (True, "True")])
def test_numbers_become_text(value: Any, shown: str) -> None:
    assert read(value, "default") == shown


@pytest.mark.parametrize("value", [[1], (1,), {1}, b"x", object()])
def test_objects_do_not_become_text(value: Any) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, "default")


# Toward other defaults


@pytest.mark.parametrize("value", [[1, 2], (1, 2), "[1, 2]"])
def test_lists_and_tuples_become_each_other(value: Any) -> None:
    assert read(value, [0]) == [1, 2]
    assert read(value, (0,)) == (1, 2)


def test_json_text_becomes_a_dict_over_the_default() -> None:
    default = {"y": 0}
    assert read_text('{"x": [1, null]}', default) == {"y": 0, "x": [1, None]}
    assert read_text('{"x": [1, null]}', {}) == {"x": [1, None]}
    assert default == {"y": 0}


def test_keys_below_make_a_dict() -> None:
    with hp.scope(**{"a.x": 1, "a.y.z": 2}):
        assert hp.scope.a | {} == {"x": 1, "y": {"z": 2}}


def test_keys_below_leave_the_default_as_it_was() -> None:
    default = {"x": 0, "y": {"z": 0}}
    with hp.scope(**{"a.y.z": 2}):
        assert hp.scope.a | default == {"x": 0, "y": {"z": 2}}
    assert default == {"x": 0, "y": {"z": 0}}


@pytest.mark.parametrize("default", [[0], (0,), {"x": 0}])
@pytest.mark.parametrize("value", ["abc", "5", 5, "{broken"])
def test_what_is_no_container_is_an_error(value: Any, default: Any) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, default)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize("value", [Color.BLUE, "BLUE", "blue"])
def test_names_and_values_become_enum_members(value: Any) -> None:
    assert read(value, Color.RED) is Color.BLUE


@pytest.mark.parametrize("word", ["HIGH", "2"])
def test_untyped_text_becomes_an_int_enum_member(word: str) -> None:
    assert read_text(word, Level.LOW) is Level.HIGH


@pytest.mark.parametrize("value", ["green", 5, ["red"], {"x"}])
def test_what_is_no_member_is_an_error(value: Any) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, Color.RED)


@either
def test_text_becomes_a_path(spell: Callable[[str], hp.scope]) -> None:
    with spell("/tmp/x"):
        assert same(hp.scope.a | Path("y"), Path("/tmp/x"))
        assert same(hp.scope.a | PurePosixPath("y"), PurePosixPath("/tmp/x"))


@pytest.mark.parametrize("value", [5, [1]])
def test_what_is_no_path_is_an_error(value: Any) -> None:
    with pytest.raises(hp.ConversionError):
        read(value, Path("y"))


# None, objects, and defaults that ask for nothing


@pytest.mark.parametrize("default", [True, 1, 0.5, "x", [1], (1,), {"x": 1}, Color.RED, Path("x")])
def test_none_is_a_value_toward_every_default(default: Any) -> None:
    assert read(None, default) is None


@pytest.mark.parametrize("value", [object(), np.arange(3), {1}, b"x", Color.RED, 2**70, len])
def test_none_as_default_takes_any_value_as_it_is(value: Any) -> None:
    assert read(value, None) is value


class Whole(int):
    """An integer of a kind of its own."""


def test_instances_of_subclasses_survive_unchanged() -> None:
    value = Whole(5)
    assert read(value, 0) is value


@pytest.mark.parametrize("value", [np.int64(5), np.float32(0.5)])
def test_numbers_of_numpy_survive_unchanged(value: Any) -> None:
    assert read(value, 0) is value
    assert read(value, 0.5) is value


class Stubborn:
    """An object that answers no question about itself, as an unbound proxy does."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


def test_an_object_that_answers_no_question_survives_unchanged() -> None:
    value = Stubborn()
    assert read(value, None) is value


def test_an_object_that_answers_no_question_can_be_a_default() -> None:
    default = Stubborn()
    assert (hp.scope.a | default) is default


# Errors


def test_the_error_names_key_value_origin_and_type() -> None:
    with hp.scope(**{"train.epochs": "many"}), pytest.raises(hp.ConversionError) as caught:
        hp.scope.train.epochs | 3
    message = str(caught.value)
    assert all(part in message for part in ["train.epochs", "many", "test_conversion.py:", "int"])


def test_the_error_carries_its_data() -> None:
    with hp.scope(**{"train.epochs": "many"}), pytest.raises(hp.ConversionError) as caught:
        hp.scope.train.epochs | 3
    assert caught.value.key == "train.epochs"
    assert "many" in str(caught.value.value)
    assert caught.value.origin.kind == "code"
    assert "test_conversion.py:" in caught.value.origin.location


def test_the_error_is_one_line_of_key_origin_value_and_wanted_type() -> None:
    with pytest.raises(hp.ConversionError) as caught:
        read("many", 3)
    [start, end] = str(caught.value).split(" (code ")
    assert start == "a"
    place, _, problem = end.partition("): ")
    assert "test_conversion.py:" in place
    assert problem == "'many' is not an int."


def test_the_error_of_a_parameter_names_the_wanted_type() -> None:
    with pytest.raises(hp.ConversionError, match=r"f\.x.*many.*int"):
        annotated(int | None, text("many"))


def test_a_huge_integer_that_cannot_be_converted_is_a_conversion_error() -> None:
    with pytest.raises(hp.ConversionError):
        read(10**5_000, False)


def test_an_object_that_cannot_be_shown_is_a_conversion_error() -> None:
    with pytest.raises(hp.ConversionError):
        read(Stubborn(), 5)


def test_conversion_errors_are_value_errors_of_this_library() -> None:
    assert issubclass(hp.ConversionError, ValueError)
    assert issubclass(hp.ConversionError, hp.HyperparameterError)


def test_a_failed_read_does_not_spoil_the_next() -> None:
    with hp.scope(a="5x"):
        with pytest.raises(hp.ConversionError):
            hp.scope.a | 0
        assert hp.scope.a | "" == "5x"
        with pytest.raises(hp.ConversionError):
            hp.scope.a | 0


# Secrets in errors

SECRET = "hunter2"


def message_of(caught: "pytest.ExceptionInfo[hp.HyperparameterError]") -> str:
    error = caught.value
    return f"{error} {error!r} {error.args} {error.value!r} {error.__cause__!r}"


@pytest.mark.parametrize(
    "key",
    ["password", "db.password", "api_key", "API_KEY", "hf_token", "accessToken", "HFToken",
     "client-secret", "secret.name", "aws.secret_key", "DBPassword"],
)  # fmt: skip
def test_a_secret_is_not_shown_in_an_error(key: str) -> None:
    with hp.scope(**{key: SECRET}), pytest.raises(hp.ConversionError) as caught:
        hp.scope[key] | 5
    assert SECRET not in message_of(caught)


def test_a_value_that_is_no_secret_is_shown() -> None:
    with hp.scope(max_tokens=SECRET), pytest.raises(hp.ConversionError, match=SECRET):
        hp.scope.max_tokens | 5


def test_secret_words_can_be_added() -> None:
    hp.add_secret_words("passphrase_of_this_test")
    with (
        hp.scope(my_passphrase_of_this_test=SECRET),
        pytest.raises(hp.ConversionError) as caught,
    ):
        hp.scope.my_passphrase_of_this_test | 5
    assert SECRET not in message_of(caught)


def test_a_part_of_a_secret_is_not_shown_in_an_error() -> None:
    @hp.param("f")
    def f(token: list[int] | None = None) -> None:
        """Take a list."""

    @hp.param("g")
    def g(token: list[int] = []) -> None:  # never changed
        """Take a list."""

    for function in (f, g):
        with (
            hp.scope(f'f.token=["{SECRET}"]', f'g.token=["{SECRET}"]'),
            pytest.raises(hp.ConversionError) as caught,
        ):
            function()
        assert SECRET not in message_of(caught)


@dataclasses.dataclass
class Login:
    user: str = "me"
    password: int = 0


class LoginDict(TypedDict):
    password: int


class LoginStruct(msgspec.Struct):
    password: Literal["a", "b"]


@pytest.mark.parametrize(
    "hint", [Login, LoginDict, LoginStruct, dict[str, int], list[Login], Login | None]
)
def test_a_secret_field_is_not_shown_in_an_error(hint: Any) -> None:
    json = f'{{"password": "{SECRET}"}}'
    scope = text(f"[{json}]" if hint == list[Login] else json)
    with pytest.raises(hp.ConversionError) as caught:
        annotated(hint, scope)
    assert SECRET not in message_of(caught)


def test_a_secret_in_a_mapping_given_by_position_is_not_shown() -> None:
    with pytest.raises(hp.InvalidKey) as caught:
        hp.scope({"password": SECRET})  # type: ignore[arg-type]  # the mistake meant here
    assert SECRET not in message_of(caught)


# What untyped text means without a default: chapter 10.3.2 of YAML 1.2.2, and JSON


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False),
        ("0", 0), ("-19", -19), ("+12", 12), ("0o7", 7), ("0x3A", 58),
        ("0.", 0.0), ("-0.0", -0.0), (".5", 0.5), ("12e03", 12000.0), ("-2E+05", -200000.0),
        ("1e-3", 0.001), (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf),
        (".nan", math.nan), (".NaN", math.nan),
        ('"text"', "text"), ("[1, 2.5, null]", [1, 2.5, None]),
        ('{"a": {"b": []}}', {"a": {"b": []}}),
    ],
)  # fmt: skip
def test_untyped_text_is_inferred(word: str, value: Any) -> None:
    assert same(infer(word), value)


@pytest.mark.parametrize(
    "word",
    ["007", "-012", "00", "01.5", "007e1", "1e400",
     "on", "off", "yes", "no", "y", "n", "t", "nULL", "tRUE", "nan", "inf", "Infinity", "1_000",
     "0b1", "0X1", "0O7", "-0x1", "1e", "e5", ".", "+", "1:30", "2020-01-01", "1,2", "1 2",
     "[1,", "{a: 1}", "'x'", "٣", "-.nan"],
)  # fmt: skip
def test_what_yaml_and_json_do_not_know_is_text(word: str) -> None:
    assert same(infer(word), word)


@pytest.mark.parametrize("word", ["1e400", "-1e999"])
@pytest.mark.parametrize(
    "text", ['{{"a": {0}, "b": [{0}]}}', "a = {0}\nb = [{0}]\n"], ids=["json", "toml"]
)
def test_a_number_of_a_file_beyond_all_floats_stays_text(
    word: str, text: str, tmp_path: Path
) -> None:
    path = tmp_path / ("c.json" if text[0] == "{" else "c.toml")
    path.write_text(text.format(word))
    with hp.config(path):
        assert same([hp.scope.a(), hp.scope.b()], [word, [word]])


def test_none_as_default_infers_as_well() -> None:
    assert same(read_text("1e-3", None), 0.001)


def test_annotated_any_infers_as_well() -> None:
    assert same(annotated(Any, text("1e-3")), 0.001)
    assert same(annotated(Any, text("on")), "on")


@given(st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False))
def test_json_scalars_are_inferred_exactly(value: Any) -> None:
    import json

    assert same(infer(json.dumps(value)), value)


# Annotations


def test_the_annotation_comes_before_the_default() -> None:
    assert same(annotated(str, text("5"), 1), "5")
    assert same(annotated(float, text("5"), 1), 5.0)
    assert same(annotated(int, text("5"), "x"), 5)


@pytest.mark.parametrize(
    ("hint", "word", "value"),
    [
        (int, "5", 5),
        (int, "5.0", 5),
        (float, "1e3", 1000.0),
        (bool, "On", True),
        (str, "null", "null"),
        (str, " x ", " x "),
        (list, "[1]", [1]),
        (tuple, "[1]", (1,)),
        (dict, '{"a": 1}', {"a": 1}),
        (List, "[1]", [1]),
        (Dict, '{"a": 1}', {"a": 1}),
        (Tuple, "[1]", (1,)),
        (list[int], '["1", 2]', [1, 2]),
        (list[bool], '["yes", 0]', [True, False]),
        (list[list[float]], "[[1], []]", [[1.0], []]),
        (Sequence[int], "[1]", [1]),
        (tuple[int, ...], "[1, 2]", (1, 2)),
        (tuple[int, str], '[1, "a"]', (1, "a")),
        (tuple[()], "[]", ()),
        (dict[str, float], '{"a": 1}', {"a": 1.0}),
        (dict[int, str], '{"1": "a"}', {1: "a"}),
        (Mapping[str, list[int]], '{"a": ["1"]}', {"a": [1]}),
        (Optional[int], "null", None),
        (Optional[int], "5", 5),
        (int | None, "~", None),
        (Union[int, str], "5", 5),
        (Union[int, str], "abc", "abc"),
        (Union[str, int], "5", 5),
        (list[int] | int, "3", 3),
        (list[int] | int, "[3]", [3]),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, "a"], "1", 1),
        (Literal["1"], "1", "1"),
        (Literal[True, None], "null", None),
        (Color, "blue", Color.BLUE),
        (Color | None, "BLUE", Color.BLUE),
        (list[Color], '["red"]', [Color.RED]),
        (Path, "a/b", Path("a/b")),
        (Path | None, "null", None),
        (list[Path], '["a"]', [Path("a")]),
        (Annotated[int, "unit"], "5", 5),
        (Annotated[int, ["unhashable"]], "5", 5),
        ("int", "5", 5),
        ("list[int]", '["1"]', [1]),
        ("Color", "RED", Color.RED),
        (Optional["int"], "5", 5),
        (list["Color"], '["red"]', [Color.RED]),
        (dict[str, "Path"], '{"a": "b"}', {"a": Path("b")}),
    ],
)
def test_text_becomes_what_the_annotation_says(hint: Any, word: str, value: Any) -> None:
    assert same(annotated(hint, text(word)), value)


@pytest.mark.parametrize(
    ("hint", "word"),
    [
        (int, "3.14"),
        (int, "abc"),
        (int, ".inf"),
        (int, ""),
        (float, "abc"),
        (bool, "maybe"),
        (bool, "2"),
        (list[int], '["x"]'),
        (list[int], "5"),
        (list[int], "[null]"),
        (tuple[int, str], "[1]"),
        (tuple[int, str], '[1, "a", 2]'),
        (dict[str, int], '{"a": "x"}'),
        (dict[int, str], '{"x": "a"}'),
        (Optional[int], "abc"),
        (Union[int, list[int]], "abc"),
        (Literal["a", "b"], "c"),
        (Literal[1], "true"),
        (Literal[True], "1"),
        (Color, "green"),
        (Optional["int"], "abc"),
        (list["int"], '["x"]'),
        ("list['int']", '["x"]'),
        ("int | None", "abc"),
    ],
)
def test_text_that_the_annotation_excludes_is_an_error(hint: Any, word: str) -> None:
    with pytest.raises(hp.ConversionError):
        annotated(hint, text(word))


@pytest.mark.parametrize("hint", [os.PathLike, set, frozenset, bytes, complex, type, object])
def test_no_annotation_makes_text_fail_with_anything_but_a_conversion_error(hint: Any) -> None:
    value = value_or_error(lambda: annotated(hint, text("[1]")))
    assert not isinstance(value, hp.ConversionError) or value.key == "f.x"


@pytest.mark.parametrize("value", [3.5, math.nan, math.inf, [1], "x"])
def test_a_stored_value_that_the_annotation_excludes_is_an_error(value: Any) -> None:
    with pytest.raises(hp.ConversionError):
        annotated(int, stored(value))


@pytest.mark.parametrize("hint", [int, str, list[int], dict[str, int], Color, Path, Literal["a"]])
def test_none_is_a_value_where_the_annotation_or_the_default_has_it(hint: Any) -> None:
    assert annotated(hint | None, stored(None)) is None
    assert annotated(hint, stored(None), None) is None
    with pytest.raises(hp.ConversionError, match=r"^f\.x \(code .*\): None is not "):
        annotated(hint, stored(None))


def test_a_union_keeps_a_stored_value_of_a_member() -> None:
    assert same(annotated(Union[int, str], stored("5")), "5")
    assert same(annotated(Union[float, int], stored(5)), 5)


def test_an_annotation_that_cannot_be_resolved_asks_for_nothing() -> None:
    assert same(annotated("Unknown[int]", text("5")), 5)


def test_keys_below_a_parameter_make_its_mapping() -> None:
    with_keys = hp.scope("f.x.a=1", **{"f.x.b": 2})
    assert annotated(dict[str, float], with_keys, {}) == {"a": 1.0, "b": 2.0}


# Structures by annotation


@dataclasses.dataclass
class Inner:
    size: int
    name: str = "n"


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: Inner
    rates: list[float] = dataclasses.field(default_factory=list)
    color: "Color | None" = None
    path: Path = Path("p")
    derived: int = dataclasses.field(init=False, default=7)


class InnerDict(TypedDict):
    size: int
    name: NotRequired[str]


class InnerStruct(msgspec.Struct):
    size: int
    name: str = "n"


class OuterStruct(msgspec.Struct):
    inner: InnerStruct
    path: Path = Path("p")


def test_json_text_becomes_a_dataclass() -> None:
    made = annotated(Outer, text('{"inner": {"size": "3"}, "rates": [1], "color": "blue"}'))
    assert made == Outer(Inner(3), [1.0], Color.BLUE)
    assert same(made.rates[0], 1.0)


def test_keys_below_become_a_dataclass() -> None:
    scope = hp.scope("f.x.inner.size=3", "f.x.inner.name=5", "f.x.path=q")
    assert annotated(Outer, scope) == Outer(Inner(3, "5"), path=Path("q"))


def test_keys_below_change_fields_of_a_default() -> None:
    scope = hp.scope("f.x.inner.size=3")
    default = Outer(Inner(1, "kept"), [0.5])
    assert annotated(Outer, scope, default) == Outer(Inner(3, "kept"), [0.5])
    assert default.inner.size == 1


def test_a_stored_dataclass_is_passed_as_it_is() -> None:
    value = Inner(1)
    assert annotated(Inner, stored(value)) is value


def test_json_text_becomes_a_typed_dict() -> None:
    assert annotated(InnerDict, text('{"size": "3", "name": 5}')) == {"size": 3, "name": "5"}


def test_keys_below_become_a_typed_dict() -> None:
    assert annotated(InnerDict, hp.scope("f.x.size=3")) == {"size": 3}


def test_json_text_becomes_a_struct() -> None:
    made = annotated(OuterStruct, text('{"inner": {"size": 3}, "path": "q"}'))
    assert made == OuterStruct(InnerStruct(3), Path("q"))


def test_keys_below_become_a_struct() -> None:
    assert annotated(OuterStruct, hp.scope("f.x.inner.size=3")) == OuterStruct(InnerStruct(3))


def test_keys_below_change_fields_of_a_struct_that_is_the_default() -> None:
    scope = hp.scope("f.x.inner.size=3")
    default = OuterStruct(InnerStruct(1, "kept"))
    assert annotated(OuterStruct, scope, default) == OuterStruct(InnerStruct(3, "kept"))


def test_structures_stand_in_containers() -> None:
    made = annotated(dict[str, list[Inner]], text('{"a": [{"size": 1}]}'))
    assert made == {"a": [Inner(1)]}


STRUCTURES = [Inner, InnerDict, InnerStruct]


@pytest.mark.parametrize("hint", STRUCTURES)
@pytest.mark.parametrize("word", ['{"size": "many"}', "{}", "[1]", "5", "abc", '{"name": "x"}'])
def test_what_does_not_fit_a_structure_is_an_error(hint: Any, word: str) -> None:
    with pytest.raises(hp.ConversionError, match=r"f\.x"):
        annotated(hint, text(word))


@pytest.mark.parametrize("hint", STRUCTURES)
def test_an_error_in_a_field_names_the_field(hint: Any) -> None:
    with pytest.raises(hp.ConversionError, match="size"):
        annotated(hint, text('{"size": "many"}'))


@pytest.mark.parametrize("hint", [Inner, InnerDict])
def test_an_unknown_field_is_an_error_that_says_what_was_meant(hint: Any) -> None:
    with pytest.raises(hp.ConversionError, match=r"'siez'.*'size'"):
        annotated(hint, text('{"size": 1, "siez": 2}'))


@dataclasses.dataclass
class Positive:
    size: int

    def __post_init__(self) -> None:
        if self.size <= 0:
            raise ValueError("size must be positive")


def test_a_value_that_a_dataclass_refuses_is_a_conversion_error() -> None:
    with pytest.raises(hp.ConversionError, match=r"f\.x.*size must be positive"):
        annotated(Positive, text('{"size": 0}'))


@pytest.mark.parametrize("name", ["a-b", "self", "class", "2"])
def test_odd_names_are_unknown_fields(name: str) -> None:
    with pytest.raises(hp.ConversionError, match=name):
        annotated(Inner, text(f'{{"size": 1, "{name}": 2}}'))


def test_a_field_may_be_named_self() -> None:
    made = dataclasses.make_dataclass("Selfish", [("self", int)])
    assert annotated(made, text('{"self": "1"}')) == made(1)


@pytest.mark.parametrize(
    ("hint", "value", "right"),
    [
        (Decimal, 0.1, Decimal("0.1")),  # as it is written, and not 0.1000000000000000055...
        (timedelta, "-90s", timedelta(seconds=-90)),
        (timedelta, "-1:30:00", timedelta(hours=-1, minutes=-30)),
        (timedelta, "-P1D", timedelta(days=-1)),
    ],
)
def test_decimals_of_floats_and_negative_durations(hint: Any, value: Any, right: Any) -> None:
    assert annotated(hint, hp.scope(**{"f.x": value})) == right


def test_a_time_of_day_is_not_dropped_toward_a_date() -> None:
    with pytest.raises(hp.ConversionError, match="is not a date"):
        annotated(date, hp.scope(**{"f.x": datetime(2021, 2, 3, 4, 5)}))


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (-3, "-3"), (1.5, "1.5"), (True, "True")])
def test_number_is_the_choice_that_is_its_text(value: object, text: str) -> None:
    """As toward `str`."""

    @hp.param("t")
    def t(x: Literal["1", "-3", "1.5", "True", "2"] = "2") -> str:
        return x

    with hp.scope(**{"t.x": value}):
        assert t() == text


def test_choice_of_its_own_type_comes_before_its_text() -> None:
    @hp.param("t")
    def t(x: Literal["1", 1] = "1") -> object:
        return x

    with hp.scope(**{"t.x": 1}):
        assert t() == 1


@pytest.mark.parametrize("name", ["c.json", "c.toml", "c.yaml"])
def test_number_of_a_file_is_the_choice_that_was_written(tmp_path: Path, name: str) -> None:
    @hp.param("t")
    def t(fold: Literal["1", "2"] = "2") -> str:
        return fold

    text = {"c.json": '{"t": {"fold": 1}}', "c.toml": "t.fold = 1", "c.yaml": "t: {fold: 1}"}
    (tmp_path / name).write_text(text[name])
    with hp.config(tmp_path / name):
        assert t() == "1"
    with (
        hp.scope(**{"t.fold": 3}),
        pytest.raises(hp.ConversionError, match=r"3 is not one of 1, 2\b"),
    ):
        t()
