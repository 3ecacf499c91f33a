"""What annotations and defaults make of the words of a command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hyperparameter as hp


class Colour(Enum):
    RED = 1
    LIGHT_BLUE = "light"


@dataclass
class Optimizer:
    lr: float = 0.1
    name: str = "sgd"
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    tags: list[str] = field(default_factory=list)


@dataclass
class Strict:
    path: Path
    optimizer: Optimizer = field(default_factory=Optimizer)


class Struct(msgspec.Struct):
    depth: int = 2
    name: str = "s"


class Typed(TypedDict):
    width: int


def called(words: Sequence[str], hint: Any, *default: Any) -> Any:
    """Return what a parameter with this annotation, and default if any, gets from the words."""

    def main(x):  # type: ignore[no-untyped-def]
        return x

    main.__annotations__ = {"x": hint} if hint is not None else {}
    main.__defaults__ = default or None
    return hp.run_cli(hp.param("app")(main), list(words))


# -- scalars, choices -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "word", "value"),
    [
        (int, "3", 3),
        (int | None, "null", None),
        (int | str, "abc", "abc"),
        (int | str, "7", 7),
        (int | float, "0.5", 0.5),
        (Literal["fast", "slow"], "slow", "slow"),
        (Literal[1, 2], "2", 2),
        (Colour, "LIGHT_BLUE", Colour.LIGHT_BLUE),
        (Colour, "light", Colour.LIGHT_BLUE),
        (Colour, "1", Colour.RED),
        (Path, "a/b", Path("a/b")),
        (Annotated[int, "of something"], "5", 5),
        (str, "007", "007"),
        (str | None, "null", None),
        (bool, "yes", True),
    ],
)
def test_the_annotation_decides_by_position_and_as_an_option(
    hint: Any, word: str, value: Any
) -> None:
    for result in (called([word], hint), called(["--x", word], hint, None)):
        assert result == value
        assert type(result) is type(value)


@pytest.mark.parametrize(
    ("hint", "word", "wanted"),
    [
        (int, "3.5", "an int"),
        (Literal["a"], "b", "one of a"),
        (Colour, "GREEN", "one of RED, LIGHT_BLUE"),
        (bool, "maybe", "true or false"),
        (int | float, "abc", "an int or a float"),
    ],
)
def test_what_the_annotation_refuses_is_a_usage_error(hint: Any, word: str, wanted: str) -> None:
    for argv, what in (
        ([word], "X"),
        (["--x", word], "--x"),
        (["-D", f"app.x={word}"], "-D app.x"),
    ):
        with pytest.raises(hp.UsageError) as caught:
            called(argv, hint)
        assert str(caught.value) == f"{what}: {word!r} is not {wanted}."


# -- lists, tuples ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (list[int], [1, 2]),
        (Sequence[int], [1, 2]),
        (tuple[int, ...], (1, 2)),
        (set[int], {1, 2}),
        (list[int] | None, [1, 2]),
        (list[str], ["1", "2"]),
        (list[Path], [Path("1"), Path("2")]),
        (list, [1, 2]),
    ],
)
def test_an_option_for_a_list_is_given_again_for_each_item_or_once_as_json(
    hint: Any, value: Any
) -> None:
    empty = type(value)()
    assert called(["--x", "1", "--x", "2"], hint, empty) == value
    as_json = '["1", "2"]' if value in (["1", "2"], [Path("1"), Path("2")]) else "[1, 2]"
    assert called(["--x", as_json], hint, empty) == value


def test_a_single_item_is_a_list_of_one() -> None:
    assert called(["--x", "3"], list[int], []) == [3]
    assert called(["--x", "a b"], list[str], []) == ["a b"]


def test_commas_do_not_part_items() -> None:
    assert called(["--x", "a,b"], list[str], []) == ["a,b"]
    with pytest.raises(hp.UsageError, match="1,2"):
        called(["--x", "1,2"], list[int], [])


def test_items_of_a_list_by_default_are_what_they_look_like() -> None:
    assert called(["--x", "1", "--x", "a"], None, [0]) == [1, "a"]
    assert called(["--x", "1", "--x", "2"], None, (0,)) == (1, 2)


def test_a_list_of_lists_takes_one_list_each_time() -> None:
    argv = ["--x", "[1, 2]", "--x", "[3]"]
    assert called(argv, list[list[int]], []) == [[1, 2], [3]]


def test_an_option_for_a_list_takes_one_word_so_that_a_positional_stays_one() -> None:
    @hp.param("app")
    def main(path: str, tags: list[str] = []) -> Any:
        return path, tags

    assert hp.run_cli(main, ["--tags", "a", "in.txt"]) == ("in.txt", ["a"])


def test_a_list_by_position_takes_what_those_behind_it_leave() -> None:
    @hp.param("app")
    def main(sources: list[Path], target: Path) -> Any:
        return sources, target

    assert hp.run_cli(main, ["a", "b", "c"]) == ([Path("a"), Path("b")], Path("c"))
    assert hp.run_cli(main, ["a", "c"]) == ([Path("a")], Path("c"))
    with pytest.raises(hp.UsageError, match="TARGET"):
        hp.run_cli(main, ["a"])


@pytest.mark.parametrize(
    "words", [["--x", "640", "480"], ["--x", "[640, 480]"], ["--x=[640, 480]"]]
)
def test_a_tuple_of_fixed_length_takes_as_many_words(words: list[str]) -> None:
    assert called(words, tuple[int, int], (1, 1)) == (640, 480)


@pytest.mark.parametrize("words", [["--x", "[]"], ["--x=[]"]])
def test_an_empty_tuple_is_written_as_one_word(words: list[str]) -> None:
    assert called(words, tuple[()], ()) == ()


def test_a_tuple_by_position_takes_its_words() -> None:
    @hp.param("app")
    def main(size: tuple[int, str], path: str) -> Any:
        return size, path

    assert hp.run_cli(main, ["3", "x", "in.txt"]) == ((3, "x"), "in.txt")


@pytest.mark.parametrize("words", [["--x", "1"], ["--x"], ["--x", "1", "--", "2"]])
def test_too_few_words_of_a_tuple_are_a_usage_error(words: list[str]) -> None:
    with pytest.raises(hp.UsageError, match="--x"):
        called(words, tuple[int, int], (1, 1))


# -- mappings, structures ---------------------------------------------------------------------


@pytest.mark.parametrize("hint", [dict[str, int], Mapping[str, int], dict])
@pytest.mark.parametrize(
    "words",
    [
        ["--x", "a=1", "--x", "b=2"],
        ["--x.a=1", "--x.b", "2"],
        ["--x", '{"a": 1, "b": 2}'],
        ["--x", '{"a": 1, "b": 3}', "--x.b=2"],
        ["-D", "app.x.a=1", "--x", "b=2"],
    ],
)
def test_a_dict_is_given_by_pairs_keys_or_json(hint: Any, words: list[str]) -> None:
    assert called(words, hint, {}) == {"a": 1, "b": 2}


@pytest.mark.parametrize("json", ['{"a.b": 1, "": 2}', '{"": {"": 3}}'])
def test_the_names_in_json_are_kept_as_they_are(json: str) -> None:
    import json as standard

    assert called(["--x", json], dict[str, Any], {"z": 1}) == standard.loads(json)


def test_json_joins_the_default_name_by_name_and_a_tilde_takes_the_default_away() -> None:
    assert called(["--x", "{}"], dict[str, Any], {"z": 1}) == {"z": 1}
    assert called(["--x", '{"a": 2}'], dict[str, Any], {"z": 1}) == {"z": 1, "a": 2}
    argv = ["-D", "~app.x", "--x", '{"a": 2}']
    assert called(argv, dict[str, Any], {"z": 1}) == {"a": 2}


def test_pairs_and_json_go_over_each_other_in_order() -> None:
    argv = ["--x", "a=1", "--x", '{"a": 2, "b": {"c": 1}}', "--x.b.d=2", "--x", "e=3"]
    expected = {"a": 2, "b": {"c": 1, "d": 2}, "e": 3}
    assert called(argv, dict[str, Any], {}) == expected


@pytest.mark.parametrize("json", ['{"": 1}', '{"lr": {"a..b": 1}}'])
def test_json_for_a_structure_with_names_that_are_none_is_a_usage_error(json: str) -> None:
    with pytest.raises(hp.UsageError, match="--x"):
        called(["--x", json], Optimizer, Optimizer())


def test_a_pair_without_equals_sign_is_a_usage_error() -> None:
    with pytest.raises(hp.UsageError, match="KEY=VALUE"):
        called(["--x", "a"], dict[str, int], {})


@pytest.mark.parametrize("default", [Optimizer(), None])
@pytest.mark.parametrize(
    "words",
    [
        ["--x.lr", "0.5", "--x.nesterov"],
        ["--x.lr=0.5", "--x.nesterov=yes"],
        ["-D", "app.x.lr=0.5", "-D", "app.x.nesterov=1"],
        ["--x", '{"lr": 0.5, "nesterov": true}'],
        ["--x", '{"lr": 9, "nesterov": true}', "--x.lr", "0.5"],
    ],
)
def test_the_fields_of_a_dataclass_are_options(default: Any, words: list[str]) -> None:
    hint = Optimizer if default is not None else Optimizer | None
    assert called(words, hint, default) == Optimizer(0.5, nesterov=True)


def test_fields_keep_what_the_default_instance_has() -> None:
    assert called(["--x.name", "adam"], Optimizer, Optimizer(lr=7.0)) == Optimizer(7.0, "adam")
    assert called(["--x.name", "adam"], None, Optimizer(lr=7.0)) == Optimizer(7.0, "adam")


def test_fields_are_negated_tuples_and_lists_as_parameters_are() -> None:
    argv = ["--x.no-nesterov", "--x.betas", "0.1", "0.2", "--x.tags", "a", "--x.tags", "b"]
    argv[0] = "--no-x.nesterov"
    expected = Optimizer(betas=(0.1, 0.2), tags=["a", "b"])
    assert called(argv, Optimizer, Optimizer(nesterov=True)) == expected


def test_a_structure_without_default_is_made_of_its_defaults() -> None:
    assert called([], Optimizer) == Optimizer()
    assert called(["--x.lr", "2"], Optimizer) == Optimizer(2.0)


def test_a_field_without_default_is_asked_for_by_its_option() -> None:
    with pytest.raises(hp.UsageError, match=r"--x\.path"):
        called([], Strict)
    assert called(["--x.path", "p"], Strict) == Strict(Path("p"))
    assert called(["--x.path", "p", "--x.optimizer.lr", "3"], Strict) == Strict(
        Path("p"), Optimizer(3.0)
    )


def test_a_field_left_out_beside_others_is_a_usage_error() -> None:
    with pytest.raises(hp.UsageError, match="path"):
        called(["--x.optimizer.lr", "3"], Strict)


def test_an_unknown_field_gets_a_suggestion() -> None:
    with pytest.raises(hp.UsageError, match=r"--x\.lr"):
        called(["--x.lrr", "3"], Optimizer, Optimizer())


def test_structs_and_typed_dicts_have_options_for_their_fields() -> None:
    assert called(["--x.depth", "5"], Struct, Struct()) == Struct(5)
    assert called(["--x.width", "5"], Typed) == {"width": 5}


# -- *args and **kwargs -----------------------------------------------------------------------


def test_further_words_go_to_args() -> None:
    @hp.param("app")
    def main(first: str, second: int = 2, *rest: int, flag: bool = False) -> Any:
        return first, second, rest, flag

    assert hp.run_cli(main, ["a"]) == ("a", 2, (), False)
    assert hp.run_cli(main, ["a", "3", "4", "--flag"]) == ("a", 2, (3, 4), True)
    assert hp.run_cli(main, ["a", "3", "--second", "9"]) == ("a", 9, (3,), False)
    with hp.scope(**{"app.second": 5}):
        assert hp.run_cli(main, ["a", "3"]) == ("a", 5, (3,), False)
    with pytest.raises(hp.UsageError, match="four"):
        hp.run_cli(main, ["a", "3", "four"])


def test_what_args_make_of_the_call_is_on_record() -> None:
    @hp.param("app")
    def main(first: str, second: int = 2, *rest: int) -> Any:
        return first, second, rest

    with hp.record() as rec:
        hp.run_cli(main, ["a", "3"])
    assert rec.operative() == {"app.first": "a", "app.second": 2}


def test_further_options_go_to_kwargs() -> None:
    @hp.param("with_more")
    def main(level: int = 1, **more: Any) -> Any:
        return level, more

    argv = ["--level", "2", "--some-name", "3", "--text=a=b", "--fast", "--last"]
    expected = {"some_name": 3, "text": "a=b", "fast": True, "last": True}
    assert hp.run_cli(main, argv) == (2, expected)


@pytest.mark.parametrize("word", ["-inf", "-Infinity", "-.inf", "-3", "-.5e-3", "-nan"])
def test_a_negative_number_is_a_value(word: str) -> None:
    @hp.param("app")
    def main(lr: float = 1.0) -> float:
        return lr

    assert repr(hp.run_cli(main, ["--lr", word])) == repr(float(word.replace(".inf", "inf")))
    with pytest.raises(hp.UsageError, match="--lr needs a value"):
        hp.run_cli(main, ["--lr", "-info"])


# -- names ------------------------------------------------------------------------------------

NAMES = [
    "config",
    "define",
    "record",
    "version",
    "self",
    "class_",
    "cls",
    "print_config",
    "x_",
    "_hidden",
    "h",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_may_have_any_name(name: str) -> None:
    names: dict[str, Any] = {}
    exec(f"def main({name}=1): return {name}", names)
    main: Callable[..., Any] = hp.param("app")(names["main"])
    option = name.strip("_").replace("_", "-")
    assert hp.run_cli(main, [f"--{option}", "2"]) == 2
    assert hp.run_cli(main, [f"--{name}=2"]) == 2
    assert hp.run_cli(main, ["-D", f"app.{name}=2"]) == 2


def test_names_that_differ_in_underscores_are_told_apart() -> None:
    @hp.param("app")
    def main(x: int = 1, _x: int = 2, x_: int = 3, _y: int = 4, y_: int = 5) -> tuple[int, ...]:
        return x, _x, x_, _y, y_

    assert hp.run_cli(main, ["--x=6", "--_x=7", "--x_=8", "--_y=9", "--y_=0"]) == (6, 7, 8, 9, 0)
    assert hp.run_cli(main, ["--y=9"]) == (1, 2, 3, 9, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_positional_may_have_any_name(name: str) -> None:
    names: dict[str, Any] = {}
    exec(f"def main({name}): return {name}", names)
    assert hp.run_cli(hp.param("app")(names["main"]), ["2"]) == 2


def test_an_option_that_a_parameter_hides_has_another_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @hp.param("app")
    def main(record: str = "", config: str = "") -> Any:
        return record, config

    file = tmp_path / "rec.json"
    base = tmp_path / "base.json"
    base.write_text('{"app": {"config": "c"}}')
    argv = ["--record", "r", "--hp-record", str(file), "-C", str(base)]
    assert hp.run_cli(main, argv) == ("r", "c")
    assert hp.Record.load(file).operative() == {"app.record": "r", "app.config": "c"}
    assert hp.run_cli(main, ["--help"]) is None
    shown = capsys.readouterr().out
    assert "--hp-record" in shown
    assert "-C FILE" in shown


@pytest.mark.parametrize(
    "hint", [Annotated[int, []], Callable[[int], str], list[Annotated[int, []]], "nonsense"]
)
def test_a_hint_of_any_kind_can_be_asked_about(
    hint: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(x=1, *, y=2):  # type: ignore[no-untyped-def]
        return x

    main.__annotations__ = {"x": hint}
    function = hp.param("odd")(main)
    for words in (["--help"], ["-lps"], ["--print-config", "yaml"], ["--completion", "fish"]):
        assert hp.run_cli(function, words) is None
        assert "y" in capsys.readouterr().out
    assert hp.run_cli(function, []) == 1


# -- hostile words ----------------------------------------------------------------------------

PIECES = [
    "-", "--", "--=", "--.", "--x", "--x=", "--x.", "--x.lr", "--x.lr=1", "--no-x", "--x.nesterov",
    "--no-x.nesterov", "--tags", "[", "[1", "{", "--a.b", "--a.b=1", "-1", "1", "--size",
    "--size=[1]", "-D", "-Da=1", "-C", "-ep", "--allow-unknown",
]  # fmt: skip
WORDS = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(PIECES)), max_size=6)


@given(WORDS)
def test_any_words_are_a_call_or_a_usage_error(words: list[str]) -> None:
    @hp.param("app")
    def main(
        *rest: str,
        x: Optimizer = Optimizer(),
        tags: list[int] = [],
        size: tuple[int, int] = (1, 2),
    ) -> str:
        return "called"

    try:
        result = hp.run_cli(main, ["--allow-unknown", *words])
    except hp.UsageError:
        result = None
    assert result in ("called", None)


@given(st.text(max_size=20), st.lists(st.text(max_size=10), max_size=4))
def test_any_text_arrives_as_it_is(text: str, items: list[str]) -> None:
    @hp.param("app")
    def main(first: str, second: str = "", many: list[str] = []) -> Any:
        return first, second, many

    argv = [f"--second={text}", *(f"--many={item}" for item in items), "--", text]
    if len(items) == 1 and items[0].lstrip().startswith("["):
        return  # which may be the whole list as JSON
    assert hp.run_cli(main, argv) == (text, text, items)
