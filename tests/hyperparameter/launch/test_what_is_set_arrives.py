"""What a command line, files and the environment set together, take away or say nothing about."""

import enum
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from value_oracle import same
from value_sources import declared, environment

import hyperparameter as hp


@dataclass
class Opt:
    lr: float = 0.1
    mom: float = 0.9
    env: dict[str, int] = field(default_factory=dict)


@dataclass
class Csv:
    path: str
    sep: str = ","


@dataclass
class Db:
    url: str


class Color(enum.Enum):
    RED = "red"


PROGRAM = """
import hyperparameter as hp

@hp.param("t")
def main(lr: float = 0.1, out: str = "o", d: dict[str, int] = {"x": 0}):
    print(lr, out, d)

hp.launch(main)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Run a program of its own, whose source file tells which keys it knows."""
    (tmp_path / "program.py").write_text(PROGRAM)

    def run(*words: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "program.py", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip(), done.stderr.strip().removeprefix("program.py: error: ")

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, "utf-8")
        return str(tmp_path / name)

    return write


Write = Callable[[str, str], str]
Run = Callable[..., tuple[str, str]]


# -- what is taken away ----------------------------------------------------------------------------


def removable(
    n: int = 1, d: dict[str, int] = {"x": 0}, opt: Opt = Opt(5, 6), o: Opt | None = None, free=None
):  # type: ignore[no-untyped-def]
    return {"n": n, "d": d, "opt": opt, "o": o, "free": free}


SET = {"n": 3, "d": {"a": 1}, "opt": {"lr": 7}, "o": {"mom": 2}, "free": {"k": 1}}
DEFAULTS = {"n": 1, "d": {"x": 0}, "opt": Opt(5, 6), "o": None, "free": None}
AS_SET = {
    "n": 3, "d": {"x": 0, "a": 1}, "opt": Opt(7.0, 6), "o": Opt(0.1, 2.0), "free": {"k": 1},
}  # fmt: skip
REMOVALS: list[tuple[list[str], dict[str, Any], dict[str, Any]]] = [
    # words, what differs from the defaults where nothing is set, and from AS_SET where all is
    (["-D", "~t.n"], {}, {"n": 1}),
    (["-D", "~t.d"], {}, {"d": {"x": 0}}),
    (["-D", "~t.d.x"], {"d": {}}, {"d": {"a": 1}}),
    (["-D", "~t.d.a"], {}, {"d": {"x": 0}}),
    (["-D", "~t.opt"], {}, {"opt": Opt(5, 6)}),
    (["-D", "~t.opt.lr"], {}, {"opt": Opt(5, 6)}),
    (["-D", "~t.o"], {}, {"o": None}),
    (["-D", "~t.free"], {}, {"free": None}),
    (["-D", "~t.d", "-D", "t.d.z=9"], {"d": {"z": 9}}, {"d": {"z": 9}}),
    (["-D", "~t.d", "--d.z=9"], {"d": {"z": 9}}, {"d": {"z": 9}}),
    (["-D", "~t.d.x", "--d.z=9"], {"d": {"z": 9}}, {"d": {"a": 1, "z": 9}}),
    (["-D", "~t.opt", "--opt.lr=3"], {"opt": Opt(3.0)}, {"opt": Opt(3.0)}),
    (["-D", "t.d.z=4", "-D", "~t.d"], {}, {"d": {"x": 0}}),
]


@pytest.mark.parametrize(("words", "alone", "over"), REMOVALS, ids=lambda one: str(one))
def test_what_is_removed_is_as_if_nobody_had_set_it_whatever_the_sources_are(
    words: list[str], alone: dict[str, Any], over: dict[str, Any], write: Write, capsys: Any
) -> None:
    empty, full = write("empty.json", '{"t": {}}'), write("full.json", json.dumps({"t": SET}))
    variables = {
        "GONE_T__N": "3", "GONE_T__D": '{"a": 1}', "GONE_T__OPT__LR": "7",
        "GONE_T__O": '{"mom": 2}', "GONE_T__FREE__K": "1",
    }  # fmt: skip
    program = declared(removable)
    for more in ([], ["-C", empty]):
        assert same(hp.run_cli(program, [*words, *more]), {**DEFAULTS, **alone})
        with hp.scope(t=SET):
            assert same(hp.run_cli(program, [*words, *more]), {**AS_SET, **over})
    assert same(hp.run_cli(program, ["-C", full, *words]), {**AS_SET, **over})
    with environment(variables):
        assert same(hp.run_cli(program, words, env_prefix="GONE"), {**AS_SET, **over})
    err = capsys.readouterr().err
    assert "t.d " not in err
    assert "t.n " not in err


def test_a_key_that_is_removed_must_be_known_and_may_be_a_section(write: Write, run: Run) -> None:
    for more in ([], ["-C", write("c.json", '{"t": {"lr": 3, "d": {"y": 1}}}')]):
        out, err = run("-D", "~t.nope", *more)
        assert out == ""
        assert err.startswith("t.nope (cli -D): this program has no such parameter.")
        assert run("-D", "~t", *more) == ("0.1 o {'x': 0}", "")


@pytest.mark.parametrize("words", [["-D", "~t.n=1"], ["-D", "~zz=1"], ["--~t.n", "1"]])
def test_a_key_that_is_removed_has_no_value(words: list[str]) -> None:
    name = words[1].partition("=")[0] if words[0] == "-D" else "~t.n"
    with pytest.raises(hp.UsageError) as caught:
        hp.run_cli(declared(removable), words)
    assert str(caught.value) == (
        f"{words[0].partition('=')[0]}: '{name}=1' has a value, and '~' takes a key away. "
        f"Write {name[1:]}=VALUE to set it, or -D '{name}' to take it away."
    )
    for wrong in (lambda: hp.scope(f"{name}=1"), lambda: hp.config({}, overrides=[f"{name}=1"])):
        with pytest.raises((hp.InvalidKey, hp.ConfigurationError), match="'~' takes a key away"):
            wrong()


def test_a_required_parameter_that_is_removed_is_missing(write: Write) -> None:
    @hp.param("gone")
    def program(n: int) -> int:
        return n

    sources: list[tuple[Any, list[str]]] = [
        (nullcontext(), []),
        (hp.scope(**{"gone.n": 1}), []),
        (hp.scope("gone.n=1"), []),
        (nullcontext(), ["-C", write("one.json", '{"gone": {"n": 1}}')]),
        (nullcontext(), ["-D", "gone.n=1"]),
    ]
    for source, words in sources:
        with source, pytest.raises(hp.UsageError, match=r"^N is missing\. Give it as an argument"):
            hp.run_cli(program, [*words, "-D", "~gone.n"])
        with source:
            assert hp.run_cli(program, [*words, "-D", "~gone.n", "-D", "gone.n=3"]) == 3


def test_what_is_removed_is_explained_as_not_set() -> None:
    @hp.param("gone_too")
    def program(n: int = 1) -> tuple[int, list[Any]]:
        return n, hp.explain("gone_too.n").bindings

    with hp.scope(**{"gone_too.n": 3}):
        assert hp.run_cli(program, ["-D", "~gone_too.n"]) == (1, [])


# -- keys that are no parameters -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "right"),
    [
        ("root: /data\nt: {out: '${root}/run'}\n", [], "0.1 /data/run"),
        ("root: /data\nt: {out: '${root}/run'}\n", ["--allow-unknown"], "0.1 /data/run"),
        ("a: {b: /data}\nt: {out: '${a.b}/run'}\n", [], "0.1 /data/run"),
        ("t: {lr: '${lr}'}\n", ["-D", "lr=3"], "3.0 o"),
        ("t: {}\n", [], "0.1 o"),
        ("t:\n  # lr: 3\n", [], "0.1 o"),
        ("extra: {}\nt: {more: {}, lr: 3}\n", [], "3.0 o"),
        ("extra:\nother: {inside: {}}\n", [], "0.1 o"),
        ("t: {}\nextra: {}\n", ["-D", "t.lr=3"], "3.0 o"),
    ],
)
def test_what_references_take_is_used_and_empty_sections_set_nothing(
    text: str, words: list[str], right: str, write: Write, run: Run
) -> None:
    assert run("-C", write("c.yaml", text), *words) == (f"{right} {{'x': 0}}", "")


def test_an_empty_section_of_a_file_hides_no_unknown_key(write: Write, run: Run) -> None:
    path = write("c.yaml", "extra: {}\n")
    assert run("-C", path, "-D", "extra.n=1")[1].startswith("extra.n (cli -D): ")
    assert run("-C", path, "-D", "extra={}")[1].startswith("extra (cli -D): ")
    both = ["-C", write("d.yaml", "extra: 1\n"), "-C", path]
    assert run(*both)[1].startswith("extra (file ")


@pytest.mark.parametrize("name", ["c.yaml", "c.json", "c.toml"])
def test_an_empty_section_inside_of_a_structure_sets_nothing(name: str, write: Write) -> None:
    @declared
    def program(opt: Opt = Opt(mom=0.5)) -> Any:
        return opt

    text = {
        "c.yaml": "extra: {}\nlr: 3\n",
        "c.json": '{"extra": {"inside": {}}, "lr": 3}',
        "c.toml": "lr = 3\n[extra.inside]\n",
    }[name]
    path = write(name, text)
    assert hp.config(path, schema=Opt) == Opt(lr=3)
    assert hp.run_cli(program, ["-C", f"t.opt={path}"]) == Opt(lr=3, mom=0.5)


def test_a_key_beside_references_is_unknown_still(write: Write, run: Run) -> None:
    path = write("c.yaml", "root: /data\nroof: 1\nt: {out: '${root}/run'}\n")
    assert run("-C", path)[1].startswith("roof (file ")


def test_a_mapping_for_a_parameter_without_names_says_what_the_parameter_is(
    write: Write, run: Run
) -> None:
    for words in (["-D", "t.lr.a=1"], ["-C", write("c.yaml", "t: {lr: {a: 1}}")]):
        err = run(*words)[1]
        assert err.startswith("t.lr.a (")
        assert "t.lr is a float" in err


def test_words_of_a_shell_mean_what_they_say_beside_files_at_any_depth(write: Write) -> None:
    @declared
    def program(words: list[str] = [], env: dict[str, Any] = {}) -> Any:
        return words, env

    path = write("c.json", '{"t": {}}')
    env = '{"a": "${b}", "c": ["$${d}", {"e": "${f}"}]}'
    argv = ["--words", "${x}", "--words", "y", "--env", env]
    right = (["${x}", "y"], {"a": "${b}", "c": ["$${d}", {"e": "${f}"}]})
    for more in ([], ["-C", path]):
        assert hp.run_cli(program, [*argv, *more]) == right


# -- options of unions, and names below an option --------------------------------------------------

UNIONS: list[tuple[Any, Any, list[str], Any]] = [  # hint, default, words, what arrives
    (str | dict, "d", [], "d"),
    (str | dict, "d", ["--x", "a=b.csv"], "a=b.csv"),
    (str | dict, "d", ["--x", '{"a": 1}'], {"a": 1}),
    (str | dict, "d", ["--x.a", "1"], {"a": 1}),
    (dict | list, {}, ["--x", "1", "--x", "2"], [1, 2]),
    (dict | list, {}, ["--x", '{"a": 1}'], {"a": 1}),
    (dict | list, {}, ["--x.a=1"], {"a": 1}),
    (dict[str, int] | int, 1, ["--x", "k=3", "--x", "l=4"], {"k": 3, "l": 4}),
    (dict[str, int] | int, 1, ["--x", "5"], 5),
    (Csv | Db, Csv("a"), ["--x.url", "x://y"], Db("x://y")),
    (Csv | Db, Csv("a"), ["--x.sep", ";"], Csv("a", ";")),
    (Csv | Db, Csv("a"), ["--x", '{"path": "b"}'], Csv("b")),
    (Csv | str | None, None, ["--x", "b"], "b"),
    (Csv | str | None, "d", ["--x", "null"], None),
    (Csv | str | None, None, ["--x.path=b"], Csv("b")),
    (list[int] | int, 0, ["--x", "1"], 1),
    (list[int] | int, 0, ["--x", "1", "--x", "2"], [1, 2]),
    (list[int] | int, 0, ["--x", "[1]"], [1]),
    (Opt, Opt(), ["--x.env.k", "3"], Opt(env={"k": 3})),
    (Opt | int, Opt(mom=2), ["--x.lr", "7"], Opt(7, 2)),
    (Opt | int, 4, ["--x.lr", "7"], Opt(7)),
    (Any, Opt(mom=2), ["--x.lr", "7"], Opt(7, 2)),
    (Any, Opt(mom=2), ["--x.env.k", "7"], Opt(mom=2, env={"k": 7})),
]


@pytest.mark.parametrize(("hint", "default", "words", "right"), UNIONS, ids=str)
def test_the_words_of_an_option_reach_the_member_that_takes_them(
    hint: Any, default: Any, words: list[str], right: Any, write: Write
) -> None:
    def program(x: Any = default) -> Any:
        return x

    program.__annotations__["x"] = hint
    for more in ([], ["-C", write("c.json", '{"t": {}}')]):
        assert same(hp.run_cli(declared(program), [*words, *more]), right)


def test_names_below_an_option_without_a_type_make_a_dict_and_a_tuple_takes_several_words() -> None:
    @declared
    def program(opts=None, size=(0, 0)):  # type: ignore[no-untyped-def]
        return opts, size

    assert hp.run_cli(program, ["--opts.depth", "3"]) == ({"depth": 3}, (0, 0))
    for words in (["8", "9"], ["8", "--size", "9"], ["[8, 9]"]):
        assert hp.run_cli(program, ["--size", *words]) == (None, (8, 9))


@pytest.mark.parametrize(("argv", "named"), [("--lr 3", "not str"), (5, "not int"), ([1], "int 1")])
def test_arguments_that_are_not_texts_in_a_list_are_refused_with_advice(
    argv: Any, named: str
) -> None:
    with pytest.raises(TypeError, match=named) as caught:
        hp.run_cli(declared(removable), argv)
    assert '["--lr", "3"]' in str(caught.value)
    assert "shlex.split" in str(caught.value)


# -- what is printed, and what a record has --------------------------------------------------------


def test_a_value_that_a_file_gives_as_another_is_left_out_and_named(capsys: Any) -> None:
    @declared
    def program(free=None, d: dict[str, int] = {"x": 0}) -> Any:  # type: ignore[no-untyped-def]
        return free, d

    with hp.scope(**{"t.free": {"color": Color.RED, "n": 1}}):
        hp.run_cli(program, ["-D", "~t.d.x", "-D", "t.d.y=1", "--print-config", "json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["t"] == {"free": {"n": 1}}
    assert "t.free.color is left out: a file cannot give this value." in err
    assert "t.d is left out: a file cannot give this value." in err


def test_one_command_prints_what_it_uses(capsys: Any, write: Write) -> None:
    @hp.param("first")
    def first(a: int = 1) -> Any:
        return a

    @hp.param("second")
    def second(b: int = 2) -> Any:
        return b

    with pytest.raises(SystemExit):
        hp.launch(None, ["first", "--a", "5", "--print-config", "json"])
    out = capsys.readouterr().out
    assert json.loads(out)["first"] == {"a": 5}
    assert "second" not in json.loads(out)
    path = write("c.json", json.dumps({"first": json.loads(out)["first"]}))
    assert hp.run_cli(None, ["first", "-C", path]) == 5
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("is_set", [True, False])
def test_a_record_leaves_what_it_cannot_hold_to_the_code_that_set_it(
    is_set: bool, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    @declared
    def program(model=None, n: int = 1):  # type: ignore[no-untyped-def]
        return model, n

    path = write("run.json", "")
    scope = hp.scope(**{"t.model": object(), "t.n": 5}) if is_set else nullcontext()
    with scope, hp.record() as record:
        program()
    record.save(path)
    assert hp.run_cli(program, ["-C", path, "-D", "t.model=m"]) == ("m", 5 if is_set else 1)
    capsys.readouterr()
    assert hp.run_cli(program, ["-C", path]) == (None, 5 if is_set else 1)
    assert ("run.json does not set t.model: code has set" in capsys.readouterr().err) == is_set


def test_a_record_gives_text_with_signs_of_references_as_it_was(write: Write) -> None:
    @declared
    def program(out: str = "", names: dict[str, str] = {}) -> Any:
        return out, names

    with hp.scope(t={"out": "${id}", "names": {"a.b": "$${c}"}}), hp.record() as record:
        before = program()
    path = write("run.json", "")
    record.save(path)
    assert hp.run_cli(program, ["-C", path]) == before == ("${id}", {"a.b": "$${c}"})


JOINED = [
    ['joined.x={"a": {"q": 1}}', 'joined.x={"a": {"b": 2}}'],
    ['joined.x.a={"q": 1}', 'joined.x.a={"b": 2}'],
    ['joined.x={"a": {"q": 1}}', 'joined.x.a={"b": 2}'],
    ["joined.x.a.q=1", 'joined.x={"a": {"b": 2}}'],
]


@pytest.mark.parametrize("words", JOINED, ids=" ".join)
def test_two_mappings_for_one_key_in_one_source_join_at_every_depth(
    words: list[str], write: Write
) -> None:
    @hp.param("joined")
    def program(x: dict = {"z": 0}) -> Any:  # type: ignore[type-arg]
        return x

    right = {"z": 0, "a": {"q": 1, "b": 2}}
    defined = [word for text in words for word in ("-D", text)]
    assert hp.run_cli(program, defined) == right
    assert hp.run_cli(program, [*defined, "-C", write("c.json", '{"joined": {"x": {}}}')]) == right
    assert hp.run_cli(program, [f"--{text.removeprefix('joined.')}" for text in words]) == right
    with hp.scope(*words):
        assert program() == right
    with hp.config({}, overrides=words):
        assert program() == right


def test_the_last_of_two_texts_for_one_key_is_the_text() -> None:
    @hp.param("joined")
    def program(x: str = "") -> Any:
        return x

    words = ['joined.x={"a": 1}', 'joined.x={"b": 2}']
    assert hp.run_cli(program, ["-D", words[0], "-D", words[1]]) == '{"b": 2}'
    with hp.scope(*words):
        assert program() == '{"b": 2}'
