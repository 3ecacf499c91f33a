"""From a command line to a call: what `hp.launch` and `hp.run_cli` promise about one function."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, Literal, Optional

import pytest
from programs import output_of

import hyperparameter as hp

App = Callable[..., Any]
Script = Callable[[str], Path]


@pytest.fixture
def app() -> App:
    """The function of the reference, returning what it was called with."""

    @hp.param("app")
    def main(input_file: str, output_file: str = "out.txt", verbose: bool = False) -> Any:
        """Process input file.

        Args:
            input_file: Path to input file
            output_file: Path to output file
            verbose: Enable verbose output
        """
        return input_file, output_file, verbose

    return main


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Write a program that decorates and launches `main`; return its path."""

    def write(body: str) -> Path:
        path = tmp_path / "app.py"
        text = f"import hyperparameter as hp\n{dedent(body)}\nhp.launch(main)\n"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def run(path: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path), *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=150,
        check=False,
    )


def assert_one_line_error(done: subprocess.CompletedProcess[str], *mentions: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for mention in mentions:
        assert mention in done.stderr


def shown_help(function: App, capsys: pytest.CaptureFixture[str], flag: str = "--help") -> str:
    """Return the help text with its line breaks taken out."""
    assert hp.run_cli(function, [flag]) is None
    return " ".join(capsys.readouterr().out.split())


# -- positionals, options, flags -------------------------------------------------------------


def test_parameter_without_default_is_positional_and_the_others_keep_defaults(app: App) -> None:
    assert hp.run_cli(app, ["in.txt"]) == ("in.txt", "out.txt", False)


@pytest.mark.parametrize(
    "words",
    [
        ["--output_file", "res.txt"],
        ["--output-file", "res.txt"],
        ["--output_file=res.txt"],
        ["--output-file=res.txt"],
    ],
)
def test_option_is_spelt_with_underscore_or_dash(app: App, words: list[str]) -> None:
    assert hp.run_cli(app, ["in.txt", *words]) == ("in.txt", "res.txt", False)


def test_reference_command_line(app: App) -> None:
    argv = ["input.txt", "--output_file", "result.txt", "--verbose"]
    assert hp.run_cli(app, argv) == ("input.txt", "result.txt", True)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--verbose"], True),
        (["--verbose=true"], True),
        (["--verbose=Off"], False),
        (["--verbose", "yes"], True),
        (["--verbose", "no"], False),
        (["--verbose", "0"], False),
        (["--no-verbose"], False),
        (["--verbose", "--no-verbose"], False),
        (["--no-verbose", "--verbose"], True),
    ],
)
def test_bool_is_a_flag_and_still_takes_a_value(app: App, words: list[str], value: bool) -> None:
    assert hp.run_cli(app, ["in.txt", *words])[2] is value


def test_flag_before_a_positional_does_not_eat_it(app: App) -> None:
    assert hp.run_cli(app, ["--verbose", "in.txt"]) == ("in.txt", "out.txt", True)


def test_negated_flag_before_a_positional_does_not_eat_it(app: App) -> None:
    assert hp.run_cli(app, ["--no-verbose", "in.txt"]) == ("in.txt", "out.txt", False)


def test_flag_before_an_option_does_not_eat_it(app: App) -> None:
    argv = ["--verbose", "--output-file", "res.txt", "in.txt"]
    assert hp.run_cli(app, argv) == ("in.txt", "res.txt", True)


def test_flag_with_underscores_is_negated_in_both_spellings() -> None:
    @hp.param("app")
    def main(dry_run: bool = True) -> bool:
        return dry_run

    assert hp.run_cli(main, ["--no-dry-run"]) is False
    assert hp.run_cli(main, ["--no-dry_run"]) is False


def test_option_that_is_named_exactly_wins_over_a_negation() -> None:
    @hp.param("app")
    def main(cache: bool = True, no_cache: bool = False) -> Any:
        return cache, no_cache

    assert hp.run_cli(main, ["--no-cache"]) == (True, True)


def test_optional_bool_is_a_flag() -> None:
    @hp.param("app")
    def main(path: str, fast: bool | None = None) -> Any:
        return path, fast

    assert hp.run_cli(main, ["--fast", "x"]) == ("x", True)
    assert hp.run_cli(main, ["x"]) == ("x", None)


@pytest.mark.parametrize(
    "argv",
    [
        ["a", "b", "--level", "3"],
        ["--level", "3", "a", "b"],
        ["a", "--level", "3", "b"],
        ["a", "-D", "app.level=3", "b"],
        ["a", "--level=3", "b"],
    ],
)
def test_options_stand_before_between_and_after_positionals(argv: list[str]) -> None:
    @hp.param("app")
    def main(source: str, target: str, level: int = 1) -> Any:
        return source, target, level

    assert hp.run_cli(main, argv) == ("a", "b", 3)


def test_flag_between_positionals() -> None:
    @hp.param("app")
    def main(source: str, target: str, force: bool = False) -> Any:
        return source, target, force

    assert hp.run_cli(main, ["a", "--force", "b"]) == ("a", "b", True)


def test_keyword_only_parameters_are_options() -> None:
    @hp.param("app")
    def main(*, name: str, level: int = 1) -> Any:
        return name, level

    assert hp.run_cli(main, ["--name", "x", "--level", "2"]) == ("x", 2)
    with pytest.raises(hp.UsageError, match="'x': unexpected argument"):
        hp.run_cli(main, ["x"])


def test_positional_only_parameters() -> None:
    @hp.param("app")
    def main(name: str, level: int = 1, /) -> Any:
        return name, level

    assert hp.run_cli(main, ["x", "--level", "2"]) == ("x", 2)


def test_function_without_namespace_uses_its_name() -> None:
    @hp.param
    def main(level: int = 1) -> int:
        return level

    assert hp.run_cli(main, ["-D", "main.level=4"]) == 4


def test_parameter_may_be_called_define() -> None:
    @hp.param("app")
    def main(define: str, x: int = 1) -> Any:
        return define, x

    assert hp.run_cli(main, ["word", "-D", "app.x=2"]) == ("word", 2)


@pytest.mark.parametrize("name", ["help", "define", "h", "D"])
def test_parameter_with_the_name_of_a_built_in_option_can_still_be_set(name: str) -> None:
    names: dict[str, Any] = {}
    exec(f"def main({name}=1): return {name}", names)
    main = hp.param("app")(names["main"])
    assert hp.run_cli(main, ["-D", f"app.{name}=2"]) == 2


# -- -D ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["-D", "app.verbose=true"],
        ["-Dapp.verbose=true"],
        ["--define", "app.verbose=true"],
        ["--define=app.verbose=true"],
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_define_sets_a_key_and_never_eats_a_positional(
    app: App, words: list[str], first: bool
) -> None:
    argv = [*words, "in.txt"] if first else ["in.txt", *words]
    assert hp.run_cli(app, argv) == ("in.txt", "out.txt", True)


def test_define_is_repeatable(app: App) -> None:
    argv = ["-D", "app.verbose=1", "-D", "app.output_file=res.txt", "in.txt"]
    assert hp.run_cli(app, argv) == ("in.txt", "res.txt", True)


def test_define_sets_keys_that_are_read_deeper_in_the_program() -> None:
    @hp.param("app")
    def main() -> Any:
        return hp.scope.train.lr | 0.1

    assert hp.run_cli(main, ["-D", "train.lr=0.5"]) == 0.5


def test_define_value_may_contain_an_equals_sign(app: App) -> None:
    assert hp.run_cli(app, ["x", "-D", "app.output_file=a=b=c"])[1] == "a=b=c"


def test_define_value_may_be_empty(app: App) -> None:
    assert hp.run_cli(app, ["x", "-D", "app.output_file="])[1] == ""


def test_define_value_may_be_a_negative_number() -> None:
    @hp.param("app")
    def main(lr: float = 0.1) -> float:
        return lr

    assert hp.run_cli(main, ["-D", "app.lr=-1e-3"]) == -0.001


@pytest.mark.parametrize("text", ["app.verbose", "=1", "app..x=1", ".x=1", "app.=1"])
def test_define_that_is_no_key_and_value_is_a_usage_error(app: App, text: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(app, ["in.txt", "-D", text])
    assert "-D" in str(caught.value)


def test_define_without_equals_sign_shows_the_word(app: App) -> None:
    with pytest.raises(hp.UsageError, match=r"app\.verbose.*KEY=VALUE"):
        hp.run_cli(app, ["in.txt", "-D", "app.verbose"])


def test_define_as_last_word_is_a_usage_error(app: App) -> None:
    with pytest.raises(hp.UsageError):
        hp.run_cli(app, ["in.txt", "-D"])


# -- precedence -------------------------------------------------------------------------------


@pytest.mark.parametrize("option_first", [True, False])
def test_option_wins_over_define(app: App, option_first: bool) -> None:
    option, define = ["--output-file", "option"], ["-D", "app.output_file=define"]
    words = option + define if option_first else define + option
    assert hp.run_cli(app, ["x", *words])[1] == "option"


def test_positional_wins_over_define(app: App) -> None:
    assert hp.run_cli(app, ["given", "-D", "app.input_file=defined"])[0] == "given"


def test_define_wins_over_the_active_scope_and_that_over_the_default(app: App) -> None:
    with hp.scope(**{"app.output_file": "scope"}):
        assert hp.run_cli(app, ["x"])[1] == "scope"
        assert hp.run_cli(app, ["x", "-D", "app.output_file=define"])[1] == "define"


def test_origin_of_a_value_tells_that_it_came_from_the_command_line() -> None:
    @hp.param("app")
    def main(path: str, lr: float = 0.1, wd: float = 0.0) -> Any:
        return [hp.explain(f"app.{name}").origin for name in ("path", "lr", "wd")]

    path, lr, wd = hp.run_cli(main, ["x", "--lr", "1", "-D", "app.wd=2"])
    assert [path.kind, lr.kind, wd.kind] == ["cli"] * 3
    assert lr.location == "--lr"
    assert wd.location == "-D"


# -- missing positionals ----------------------------------------------------------------------


def test_missing_positional_is_a_usage_error_that_names_it(app: App) -> None:
    with pytest.raises(hp.UsageError, match=r"INPUT_FILE.*app\.input_file"):
        hp.run_cli(app, [])


def test_missing_positional_is_satisfied_by_define(app: App) -> None:
    assert hp.run_cli(app, ["-D", "app.input_file=in.txt"])[0] == "in.txt"


def test_missing_positional_is_satisfied_by_an_active_scope(app: App) -> None:
    with hp.scope(**{"app.input_file": "in.txt"}):
        assert hp.run_cli(app, [])[0] == "in.txt"


def test_missing_positional_is_satisfied_by_the_baseline(app: App) -> None:
    with hp.scope(**{"app.input_file": "in.txt"}):
        hp.scope.frozen()
    assert hp.run_cli(app, [])[0] == "in.txt"


def test_second_positional_is_reported_when_only_the_first_is_given() -> None:
    @hp.param("app")
    def main(source: str, target: str) -> Any:
        return source, target

    with pytest.raises(hp.UsageError, match="TARGET"):
        hp.run_cli(main, ["a"])


# -- usage errors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("--ouput-file", "--output-file"),
        ("--ouput_file=x", "--output-file"),
        ("--verbos", "--verbose"),
        ("--verb0se", "--verbose"),
    ],
)
def test_unknown_option_gets_a_suggestion(app: App, word: str, meant: str) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(app, ["in.txt", word])
    assert word.partition("=")[0] in str(caught.value)
    assert f"Did you mean '{meant}'" in str(caught.value)


def test_value_of_an_unknown_option_is_not_shown(app: App) -> None:
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(app, ["in.txt", "--pasword=hunter2"])
    assert "hunter2" not in str(caught.value)


def test_options_are_not_abbreviated(app: App) -> None:
    with pytest.raises(hp.UsageError, match="--verb"):
        hp.run_cli(app, ["in.txt", "--verb"])


def test_surplus_positional_is_a_usage_error(app: App) -> None:
    with pytest.raises(hp.UsageError, match="two"):
        hp.run_cli(app, ["one", "two"])


def test_option_without_its_value_is_a_usage_error(app: App) -> None:
    with pytest.raises(hp.UsageError, match="output-file"):
        hp.run_cli(app, ["in.txt", "--output-file"])


@pytest.mark.parametrize(
    ("words", "what"),
    [(["--epochs", "many"], "--epochs"), (["-D", "app.epochs=many"], "-D app.epochs")],
)
def test_bad_value_is_a_usage_error_that_names_what_was_typed(words: list[str], what: str) -> None:
    @hp.param("app")
    def main(epochs: int = 1) -> int:
        return epochs

    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(main, words)
    assert str(caught.value) == f"{what}: 'many' is not an int."


def test_bad_value_of_a_flag_is_a_usage_error(app: App) -> None:
    with pytest.raises(hp.UsageError, match="maybe"):
        hp.run_cli(app, ["in.txt", "--verbose=maybe"])


def test_bad_value_read_deeper_in_the_program_is_a_usage_error() -> None:
    @hp.param("app")
    def main() -> Any:
        return hp.scope.train.lr | 0.1

    with pytest.raises(hp.UsageError, match=r"train\.lr"):
        hp.run_cli(main, ["-D", "train.lr=fast"])


def test_conversion_error_of_a_value_not_from_the_command_line_stays_itself() -> None:
    @hp.param("app")
    def main(epochs: int = 1) -> int:
        return epochs

    with hp.scope(**{"app.epochs": "many"}), pytest.raises(hp.ConversionError):
        hp.run_cli(main, [])


def test_error_of_the_function_itself_reaches_the_caller_unchanged() -> None:
    error = KeyError("x")

    @hp.param("app")
    def main() -> None:
        raise error

    with pytest.raises(KeyError) as caught:
        hp.run_cli(main, [])
    assert caught.value is error


@pytest.mark.parametrize("runner", [hp.launch, hp.run_cli])
@pytest.mark.parametrize("target", [lambda: None, print, int, 3])
def test_launching_what_is_not_decorated_is_a_value_error(runner: App, target: Any) -> None:
    with pytest.raises(ValueError, match=r"hp\.param"):
        runner(target, [])


# -- values -----------------------------------------------------------------------------------

TEXTS = [
    "a b", "  padded ", "a=b", "'single'", '"double"', "line\nbreak", "tab\there", "naïve ☃ 日本",
    "", "007", "true", "null", "1e3", "[1, 2]", "${HOME}", "%(prog)s", "100%", "{x}", "\\n",
    "@file",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_reaches_a_str_parameter_unchanged(text: str) -> None:
    @hp.param("app")
    def main(first: str, second: str = "x", third: str = "x") -> Any:
        return first, second, third

    argv = [text, "--second", text, "-D", f"app.third={text}"]
    assert hp.run_cli(main, argv) == (text, text, text)


@pytest.mark.parametrize("text", [*TEXTS, "-dash", "--two", "-1"])
def test_text_behind_an_equals_sign_reaches_a_str_parameter_unchanged(text: str) -> None:
    @hp.param("app")
    def main(word: str = "x") -> str:
        return word

    assert hp.run_cli(main, [f"--word={text}"]) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [("-1", -1.0), ("-0.5", -0.5), ("-1e-3", -0.001), ("-.5", -0.5), ("-2E5", -200000.0)],
)
def test_option_takes_a_negative_number(text: str, number: float) -> None:
    @hp.param("app")
    def main(lr: float = 0.1) -> float:
        return lr

    assert hp.run_cli(main, ["--lr", text]) == number


@pytest.mark.parametrize(("text", "number"), [("-1", -1.0), ("-0.5", -0.5), ("-1e-3", -0.001)])
def test_positional_takes_a_negative_number(text: str, number: float) -> None:
    @hp.param("app")
    def main(lr: float) -> float:
        return lr

    assert hp.run_cli(main, [text]) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 0.001), ("on", "on"), ("true", True), ("null", None), ("[1]", [1])],
)
def test_positional_without_annotation_is_inferred(text: str, value: Any) -> None:
    @hp.param("app")
    def main(thing):  # type: ignore[no-untyped-def]
        return thing

    result = hp.run_cli(main, [text])
    assert result == value
    assert type(result) is type(value)


def test_words_after_two_dashes_are_positionals() -> None:
    @hp.param("app")
    def main(first: str, second: str, verbose: bool = False) -> Any:
        return first, second, verbose

    assert hp.run_cli(main, ["--", "--verbose", "-D"]) == ("--verbose", "-D", False)


def test_json_lists_and_objects() -> None:
    @hp.param("app")
    def main(layers: list[int] = [], options: dict[str, Any] = {}) -> Any:
        return layers, options

    argv = ["--layers", "[1, 2]", "--options", '{"a": {"b": null}}']
    assert hp.run_cli(main, argv) == ([1, 2], {"a": {"b": None}})


@pytest.mark.parametrize(
    ("hint", "default", "text", "value"),
    [
        ("int", 0, "3", 3),
        ("Optional[int]", None, "3", 3),
        ("Optional[int]", 5, "null", None),
        ("int | None", None, "-3", -3),
        ("list[float]", [], "[1, 2.5]", [1.0, 2.5]),
        ("Path", Path("a"), "b/c", Path("b/c")),
        ("Literal['a', 'b']", "a", "b", "b"),
    ],
)
def test_annotations_given_as_strings(hint: str, default: Any, text: str, value: Any) -> None:
    def main(x=1):  # type: ignore[no-untyped-def]
        return x

    main.__annotations__ = {"x": hint}
    main.__defaults__ = (default,)
    assert hp.run_cli(hp.param("app")(main), ["--x", text]) == value


def test_optional_int_keeps_none_and_converts_text() -> None:
    @hp.param("app")
    def main(limit: Optional[int] = None) -> Any:  # noqa: UP045
        return limit

    assert hp.run_cli(main, []) is None
    assert hp.run_cli(main, ["--limit", "7"]) == 7


def test_literal_refuses_what_is_not_listed() -> None:
    @hp.param("app")
    def main(mode: Literal["fast", "slow"] = "fast") -> str:
        return mode

    with pytest.raises(hp.UsageError, match="medium"):
        hp.run_cli(main, ["--mode", "medium"])


# -- run_cli leaves the process alone ---------------------------------------------------------


def test_run_cli_returns_the_value_of_the_function() -> None:
    result = object()

    @hp.param("app")
    def main() -> object:
        return result

    assert hp.run_cli(main, []) is result


def test_run_cli_takes_sys_argv_where_none_is_given(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["prog", "in.txt", "--verbose"])
    assert hp.run_cli(app) == ("in.txt", "out.txt", True)


def test_run_cli_does_not_change_the_list_it_is_given(app: App) -> None:
    argv = ["--verbose", "in.txt"]
    hp.run_cli(app, argv)
    assert argv == ["--verbose", "in.txt"]


def test_run_cli_leaves_no_scope_and_no_baseline(app: App) -> None:
    hp.run_cli(app, ["in.txt", "-D", "app.verbose=1"])
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append("app.verbose" in hp.scope))
    thread.start()
    thread.join()
    assert seen == [False]
    assert list(hp.scope.keys()) == []


def test_run_cli_leaves_no_scope_after_an_error(app: App) -> None:
    with pytest.raises(hp.UsageError):
        hp.run_cli(app, ["in.txt", "--verbose=maybe"])
    assert list(hp.scope.keys()) == []


def test_run_cli_runs_inside_the_scope_of_its_caller() -> None:
    @hp.param("app")
    def main() -> Any:
        return hp.scope.outer | 0

    with hp.scope(outer=5):
        assert hp.run_cli(main, []) == 5


def test_run_cli_raises_for_bad_usage_and_does_not_exit(app: App) -> None:
    with pytest.raises(hp.UsageError):
        hp.run_cli(app, ["in.txt", "--bogus"])


def test_async_function_is_run_to_its_end() -> None:
    @hp.param("app")
    async def main(n: int = 1) -> Any:
        import asyncio

        await asyncio.sleep(0)
        return n, hp.scope.deep.key | 0

    assert hp.run_cli(main, ["--n", "3", "-D", "deep.key=4"]) == (3, 4)


def test_launch_returns_the_value_of_the_function(app: App) -> None:
    assert hp.launch(app, ["in.txt"]) == ("in.txt", "out.txt", False)


# -- overrides that were never read -----------------------------------------------------------


def test_misspelt_define_is_reported_after_the_run_with_a_suggestion(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["in.txt", "-D", "app.verbos=true", "--allow-unknown"]
    assert hp.run_cli(app, argv) == ("in.txt", "out.txt", False)
    report = capsys.readouterr().err
    assert len(report.splitlines()) == 1
    assert "app.verbos " in report
    assert "'app.verbose'" in report


def test_nothing_is_reported_when_every_override_was_read(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    hp.run_cli(app, ["in.txt", "-D", "app.verbose=true", "--output-file", "x"])
    assert capsys.readouterr().err == ""


def test_define_below_a_parameter_that_takes_a_mapping_counts_as_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("app")
    def main(options: dict[str, int] = {}) -> Any:
        return options

    assert hp.run_cli(main, ["-D", "app.options.a=5"]) == {"a": 5}
    assert capsys.readouterr().err == ""


def test_define_below_a_key_that_is_read_as_a_mapping_counts_as_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("app")
    def main() -> Any:
        return hp.scope.opt | {"lr": 1}

    assert hp.run_cli(main, ["-D", "opt.lr=5"]) == {"lr": 5}
    assert capsys.readouterr().err == ""


# -- help -------------------------------------------------------------------------------------

GOOGLE = """Train 100% of {models}.

Args:
    rate: Step size, 5% is {much}
    depth: How many layers
"""
NUMPY = """Train 100% of {models}.

Parameters
----------
rate : float
    Step size, 5% is {much}
depth : int
    How many layers
"""
REST = """Train 100% of {models}.

:param rate: Step size, 5% is {much}
:param depth: How many layers
"""


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, REST], ids=["google", "numpy", "rest"])
def test_help_is_taken_from_the_docstring(
    docstring: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def main(rate, depth=3):  # type: ignore[no-untyped-def]
        return rate, depth

    main.__doc__ = docstring
    monkeypatch.setenv("COLUMNS", "200")
    text = shown_help(hp.param("app")(main), capsys)
    assert "Train 100% of {models}." in text
    assert "Step size, 5% is {much}" in text
    assert "How many layers" in text


@pytest.mark.parametrize("summary", ["%", "%%", "%s %d", "%(prog)s at 100%", "{0} {", "100% (all)"])
def test_help_shows_the_docstring_literally(
    summary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(x=1):  # type: ignore[no-untyped-def]
        return x

    main.__doc__ = f"Do {summary} now.\n\nArgs:\n    x: Is {summary} too\n"
    text = shown_help(hp.param("app")(main), capsys)
    assert f"Do {summary} now." in text
    assert f"Is {summary} too" in text


def test_help_shows_defaults_literally_and_both_kinds_of_arguments(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown_help(app, capsys)
    assert "INPUT_FILE" in text
    assert "--output-file" in text
    assert "(default: out.txt)" in text
    assert "-D" in text
    assert "--define" in shown_help(app, capsys, "--help-all")


def test_help_shows_a_default_with_percent_and_braces(capsys: pytest.CaptureFixture[str]) -> None:
    @hp.param("app")
    def main(pattern: str = "%d {x} %(prog)s") -> str:
        return pattern

    assert "%d {x} %(prog)s" in shown_help(main, capsys)


def test_help_masks_the_default_of_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    @hp.param("app")
    def main(api_key: str = "hunter2") -> str:
        return api_key

    assert "hunter2" not in shown_help(main, capsys)


def test_help_works_without_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    @hp.param("app")
    def main(level: int = 1) -> int:
        return level

    assert "--level" in shown_help(main, capsys)


def test_help_wins_over_a_missing_positional(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert "INPUT_FILE" in shown_help(app, capsys)


def test_help_does_not_run_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[int] = []

    @hp.param("app")
    def main() -> None:
        calls.append(1)

    shown_help(main, capsys)
    assert calls == []


# -- real programs ----------------------------------------------------------------------------

REFERENCE = """
@hp.param("app")
def main(input_file, output_file="out.txt", verbose=False, epochs=1):
    '''Process input file.'''
    print(input_file, output_file, verbose, epochs)
"""


def test_program_of_the_reference_runs(script: Script) -> None:
    path = script(REFERENCE)
    done = run(path, "input.txt", "--output_file", "result.txt", "--verbose")
    assert (done.returncode, done.stdout, done.stderr) == (0, "input.txt result.txt True 1\n", "")
    done = run(path, "input.txt", "-D", "app.verbose=true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "input.txt out.txt True 1\n", "")


@pytest.mark.parametrize(
    ("argv", "mention"),
    [
        ([], "INPUT_FILE"),
        (["x", "--epochs", "many"], "--epochs: 'many' is not an int."),
        (["x", "--epochs", "first\nsecond"], r"--epochs: 'first\nsecond' is not an int."),
        (["x", "-D", "app.epochs=many"], "-D app.epochs: 'many' is not an int."),
        (["x", "-D", "nonsense"], "nonsense"),
        (["x", "-D", "first\nsecond"], "-D"),
        (["x", "--verbos"], "--verbose"),
        (["x", "--first\nsecond"], "first"),
        (["x", "--output-file"], "output-file"),
    ],
)
def test_usage_error_is_one_line_and_status_2(
    argv: list[str], mention: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @hp.param("app")
    def main(
        input_file: str, output_file: str = "x", verbose: bool = False, epochs: int = 1
    ) -> Any:
        return input_file, output_file, verbose, epochs

    with pytest.raises(SystemExit) as caught:
        hp.launch(main, argv)
    assert caught.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert mention in shown.err


def test_program_with_a_bad_value_shows_one_line_and_no_traceback(script: Script) -> None:
    done = run(script(REFERENCE), "x", "--epochs", "many")
    assert_one_line_error(done, "--epochs: 'many' is not an int.")


def test_program_with_a_misspelt_define_does_not_run(script: Script) -> None:
    done = run(script(REFERENCE), "x", "-D", "app.epoch=3")
    assert_one_line_error(done, "app.epoch (cli -D): ", "'app.epochs'")


def test_program_with_help_exits_0_and_prints_to_stdout(script: Script) -> None:
    done = run(script(REFERENCE), "--help")
    assert done.returncode == 0
    assert "Process input file." in done.stdout
    assert done.stderr == ""


def test_program_with_annotations_as_strings(script: Script) -> None:
    path = script("""
    from typing import Optional

    def main(n: "Optional[int]" = None, path: "str" = "x", sizes: "list[int]" = []):
        print(repr((n, path, sizes)))

    main = hp.param("app")(main)
    """)
    done = run(path, "--n", "3", "--path", "007", "--sizes", "[1, 2]")
    assert (done.stdout, done.stderr) == ("(3, '007', [1, 2])\n", "")


def test_program_takes_unicode_quotes_and_newlines_from_its_real_argv(script: Script) -> None:
    path = script("""
    @hp.param("app")
    def main(text: str, other: str = ""):
        print(repr((text, other)))
    """)
    words = ('it\'s "ü"\n☃', " = ")
    done = run(path, words[0], "--other", words[1])
    assert (done.stdout, done.stderr) == (f"{words!r}\n", "")


def test_threads_of_the_program_see_the_command_line(script: Script) -> None:
    path = script("""
    import threading

    @hp.param("app")
    def main(lr=0.1):
        def work():
            print(hp.scope.app.lr | 0.0, hp.scope.deep.key | "-")

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
            thread.join()
    """)
    assert run(path, "--lr", "0.5", "-D", "deep.key=v").stdout == "0.5 v\n0.5 v\n"


def test_override_that_only_a_thread_of_the_program_reads_counts_as_read(script: Script) -> None:
    path = script("""
    import threading

    @hp.param("app")
    def main(lr=0.1):
        thread = threading.Thread(target=lambda: print(hp.scope.deep.key | "-"))
        thread.start()
        thread.join()
    """)
    done = run(path, "-D", "deep.key=v")
    assert (done.stdout, done.stderr) == ("v\n", "")


def test_threads_of_an_async_program_see_the_command_line(script: Script) -> None:
    path = script("""
    import asyncio

    @hp.param("app")
    async def main(lr=0.1):
        loop = asyncio.get_running_loop()
        print(await loop.run_in_executor(None, lambda: hp.scope.app.lr | 0.0))
    """)
    assert run(path, "--lr", "0.5").stdout == "0.5\n"


def test_exit_status_of_the_program_is_kept(script: Script) -> None:
    path = script("""
    import sys

    @hp.param("app")
    def main(status=3):
        sys.exit(status)
    """)
    assert run(path).returncode == 3


def test_error_of_the_program_keeps_its_traceback(script: Script) -> None:
    path = script("""
    @hp.param("app")
    def main(x=1):
        raise RuntimeError("mine")
    """)
    done = run(path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "RuntimeError: mine" in done.stderr


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_ctrl_c_exits_130_with_one_line(script: Script, kind: str) -> None:
    path = script(f"""
    import asyncio, signal, time

    signal.signal(signal.SIGINT, signal.default_int_handler)

    @hp.param("app")
    {kind} main(seconds=300):
        print("ready", flush=True)
        {"await asyncio" if kind != "def" else "time"}.sleep(seconds)
    """)
    with subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = output_of(process)
    assert process.returncode == 130
    assert len(errors.splitlines()) == 1, errors
    assert "Traceback" not in errors


# A small output is written when the interpreter ends, unless the environment says otherwise.
BUFFERED = {**os.environ, "PYTHONUNBUFFERED": ""}


@pytest.mark.parametrize("lines", [1, 100_000], ids=["buffered", "flushed"])
def test_output_into_a_closed_reader_shows_no_traceback(script: Script, lines: int) -> None:
    path = script("""
    import sys

    @hp.param("app")
    def main(lines=1):
        sys.stdin.read()
        for _ in range(lines):
            print("some text")
    """)
    with subprocess.Popen(
        [sys.executable, str(path), "--lines", str(lines)],
        env=BUFFERED,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # the reader has gone before the first byte is written
        process.stdin.close()
        errors = process.stderr.read()
        process.wait(timeout=150)
    assert errors == ""


def test_help_into_a_closed_reader_shows_no_traceback(script: Script) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, str(script(REFERENCE)), "--help"],
            env=BUFFERED,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=150,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
