"""What `--help` says of parameters: their groups, types, defaults and texts, at any width."""

import dataclasses
import datetime
import decimal
import enum
import json
import os
import pathlib
import subprocess
import sys
import types
import typing
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, TypedDict

import numpy as np
import pytest
import soak

import hyperparameter as hp

Shown = Callable[..., list[str]]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Return the lines of the help for a function or class."""

    def shown(target: Any, *words: str, columns: int = 100, **options: Any) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert hp.run_cli(target, [*words, "--help"], **options) is None
        return capsys.readouterr().out.splitlines()

    return shown


def row(lines: list[str], start: str) -> str:
    """Return the one row that begins so, with single blanks."""
    (found,) = [line for line in lines if line.startswith(f"  {start}")]
    return " ".join(found.split())


# -- groups -----------------------------------------------------------------------------------


@dataclass
class Schedule:
    warmup: int = 0


@dataclass
class Optimizer:
    """How weights are updated.

    Longer words about it.
    """

    lr: float
    momentum: float = 0.9
    schedule: Schedule = field(default_factory=Schedule)


def test_each_structure_has_a_group_under_the_first_line_of_its_docstring(shown: Shown) -> None:
    @hp.param("groups")
    def main(opt: Optimizer, epochs: int = 3, **more: int) -> None: ...

    lines = shown(main)
    at = lines.index("opt options: How weights are updated.")
    group = lines[at + 1 : lines.index("", at)]
    assert [line.split()[0] for line in group] == ["--opt.lr", "--opt.momentum", "--opt"]
    at = lines.index("opt.schedule options:")
    assert lines[at + 1].split()[0] == "--opt.schedule.warmup"
    at = lines.index("options:")
    assert [line.split()[0] for line in lines[at + 1 : lines.index("", at)]] == [
        "--epochs",
        "--NAME",
    ]
    assert row(lines, "--opt.lr") == "--opt.lr FLOAT [required]"
    assert "Longer words" not in "".join(lines)


def test_fields_that_a_missing_structure_needs_are_not_required(shown: Shown) -> None:
    @hp.param("missing")
    def main(opt: Optimizer | None = None) -> None: ...

    lines = shown(main)
    assert row(lines, "--opt.lr") == "--opt.lr FLOAT"
    assert row(lines, "--opt JSON").endswith("(default: None)")


@dataclass
class Adam:
    """Adaptive moments."""

    lr: Annotated[float, "step of Adam"] = 0.001
    beta: float = 0.9


@dataclass
class Descent:
    """Plain descent."""

    lr: Annotated[float, "step of descent"] = 0.1
    momentum: float = 0.0


def test_a_union_of_structures_offers_the_options_of_each(shown: Shown) -> None:
    @hp.param("either")
    def main(optim: Adam | Descent = Descent(0.3)) -> object:
        return optim

    lines = shown(main)
    adam = lines.index("optim options of Adam: Adaptive moments.")
    descent = lines.index("optim options of Descent: Plain descent.")
    assert row(lines, "--optim JSON") == "--optim JSON (default: Descent)"
    assert row(lines[adam:][:4], "--optim.lr") == "--optim.lr FLOAT step of Adam (default: 0.001)"
    ours = row(lines[descent:][:4], "--optim.lr")
    assert ours == "--optim.lr FLOAT step of descent (default: 0.3)"
    assert hp.run_cli(main, []) == Descent(0.3)
    assert hp.run_cli(main, ["--optim.lr", "2"]) == Descent(2.0)
    assert hp.run_cli(main, ["--optim.momentum", "2"]) == Descent(0.3, 2.0)
    assert hp.run_cli(main, ["--optim.beta", "0.5"]) == Adam(beta=0.5)
    assert hp.run_cli(main, ["--optim.beta", "0.5", "--optim.lr", "1"]) == Adam(1.0, 0.5)
    assert hp.run_cli(main, ["--optim", '{"beta": 1}']) == Adam(beta=1.0)
    with pytest.raises(hp.UsageError, match=r"^--optim.betta: .*'--optim.beta'"):
        hp.run_cli(main, ["--optim.betta", "1"])


def test_a_union_with_text_still_takes_text() -> None:
    @hp.param("textual")
    def main(optim: Adam | str = "none") -> object:
        return optim

    assert hp.run_cli(main, ["--optim", "sgd"]) == "sgd"
    assert hp.run_cli(main, ["--optim.beta", "1"]) == Adam(beta=1.0)
    assert hp.run_cli(main, ["--optim", "beta=1"]) == "beta=1"


# -- types and defaults -----------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Pair(NamedTuple):
    left: int = 1


class Partly(TypedDict, total=False):
    a: int
    b: NotRequired[str]


@pytest.mark.parametrize(
    ("hint", "default", "expected"),
    [
        (int, 10, "INT (default: 10)"),
        (None, 0.5, "FLOAT (default: 0.5)"),
        (str, "cpu", "TEXT (default: cpu)"),
        (str, "two words", "TEXT (default: two words)"),
        (str, "", 'TEXT (default: "")'),
        (str, " x", 'TEXT (default: " x")'),
        (str, "a\nb", r'TEXT (default: "a\nb")'),
        (str | None, None, "TEXT (default: None)"),
        (int | float, 1, "INT|FLOAT (default: 1)"),
        (pathlib.Path, pathlib.Path("a/b"), "PATH (default: a/b)"),
        (bytes, b"x", "TEXT (default: x)"),
        (Colour, Colour.RED, "{RED,BLUE} (default: RED)"),
        (Literal["a", 2, Colour.RED], "a", "{a,2,RED} (default: a)"),
        (list[str], ["a", "b c"], 'TEXT... (default: a "b c")'),
        (list[Literal["a", "b"]], ["a"], "{a,b}... (default: a)"),
        (list[str], [], "TEXT... (default: [])"),
        (set[int], {3}, "INT... (default: 3)"),
        (tuple[int, ...], (1, 2), "INT... (default: 1 2)"),
        (tuple[int, str], (1, "x"), "INT TEXT (default: 1 x)"),
        (None, (1, 2.5), "INT FLOAT... (default: 1 2.5)"),
        (list[list[int]], [[1, 2], [3]], "X... (default: [1, 2] [3])"),
        (dict[str, int], {"a": 1}, 'KEY=VALUE (default: {"a": 1})'),
        (datetime.timedelta, datetime.timedelta(minutes=90), "DURATION (default: 1h30m)"),
        (datetime.date, datetime.date(2025, 1, 31), "DATE (default: 2025-01-31)"),
        (decimal.Decimal, decimal.Decimal("1.50"), "NUMBER (default: 1.50)"),
        (Annotated[int, "how many"], 1, "INT how many (default: 1)"),
    ],
)
def test_types_and_defaults_are_shown_as_one_types_them(
    shown: Shown, hint: Any, default: Any, expected: str
) -> None:
    def main(x: Any = default) -> None: ...

    main.__annotations__ = {} if hint is None else {"x": hint}
    assert row(shown(hp.param("typed")(main)), "--x") == f"--x {expected}"


def test_a_default_in_help_reads_back_as_the_default() -> None:
    """What help shows for a value of one word can be typed: nothing is dressed up."""

    @hp.param("back")
    def main(a: Colour = Colour.BLUE, b: float = 1e-9, c: str = "007", d: bool = False) -> object:
        return a, b, c, d

    words = ["--a=BLUE", "--b=1e-09", "--c=007", "--d=False"]
    assert hp.run_cli(main, words) == hp.run_cli(main, [])


def test_many_items_and_many_choices_do_not_fill_the_screen(shown: Shown) -> None:
    many = tuple(f"choice{number}" for number in range(30))

    def main(x: Any = range(10), n: list[int] = list(range(1000))) -> None: ...

    main.__annotations__["x"] = Literal[many]
    main.__defaults__ = ("choice1", list(range(1000)))
    lines = shown(hp.param("many")(main))
    assert row(lines, "--n") == "--n INT... (default: 0 1 2 3 4 5 6 7 8 9 ... (1000 items))"
    assert row(lines, "--x").startswith("--x X (one of choice0, choice1, ")


def test_secrets_are_masked_in_defaults_of_any_kind(shown: Shown) -> None:
    @hp.param("masked")
    def main(
        password: str = "swordfish",
        url: str = "pg://me:swordfish@host",
        extra: dict[str, str] = {"password": "swordfish"},
        words: list[str] = ["password=swordfish"],
    ) -> None: ...

    assert "swordfish" not in "".join(shown(main))


def test_flags_show_how_to_say_no_and_never_twice(shown: Shown) -> None:
    @dataclass
    class Inner:
        nesterov: bool = False
        no_amsgrad: bool = True

    @hp.param("flags")
    def main(
        verbose: bool = False, no_cuda: bool = False, no_record: bool = False, o: Inner = Inner()
    ) -> object:
        return verbose, no_cuda, no_record, o.nesterov, o.no_amsgrad

    lines = shown(main)
    assert row(lines, "--verbose") == "--verbose/--no-verbose (default: False)"
    assert row(lines, "--no-cuda") == "--no-cuda/--cuda (default: False)"
    assert row(lines, "--no-record") == "--no-record (default: False)"  # --record has its own use
    assert row(lines, "--o.nesterov") == "--o.nesterov/--o.no-nesterov (default: False)"
    for words, expected in {
        "--no-cuda": (False, True, False, False, True),
        "--no-cuda --cuda": (False, False, False, False, True),
        "--no-cuda=no": (False, False, False, False, True),
        "--o.nesterov --o.amsgrad": (False, False, False, True, False),
        "--o.nesterov --o.no-nesterov": (False, False, False, False, True),
        "--no-record --verbose --no-verbose": (False, False, True, False, True),
    }.items():
        assert hp.run_cli(main, words.split()) == expected, words
    with pytest.raises(hp.UsageError, match=r"^--no-no-cuda: unknown option"):
        hp.run_cli(main, ["--no-no-cuda"])


def test_flags_that_are_each_others_opposites_stay_apart() -> None:
    @hp.param("apart")
    def main(cuda: bool = True, no_cuda: bool = False, no_no_cuda: bool = False) -> object:
        return cuda, no_cuda, no_no_cuda

    assert hp.run_cli(main, ["--no-cuda"]) == (True, True, False)
    assert hp.run_cli(main, ["--no-no-cuda", "--cuda=no"]) == (False, False, True)
    assert hp.run_cli(main, ["--completion", "bash"]) is None


def test_variables_are_named_where_the_program_reads_them(shown: Shown) -> None:
    @hp.param("vars")
    def main(data: str, batch_size: int = 3, odd__name: int = 1, opt: Adam = Adam()) -> object:
        return batch_size, opt.lr

    lines = shown(main, env_prefix="APP", columns=140)
    assert row(lines, "DATA").endswith("[required] [env APP_VARS__DATA]")
    assert row(lines, "--batch-size").endswith("(default: 3) [env APP_VARS__BATCH_SIZE]")
    assert row(lines, "--opt.lr").endswith("[env APP_VARS__OPT__LR]")
    assert "[env" not in row(lines, "--odd--name")  # two underscores stand for a dot
    assert not [line for line in shown(main) if "[env" in line]


# -- texts ------------------------------------------------------------------------------------


@dataclass
class Base:
    inherited: int = 1
    """text below a field of a base"""


@dataclass
class Told(Base):
    """Told in many ways.

    Attributes:
        listed: text of the class
    """

    listed: int = 1
    below: int = 1
    """text below
    the field"""
    annotated: Annotated[int, "text of the annotation"] = 1
    documented: Annotated[int, types.SimpleNamespace(documentation="text of a Doc")] = 1
    meta: int = field(default=1, metadata={"help": "text of metadata"})
    silent: int = 1


def test_texts_of_fields_come_from_wherever_they_are_written(shown: Shown) -> None:
    @hp.param("told")
    def main(cfg: Told = Told()) -> None:
        """Do it.

        Args:
            cfg: text of the parameter
            cfg.silent: text of the function
        """

    for lines, prefix in ((shown(main), "--cfg."), (shown(Told), "--")):
        for name, text in {
            "inherited": "text below a field of a base",
            "listed": "text of the class",
            "below": "text below the field",
            "annotated": "text of the annotation",
            "documented": "text of a Doc",
            "meta": "text of metadata",
        }.items():
            assert row(lines, f"{prefix}{name}") == f"{prefix}{name} INT {text} (default: 1)"
    lines = shown(main)
    assert row(lines, "--cfg.silent") == "--cfg.silent INT text of the function (default: 1)"
    assert row(lines, "--cfg JSON") == "--cfg JSON text of the parameter"
    assert "cfg options: Told in many ways." in lines


def test_docstrings_that_nobody_has_written_are_not_shown(shown: Shown) -> None:
    @hp.param("made")
    def main(a: Adam = Adam(), pair: Pair = Pair(), partly: Partly = {"a": 1}) -> None: ...

    lines = shown(main)
    assert "pair options:" in lines
    assert "partly options:" in lines
    assert row(lines, "--partly.a") == "--partly.a INT (default: 1)"
    assert row(lines, "--partly.b") == "--partly.b TEXT"
    assert "Pair(" not in "".join(lines)


DETAILS = """Train a model
    on 100% of the data.

    A paragraph whose lines
    are filled anew.

    - first item, which is so long that it needs more than one line of a terminal
    - second item
      goes on

    1. one
    2. two

    Args:
        rate: step size
            of the optimizer

    Examples:
        $ train.py --rate 3

        >>> train(3)
        0.5

    Note:
        [bold]not markup[/bold]

    ```
    as   it   is
    and this
    ```

    Returns:
        nothing
    """


def test_paragraphs_lists_and_examples_of_a_docstring_are_kept(shown: Shown) -> None:
    def main(rate: int = 1) -> None: ...

    main.__doc__ = DETAILS
    text = "\n".join(shown(hp.param("kept")(main), columns=60))
    for part in [
        "\n\nTrain a model on 100% of the data.\n\n",
        "\n\nA paragraph whose lines are filled anew.\n\n",
        "\n- first item, which is so long that it needs more than one\n  line of a",
        "\n- second item goes on\n\n1. one\n2. two\n",
        "\nExamples:\n    $ train.py --rate 3\n\n    >>> train(3)\n    0.5\n",
        "\nNote:\n    [bold]not markup[/bold]\n",
        "\n```\nas   it   is\nand this\n```\n",
    ]:
        assert part in text, part
    assert "Args:" not in text
    assert "Returns:" not in text
    assert "nothing" not in text
    assert "step size of the optimizer" in text


@pytest.mark.parametrize("width", [40, 80])
def test_a_list_in_the_text_of_a_parameter_is_kept(
    shown: Shown, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    @hp.param("listed")
    def main(kind: str = "a", rate: int = 1) -> None:
        """Train.

        Args:
            kind: which of the
                kinds:

                - a: the first
                - b: the second, which has a longer text than fits into
                  a line

                And more.
            rate: 2 - 1
        """

    lines = [line.strip() for line in shown(main, columns=width)]
    for line in ("- a: the first", "And more.", "(default: a)"):
        assert line in lines
    assert any(line.endswith("which of the kinds:") for line in lines)
    assert any(line.startswith("- b: the second,") for line in lines)
    assert any(line.endswith("2 - 1 (default: 1)") for line in lines)
    hp.run_cli(main, ["-ep", "listed.kind"])
    explained = capsys.readouterr().out
    assert "help=which of the kinds: - a: the first - b: the second, which" in explained


def test_numpy_sections_are_kept_or_taken_as_texts(shown: Shown) -> None:
    @hp.param("numpy")
    def main(rate: int = 1) -> None:
        """Train.

        Parameters
        ----------
        rate : int
            Step size.

        Examples
        --------
        >>> main(3)

        Returns
        -------
        None
            nothing at all
        """

    text = "\n".join(shown(main))
    assert "\n\nExamples:\n>>> main(3)\n\n" in text
    assert "--rate INT  Step size. (default: 1)" in text
    assert "nothing at all" not in text
    assert "---" not in text


@pytest.mark.parametrize(
    "sections",
    [
        "Args:\n    rate: {text}\n\n:func:`other` does more.",
        "Args:\n    rate: {text}\n\n.. code-block::\n\n    main(3)\n\n::\n\n    main(4)",
        "Parameters\n----------\nrate : int\n    {text}\n\n:func:`other` does more.\n",
        ":param rate: {text}\n\n.. versionadded:: 2.1",
        ":param rate:\n    {text}\n\nMore about it.\n\n::\n\n    main(3)",
        ":param rate: how much of the difference\nto take, see :func:`other`\n:returns: nothing",
        ":raises ValueError: never\n\nArgs:\n    rate: {text}",
        "@param rate: {text}\n\n:class:`Other` does more.",
        "Parameters\n----------\nmost, rate : int\n    {text}\n",
        "Args:\n    rate, most: {text}\n",
    ],
)
def test_a_parameter_has_its_own_text_and_no_other(shown: Shown, sections: str) -> None:
    def main(rate: int = 1) -> None: ...

    text = "how much of the difference to take, see :func:`other`"
    main.__doc__ = f"Train with :class:`Other`.\n\n{sections.format(text=text)}\n"
    lines = shown(hp.param("own")(main))
    assert row(lines, "--rate") == f"--rate INT {text} (default: 1)"


# -- what every program has -------------------------------------------------------------------


def test_common_options_take_three_lines_and_are_whole_on_request(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    @hp.param("common")
    def main(record: int = 1, help_all: int = 2) -> object:
        return record, help_all

    lines = shown(main, columns=80)
    at = next(n for n, line in enumerate(lines) if line.startswith("common options, see"))
    assert "--help-all" in lines[at]
    assert len(lines) - at == 3
    assert "--hp-record FILE" in "".join(lines[at:])  # --record is the parameter
    assert hp.run_cli(main, ["--help-all"]) is None
    whole = " ".join(capsys.readouterr().out.split())
    assert "-D, --define KEY=VALUE set any parameter" in whole
    assert "KEY=FILE puts them below KEY" in whole
    assert "- is standard input" in whole
    assert "--print-config [toml|yaml|json] print" in whole
    assert "--record INT (default: 1)" in whole
    assert hp.run_cli(main, ["--help_all", "5"]) == (1, 5)


# -- nothing makes it fail --------------------------------------------------------------------


class Faulty:
    """Fails whatever it is asked."""

    __hash__ = None  # type: ignore[assignment]  # on purpose

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")


class FaultyList(list):  # type: ignore[type-arg]
    def __len__(self) -> int:
        raise RuntimeError("len")


class FaultyPath(os.PathLike):  # type: ignore[type-arg]
    def __fspath__(self) -> str:
        raise RuntimeError("fspath")


class FaultyMetaclass(type):
    def __getattribute__(cls, name: str) -> Any:
        if name in ("__name__", "__mro__"):
            return type.__getattribute__(cls, name)
        raise RuntimeError(name)


def of_faulty_metaclass() -> Any:
    return FaultyMetaclass("Odd", (), {})


@dataclass
class FaultyFactory:
    """Fails when it is made."""

    x: int = field(default_factory=lambda: int("x"))
    y: int = 2
    odd: Annotated[int, Faulty()] = 3


@dataclass
class Endless:
    child: Optional["Endless"] = None


T = typing.TypeVar("T")
HINTS: list[Any] = [
    int, None, Any, "unknown", "1/0", "x[0]", "x.y", list, list[list[int]], tuple[()],
    dict[str, Adam], frozenset[bytes], int | str, Literal[1, None, True], Colour,
    Adam | Endless, Adam | int | str, FaultyFactory, Endless, Partly, Pair, T,
    typing.NewType("New", int), Annotated[int, Faulty()], Callable[[int], str], Callable,
    type[int], Iterator[int], np.ndarray, np.float32, Faulty, of_faulty_metaclass(), [int], (1, 2),
    5, ..., {"a": 1}, len, typing.LiteralString, typing.Never, typing.ClassVar[int],
    typing.Protocol, dataclasses.InitVar[int], FaultyPath,
]  # fmt: skip
DEFAULTS: list[Any] = [
    None, "\x1b[31mred\x1b[0m\x00", b"\xff", {"a": {1: 2}}, Faulty(), [Faulty()], {"k": Faulty()},
    FaultyList([1]), FaultyPath(), of_faulty_metaclass(), of_faulty_metaclass()(), Adam(), Adam,
    Endless(Endless()), np.zeros((3, 2)), float("nan"), 10**5000, lambda: 2, ..., "日本語" * 60,
    FaultyFactory(1),
]  # fmt: skip


class FaultyText:
    @property
    def documentation(self) -> str:
        raise RuntimeError("documentation")


class FaultyMapping(dict):  # type: ignore[type-arg]
    def get(self, *_: Any) -> Any:
        raise RuntimeError("get")


@dataclass
class OddlyDescribed:
    first: int = field(default=1, metadata=FaultyMapping(a=1))
    """written below the first"""
    second: Annotated[int, FaultyText(), "from the annotation"] = 2


def test_metadata_that_fails_hides_no_other_text(shown: Shown) -> None:
    @hp.param("oddly")
    def main(odd: OddlyDescribed = OddlyDescribed()) -> object:
        return odd

    text = " ".join(" ".join(shown(main)).split())
    assert "--odd.first INT written below the first" in text
    assert "--odd.second INT from the annotation" in text


@pytest.mark.parametrize("number", range(len(HINTS)))  # pytest itself fails at some
def test_no_annotation_and_no_default_makes_help_fail(shown: Shown, number: int) -> None:
    hint = HINTS[number]
    # Other ones for the next annotation: each default meets a quarter of the annotations.
    for default in DEFAULTS[number % 4 :: 4] if not soak.STRESS else DEFAULTS:

        def main(y, x=default): ...  # type: ignore[no-untyped-def]

        main.__annotations__ = {"x": hint, "y": hint}
        text = "\n".join(shown(hp.param("any")(main)))
        assert "--x" in text
        assert "\x1b" not in text


DOCSTRINGS = [
    "x" * 10_000, "word " * 2_000, "日本語の長い文章です。" * 80, "(" * 5_000, ":param " * 1_500,
    "[bold]red[/bold] %s %(x)s {0} <b>", "a\x1b[31mred\x07", "Args:\n  x", ":param x\n:param", "-",
    "Parameters\n----------\nx\n", "::", "```\ncode", "\t- tab\n\t\t- more", "a\u2028b\x85c",
    "\ud800", "=====\n=====", "Args:\n" + "\n".join(f"    a{n}: t" for n in range(500)),
    ":param x: y\n\n::\n\n    code", "Args:\n    x: y\n::\n", "Args:\n    x: y\n\n:",
    "Returns\n-------\n: :py:class:`dict`\n    Dict", ":param x: y\n: :class:`dict`",
    "Sum.\n\n- " + "long " * 200 + "\n\n    " + "code " * 100, " " * 10_000 + "x",
]  # fmt: skip


@pytest.mark.parametrize("docstring", DOCSTRINGS, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("columns", [1, 40, 80, 200])
def test_no_docstring_makes_help_fail_or_too_wide(
    shown: Shown, docstring: str, columns: int
) -> None:
    def main(x: int = 1) -> None: ...

    main.__doc__ = docstring
    lines = shown(hp.param("any")(main), columns=columns)
    assert any("--x INT" in line for line in lines)
    assert "\x1b" not in "".join(lines)
    if max(map(len, docstring.split())) < 30 or not docstring.isascii():
        assert max(map(width, lines)) <= max(40, columns)


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)


# -- colours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("plain", "coloured"), [("", True), ("1", False)])
def test_names_and_errors_have_colours_on_a_terminal(
    tmp_path: pathlib.Path, plain: str, coloured: bool
) -> None:
    import pty

    script = tmp_path / "app.py"
    script.write_text(
        "import hyperparameter as hp\n@hp.param\ndef main(x=1):\n    '''\\x1b[5mDo.'''\n"
        "hp.launch(main)\n"
    )
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": plain}
    for word in ("--help", "--y"):
        master, slave = pty.openpty()
        subprocess.run([sys.executable, str(script), word], stdout=slave, stderr=slave, env=env)
        os.close(slave)
        output = os.read(master, 65536).decode()
        os.close(master)
        assert ("\x1b[" in output) is coloured
        assert "\x1b[5m" not in output  # that of a docstring is none of ours
        name = "\x1b[36m--x\x1b[0m" if word == "--help" else "\x1b[1;31merror:\x1b[0m"
        assert (name in output) is coloured


# -- parameters of called functions -----------------------------------------------------------

CALLS = '''
import functools
from dataclasses import dataclass
import hyperparameter as hp

@dataclass
class Opt:
    lr: float = 1.0
    """rate of learning"""

@hp.param("prep")
def prepare(image, gamma: float = 0.7):
    """Prepare.

    Args:
        image: data
        gamma: how bright
    """

@hp.param("fit")
def fit(learn, check, *, rate=0.1, opt: Opt = Opt(), seed: int = 0):
    return hp.scope.fit.extra | "x"

@hp.param("net")
def build(layers: int, width: int = 3): ...

@hp.param("always")
def always(given=1, other=2): ...

@hp.param("unpacked")
def unpacked(needed, free=2): ...

@hp.param("main")
def main(x=1):
    list(map(prepare, []))
    fit(1, 2, seed=3)
    fit(1, check=2)
    build()
    always(3)
    always(given=4)
    unpacked(*[1])

if __name__ == "__main__":
    hp.launch(main)
'''


def test_advanced_has_types_texts_and_nothing_that_the_program_itself_passes(
    tmp_path: pathlib.Path,
) -> None:
    (tmp_path / "calls.py").write_text(CALLS)
    env = {**os.environ, "COLUMNS": "100"}
    for _ in range(2):  # also from what is kept of the first scan
        done = subprocess.run(
            [sys.executable, "calls.py", "--help"],
            cwd=tmp_path, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        advanced = done.stdout.partition("advanced, set with -D:\n")[2].partition("\n\n")[0]
        rows = [" ".join(line.split()).partition(" [calls.py:")[0] for line in advanced.split("\n")]
        assert rows == [
            "always.other INT (default: 2)",
            "fit.extra TEXT (default: x)",
            "fit.opt.lr FLOAT rate of learning (default: 1.0)",
            "fit.rate FLOAT (default: 0.1)",
            "fit.seed INT (default: 0)",
            "net.layers INT [required]",
            "net.width INT (default: 3)",
            "prep.gamma FLOAT how bright (default: 0.7)",
            "unpacked.free INT (default: 2)",
        ]
        assert done.stderr == ""


def test_the_printed_configuration_has_nothing_that_the_program_itself_passes(
    tmp_path: pathlib.Path,
) -> None:
    again = CALLS.replace("def main(x=1):", "def main(x=1):\n    main(x=2)")
    (tmp_path / "calls.py").write_text(again)

    def printed(*words: str) -> tuple[dict[str, object], str]:
        done = subprocess.run(
            [sys.executable, "calls.py", "--print-config", "json", *words],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout), done.stderr

    expected = {
        "prep": {"gamma": 0.7},
        "fit": {"rate": 0.1, "opt": {"lr": 1.0}, "seed": 0, "extra": "x"},
        "net": {"width": 3},
        "always": {"other": 2},
        "unpacked": {"free": 2},
        "main": {"x": 1},  # which the command line sets, though the program calls it as well
    }
    required = "net.layers is left out: it is required and has no value.\n"
    assert printed() == (expected, required)
    set_too = {**expected, "always": {"given": 5, "other": 2}}
    assert printed("-D", "always.given=5") == (set_too, required)
