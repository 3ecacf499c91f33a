"""Every kind of hint against every kind of input from every source.

A cell is a parameter, something written for it, and the source that brings it.  What must arrive is
what `value_oracle` says: the value, of the same types at every depth, or an error of one line.
Where the contract does not say, anything may arrive but another exception or an object of ours.
"""

import contextlib
import itertools
import re
import sys
import typing
from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    Sequence,
)
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, NewType, TypeVar, Union
from uuid import UUID

import pytest
import value_sources
from value_oracle import ERROR, NO_HINT, is_right, same, wanted
from value_scalars import Digits, Word
from value_sources import DoesNotApply, Parameter, Source, Wrong, outcome
from value_structures import (
    REQUIRED,
    Ada,
    Adam,
    Box,
    Camel,
    Cfg,
    Color,
    Csv,
    Db,
    Frozen,
    Grid,
    Job,
    Level,
    Loose,
    Needy,
    Open,
    Opt,
    Pattern,
    Perm,
    Plain,
    Point,
    Port,
    Runs,
    Scaled,
    Server,
    Sgd,
    Sparse,
    Switch,
    Team,
    User,
    When,
)

import hyperparameter as hp

# -- the parameters -------------------------------------------------------------------------------

UserId = NewType("UserId", int)
Any_T = TypeVar("Any_T")
Number = TypeVar("Number", bound=int)
Choice = TypeVar("Choice", int, str)
DAY, MOMENT = date(2020, 1, 2), datetime(2020, 1, 2, 3, 4, 5)
ID = UUID("12345678-1234-5678-1234-567812345678")


def P(name: str, hint: Any, default: Any, *more: Any) -> Parameter:
    return Parameter(name, hint, default, more)


W = Word
SCALARS = [
    P("int", int, 7),
    P("float", float, 0.25),
    P("str", str, "d"),
    P("bool", bool, True, W("On"), W("f"), W(" no "), W("2"), "YES", 2),
    P("none", None, REQUIRED),
    P("complex", complex, 2j, W("1.5-2j")),
    P("bytes", bytes, b"d", W("\u20ac")),
    P("decimal", Decimal, Decimal("0.25"), W("2.50"), W("-.5"), Digits("2.50"), 0.1),
    P("fraction", Fraction, Fraction(1, 4), W("0.5"), W("-1/4"), W("1/0")),
    P("uuid", UUID, ID, W("12345678-1234-5678-1234-56781234567")),
    P("path", Path, Path("d"), W("a/b.csv"), "a/b.csv"),
    P("pure_path", PurePosixPath, PurePosixPath("d"), W("a/b.csv")),
    P("date", date, DAY, W("2021-02-30"), W("tomorrow")),
    P("datetime", datetime, MOMENT, W("2021-02-03 04:05:06"), W("2021-02-03T25:00:00")),
    P("time", time, time(1, 2), W("04:05"), W("25:00:00")),
    P("timedelta", timedelta, timedelta(1), W("1:30:00"), W("PT1H30M"), W("2d"), W("soon"), "90s"),
    P("object", object, "d"),
    P("any", Any, "d"),
]
CHOICES = [
    P("enum", Color, Color.BLUE, W("BLUE"), W("blue"), W("Red")),
    P("int_enum", Level, Level.LOW, W("HIGH"), W("2"), W("3"), 2, 3, "HIGH"),
    P("str_enum", When, When.STEPS, W("epoch"), W("EPOCH"), "epoch"),
    P("enum_of_odd_words", Switch, Switch.OTHER, W("YES"), "YES", "true"),
    P("flag", Perm, Perm.READ, W("READ|WRITE"), W("WRITE"), "READ|WRITE", W("READ|RED"), 3, 64),
    P("literal_text", Literal["abc", "gpu"], "gpu", W("GPU"), "gpu"),
    P("literal_numbers", Literal[1, 5], 1),
    P("literal_digits", Literal["1", "007"], "1"),
    P("literal_bool", Literal[True, "auto"], "auto", W("auto")),
    P("literal_with_none", Literal["abc", 5, None], "abc"),
    P("literal_null", Literal["null"] | None, None),
    P("literal_enum", Literal[Color.RED], Color.RED, W("BLUE")),
]
OPTIONALS = [  # in both spellings: those below are `X | None`
    P(f"optional_{one.name}", Union[one.hint, None], one.default, *one.more)  # noqa: UP007
    for one in [*SCALARS[:4], *SCALARS[5:13], *CHOICES[:1], *CHOICES[4:7]]
]
UNIONS = [
    P("int_str", int | str, "d", W("-0"), W("00"), W("12")),
    P("str_int", str | int, "d", W("12"), W("-12")),
    P("float_str", float | str, "d", W("0.5"), W("-2.5"), W(".5"), W("5."), W("1.5e400")),
    P("str_int_float", str | int | float, "d", W("0.5")),
    P("int_float", int | float, 7),
    P("float_int", float | int, 7),
    P("bool_int", bool | int, 7),
    P("int_bool", int | bool, 7),
    P("bool_str", bool | str, "d", W("True")),
    P("date_str", date | str, "d", W("2021-02-30")),
    P("str_path", str | Path, "d"),
    P("path_int", Path | int, 7),
    P("int_none_str", int | None | str, "d"),
    P("list_str", list[str] | str, "d"),
    P("int_list", list[int] | int, 7),
    P("literal_or_int", Literal["auto"] | int, 7, W("auto")),
    P("literal_or_str", Literal["auto"] | str, "d", W("auto")),
    P("enum_none_int", Color | int | None, 7),
    P("dict_str", dict | str, "d"),
    P("dict_of_int_or_str_or_none", dict[str, int] | str | None, None),
    P("optional_opt", Opt | None, None),
    P("optional_opt_given", Opt | None, Opt(2.0, 3.0)),
    P("opt_str_none", Opt | str | None, None),
    P("str_opt", str | Opt, "d"),
    P(
        "csv_db",
        Csv | Db,
        Csv("a.csv", ";"),
        {"url": "x"},
        {"path": "b"},
        {"path": "b", "url": "x"},
    ),
    P("db_csv_needed", Db | Csv, REQUIRED, {"url": "x"}, {"path": "b"}, {"sep": ";"}),
    P("by_kind", Sgd | Ada, REQUIRED, {"kind": "ada"}, {"kind": "sgd", "lr": 5}, {"kind": "x"}),
    P("opt_dict", Opt | dict, Opt(2.0), {"lr": 5, "other": 1}),
    P("dict_opt", dict | Opt, REQUIRED, {"lr": 5, "other": 1}),
    P("job_csv", Job | Csv, REQUIRED, {"name": "n"}, {"path": "b"}),
]
CONTAINERS = [
    P("list", list, ["d"]),
    P("typing_list", typing.List, ["d"]),  # noqa: UP006
    P("list_int", list[int], [7]),
    P("list_float", list[float], [7.5]),
    P("list_str", list[str], ["d"]),
    P("list_bool", list[bool], [True], ["yes", 0]),
    P("list_path", list[Path], [Path("d")]),
    P("list_date", list[date], [DAY], ["2021-02-03"], W('["2021-02-03"]')),
    P("list_enum", list[Color], [Color.BLUE], ["RED", "blue"], W('["red"]')),
    P("list_of_lists", list[list[int]], [[7]]),
    P("list_opt", list[Opt], [Opt(2.0)], [{"lr": 5}], [{"nope": 1}], W('[{"lr": 5}, {}]')),
    P("list_int_str", list[int | str], [7]),
    P("list_str_int", list[str | int], [7]),
    P("list_date_path", list[date | Path], [DAY]),
    P("list_path_date", list[Path | date], [DAY]),
    P("list_optional_str", list[str | None], ["d"]),
    P("optional_list", list | None, ["d"]),
    P("optional_list_int", list[int] | None, [7]),
    P("tuple", tuple, ("d",)),
    P("tuple_int", tuple[int, ...], (7,)),
    P("tuple_pair", tuple[int, str], (7, "d"), W('[3, "007"]'), [3, "x"], (3, 4, 5)),
    P("tuple_empty", tuple[()], ()),
    P("optional_pair", tuple[int, int] | None, (7, 8)),
    P("set", set, {"d"}, [3, 3], W("[[1]]")),
    P("set_int", set[int], {7}, [3, 3]),
    P("frozenset_str", frozenset[str], frozenset({"d"}), ["x", "x"]),
    P("sequence_int", Sequence[int], [7]),
    P("iterable_int", Iterable[int], [7]),
    P("collection_str", Collection[str], ["d"]),
    P("mutable_sequence", MutableSequence[int], [7]),
    P("abstract_set", AbstractSet[int], {7}),
    P("deque_int", deque[int], deque([7])),
    P("dict", dict, {"zz": 9}, W('{"a": {"v": 3.10}}')),
    P("typing_dict", typing.Dict, {"zz": 9}),  # noqa: UP006
    P("dict_int", dict[str, int], {"zz": 9}),
    P("dict_float", dict[str, float], {"zz": 9.5}, {"layer1.conv": 1, "layer1": 2}),
    P("dict_str", dict[str, str], {"zz": "d"}, {"v": "007"}, W('{"v": 3.10}')),
    P("dict_optional_str", dict[str, str | None], {"zz": "d"}, {"v": "007"}),
    P("dict_by_int", dict[int, str], {9: "d"}, {"1": "x"}, {1: "x"}, {"1": "x", "01": "y"}),
    P("dict_by_float", dict[float, int], {9.5: 9}, {"0.5": 1}),
    P("dict_by_enum", dict[Color, int], {Color.BLUE: 9}, {"RED": 1}, {"green": 1}),
    P("dict_of_lists", dict[str, list[int]], {"zz": [9]}, {"a": [1, "2"]}, {"a": [None]}),
    P("dict_of_dicts", dict[str, dict[str, int]], {"zz": {"y": 9}}, {"zz": {"x": 1}}),
    P("dict_of_opts", dict[str, Opt], {"zz": Opt(2.0, 3.0)}, {"zz": {"lr": 5}}, {"b": {"lr": 5}}),
    P("mapping_float", Mapping[str, float], {"zz": 9.5}),
    P("mutable_mapping", MutableMapping[str, int], {"zz": 9}),
    P("optional_dict_int", dict[str, int] | None, None),
]
STAND_INS = [
    P("new_type", UserId, 7),
    P("annotated", Annotated[int, "unit"], 7),
    P("annotated_optional", Annotated[str | None, {"help": "unhashable"}], "d"),
    P("list_annotated", list[Annotated[int, []]], [7]),
    P("type_variable", Any_T, "d"),
    P("type_variable_bound", Number, 7),
    P("type_variable_of_two", Choice, "d"),
    P("optional_type_variable", Any_T | None, "d"),
    P("unresolved", "Unknown[int]", 7),
    P("plain_class", Plain, Plain()),
    P("optional_plain_class", Plain | None, None),
    P("pattern", Pattern, re.compile("d"), re.compile("x")),
    P("callable", Callable[[int], int], abs),
    P("optional_callable", Callable | None, None),
    P("protocol", Runs, Plain()),
]
if sys.version_info >= (3, 12):
    Alias = typing.TypeAliasType("Alias", int)
    Names = typing.TypeAliasType("Names", list[Any_T], type_params=(Any_T,))
    STAND_INS += [
        P("alias", Alias, 7),
        P("optional_alias", Alias | None, 7),
        P("generic_alias", Names[int], [7]),
    ]
STRUCTURES = [
    P("opt", Opt, Opt(2.0, 3.0, "d"), {"lr": 5, "name": "007"}, W('{"name": "007", "mom": 1}')),
    P("adam", Adam, Adam(2.0, beta=0.5), {"beta": 5}, Adam(1.0)),
    P("opt_with_subclass_default", Opt, Adam(2.0, beta=0.5), {"beta": 5}, Adam(1.0)),
    P("frozen", Frozen, Frozen(Path("d"), "d", "1", "d"), {"fold": "2"}, {"note": None}),
    P("class_and_init_variables", Scaled, Scaled(3), {"width": 5}, {"scale": 2}, {"kind": "x"}),
    P("init_variable_needed", Needy, REQUIRED, {"seed": 5}, {"seed": 5, "n": 2}, {"n": 5}),
    P("box_int", Box[int], Box(7, 2), {"item": "5"}, {"count": 5}, {"item": "x"}),
    P("box", Box, REQUIRED, {"item": "5"}, {"count": 5}),
    P("none_by_default", Sparse, Sparse("z"), {"name": "q"}, {"ratio": 5}, {"more": {"k": 1}}),
    P("attrs", Grid, Grid(3, 4, ["d"], Opt(2.0)), {"cols": 5}, {"opt": {"lr": 5}}, {"_cols": 5}),
    P("named_tuple", Point, Point(7.0, 8.0, "d"), {"y": 5}, {"label": "007"}, {"z": 1}),
    P("named_tuple_needed", Point, REQUIRED, {"x": 5}, {"y": 5}),
    P("typed_dict", Job, {"name": "d"}, {"retries": "5"}, {"retries": "x"}, {"name": "007"}),
    P("typed_dict_needed", Job, REQUIRED, {"retries": 5}, {"name": "n"}),
    P("typed_dict_not_total", Loose, REQUIRED, {"size": 5}, {"opt": {"lr": 5}}),
    P("struct", Server, Server("d", Port(9, "d")), {"port": {"number": 5}}, {"host": "007"}),
    P("struct_needed", Server, REQUIRED, {"host": "h"}, {"host": "h", "port": {"number": 5}}),
    P("struct_renamed", Camel, Camel(2.0), {"learningRate": 5}, {"learning_rate": 5}),
    P("model", User, User(name="d", age=9), {"age": "5"}, {"name": "007"}, {"nick": None}),
    P("model_nested", Team, Team(), {"lead": {"age": 5}}, {"teamSize": 5}, {"size": 5}),
    P("model_open", Open, Open(a=9), {"a": 5, "b": 1}),
    P(
        "nested",
        Cfg,
        Cfg(Opt(2.0, 3.0), env={"zz": "d"}, by={"zz": Opt(2.0, 3.0)}),
        {"opt": {"lr": 5}, "n": "6"},
        {"maybe": {"lr": 5}, "day": "2021-02-03"},
        {"env": {"v": "007"}, "runs": [{"mom": 5}, {}]},
        {"by": {"zz": {"lr": 5}, "b": {"lr": 5}}, "point": {"x": 5}},
        {"opt": None},
        {"runs": [None]},
        {"env": None},
        {"color": "green"},
        W('{"opt": {"name": "007"}, "env": {"v": "1.10"}, "day": null}'),
    ),
    P("nested_needed", Cfg, REQUIRED, {"opt": {"lr": 5}}, {"point": {"y": 5}}, {"opt": {"x": 5}}),
]
BY_DEFAULT = [
    P(f"by_default_{type(default).__name__.lower()}", NO_HINT, default)
    for default in (
        7, 0.25, "d", True, ["d"], ("d",), {"d"}, {"zz": 9}, None, Color.BLUE, When.STEPS,
        Perm.READ, Path("d"), DAY, timedelta(1), Decimal("0.25"), Opt(2.0, 3.0), Grid(3, 4),
        Point(7.0), Server("d"), User(name="d"),
    )
]  # fmt: skip
NEEDED = [P("needed", NO_HINT, REQUIRED), P("int_needed", int, REQUIRED)]
PARAMETERS = (
    SCALARS + CHOICES + OPTIONALS + UNIONS + CONTAINERS + STAND_INS + STRUCTURES
    + BY_DEFAULT + NEEDED
)  # fmt: skip

# -- what is written for each of them -------------------------------------------------------------

WORDS = (
    "5", "1", "0", "-3", "007", "+5", "1_000", "0x10", "3.0", "3.10", ".5", "1e3", "297e7814231",
    "0012e5", ".inf", "nan", "true", "False", "yes", "off", "null", "None", "~", "", "abc", " pad ",
    "\u00e9", "[]", "[1, 2]", '["a", "007"]', "[null]", "[1,", "{}", '{"a": 1}', '{"lr": "5"}',
    '{"lr": "x"}', '{"lr": null}', '{"nope": 1}', '"null"', '"abc"', "RED", "red", "2021-02-03",
    "2021-02-03T04:05:06", "04:05:06", "90s", "1h30m", "1/3", "1+2j", str(ID),
)  # fmt: skip
TYPED: tuple[Any, ...] = (
    None, True, False, 0, 1, 5, -3, 2**70, 3.0, 3.5, "", "5", "007", "3.5", "true", "null", "abc",
    "RED", "red", "2021-02-03", str(ID), [], [1, 2], ["1", "x"], [None], [[1]], {}, {"a": 1},
    {"lr": 5}, {"lr": "x"}, {"lr": None}, {"nope": 1}, {"a": {"b": [1, "007"]}},
)  # fmt: skip
IN_FILES: tuple[Any, ...] = (Digits("3.10"), Digits("1e3"), Digits("3.0"))
IN_PYTHON: tuple[Any, ...] = (
    (1, 2), {1, 2}, b"ab", Path("q"), DAY, MOMENT, timedelta(2), Decimal("3.5"), Fraction(7, 2),
    1 + 2j, ID, Color.RED, Level.HIGH, Perm.WRITE, Plain(), abs, Opt(1.0), Point(1.0), Csv("c"),
    Grid(1), Server("s"), User(name="u"),
)  # fmt: skip
BELOW: tuple[dict[str, str], ...] = (  # one key for each name
    {"a": "007"}, {"lr": "5"}, {"lr": "x"}, {"name": "007"}, {"nope": "1"},
    {"lr": "1e-3", "mom": "0"},
)  # fmt: skip


# -- the cells -----------------------------------------------------------------------------------

FOR_ALL = (
    *map(Word, WORDS),
    *({name: Word(text) for name, text in names.items()} for names in BELOW),
    *TYPED,
    *IN_FILES,
    *IN_PYTHON,
)


def cells(parameter: Parameter, sources: list[Source]) -> Iterator[tuple[Source, Any, Any]]:
    """Return each source with what is written, and with what that is in this source."""
    turn = PARAMETERS.index(parameter)
    for source in sources:
        for number, given in itertools.chain(
            enumerate(FOR_ALL, turn), zip(itertools.repeat(0), parameter.more)
        ):
            if number % source.share == 0:
                with contextlib.suppress(DoesNotApply):
                    yield source, given, source.written(parameter, given)


def complaint(parameter: Parameter, source: Source, given: Any, right: Any) -> str | None:
    got = outcome(lambda: source.bring(parameter, given))
    if is_right(got, right) and not isinstance(got, Wrong):
        return None
    return f"{source.name}: {given!r} gives {got!r}, not {right!r}"


FAMILIES = [value_sources.IN_PYTHON, value_sources.AS_WORDS, value_sources.IN_FILES]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda one: one.name)
@pytest.mark.parametrize("sources", FAMILIES, ids=["python", "words", "files"])
def test_each_input_becomes_the_right_value_or_an_error_of_one_line(
    parameter: Parameter, sources: list[Source]
) -> None:
    complaints = [
        complaint(parameter, source, given, wanted(parameter.hint, seen, parameter.default))
        for source, given, seen in cells(parameter, sources)
    ]
    wrong = list(filter(None, complaints))
    head = f"{len(wrong)} wrong: {parameter.hint!r}, default {parameter.default!r}"
    assert not wrong, "\n".join([head, *wrong])


# -- what the contract settles --------------------------------------------------------------------

TEXT = ("007", "1e3", "3.10", "+5", "0x10", "true", "297e7814231", "0012e5", ".5", " pad ", "{", "")
ROWS: list[tuple[Any, Any, Any, Any]] = [  # hint, default, what is written, what arrives
    *((str, "d", Word(text), text) for text in TEXT),
    *((str | None, "d", Word(text), text) for text in TEXT),
    *((int | str, "d", Word(text), text) for text in TEXT),
    *((str | bool, "d", Word(text), text) for text in TEXT if text != "true"),
    *((Path, Path("d"), Word(text), Path(text)) for text in TEXT),
    *((Path | None, Path("d"), Word(text), Path(text)) for text in TEXT),
    *((dict[str, str], {}, {"v": Word(text)}, {"v": text}) for text in TEXT),
    *((dict[str, str | None], {}, {"v": Word(text)}, {"v": text}) for text in TEXT),
    *((Opt, Opt(), {"name": Word(text)}, Opt(name=text)) for text in TEXT),
    *((Job, REQUIRED, {"name": Word(text)}, {"name": text}) for text in TEXT),
    *((User, User(), {"name": Word(text)}, User(name=text)) for text in TEXT),
    *((Server, REQUIRED, {"host": Word(text)}, Server(text)) for text in TEXT),
    (Frozen, Frozen(), {"path": Word("007")}, Frozen(Path("007"))),
    (Frozen, Frozen(), {"fold": Word("2")}, Frozen(fold="2")),
    (Frozen, Frozen(), {"tag": Word("null")}, Frozen(tag="null")),
    (Frozen, Frozen(), {"note": Word("null")}, Frozen()),
    (Switch, Switch.OTHER, Word("true"), Switch.YES),
    (str, "d", Digits("3.10"), "3.10"),
    (str | None, "d", Digits("1e3"), "1e3"),
    (list[str], ["d"], [Digits("3.10")], ["3.10"]),
    (Opt, Opt(), {"name": Digits("3.10")}, Opt(name="3.10")),
    (Any, "d", Word("1e-3"), 0.001),
    (Any, "d", Word("on"), "on"),
    (Any, "d", Word("12:30"), "12:30"),
    (Any, "d", Word("297e7814231"), "297e7814231"),
    (Any, "d", Word("007"), "007"),
    (str | None, "d", Word("null"), None),
    (str | None, "d", Word("None"), None),
    (str | None, "d", Word('"null"'), "null"),
    (str | None, "d", Word("~"), "~"),
    (int | None, 7, Word("~"), None),
    (int | None, 7, Word("None"), None),
    (int | None, 7, Word(""), ERROR),
    (Literal["null"] | None, None, Word("null"), "null"),
    (float, None, Word("null"), None),
    (str, "d", "null", "null"),
    (int | None, 7, "null", ERROR),
    (float, 0.5, None, ERROR),
    (list[int], [7], None, ERROR),
    (dict[str, int], {}, None, ERROR),
    (Opt, Opt(), None, ERROR),
    (list[Opt], [], [None], ERROR),
    (dict[str, Opt], {}, {"a": None}, ERROR),
    (list, ["d"], None, ERROR),
    (Color, Color.RED, None, ERROR),
    (int | float, 7, Word("3.0"), 3.0),
    (int | float, 7, Digits("3.0"), 3.0),
    (bool | int, 7, Word("1"), 1),
    (bool | int, 7, Word("true"), True),
    (bool | int, 7, Word("yes"), True),
    (bool | str, "d", Word("true"), True),
    (bool | str, "d", Word("yes"), "yes"),
    (date | str, "d", Word("2021-02-03"), date(2021, 2, 3)),
    (date | str, "d", Word("tomorrow"), "tomorrow"),
    (int | str, "d", "5", "5"),
    (int | str, "d", Word("-12"), -12),
    (int, 7, True, ERROR),
    (float, 0.5, True, ERROR),
    (int, 7, Word("true"), ERROR),
    (int, 7, 3.5, ERROR),
    (int, 7, Decimal("3.5"), ERROR),
    (int, 7, Fraction(7, 2), ERROR),
    (int, 7, Word("1e5"), 100000),
    (Decimal, Decimal(0), 0.1, Decimal("0.1")),
    (NO_HINT, 7, Word("3.14"), 3.14),
    (NO_HINT, 7, {"value": 3}, ERROR),
    (NO_HINT, None, {"depth": 3}, {"depth": 3}),
    (Literal[1], 1, True, ERROR),
    (str, "d", [1], ERROR),
    (None, REQUIRED, 5, ERROR),
    (list[str], ["d"], "abc", ERROR),
    (list[int], [7], {"1": 2}, ERROR),
    (dict[int, int], {}, {"1": 2, "01": 3}, ERROR),
    (Sequence[int], [7], [1], [1]),
    (Iterable[int], [7], [1], [1]),
    (Collection[int], [7], [1], [1]),
    (AbstractSet[int], {7}, [1], {1}),
    (Level, Level.LOW, 2, Level.HIGH),
    (date, DAY, MOMENT, ERROR),
    (dict[str, str], {}, Word('{"v": 3.10}'), {"v": "3.10"}),
    (datetime, MOMENT, Word("2021-02-03T04:05:06"), datetime(2021, 2, 3, 4, 5, 6)),
    (timedelta, timedelta(1), Word("1h30m"), timedelta(minutes=90)),
    (timedelta, timedelta(1), Word("1:30:00"), timedelta(minutes=90)),
    (timedelta, timedelta(1), Word("90s"), timedelta(seconds=90)),
    (timedelta, timedelta(1), Word("PT1H30M"), timedelta(minutes=90)),
    (bytes, b"d", Word("\u20ac"), "\u20ac".encode()),
    (Open, Open(), {"a": 1, "b": 2}, Open(a=1, b=2)),
    (Csv | Db, Csv("a"), {"url": "x"}, Db("x")),
    (str | dict, "d", {"k": 1}, {"k": 1}),
    (Plain, Plain(), "text", ERROR),
    (Plain | None, None, Word("text"), ERROR),
    (Callable | None, None, Word("relu"), ERROR),
    (dict[str, float], {"a": 1.0, "b": 2.0}, {"c": 3}, {"a": 1.0, "b": 2.0, "c": 3.0}),
    (dict[str, float], {}, {"layer1": 2, "layer1.conv": 1}, {"layer1": 2.0, "layer1.conv": 1.0}),
    (dict[float, int], {}, {"0.5": 1}, {0.5: 1}),
    (dict[int, str], {}, {0: "person"}, {0: "person"}),
    (Any, None, {"urllib3.pool": {"level": "ERROR"}}, {"urllib3.pool": {"level": "ERROR"}}),
]


HINTS = list(dict.fromkeys(str(hint) for hint, *_ in ROWS))


def test_the_oracle_says_what_the_contract_settles() -> None:
    wrong = [row for row in ROWS if not same(wanted(row[0], row[2], row[1]), row[3])]
    assert not wrong


@pytest.mark.parametrize("shown", HINTS)
def test_what_the_contract_settles_arrives_from_every_source(shown: str) -> None:
    complaints = []
    for number, (hint, default, given, right) in enumerate(ROWS):
        parameter = Parameter(f"row_{number}", hint, default)
        for source in itertools.chain(*FAMILIES) if str(hint) == shown else ():
            with contextlib.suppress(DoesNotApply):
                if same(source.written(parameter, given), given):
                    complaints.append(complaint(parameter, source, given, right))
    assert complaints, "no source brings it"
    assert not any(complaints), "\n".join([shown, *filter(None, complaints)])


# -- nothing written ------------------------------------------------------------------------------


def test_the_default_arrives_where_nothing_is_written() -> None:
    wrong = []
    for parameter in PARAMETERS:
        got = outcome(lambda parameter=parameter: hp.run_cli(parameter.program, []))
        if parameter.default is not REQUIRED:
            right = got is parameter.default is outcome(parameter.program)
        elif parameter.hint is Cfg:  # made of its own defaults
            right = same(got, Cfg())
        else:
            right = got is ERROR or parameter.hint is Loose
        if not right:
            wrong.append(f"{parameter.name}: {got!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("hint", "default", "right"),
    [
        (str, "d", ""),
        (int, 7, 7),
        (Literal["a"], "a", "a"),
        (list[int], [7], [7]),
        (Opt, Opt(), Opt()),
    ],
)
def test_an_empty_variable_is_text_toward_text_and_else_not_set(
    hint: Any, default: Any, right: Any
) -> None:
    parameter = Parameter("empty", hint, default)
    with value_sources.environment({"MATRIX_T__X": ""}):
        assert hp.run_cli(parameter.program, [], env_prefix="MATRIX") == right


# -- questions about a program ---------------------------------------------------------------------

QUESTIONS = [
    ["--help"], ["-lps"], ["-ep", "t.x"], ["--completion", "bash"], ["--completion", "zsh"],
    ["--completion", "fish"],
]  # fmt: skip
KINDS = ("toml", "yaml", "json")


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda one: one.name)
def test_a_program_with_any_parameter_answers_each_question_and_prints_what_comes_back(
    parameter: Parameter, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program = value_sources.declared(parameter.program.__wrapped__)  # type: ignore[attr-defined]
    for question in QUESTIONS:
        assert hp.run_cli(program, question) is None
        assert capsys.readouterr().out.strip()
    for kind in KINDS:
        assert hp.run_cli(program, ["--print-config", kind]) is None
        text, said = capsys.readouterr()
        path = tmp_path / f"printed.{kind}"
        path.write_text(text, "utf-8")
        if "t.x is left out" in said:  # for a good reason, of which there are few
            assert re.search(r"required|TOML cannot hold|no file can hold|cannot give", said), said
        elif "left out" not in said:
            assert same(hp.run_cli(program, ["-C", str(path)]), program())


# -- the check before a run -----------------------------------------------------------------------

SHARE = 11  # one in so many cells: each takes two runs


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda one: one.name)
def test_a_check_refuses_what_a_run_refuses(
    parameter: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli, differing = hp.run_cli, []

    def both(program: Any, words: list[str], **options: str) -> object:
        checked = outcome(lambda: run_cli(program, ["--check", *words], **options))
        ran = outcome(lambda: run_cli(program, words, **options))
        if (ran is ERROR) is not (checked is ERROR):
            differing.append((words, options, ran, checked))
        return ran

    monkeypatch.setattr(value_sources.hp, "run_cli", both)
    for number, (source, given, _) in enumerate(cells(parameter, [*FAMILIES[1], *FAMILIES[2]])):
        if number % SHARE == PARAMETERS.index(parameter) % SHARE:
            outcome(lambda source=source, given=given: source.bring(parameter, given))
    assert not differing
