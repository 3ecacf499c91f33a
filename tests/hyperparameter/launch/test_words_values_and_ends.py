"""Faults that a review of `hp.launch` found, each of which is mended."""

import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType

import pytest

import hyperparameter as hp

Printed = Callable[..., Any]


@dataclass
class Opt:
    lr: float = 0.1
    momentum: float = 0.9


@hp.param("rv")
def main(
    d: dict[str, Any] = {"a": 1, "token": "tok1"},
    opt: Opt = Opt(),
    n: int = 1,
    later: Opt | None = None,
    text: str = "${HOME}/$${x}",
    headers: list[dict[str, str]] = [],
    sizes: list[int] = [],
) -> Any:
    return d, opt, n, later, text, headers, sizes


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """Return what the program prints, configurations in TOML as values of this function."""

    def printed(*words: str, function: Any = main) -> Any:
        assert hp.run_cli(function, list(words)) is None
        out = capsys.readouterr().out
        return tomllib.loads(out)["rv"] if words[-1] == "--print-config" else out

    return printed


# -- what is printed as configuration ---------------------------------------------------------


def test_secrets_inside_values_are_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(main, ["--headers", '[{"password": "swordfish"}]', "--print-config"])
    out, err = capsys.readouterr()
    shown = tomllib.loads(out)["rv"]
    assert shown["d"] == {"a": 1}
    assert "headers" not in shown
    assert "rv.d.token is left out: its value is a secret." in err
    assert "rv.headers is left out: a part of its value is a secret." in err
    assert "swordfish" not in out + err
    assert "***" not in out


@pytest.mark.parametrize(
    "words", [["--d", "b=5"], ["-D", "rv.d.b=5"], ["--d", '{"b": 5, "a": 1, "token": ""}']]
)
def test_what_is_set_below_a_dict_is_in_it(printed: Printed, words: list[str]) -> None:
    shown = printed(*words, "--print-config")["d"]
    assert (shown["a"], shown["b"]) == (1, 5)


@pytest.mark.parametrize(
    "words",
    [["-D", 'rv.opt={"lr": 3}'], ["--opt.lr", "3"], ["--opt", '{"lr": 3}']],
)
def test_a_structure_is_printed_and_explained_as_it_is_in_force(
    printed: Printed, words: list[str]
) -> None:
    assert printed(*words, "--print-config")["opt"] == {"lr": 3.0, "momentum": 0.9}
    assert "value=" in printed(*words, "-ep", "rv.opt.lr")
    assert "value=Opt(lr=3.0, momentum=0.9)" in printed(*words, "-ep", "rv.opt")
    assert "value=" in printed("--d", "b=5", "-ep", "rv.d")


def test_references_in_values_are_text_when_they_are_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("toml", "yaml", "json"):
        hp.run_cli(main, ["--print-config", kind, "--n", "7"])
        file = tmp_path / f"q.{kind}"
        file.write_text(capsys.readouterr().out)
        again = hp.run_cli(main, ["-C", str(file), "--allow-unknown"])
        assert again[2:5] == (7, None, "${HOME}/$${x}")


def test_an_encoding_without_a_character_gets_escapes_of_the_format(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import hyperparameter as hp\n@hp.param('e')\n"
        "def main(msg='x'): print(ascii(msg))\nhp.launch(main)\n"
    )
    for kind in ("toml", "yaml", "json"):
        words = [sys.executable, str(script), "--msg", "é☃", "--print-config", kind]
        env = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(words, capture_output=True, check=True, env=env, timeout=150)
        file = tmp_path / f"p.{kind}"
        file.write_bytes(done.stdout)
        words = [sys.executable, str(script), "-C", str(file)]
        done = subprocess.run(words, capture_output=True, check=True, env=env, timeout=150)
        assert done.stdout.decode().strip() == ascii("é☃")


def test_items_of_lists_are_shown_as_they_are(printed: Printed) -> None:
    assert "value=[3, 4]" in printed("--sizes", "3", "--sizes", "4", "-lps")


@pytest.mark.parametrize("question", ["-lps", "--print-config", "-ep e.n"])
def test_questions_refuse_keys_that_nobody_knows(tmp_path: Path, question: str) -> None:
    script = tmp_path / "app.py"  # a process of its own: other tests read keys of any name
    script.write_text(
        "import hyperparameter as hp\n@hp.param('e')\ndef main(n=1): ...\nhp.launch(main)\n"
    )
    words = [sys.executable, str(script), *question.split(), "-D", "e.nn=3"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=150)
    assert (done.returncode, done.stdout) == (2, "")
    assert "e.nn (cli -D): " in done.stderr


# -- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "opt"),
    [
        (["-D", 'rv.opt={"lr": 3}', "--opt.momentum", "7"], Opt(3.0, 7.0)),
        (["-D", 'rv.opt={"lr": 3}', "-D", "rv.opt.momentum=7"], Opt(3.0, 7.0)),
        (["--opt", '{"lr": 1}', "--opt", '{"momentum": 0.5}'], Opt(1.0, 0.5)),
        (["--opt", '{"lr": 1}', "--opt.lr", "2", "--opt", '{"lr": 3}'], Opt(3.0)),
    ],
)
def test_json_and_fields_of_a_structure_go_over_each_other_in_order(
    words: list[str], opt: Opt
) -> None:
    assert hp.run_cli(main, words)[1] == opt


def test_a_new_type_is_what_it_is_made_of() -> None:
    number = NewType("number", int)

    def local(x=1):  # type: ignore[no-untyped-def]
        return x

    local.__annotations__ = {"x": number}
    assert hp.run_cli(hp.param("nt")(local), ["--x", "3"]) == 3


def test_a_required_dict_is_given_by_pairs() -> None:
    @hp.param("rq")
    def local(d: dict[str, int]) -> Any:
        return d

    assert hp.run_cli(local, ["--d", "a=1", "--d.b", "2"]) == {"a": 1, "b": 2}
    with pytest.raises(hp.UsageError, match=r"--d is missing.*KEY=VALUE"):
        hp.run_cli(local, [])


def test_a_bracket_that_begins_no_list_is_a_word() -> None:
    @hp.param("br")
    def local(first: tuple[str, str], pair: tuple[str, str] = ("", "")) -> Any:
        return first, pair

    argv = ["[x", "y", "--pair", "[a", "b"]
    assert hp.run_cli(local, argv) == (("[x", "y"), ("[a", "b"))


# -- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["-help", "-hfoo", "-h=3"])
def test_a_word_that_only_begins_like_help_is_a_usage_error(word: str) -> None:
    with pytest.raises(hp.UsageError, match=r"unknown option|takes no value"):
        hp.run_cli(main, [word])


def test_a_positional_may_be_given_by_its_name_and_then_takes_no_word() -> None:
    @hp.param("po")
    def local(n: int, **more: Any) -> Any:
        return n, more

    assert hp.run_cli(local, ["--n", "5"]) == (5, {})
    with pytest.raises(hp.UsageError, match=r"^'1': unexpected argument\."):
        hp.run_cli(local, ["1", "--n", "5"])


def test_a_namespace_is_no_key() -> None:
    with pytest.raises(hp.UsageError, match=r"^rv \(cli -D\): "):
        hp.run_cli(main, ["-D", "rv=5"])


def test_an_empty_value_is_shown_as_it_is() -> None:
    with pytest.raises(hp.UsageError, match=r"^--n: '' is not an int\.$"):
        hp.run_cli(main, ["--n", ""])


def test_the_version_of_a_program_with_a_parameter_of_that_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @hp.param("ve")
    def local(version: str = "v") -> str:
        return version

    monkeypatch.setattr(sys.modules[__name__], "__version__", "1.2", raising=False)
    assert hp.run_cli(local, ["--version", "x"]) == "x"
    assert hp.run_cli(local, ["--hp-version"]) is None
    assert capsys.readouterr().out.endswith(" 1.2\n")


# -- commands ---------------------------------------------------------------------------------


def test_commands_of_one_name_go_by_their_namespaces() -> None:
    made = []
    for number in (1, 2):

        @hp.param(f"s{number}.run")
        def train(number: int = number) -> int:
            return number

        made.append(train)
    first, second = made
    assert hp.run_cli(argv=["s1.run"]) == 1
    assert hp.run_cli(argv=["s2.run"]) == 2
    with pytest.raises(hp.UsageError, match="unknown command"):
        hp.run_cli(argv=["run"])
    assert first is not second


def test_help_for_a_command_behind_the_value_of_an_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @hp.param("one")
    def one(first: int = 1) -> None: ...

    @hp.param("two")
    def two(second: int = 1) -> None: ...

    assert hp.run_cli(argv=["-C", "one", "two", "--help"]) is None
    assert "--second" in capsys.readouterr().out


def test_generators_are_not_launched() -> None:
    @hp.param("ge")
    def steps(n: int = 1) -> Any:
        yield n

    with pytest.raises(ValueError, match="generator"):
        hp.run_cli(steps, [])


# -- errors of the program --------------------------------------------------------------------


def test_errors_of_the_program_itself_stay_what_they_are() -> None:
    @hp.param("er")
    def local(kind: str = "pipe") -> None:
        raise BrokenPipeError if kind == "pipe" else hp.MissingParameter("my own")

    with pytest.raises(BrokenPipeError):
        hp.launch(local, [])
    with pytest.raises(hp.MissingParameter, match="my own"):
        hp.run_cli(local, ["--kind", "missing"])


def test_an_async_function_inside_of_a_loop_is_refused_in_one_sentence() -> None:
    @hp.param("as")
    async def local(n: int = 1) -> int:
        return n

    async def inside() -> None:
        with pytest.raises(RuntimeError, match="inside a running event loop"):
            hp.run_cli(local, [])

    asyncio.run(inside())


@pytest.mark.parametrize("words", ["", "--help"])
def test_a_program_without_stdout_ends_well(tmp_path: Path, words: str) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "import hyperparameter as hp\n@hp.param('e')\ndef main(n=1): pass\nhp.launch(main)\n"
    )
    line = f"'{sys.executable}' {script} {words} >&-"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, timeout=150
    )
    assert (done.returncode, done.stderr) == (0, "")
