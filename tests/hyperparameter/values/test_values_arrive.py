"""What was written is what arrives: each way in which it once did not, with its kin."""

# ruff: noqa: UP007, UP045, RUF013  # annotations in every spelling that programs have

import contextlib
import enum
import io
import itertools
import json
import typing
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Optional, TypedDict, Union

import attrs
import msgspec
import numpy as np
import pydantic
import pytest
from value_oracle import NO_HINT, same
from value_sources import declared, environment
from value_structures import (
    Adam,
    Cfg,
    Color,
    Csv,
    Db,
    Grid,
    Job,
    Opt,
    Plain,
    Point,
    Port,
    Server,
    User,
)

import hyperparameter as hp
from hyperparameter.params import Params

Write = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and return its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def taking(hint: Any, *default: Any) -> Callable[..., Any]:
    """Make a program that returns its parameter `x`."""

    def program(x):  # type: ignore[no-untyped-def]
        return x

    program.__annotations__ = {} if hint is NO_HINT else {"x": hint}
    program.__defaults__ = default or None
    return declared(program)


def holding(hint: Any, default: Any = None) -> Any:
    """Make a dataclass with the fields `x` and `rows`."""
    return make_dataclass("Holder", [("x", hint, default), ("rows", int, 10)])


def value_or_error(call: Callable[[], Any]) -> Any:
    """Return what a call gives, or its error if that is one of ours, of one line."""
    try:
        return call()
    except (hp.ConversionError, hp.ConfigurationError, hp.UsageError, TypeError) as error:
        ours = not isinstance(error, TypeError) or "NoneType" not in str(error)
        return (
            error if ours and "\n" not in str(error) else "an error of several lines, or not ours"
        )


def defined(*pairs: str) -> list[str]:
    return [part for pair in pairs for part in ("-D", pair)]


# -- lists of words: nothing of the library's own reaches the code --------------------------------

SEVERAL = {
    "repeated": ["--x", "a.csv", "--x", "007"],
    "json": ["--x", '["a.csv", "007"]'],
    "by position": ["a.csv", "007"],
}
READS: dict[str, Callable[[], Any]] = {
    "call": lambda: hp.scope.t.x(),
    "or": lambda: hp.scope.t.x | None,
    "index": lambda: hp.scope["t.x"](),
    "default": lambda: hp.scope.t.x([]),
    "mapping": lambda: hp.scope.current()["t.x"],
    "dict": lambda: dict(hp.scope.current())["t.x"],
    "storage": lambda: hp.scope.storage().storage()["t.x"],
    "params": lambda: Params.from_scope(prefix="t").pop("x"),
    "explain": lambda: hp.explain("t.x").value,
}


@pytest.mark.parametrize("argv", SEVERAL.values(), ids=SEVERAL)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_the_words_of_a_list_are_plain_text_to_every_reader(
    read: Callable[[], Any], argv: list[str]
) -> None:
    @declared
    def program(x: list[str]) -> Any:
        return read()

    got = hp.run_cli(program, argv)
    assert same([*got], ["a.csv", "007"])
    assert json.dumps(got)
    assert [word.upper() for word in got] == ["A.CSV", "007"]


@pytest.mark.parametrize(
    ("hint", "right"),
    [
        (list | None, [3, "a"]),
        (Optional[list], [3, "a"]),
        (tuple | None, (3, "a")),
        (Optional[Sequence], [3, "a"]),
        (Sequence | None, [3, "a"]),
        (set | None, {3, "a"}),
        (frozenset | None, frozenset({3, "a"})),
        (list[Any], [3, "a"]),
        (list[object], [3, "a"]),
        (list, [3, "a"]),
    ],
)
def test_words_of_a_list_without_types_are_what_they_mean(hint: Any, right: Any) -> None:
    assert same(hp.run_cli(taking(hint, None), ["--x", "3", "--x", "a"]), right)


def test_words_of_a_list_toward_a_default_are_what_they_mean() -> None:
    assert same(hp.run_cli(taking(NO_HINT, [0]), ["--x", "3", "--x", "a"]), [3, "a"])
    assert same(hp.run_cli(taking(NO_HINT, (0, 0)), ["--x", "8", "8"]), (8, 8))


def test_a_tuple_that_is_read_by_its_key_has_numbers() -> None:
    @declared
    def program(size: tuple[int, int] = (1, 1)) -> Any:
        return hp.scope.t.size()[0]

    assert same(hp.run_cli(program, ["--size", "8", "9"]), 8)


def test_pairs_beside_json_are_one_plain_dict() -> None:
    got = hp.run_cli(taking(dict, {}), ["--x", "k=007", "--x", '{"q": "w", "n": ["1", 2]}'])
    assert same(got, {"k": "007", "q": "w", "n": ["1", 2]})


def test_several_words_for_a_list_or_a_number_are_the_list() -> None:
    assert hp.run_cli(taking(list[int] | int, 1), ["--x", "1", "--x", "2"]) == [1, 2]


# -- text toward text is what was typed -----------------------------------------------------------

ODD_TEXT = [
    "007", "1e3", "3.10", "297e7814231", "0012e5", "true", "True", "null", "None", "", "~", "[",
    "[1]", '{"a": 1}', '"quoted"', "0x10", "0o17", "1_000", "+5", ".5", "yes", " pad ", "1:30",
    "2021-02-03",
]  # fmt: skip


@dataclass
class Run:
    tag: str = "none"
    data: Path = Path("d")
    fold: Literal["1", "2"] = "1"


@dataclass
class Deep:
    run: Run = field(default_factory=Run)
    env: dict[str, str] = field(default_factory=dict)


@attrs.define
class AttrsRun:
    tag: str = "none"


class StructRun(msgspec.Struct):
    tag: str = "none"


class ModelRun(pydantic.BaseModel):
    tag: str = "none"


class TupleRun(typing.NamedTuple):
    tag: str = "none"


class DictRun(TypedDict):
    tag: str


RUNS: dict[Any, Any] = {
    one: one(tag="none") for one in (Run, AttrsRun, StructRun, ModelRun, TupleRun, DictRun)
}


@pytest.mark.parametrize("word", ODD_TEXT)
@pytest.mark.parametrize("kind", RUNS)
def test_text_toward_a_text_field_is_what_was_typed(kind: Any, word: str) -> None:
    program = taking(kind, RUNS[kind])
    right = kind(tag=word)
    with hp.scope(f"t.x.tag={word}"):
        assert program() == right
    assert hp.run_cli(program, [f"--x.tag={word}"]) == right
    assert hp.run_cli(program, ["-D", f"t.x.tag={word}"]) == right
    with environment({"MY_T__X__TAG": word or "-"}):
        assert hp.run_cli(program, [], env_prefix="MY") == kind(tag=word or "-")


@pytest.mark.parametrize("word", ODD_TEXT)
def test_text_deep_inside_is_what_was_typed(word: str) -> None:
    program = taking(Deep, Deep())
    argv = [f"--x.run.tag={word}", f"--x.run.data={word}", "-D", f"t.x.env.v={word}"]
    assert hp.run_cli(program, argv) == Deep(Run(word, Path(word)), {"v": word})


@pytest.mark.parametrize("word", ODD_TEXT)
@pytest.mark.parametrize("hint", [dict[str, str], dict[str, Path], dict[str, dict[str, str]]])
def test_text_toward_text_in_a_dict_is_what_was_typed(hint: Any, word: str) -> None:
    kind = Path if "Path" in str(hint) else str
    right = {"k": {"v": word}} if "dict[str, dict" in str(hint) else {"k": kind(word)}
    key = "x.k.v" if "dict[str, dict" in str(hint) else "x.k"
    program = taking(hint, {})
    with hp.scope(f"t.{key}={word}"):
        assert program() == right
    assert hp.run_cli(program, [f"--{key}={word}"]) == right
    if key == "x.k":
        assert hp.run_cli(program, ["--x", f"k={word}"]) == right


IN_DOUBT = ("null", "None", '"quoted"')  # None, and text that may keep its quotes or lose them


@pytest.mark.parametrize("word", [word for word in ODD_TEXT if word not in IN_DOUBT])
@pytest.mark.parametrize("kind", [str, Path])
def test_text_toward_optional_text_is_what_was_typed(kind: Any, word: str) -> None:
    for hint in (Optional[kind], kind | None, Annotated[kind | None, "unit"]):
        program = taking(hint, None)
        for got in (
            hp.run_cli(program, [f"--x={word}"]),
            hp.run_cli(program, ["-D", f"t.x={word}"]),
            hp.config({}, holding(hint), overrides=[f"x={word}"]).x,
        ):
            assert same(got, kind(word))
        with hp.scope(f"t.x={word}"):
            assert same(program(), kind(word))


def test_a_literal_and_an_enum_of_odd_text_take_it() -> None:
    class Odd(enum.Enum):
        TRUE = "true"
        SEVEN = "007"

    assert hp.run_cli(taking(Run, Run()), ["--x.fold=2"]) == Run(fold="2")
    assert hp.run_cli(taking(Literal["3.10", "3.9"], "3.9"), ["--x=3.10"]) == "3.10"
    for word, right in (("true", Odd.TRUE), ("007", Odd.SEVEN)):
        assert hp.run_cli(taking(Odd, Odd.TRUE), [f"--x={word}"]) is right


@pytest.mark.parametrize("hint", [str | Path, Path | str, str | list[str], dict | str, Opt | str])
@pytest.mark.parametrize("word", ["3.10", "007", "1e3", "true", "abc"])
def test_text_beside_another_member_keeps_its_letters(hint: Any, word: str) -> None:
    assert str(hp.run_cli(taking(hint, "d"), ["-D", f"t.x={word}"])) == word


@pytest.mark.parametrize(
    ("hint", "word"),
    [
        (date | str, "20210203"), (str | date, "2021W053"),
        (datetime | str, "20210203T101112"), (time | str, "12"),
        (str | None, "null "), (str | int | None, " None"),
    ],
)  # fmt: skip
def test_what_may_be_any_text_stays_text_beside_it(hint: Any, word: str) -> None:
    assert same(hp.run_cli(taking(hint, "d"), ["-D", f"t.x={word}"]), word)


@pytest.mark.parametrize(
    ("hint", "word", "right"),
    [
        (date | str, "2021-02-03", date(2021, 2, 3)),
        (str | datetime, "2021-02-03 10:11", datetime(2021, 2, 3, 10, 11)),
        (str | time, "12:30", time(12, 30)),
        (date | int, "20210203", 20210203),
        (date | None, "20210203", date(2021, 2, 3)),
        (int | None, "null ", None), (str | None, "null", None),
    ],
)  # fmt: skip
def test_strict_spellings_beside_text_are_what_they_mean(hint: Any, word: str, right: Any) -> None:
    assert same(hp.run_cli(taking(hint, "d"), ["-D", f"t.x={word}"]), right)


def test_scalars_of_yaml_toward_text_are_what_the_file_says(write: Write) -> None:
    @declared
    def program(
        python: str = "", zip_code: str | None = None, commit: str = "", flag: str = "",
        path: Path = Path(), env: dict[str, str] = {}, run: Run = Run(), tags: list[str] = [],
    ) -> Any:  # fmt: skip
        return python, zip_code, commit, flag, path, env, run, tags

    text = """
        t:
          python: 3.10
          zip_code: 01234
          commit: 297e7814231
          flag: true
          path: 007
          env: {V: 1.10}
          run: {tag: 1e3, fold: 2}
          tags: [007, no, 3.10]
    """
    got = hp.run_cli(program, ["-C", write("c.yaml", text)])
    assert got == (
        "3.10", "01234", "297e7814231", "true", Path("007"), {"V": "1.10"}, Run("1e3", fold="2"),
        ["007", "no", "3.10"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", '{"t": {"x": {"run": {"tag": 3.10}, "env": {"v": 1e3}}}}'),
        ("c.toml", "[t.x]\nrun = {tag = 3.10}\nenv = {v = 1e3}\n"),
    ],
)
def test_floats_of_files_toward_text_keep_their_digits(write: Write, name: str, text: str) -> None:
    program = taking(Deep, Deep())
    assert hp.run_cli(program, ["-C", write(name, text)]) == Deep(Run("3.10"), {"v": "1e3"})


def test_floats_of_json_on_the_command_line_toward_text_keep_their_digits() -> None:
    assert hp.run_cli(taking(Run, Run()), ["--x", '{"tag": 3.10}']) == Run("3.10")
    assert hp.run_cli(taking(list[str], []), ["-D", "t.x=[3.10, 1e3]"]) == ["3.10", "1e3"]


def test_variables_toward_text_are_what_they_say() -> None:
    @dataclass
    class Settings:
        tag: str | None = None
        py: str = ""
        run: Run = field(default_factory=Run)

    env = {"APP_TAG": "1e10", "APP_PY": "3.10", "APP_RUN__TAG": "007"}
    got = hp.config({}, Settings, env_prefix="APP", env=env)
    assert got == Settings("1e10", "3.10", Run("007"))


def test_a_reference_to_a_variable_toward_text_is_what_it_says() -> None:
    with environment({"PY": "3.10"}):
        assert hp.config({"tag": "${env:PY}"}, Run) == Run("3.10")
        with hp.config({"t": {"x": {"tag": "${env:PY}"}}}):
            assert taking(Run, Run())() == Run("3.10")


def test_a_number_that_would_overflow_or_has_leading_zeros_stays_text_without_a_type() -> None:
    for word in ("297e7814231", "0012e5", "007", "-1e999"):
        with hp.scope(f"t.x={word}"):
            assert hp.scope.t.x() == word
            assert same(taking(NO_HINT, None)(), word)
        assert same(hp.run_cli(taking(NO_HINT, None), [f"--x={word}"]), word)


# -- a structure is overridden field by field -----------------------------------------------------


@pytest.fixture
def structured() -> Any:
    @declared
    def program(opt: Opt = Opt(), d: dict = {}, maybe: Opt | None = None) -> Any:
        return opt, d, maybe

    return program


def test_an_inner_scope_sets_a_field_of_an_instance(structured: Any) -> None:
    with hp.scope(**{"t.opt": Opt(4, 5)}), hp.scope(**{"t.opt.lr": 9}):
        assert structured()[0] == Opt(9, 5)


def test_an_inner_instance_replaces_the_fields_below_it(structured: Any) -> None:
    with hp.scope(**{"t.opt.lr": 9}), hp.scope(**{"t.opt": Opt(4, 5)}):
        assert structured()[0] == Opt(4, 5)


def test_a_field_written_in_the_same_scope_as_the_instance_wins(structured: Any) -> None:
    with hp.scope(**{"t.opt": Opt(4, 5)}) as ps:
        ps.t.opt.lr = 9
        assert structured()[0] == Opt(9, 5)
        ps.t.opt = Opt(1, 2)
        assert structured()[0] == Opt(1, 2)


def test_an_option_and_a_define_set_a_field_of_an_instance_in_a_scope(structured: Any) -> None:
    with hp.scope(**{"t.opt": Opt(4, 5)}):
        assert hp.run_cli(structured, ["--opt.lr", "9"])[0] == Opt(9, 5)
        assert hp.run_cli(structured, ["-D", "t.opt.lr=9"])[0] == Opt(9, 5)


def test_a_file_sets_a_field_of_an_instance_in_a_scope(structured: Any, write: Write) -> None:
    path = write("c.yaml", "t: {opt: {lr: 9}}\n")
    with hp.scope(**{"t.opt": Opt(4, 5)}):
        assert hp.run_cli(structured, ["-C", path])[0] == Opt(9, 5)
        assert hp.run_cli(structured, ["-C", path, "--opt.mom", "7"])[0] == Opt(9, 7)


def test_json_of_a_variable_and_an_option_for_one_field_join(structured: Any) -> None:
    with environment({"MY_T__OPT": '{"lr": 4, "mom": 5}'}):
        assert hp.run_cli(structured, ["--opt.lr", "9"], env_prefix="MY")[0] == Opt(9, 5)


def test_json_of_a_variable_and_a_variable_for_one_field_join(structured: Any) -> None:
    with environment({"MY_T__OPT": '{"lr": 4, "mom": 5}', "MY_T__OPT__LR": "9"}):
        assert hp.run_cli(structured, [], env_prefix="MY")[0] == Opt(9, 5)


@pytest.mark.parametrize("more", [[], ["-D", "t.d.other=1"], ["--d.other=1"]])
def test_json_and_dotted_words_of_one_dict_join(structured: Any, more: list[str]) -> None:
    right = {"k": 1, "x": 2} | ({"other": 1} if more else {})
    argv = ["-D", 't.d={"k": 1}', "-D", "t.d.x=2", *more]
    assert hp.run_cli(structured, argv)[1] == right


def test_dicts_of_two_scopes_join_however_they_are_spelt(structured: Any) -> None:
    whole, dotted = hp.scope('t.d={"z": 1, "a": 1}'), hp.scope(**{"t.d.a": 2})
    with whole, dotted:
        assert structured()[1] == {"z": 1, "a": 2}
    with dotted, whole:
        assert structured()[1] == {"a": 1, "z": 1}


def test_a_field_over_none_makes_the_structure(structured: Any, write: Write) -> None:
    path = write("c.yaml", "t: {maybe: null}\n")
    for argv in (["-D", "t.maybe=null"], ["-C", path]):
        assert hp.run_cli(structured, [*argv, "--maybe.lr", "3"])[2] == Opt(3)
    with hp.scope(**{"t.maybe": None}), hp.scope(**{"t.maybe.lr": 3}):
        assert structured()[2] == Opt(3)


def test_none_over_fields_is_none(structured: Any) -> None:
    with hp.scope(**{"t.maybe.lr": 3}), hp.scope(**{"t.maybe": None}):
        assert structured()[2] is None


def test_a_mapping_writes_the_fields_that_it_names(structured: Any) -> None:
    with hp.scope(**{"t.opt.mom": 5}), hp.scope(**{"t.opt": {"lr": 9}}):
        assert structured()[0] == Opt(9, 5)
    with hp.scope(**{"t.opt": Opt(4, 5)}), hp.scope('t.opt={"lr": 9}'):
        assert structured()[0] == Opt(9, 5)


# -- what was not touched stays -------------------------------------------------------------------


def test_class_variables_are_no_fields() -> None:
    @dataclass
    class Named:
        name: ClassVar[str] = "adam"
        lr: float = 0.1

    program = taking(Named, Named())
    with hp.scope(**{"t.x.lr": 2}):
        assert program() == Named(2.0)
    with hp.scope(**{"t.x.name": "b"}), pytest.raises(hp.ConversionError):
        program()
    with pytest.raises(hp.UsageError):
        hp.run_cli(program, ["--x.name", "b"])


@dataclass
class Net:
    width: int = 8
    scale: InitVar[float] = 1.0

    def __post_init__(self, scale: float) -> None:
        self.size = self.width * scale


def test_init_variables_can_be_given_and_need_not() -> None:
    program = taking(Net, Net())
    with hp.scope(**{"t.x.width": 2}):
        assert program() == Net(2)
    with hp.scope(**{"t.x.width": 2, "t.x.scale": 3}):
        assert program().size == 6
    assert hp.config({"width": "2", "scale": "3"}, Net).size == 6


def test_an_init_variable_that_is_needed_can_be_given() -> None:
    @dataclass
    class Needs:
        b: InitVar[int]
        a: int = 1

        def __post_init__(self, b: int) -> None:
            self.sum = self.a + b

    with hp.scope(**{"t.x": {"b": 2}}):
        assert taking(Needs)().sum == 3
    with hp.scope(**{"t.x.a": 2}), pytest.raises(hp.ConversionError, match="b"):
        taking(Needs, Needs(5))()


@pytest.mark.parametrize(
    ("given", "right"),
    [({"lr": 5}, Adam(5.0, beta=0.5)), ({"beta": 5}, Adam(1.0, beta=5.0))],
)
def test_a_default_of_a_subclass_keeps_its_class(given: dict[str, Any], right: Any) -> None:
    program = taking(Opt, Adam(1.0, beta=0.5))
    with hp.scope(**{"t.x": given}):
        assert same(program(), right)
    [(name, value)] = given.items()
    assert same(hp.run_cli(program, [f"--x.{name}={value}"]), right)


def test_a_default_of_a_subclass_keeps_its_class_in_a_schema() -> None:
    @dataclass
    class Holder:
        opt: Opt = field(default_factory=lambda: Adam(beta=0.9))

    got = hp.config({"opt": {"lr": 5}}, Holder).opt
    assert same(got, Adam(5.0, beta=0.9))
    assert same(hp.config({"opt": {"beta": 5}}, Holder).opt, Adam(beta=5.0))


def test_none_as_default_of_a_field_stays_and_may_be_given() -> None:
    @dataclass
    class Data:
        name: str
        ratio: float = None  # type: ignore[assignment]
        kwargs: dict = None  # type: ignore[assignment, type-arg]

    program = taking(Data, Data("z"))
    assert hp.run_cli(program, ["--x.name", "q"]) == Data("q")
    assert hp.run_cli(program, ["--x.ratio", "3"]) == Data("z", 3.0)
    assert hp.run_cli(program, ["--x.ratio", "null"]) == Data("z")
    assert hp.config({"name": "q", "ratio": None}, Data) == Data("q")
    assert hp.run_cli(taking(float, None), ["--x", "null"]) is None


def test_untouched_fields_are_the_very_objects_of_the_default() -> None:
    @dataclass
    class Holder:
        lr: float
        thing: Any
        opt: Opt
        count: int

    default = Holder(1, Plain(), Opt(2, 3), True)
    with hp.scope(**{"t.x.lr": 5}):
        got = taking(Holder, default)()
    assert (got.lr, got.thing, got.opt) == (5.0, default.thing, default.opt)
    assert got.thing is default.thing
    assert got.opt is default.opt
    assert same([got.opt.lr, got.opt.mom, got.count], [2, 3, True])
    assert default.lr == 1


@pytest.mark.parametrize(
    ("default", "key", "read"),
    [
        (Grid(rows=1, names=["d"]), "rows", lambda got: got.names),
        (Server("h", Port(9)), "host", lambda got: got.port),
        (User(name="d"), "age", lambda got: got.name),
        (Point(1.0, 2.0, "d"), "x", lambda got: got.label),
    ],
)
def test_untouched_fields_are_the_very_objects_in_every_kind_of_structure(
    default: Any, key: str, read: Callable[[Any], Any]
) -> None:
    with hp.scope(f"t.x.{key}=5"):
        got = taking(type(default), default)()
    assert type(got) is type(default)
    assert read(got) is read(default)
    assert getattr(got, key) in (5, 5.0, "5")


def test_a_field_that_post_init_changes_again_is_put_back() -> None:
    @dataclass
    class Scaled:
        lr: float = 1.0
        width: int = 8
        scale: int = 2

        def __post_init__(self) -> None:
            self.width *= self.scale

    default = Scaled()
    with hp.scope(**{"t.x.lr": 5}):
        got = taking(Scaled, default)()
    assert (default.width, got.width, got.lr) == (16, 16, 5.0)


NESTED = {"opt": {"lr": 1}}


NESTED_WAYS: list[Callable[[], Any]] = [
    lambda: hp.run_cli(taking(Cfg), ["--x.opt.lr", "1"]),
    lambda: hp.run_cli(taking(Cfg, Cfg()), ["--x.opt.lr", "1"]),
    lambda: hp.run_cli(taking(Cfg), ["--x", json.dumps(NESTED)]),
    lambda: hp.config(NESTED, Cfg),
    lambda: hp.config({}, Cfg, overrides=["opt.lr=1"]),
    lambda: hp.config({}, Cfg, env_prefix="A", env={"A_OPT__LR": "1"}),
]


@pytest.mark.parametrize("way", NESTED_WAYS)
def test_nested_defaults_are_kept_where_no_instance_stands_above_them(
    way: Callable[[], Any],
) -> None:
    assert way() == Cfg(Opt(1.0, 6))


def test_nested_defaults_in_entries_of_a_dict_of_the_schema_are_kept() -> None:
    @dataclass
    class Holder:
        by: dict[str, Opt] = field(default_factory=lambda: {"a": Opt(5, 6)})

    assert hp.config({"by": {"a": {"lr": 1}}}, Holder).by == {"a": Opt(1.0, 6)}
    assert hp.config({"by": {"b": {"lr": 1}}}, Holder).by == {"a": Opt(5, 6), "b": Opt(1.0)}


def test_help_and_the_program_agree_about_nested_defaults() -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        hp.run_cli(taking(Cfg), ["--help"])
    [line] = [line for line in shown.getvalue().splitlines() if "--x.opt.mom" in line]
    assert "6.0" in line


# -- unions with a mapping or a structure ---------------------------------------------------------


class Td(TypedDict):
    name: str


MIXED = [
    str | dict, dict | list, dict[str, int] | str, typing.Mapping[str, int] | str, int | Opt,
    Opt | str | None, Opt | dict, int | Td, Td | str, Union[Any, dict], Literal["a"] | dict,
    list | dict, Csv | Db, Union[Csv, Db, None], Annotated[Csv | Db, "unit"], "Csv | Db",
    "dict | str", Opt | Port,
]  # fmt: skip


@pytest.mark.parametrize("hint", MIXED, ids=str)
def test_a_union_with_a_mapping_leaves_the_command_line_working(hint: Any) -> None:
    def function(x: Any = None, rows: int = 10) -> Any:
        return x, rows

    function.__annotations__["x"] = hint
    program = declared(function)
    assert hp.run_cli(program, ["--rows", "5"]) == (None, 5)
    for question in (["--help"], ["-lps"], ["--print-config", "yaml"], ["--completion", "bash"]):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            assert hp.run_cli(program, question) is None
        assert "rows" in shown.getvalue()


@pytest.mark.parametrize("hint", MIXED, ids=str)
def test_a_union_with_a_mapping_may_be_a_field(hint: Any) -> None:
    holder = holding(hint)
    assert hp.run_cli(taking(holder, holder()), ["--x.rows", "5"]) == holder(rows=5)
    assert hp.config({"rows": "5"}, holder) == holder(rows=5)


def test_a_file_chooses_the_member_whose_fields_it_names(write: Write) -> None:
    program = taking(Csv | Db, Csv("a.csv", ";"))
    for kind, right in (("url: x://y", Db("x://y")), ("path: b.csv", Csv("b.csv", ";"))):
        path = write("c.yaml", f"t: {{x: {{{kind}}}}}\n")
        assert hp.run_cli(program, ["-C", path]) == right
        with hp.config(path):
            assert program() == right
    with hp.scope(**{"t.x.url": "x://y"}):
        assert program() == Db("x://y")


def test_an_unknown_name_for_a_union_is_one_line_that_names_it() -> None:
    program = taking(Csv | Db, Csv("a.csv"))
    with (
        hp.scope(**{"t.x": {"urll": "x"}}),
        pytest.raises(hp.ConversionError, match="urll") as caught,
    ):
        program()
    assert "a.csv" not in str(caught.value)  # what nobody wrote


# -- types that were not understood ---------------------------------------------------------------

REFUSED: list[tuple[Any, Any]] = [
    (date, "tomorrow"), (date | None, "next week"), (list[date], ["x"]), (date, 5),
    (Decimal | None, "many"), (complex, "x"), (bytes, [1]), (Plain, "text"), (Plain | None, "text"),
    (dict[str, date], {"a": "x"}), (tuple[date, ...], ["x"]),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "given"), REFUSED, ids=str)
def test_what_does_not_fit_is_never_passed_on(hint: Any, given: Any, write: Write) -> None:
    program = taking(hint, None)
    path = write("c.json", json.dumps({"t": {"x": given}}))
    with hp.scope(**{"t.x": given}), pytest.raises(hp.ConversionError):
        program()
    with pytest.raises(hp.UsageError):
        hp.run_cli(program, ["-C", path])
    if hint is not bytes:  # which any text can become
        text = given if isinstance(given, str) else json.dumps(given)
        with pytest.raises(hp.UsageError):
            hp.run_cli(program, ["-D", f"t.x={text}"])
    with pytest.raises((hp.ConfigurationError, hp.ConversionError)):
        hp.config({"x": given}, holding(hint))


def test_dates_and_their_kin_can_be_set_from_a_command_line_and_a_file(write: Write) -> None:
    @declared
    def program(
        day: date = date(2020, 1, 1), end: date | None = None, days: list[date] = [],
        price: Decimal | None = None, ids: set = {1}, sizes: Iterable[int] = (1,),
    ) -> Any:  # fmt: skip
        return day, end, days, price, ids, sizes

    right = (date(2021, 2, 3), date(2021, 2, 4), [date(2021, 2, 5)], Decimal("2.50"), {3}, [3, 4])
    argv = ["--day", "2021-02-03", "--end", "2021-02-04", "--days", "2021-02-05", "--price", "2.50"]
    argv += ["--ids", "3", "--ids", "3", "--sizes", "3", "--sizes", "4"]
    assert hp.run_cli(program, argv) == right
    text = "t:\n  day: 2021-02-03\n  end: 2021-02-04\n  days: [2021-02-05]\n  price: 2.50\n"
    text += "  ids: [3, 3]\n  sizes: [3, 4]\n"
    assert hp.run_cli(program, ["-C", write("c.yaml", text)]) == right


def test_a_number_never_becomes_so_many_bytes() -> None:
    with hp.scope(**{"t.x": 5}):
        got = value_or_error(taking(bytes, b"d"))
    assert isinstance(got, hp.ConversionError) or got == b"5"


ODD_HINTS = [{"help": "rate"}, [int], (int, "help"), ..., np.dtype("f4"), 5, typing.LiteralString]


@pytest.mark.parametrize("hint", ODD_HINTS, ids=str)
def test_a_hint_that_is_none_lets_typed_values_pass_and_breaks_nothing(hint: Any) -> None:
    program = taking(hint, "d")
    assert program() == "d"
    with hp.scope(**{"t.x": "text"}):
        assert program() == "text"
    with hp.scope("t.x=5"):
        got = value_or_error(program)
    assert isinstance(got, hp.ConversionError) or got in (5, "5")
    assert hp.run_cli(program, []) == "d"


# -- None inside of structures --------------------------------------------------------------------

NOT_NONE = [
    list, list[int], tuple[int, ...], tuple[list[int], int], set[int], frozenset[int],
    Sequence[int], dict, dict[str, int], dict[str, list[int]], typing.Mapping[str, int], Opt, Job,
    Server, User, Grid, Point, Color, list[list[int]], int, str, Path, date, dict[str, int] | str,
    Opt | dict, str | Opt, list[int] | int, Opt | Td,
]  # fmt: skip
WITH_NONE: list[tuple[Any, Any]] = [
    *((hint, None) for hint in NOT_NONE),
    *((list[hint], [None]) for hint in (list, dict, list[int], Opt, Job, tuple, set, Color, int)),
    *((dict[str, hint], {"k": None}) for hint in (list, Opt, list[int], int, Td)),
    (Cfg, {"opt": None}), (Cfg, {"runs": [None]}), (Cfg, {"by": {"a": None}}), (Cfg, {"env": None}),
    (Job, {"name": None}), (tuple[list[int], int], [None, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "given"), WITH_NONE, ids=str)
def test_null_where_no_type_has_none_is_one_line_with_the_key(hint: Any, given: Any) -> None:
    program = taking(hint)
    with hp.scope(**{"t.x": given}), pytest.raises(hp.ConversionError, match=r"t\.x") as caught:
        program()
    assert "\n" not in str(caught.value)
    with pytest.raises((hp.ConfigurationError, hp.ConversionError), match="x"):
        hp.config({"x": given}, make_dataclass("Schema", [("x", hint)]))


@pytest.mark.parametrize(("hint", "given"), WITH_NONE, ids=str)
def test_null_in_a_file_where_no_type_has_none_is_an_error_that_names_key_and_file(
    hint: Any, given: Any, write: Write
) -> None:
    path = write("c.json", json.dumps({"t": {"x": given}}))
    with pytest.raises(hp.UsageError, match=r"t\.x.*c\.json") as caught:
        hp.run_cli(taking(hint), ["-C", path])
    assert "\n" not in str(caught.value)


def test_a_line_of_yaml_with_nothing_behind_it_is_an_error_for_a_list_or_structure(
    write: Write,
) -> None:
    path = write("c.yaml", "t:\n  x:\n")
    for hint in (list[int], dict[str, int], Opt, int):
        with pytest.raises(hp.UsageError, match=r"t\.x.*c\.yaml"):
            hp.run_cli(taking(hint), ["-C", path])
    assert hp.run_cli(taking(int | None, 5), ["-C", path]) is None


OPTIONAL: list[tuple[Any, Any]] = [
    (Optional[Literal["a", "b", None]], "a"), (int | None, 3), (list[str] | None, ["x"]),
    (list[int] | None, [1]), (dict[str, int] | None, {"a": 1}), (tuple[int, int] | None, (1, 2)),
    (bool | None, True), (Opt | None, Opt()), (Color | None, Color.RED), (str | None, "d"),
    (Path | None, Path("d")), (set[int] | None, {1}), (date | None, date(2020, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize("word", ["null", "None"])
@pytest.mark.parametrize(("hint", "default"), OPTIONAL, ids=str)
def test_null_and_none_on_the_command_line_are_none_where_the_type_has_it(
    hint: Any, default: Any, word: str
) -> None:
    program = taking(hint, default)
    for argv in (["--x", word], [f"--x={word}"], ["-D", f"t.x={word}"]):
        assert hp.run_cli(program, argv) is None
    with environment({"MY_T__X": word}):
        assert hp.run_cli(program, [], env_prefix="MY") is None


def test_quoted_null_is_text() -> None:
    assert hp.run_cli(taking(str | None, "d"), ["--x", '"null"']) == "null"


def test_an_empty_word_for_an_optional_number_or_a_list_of_numbers_is_an_error() -> None:
    for hint in (int | None, float | None, list[int] | int):
        with pytest.raises(hp.UsageError):
            hp.run_cli(taking(hint, None), ["-D", "t.x="])


# -- mappings come back as they were given --------------------------------------------------------


def test_json_for_a_dict_means_the_same_beside_any_other_source(write: Write) -> None:
    @declared
    def program(w: dict[str, float] = {"a": 1.0, "b": 2.0}, n: int = 1) -> Any:
        return w

    other = write("other.json", '{"t": {"n": 5}}')
    for spelling in (["--w"], ["-D"]):
        key = "t.w=" if spelling == ["-D"] else ""
        for more in ([], ["-C", other]):
            argv = [*spelling, f'{key}{{"c": 3}}', *more]
            assert hp.run_cli(program, argv) == {"a": 1.0, "b": 2.0, "c": 3.0}
            argv = [*spelling, f'{key}{{"x.csv": 3}}', *more]
            assert hp.run_cli(program, argv) == {"a": 1.0, "b": 2.0, "x.csv": 3.0}


@pytest.mark.parametrize(
    "argv", [["--x", '{"kind": "mse"}'], ["-D", 't.x={"kind": "mse"}'], ["--x.kind=mse"]]
)
def test_an_option_joins_what_a_file_says_however_it_is_spelt(
    argv: list[str], write: Write
) -> None:
    path = write("base.yaml", "t: {x: {kind: mae, alpha: 2}}\n")
    assert hp.run_cli(taking(dict, {}), ["-C", path, *argv]) == {"kind": "mse", "alpha": 2}


def test_a_tilde_takes_away_what_is_below() -> None:
    program = taking(dict[str, int], {"a": 1})
    assert hp.run_cli(program, ["-D", "~t.x", "-D", 't.x={"c": 3}']) == {"c": 3}


DOTTED: list[tuple[Any, Any]] = [
    (dict, {"urllib3.pool": {"level": "ERROR"}}),
    (dict[str, float], {"layer1.conv": 0.1}),
    (dict[str, float], {"layer1": 0.2, "layer1.conv": 0.1}),
    (dict[float, int], {0.5: 1}),
    (dict[str, dict[str, int]], {"a.b": {"c.d": 1}}),
    (dict[str, Any], {"rank_pattern": {"model.layers.0.q": 3}}),
]


def as_written(value: Any) -> Any:
    return (
        {str(name): as_written(one) for name, one in value.items()}
        if type(value) is dict
        else value
    )


@pytest.mark.parametrize(("hint", "right"), DOTTED, ids=str)
def test_names_with_dots_come_back_as_they_were_written(
    hint: Any, right: Any, write: Write
) -> None:
    program, given = taking(hint, {}), as_written(right)
    text = json.dumps(given)
    assert hp.run_cli(program, ["--x", text]) == right
    assert hp.run_cli(program, ["-D", f"t.x={text}"]) == right
    assert hp.run_cli(program, ["-C", write("c.json", f'{{"t": {{"x": {text}}}}}')]) == right
    for scope in (
        hp.config({"t": {"x": given}}),
        hp.scope(t={"x": given}),
        hp.scope(f"t.x={text}"),
    ):
        with scope:
            assert program() == right
            assert hp.scope.t.x | {} == given
            assert hp.scope.t.x({}) == given


def test_a_key_of_a_pair_may_have_dots() -> None:
    assert hp.run_cli(taking(dict[str, float], {}), ["--x", "a.csv=1"]) == {"a.csv": 1.0}


def test_a_later_dotted_write_lands_on_the_written_name_longest_first() -> None:
    program = taking(dict[str, Any], {})
    given = {"a": {"z": 0}, "a.b": {"z": 0}}
    with hp.scope(t={"x": given}), hp.scope(**{"t.x.a.b.c": 1}):
        assert program() == {"a": {"z": 0}, "a.b": {"z": 0, "c": 1}}
    with hp.scope(t={"x": {"layer1.conv": 1}}), hp.scope(**{"t.x.layer1.conv": 5}):
        assert program() == {"layer1.conv": 5}
        assert hp.scope["t.x.layer1.conv"]() == 5


def test_two_names_of_one_mapping_with_one_flat_key_are_an_error() -> None:
    given = {"x": {"a.b": 1, "a": {"b": 2}}}
    with pytest.raises((hp.InvalidKey, hp.ConfigurationError)):
        hp.scope(t=given)
    with pytest.raises((hp.InvalidKey, hp.ConfigurationError)):
        hp.config({"t": given})


@pytest.mark.parametrize("given", [{0: "person", 1: "dog"}, {"": 0, "a": 1}, {None: 1}, {2.5: 1}])
def test_a_nested_mapping_with_names_that_are_no_keys_is_one_value(given: Any) -> None:
    for scope in (hp.scope(t={"x": given}), hp.scope(**{"t.x": given})):
        with scope:
            assert hp.scope.t.x() == given
            assert taking(dict, {"d": 1})() == given


def test_mappings_in_lists_are_left_alone() -> None:
    given = [{"a.b": 1, "": 2, "c": {"d.e": 3}}]
    with hp.scope(t={"x": given}):
        assert taking(list, [])() == given
        assert hp.scope.t.x() == given


# -- mappings for parameters that do not say so ---------------------------------------------------

DEPTH = {"depth": 3}
FREE: dict[str, Callable[[], Callable[..., Any]]] = {
    "no annotation": lambda: taking(NO_HINT, None),
    "needed": lambda: taking(NO_HINT),
    "Any": lambda: taking(Any, None),
    "object": lambda: taking(object, None),
    "Any with a default": lambda: taking(Any, 5),
}


@pytest.mark.parametrize("make", FREE.values(), ids=FREE)
def test_a_mapping_for_a_parameter_without_a_type_is_a_dict(
    make: Callable[[], Callable[..., Any]], write: Write
) -> None:
    program = make()
    path = write("c.yaml", "t: {x: {depth: 3}}\n")
    for scope in (hp.scope(**{"t.x": DEPTH}), hp.scope('t.x={"depth": 3}'), hp.config(path)):
        with scope:
            assert program() == DEPTH
            assert hp.scope.t.x | None == DEPTH
    for argv in (["-C", path], ["-D", "t.x.depth=3"], ["-D", 't.x={"depth": 3}']):
        assert hp.run_cli(program, argv) == DEPTH


@pytest.mark.parametrize(
    "hint",
    [
        OrderedDict,
        Counter,
        defaultdict,
        typing.MutableMapping,
        OrderedDict[str, int],
        Plain,
        Params,
    ],
)
def test_a_mapping_is_never_dropped_for_the_default(hint: Any) -> None:
    program = taking(hint, None)
    with hp.scope(**{"t.x": DEPTH}):
        got = value_or_error(program)
    assert isinstance(got, hp.ConversionError) or dict(got) == DEPTH


class Own(dict[str, int]):
    pass


@pytest.mark.parametrize("hint", [OrderedDict, OrderedDict[str, int], Counter, Counter[str], Own])
def test_a_mapping_is_of_the_class_that_its_reader_names(hint: Any) -> None:
    kind = typing.get_origin(hint) or hint
    program = taking(hint, None)
    for scope in (
        hp.scope(**{"t.x": DEPTH}),
        hp.scope('t.x={"depth": 3}'),
        hp.scope("t.x.depth=3"),
    ):
        with scope:
            got = program()
        assert type(got) is kind
        assert got == kind(DEPTH)


@pytest.mark.parametrize("hint", [int, str, bool, Path, Color, list[int], tuple, date])
def test_a_mapping_for_a_scalar_or_a_list_is_an_error_in_every_source(
    hint: Any, write: Write
) -> None:
    program = taking(hint, None)
    with hp.scope(**{"t.x": {"value": 3}}), pytest.raises(hp.ConversionError, match=r"t\.x"):
        program()
    path = write("c.json", '{"t": {"x": {"value": 3}}}')
    with pytest.raises(hp.UsageError, match=r"t\.x"):
        hp.run_cli(program, ["-C", path])


# -- annotations that do not resolve --------------------------------------------------------------

UNRESOLVED = """
from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Optional
import attrs
if TYPE_CHECKING:
    from nowhere import Thing

{decorator}
class Holder{base}:
    lr: float = 0.1
    thing: Thing | None = None
    opt: Optional[Thing] = None

def program(x: Holder = Holder(), n: int = 1, mask: Thing | None = None, m: Thing = 7):
    return x, n, mask, m
"""


@pytest.fixture(params=[("@dataclass", ""), ("@attrs.define", ""), ("", "(NamedTuple)")], ids=str)
def unresolved(request: pytest.FixtureRequest) -> dict[str, Any]:
    decorator, base = request.param
    names: dict[str, Any] = {"__name__": __name__}
    exec(UNRESOLVED.format(decorator=decorator, base=base), names)
    return names


def test_an_annotation_that_does_not_resolve_counts_as_none(unresolved: dict[str, Any]) -> None:
    holder, program = unresolved["Holder"], declared(unresolved["program"])
    assert hp.run_cli(program, ["--n", "3"]) == (holder(), 3, None, 7)
    assert hp.run_cli(program, ["--x.lr", "3", "--m", "8"]) == (holder(3.0), 1, None, 8)
    assert hp.config({"lr": "3"}, holder) == holder(3.0)
    with hp.scope(**{"t.x": holder(4.0), "t.mask": [1]}):
        assert program() == (holder(4.0), 1, [1], 7)
    with hp.scope(**{"t.x.thing": [1]}):
        assert program()[0] == holder(thing=[1])
    for question in (["--help"], ["-lps"], ["--print-config", "json"]):
        with contextlib.redirect_stdout(io.StringIO()):
            assert hp.run_cli(program, question) is None


def test_dataclasses_made_inside_functions_with_text_as_annotations_convert() -> None:
    names: dict[str, Any] = {"__name__": __name__}
    source = """
        def make():
            class Inner: pass
            @dataclass
            class Holder:
                lr: float = 0.1
                inner: Inner = None
            return Holder
    """
    lines = "\n".join(line[8:] for line in source.splitlines())
    exec(f"from __future__ import annotations\nfrom dataclasses import dataclass\n{lines}", names)
    holder = names["make"]()
    assert hp.config({"lr": "3"}, holder) == holder(3.0)


# -- choices --------------------------------------------------------------------------------------


class When(str, enum.Enum):  # noqa: UP042  # as programs of Python 3.10 have it
    STEPS = "steps"
    EPOCH = "epoch"


@pytest.mark.parametrize("word", ["epoch", "EPOCH"])
def test_an_enum_by_default_alone_takes_names_and_values(word: str) -> None:
    for program in (taking(NO_HINT, When.STEPS), taking(When, When.STEPS)):
        for argv in (["--x", word], ["-D", f"t.x={word}"]):
            assert hp.run_cli(program, argv) is When.EPOCH


# -- calls share nothing, and nothing is remembered for too long ----------------------------------


def test_what_the_body_changes_in_a_dict_made_for_it_is_gone_with_the_call() -> None:
    @declared
    def program(i: int, options: dict = None, runs: dict[str, Opt] = {}) -> Any:
        options.setdefault("seen", []).append(i)
        runs["new"] = Opt()
        return options

    with hp.scope(**{"t.options.lr": 0.1, "t.runs.a.lr": 1}):
        assert [program(i) for i in range(3)] == [{"lr": 0.1, "seen": [i]} for i in range(3)]
        assert hp.scope.t.options | {} == {"lr": 0.1}
    with hp.scope('t.options={"lr": 0.1}', **{"t.runs.a.lr": 1}):
        assert program(1) == program(1)


def test_keys_below_are_found_among_ten_thousand_others_and_follow_each_write() -> None:
    program = taking(Opt, Opt())
    others = {f"other.k{i}": i for i in range(10_000)}
    with hp.scope(**others, **{"t.x.lr": 1}) as ps:
        assert program() == Opt(1.0)
        ps.t.x.lr = 2
        assert program() == Opt(2.0)
        with hp.scope(**{"t.x.mom": 3}):
            assert program() == Opt(2.0, 3.0)
        del ps["t.x.lr"]
        assert program() == Opt()


def test_a_list_that_is_changed_in_place_is_read_as_it_is() -> None:
    stored = list(range(1000))
    with hp.scope(xs=stored):
        assert hp.scope.xs | [] == stored
        stored.append(5)
        assert (hp.scope.xs | [])[-1] == 5


# -- structures of every kind are filled ----------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "default", "right"),
    [
        (Point, Point(1.0, 2.0), Point(5.0, 2.0)),
        (Grid, Grid(), None),
        (User, User(), None),
        (Server, Server("h"), None),
    ],
)
def test_keys_below_reach_structures_of_every_kind(hint: Any, default: Any, right: Any) -> None:
    [name, value] = {Point: ["x", 5], Grid: ["rows", 5], User: ["age", 5], Server: ["host", "5"]}[
        hint
    ]
    program = taking(hint, default)
    for scope in (hp.scope(**{f"t.x.{name}": value}), hp.scope(**{"t.x": {name: value}})):
        with scope:
            assert getattr(program(), name) == value
            assert right is None or program() == right
    assert getattr(hp.run_cli(program, [f"--x.{name}={value}"]), name) == value


@pytest.mark.parametrize("kind", ["model", "attrs", "struct", "dataclass"])
def test_a_decorated_structure_is_filled_or_refused_where_it_is_decorated(kind: str) -> None:
    class Model(pydantic.BaseModel):
        lr: float = 0.1

    @attrs.define
    class Attrs:
        lr: float = 0.1

    class Struct(msgspec.Struct):
        lr: float = 0.1

    @dataclass
    class Data:
        lr: float = 0.1

    made = {"model": Model, "attrs": Attrs, "struct": Struct, "dataclass": Data}[kind]
    decorated = value_or_error(lambda: hp.param("t")(made))
    if isinstance(decorated, TypeError):
        assert made.__name__ in str(decorated)
        return
    with hp.scope("t.lr=5"):
        assert decorated().lr == 5.0
    assert decorated(lr=2.0).lr == 2.0


class Bare:
    a: int
    b: int = 2


@pytest.mark.parametrize("schema", [Bare, int, "Bare", Bare(), Opt(), 5, [1]])
def test_a_schema_is_used_or_refused(schema: Any) -> None:
    got = value_or_error(lambda: hp.config({"a": "1", "b": 2}, schema))
    assert isinstance(got, Exception) or (got.a, got.b) == (1, 2)
    with pytest.raises((hp.ConfigurationError, hp.ConversionError, TypeError)):
        hp.config({"a": "1", "zzz": 3}, schema)


@pytest.mark.parametrize("schema", [Point, Grid, User, Server, Opt, Job])
def test_a_schema_of_each_kind_refuses_a_name_that_it_does_not_have(schema: Any) -> None:
    with pytest.raises(hp.ConfigurationError, match="zzz"):
        hp.config({"zzz": 3}, schema)


def test_a_named_tuple_and_an_attrs_class_are_schemas() -> None:
    assert same(hp.config({"x": "1", "label": 7}, Point), Point(1.0, label="7"))
    got = hp.config({"rows": "3", "cols": "4", "opt": {"lr": 1}}, Grid)
    assert same(got, Grid(3, 4, opt=Opt(1.0, 6.0)))


# -- reads of many keys at once -------------------------------------------------------------------

BULK: dict[str, Callable[[Any], Any]] = {
    "as_dict": lambda ps: Params.from_scope(prefix="opt").as_dict(),
    "as_flat_dict": lambda ps: Params.from_scope(prefix="opt").as_flat_dict(),
    "as_ordered_dict": lambda ps: Params.from_scope(prefix="opt").as_ordered_dict(),
    "pop": lambda ps: Params.from_scope().pop("opt", keep_as_dict=True),
    "storage": lambda ps: ps.storage().storage(),
    "dict": lambda ps: dict(ps),
    "keywords": lambda ps: {}.__class__(**ps),
}


@pytest.mark.parametrize("read", BULK.values(), ids=BULK)
def test_a_read_of_many_keys_uses_each_and_is_recorded_with_its_value(
    read: Callable[[Any], Any],
) -> None:
    with hp.scope(**{"opt.lr": 1, "opt.a.b": 2}) as ps, hp.record() as record:
        assert read(ps)
    assert record.unused() == []
    assert {"opt.lr": 1, "opt.a.b": 2}.items() <= record.operative().items()


def test_a_program_that_reads_many_keys_at_once_reports_none_unread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @declared
    def program(n: int = 1) -> Any:
        return Params.from_scope(prefix="opt").as_dict()

    argv = [*defined("opt.lr=1", "opt.momentum=2"), "--allow-unknown"]
    assert hp.run_cli(program, argv) == {"lr": 1, "momentum": 2}
    assert capsys.readouterr().err == ""


# -- arguments that are no command line -----------------------------------------------------------


@pytest.mark.parametrize("argv", ["--lr 3", 5, [1], b"--lr"])
def test_arguments_that_are_no_list_of_texts_are_refused(argv: Any) -> None:
    @declared
    def program(*words: str, lr: float = 0.1) -> Any:
        return words, lr

    with pytest.raises((TypeError, hp.UsageError)) as caught:
        hp.run_cli(program, argv)
    assert "len()" not in str(caught.value)


def test_values_of_the_reference_stay_as_they_are() -> None:
    rows = itertools.product(["3.14", "3.99", "-0.5"], [0, 7])
    for text, default in rows:
        with hp.scope(a=text):
            assert same(hp.scope.a | default, float(text))
