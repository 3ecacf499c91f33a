"""What `--print-config` prints, given back with `-C`, has each reader get its value again.

Or it is named on stderr.  Programs run as programs do, in processes of their own.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

KINDS = ["yaml", "json", "toml"]
each_kind = pytest.mark.parametrize("kind", KINDS)
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `program.py` in the folder of the test, and return what it writes on both streams."""

    def run(*words: str, **env: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "program.py", *words], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={**os.environ, **env},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return run


# -- values x readers x formats x sources ----------------------------------------------------------

READERS = {
    "int": "hp.scope.{key} | 3",
    "other int": "hp.scope.{key} | 4",
    "text": "hp.scope.{key} | 'd'",
    "float": "hp.scope.{key} | 0.5",
    "bool": "hp.scope.{key} | True",
    "None": "hp.scope.{key} | None",
    "list": "hp.scope.{key} | [1]",
    "mapping": "hp.scope.{key} | {{'z': 1}}",
    "required": "hp.scope.{key}()",
    "truth": "bool(hp.scope.{key})",
    "computed": "hp.scope.{key} | len('four')",
    "passed": "taken(hp.scope.{key})",
    "part": "hp.scope.{key}.c | 7",
}
WORDS = [
    None, "3", "1e3", "007", "x", "true", "null", "0.50", "-0", "", "[1, 2]", '["1e3"]', '{"c": 2}',
    '{"c": {"d": "1e3"}}', '{"c": 1e3}', '"3"', "$5", " 1", "a: b", "1_0", ".inf", "0x10", "{}",
    "yes", "~", '{"1": 2}', "2021-02-03",
]  # fmt: skip
SIMPLE_WORDS = ("3", "1e3", "007", "x", "true", "0.50", "-0", "0x10")
"""Words of which YAML gives each reader its own, whatever that is."""
HEAD = """
import hyperparameter as hp

def taken(accessor):
    return accessor.c | 8, accessor | "p"

def got(read):
    try:
        return repr(read())
    except (hp.MissingParameter, hp.ConversionError) as error:
        return type(error).__name__

@hp.param("main")
def main():
"""


def matrix_program(rows: list[tuple[str, str | None, tuple[str, ...]]]) -> str:
    """Return a program that prints what all readers of each key get, a line for a key."""
    lines = []
    for key, _, readers in rows:
        reads = ", ".join(f"got(lambda: {READERS[name].format(key=key)})" for name in readers)
        lines.append(f"    print('{key}', {reads}, sep='\\t')")
    return HEAD + "\n".join(lines) + "\n\nhp.launch(main, env_prefix='MX')\n"


def all_rows() -> list[tuple[str, str | None, tuple[str, ...]]]:
    in_pairs = set(READERS) - {"other int", "float", "bool", "list"}
    several = [*itertools.combinations(READERS, 1), *itertools.combinations(sorted(in_pairs), 2)]
    several += [("int", "other int"), ("int", "text", "float"), ("text", "None", "list")]
    every = itertools.product(WORDS, several)
    return [(f"m.k{number}", word, names) for number, (word, names) in enumerate(every)]


def is_refused_by_all(names: tuple[str, ...], line: str) -> bool:
    """Tell a value that no reader of the key, or of a part of it, takes: nothing is printed."""
    got = [*zip(names, line.split("\t")[1:], strict=True)]
    keys = [[one for name, one in got if (name == "part") is is_part] for is_part in (True, False)]
    return any(found and set(found) == {"ConversionError"} for found in keys)


def as_source(source: str, rows: list[tuple[str, str | None]], folder: Path) -> list[str]:
    """Return the words, or write the file, that set these keys; variables are set by the test."""
    if source == "-D":
        return [part for key, word in rows for part in ("-D", f"{key}={word}")]
    if source == "json":  # in which words are text, or what they mean in JSON
        values: dict[str, object] = {}
        for key, word in rows:
            try:
                value = json.loads(word or "")
            except ValueError:
                value = word
            values[key] = value
        (folder / "in.json").write_text(json.dumps(values))
        return ["-C", "in.json"]
    return []


@pytest.mark.parametrize("source", ["-D", "json", "environment"])
def test_each_reader_gets_its_value_again_or_the_key_is_named(
    source: str, run: Run, tmp_path: Path
) -> None:
    rows = all_rows()
    if source != "-D":  # fewer pairs: what is set is the same, and systems have few variables
        rows = [row for row in rows if row[1] is None or len(row[2]) != 2 or "text" in row[2]]
    program = tmp_path / "program.py"
    unknown = ["--allow-unknown"]  # which of the keys of a file the program knows is another test

    def set_by() -> tuple[list[str], dict[str, str]]:
        given = [(key, word) for key, word, _ in rows if word is not None]
        names = {f"MX_{key.upper().replace('.', '__')}": word for key, word in given}
        return as_source(source, given, tmp_path), names if source == "environment" else {}

    program.write_text(matrix_program(rows))
    words, variables = set_by()
    lines = run(*words, *unknown, **variables)[0].splitlines()
    rows = [
        row for row, line in zip(rows, lines, strict=True) if not is_refused_by_all(row[2], line)
    ]
    program.write_text(matrix_program(rows))
    words, variables = set_by()
    before = run(*words, *unknown, **variables)[0].splitlines()
    assert sum("'007'" in line for line in before) > 5  # they are set indeed
    for kind in KINDS:
        text, said = run(*words, *unknown, "--print-config", kind, **variables)
        (tmp_path / f"out.{kind}").write_text(text)
        after = run("-C", f"out.{kind}", *unknown)[0].splitlines()
        named = {line.split()[0] for line in said.splitlines() if " is left out: " in line}
        for row, old, new in zip(rows, before, after, strict=True):
            is_named = any(f"{one}.".startswith(f"{row[0]}.") for one in named)
            assert old == new or is_named, (kind, row, old, new)
        if kind == "yaml" and source != "json":
            assert not [row for row in rows if row[1] in SIMPLE_WORDS and row[0] in named]


# -- several readers -------------------------------------------------------------------------------

SEVERAL = """
import hyperparameter as hp
from dataclasses import dataclass

@dataclass
class Opt:
    lr: float = 0.5
    mom: float = 0.1

@hp.param("a")
def one(number: int = 3, text: str = "007", rate: float = 1.0, opt: Opt = Opt(1.0), same: int = 1):
    return number, text, rate, opt, same, hp.scope.a.read | 1, hp.scope.b.made | 5

@hp.param("a")
def two(number: int = 4, text: int = 5, rate: int = 1, *, opt: Opt = Opt(2.0), same: int = 1):
    n = len("six")
    return number, text, rate, opt, same, hp.scope.a.read | 2, hp.scope.b.made | n

@hp.param("main")
def main(n: int = 1):
    print(one(), two(), hp.scope.c | {}, hp.scope.c.part | 1, bool(hp.scope.flag))
    if hp.scope.flag:
        print(repr(hp.scope.flag()))

hp.launch(main)
"""


@each_kind
def test_defaults_that_differ_are_left_to_their_readers_and_named(
    kind: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(SEVERAL)
    text, said = run("--print-config", kind)
    assert "a.number is left out: its readers have different defaults, 3 and 4." in said
    assert "a.opt.lr is left out: its readers have different defaults" in said
    assert "b.made is left out: its readers have different defaults, 5 and n." in said
    assert "a.same" not in said
    assert "same" in text
    assert "mom" in text  # the field of which both have the same default
    (tmp_path / f"out.{kind}").write_text(text)
    assert run("-C", f"out.{kind}") == run()


@each_kind
@pytest.mark.parametrize(
    "words",
    [
        ["a.number=1e1", "a.opt.mom=2"], ["a.text=007", "flag=x"], ["c.part=4", "flag=no"],
        ["a.read=3", "flag=3"], ["b.made=1e3"], ["c.other.k=1e3"],
    ],
)  # fmt: skip
def test_what_is_set_is_there_for_all_readers(
    kind: str, words: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(SEVERAL)
    given = [part for word in words for part in ("-D", word)]
    text, said = run(*given, "--print-config", kind)
    named = [word for word in words if f"{word.partition('=')[0]} is left out" in said]
    only_in_yaml = ("b.made=1e3", "flag=no")  # of which each reader may make something else
    assert named == [word for word in words if kind != "yaml" and word in only_in_yaml]
    (tmp_path / f"out.{kind}").write_text(text)
    again = [part for word in named for part in ("-D", word)]
    assert run("-C", f"out.{kind}", *again) == run(*given)


# -- several commands, and readers that nobody knows ----------------------------------------------

COMMANDS = """
import hyperparameter as hp
from hyperparameter.params import Params

def size_of(net):
    return net.size | 1, net.name | "n"

@hp.param("train")
def train(data: str = "d"):
    print(data, steps(), Params.from_scope(prefix="tail").pop_int("size", 1), size_of(hp.scope.net))

@hp.param("steps")
def steps(n: int = 1, of: dict[str, int] = {}):
    return n, of

@hp.param("other")
def other(k: int = 1):
    print(k, steps(n=2))

hp.launch()
"""


@each_kind
def test_what_is_set_is_printed_whoever_reads_it(kind: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(COMMANDS)
    words = ["-D", "steps.n=3", "-D", "steps.of.a=4", "-D", "tail.size=5", "-D", "net.size=6"]
    text, said = run("train", *words, "--print-config", kind)
    assert said == ""
    assert "other" not in text
    (tmp_path / f"out.{kind}").write_text(text)
    assert run("train", "-C", f"out.{kind}") == ("d (3, {'a': 4}) 5 (6, 'n')\n", "")


def test_a_word_that_another_format_would_change_for_an_unknown_reader_is_named(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(COMMANDS)
    words = ["train", "-D", "net.size=6", "-D", "net.name=1e3"]
    for kind in ("json", "toml"):
        text, said = run(*words, "--print-config", kind)
        assert said == "net.name is left out: a file cannot give this value.\n"
        assert "6" in text
    text, said = run(*words, "--print-config", "yaml")
    assert (said, "name: 1e3" in text) == ("", True)


# -- what a file cannot say ------------------------------------------------------------------------

BELOW = """
import hyperparameter as hp

@hp.param("t")
def t(d: dict = {"start": 0}, lr: float = 0.1, free=None):
    print(d, lr, free, hp.scope.u.d | {"q": 1}, hp.scope.v.w | 4)

hp.launch(t, config="conf.yaml")
"""
CONF = "t:\n  d: {x: 1}\n  lr: 3\nu:\n  d: {z: 2}\nv: {w: 9}\n"


@each_kind
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["~t.d.x"], "t.d"), (["~t.d"], "t.d"), (["~t.d", "t.d.a=1"], "t.d"), (["~t.lr"], ""),
        (["~u.d", "u.d.k=1"], "u.d"), (["~u"], "u.d"), (["~v.w"], ""), (["t.d.b=1"], ""),
    ],
)  # fmt: skip
def test_what_was_taken_away_stays_away_or_is_named(
    kind: str, words: list[str], named: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(BELOW)
    (tmp_path / "conf.yaml").write_text(CONF)
    given = [part for word in words for part in ("-D", word)]
    text, said = run(*given, "--print-config", kind)
    (tmp_path / f"out.{kind}").write_text(text)
    lines = [one for one in said.splitlines() if not (kind == "toml" and "is None" in one)]
    assert [one.split()[0] for one in lines] == ([named] if named else [])
    if not named:
        assert run("-C", f"out.{kind}") == run(*given)


@each_kind
def test_a_mapping_in_one_word_for_a_reader_of_one_value_is_named(
    kind: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param\ndef t(a: int = 1):\n    print(a, repr(hp.scope.opt()))\n"
        "hp.launch(t)\n"
    )
    words = ["-D", 'opt={"c": 2}']
    assert run(*words)[0] == "1 {'c': 2}\n"
    text, said = run(*words, "--print-config", kind)
    assert "opt.c is left out: in a file, the program would refuse it." in said
    assert "opt" not in text


# -- a dataclass as a program, with files that include others --------------------------------------

JOB = """
import hyperparameter as hp
from dataclasses import dataclass, field
from enum import Enum

class Colour(Enum):
    RED = "r"

@dataclass
class Inner:
    lr: float = 0.1
    tag: str = "t"
    names: dict[str, int] = field(default_factory=dict)

@dataclass
class Job:
    "A job."
    name: str
    inner: Inner = field(default_factory=Inner)
    inners: dict[str, Inner] = field(default_factory=lambda: {"z": Inner()})
    colour: Colour = Colour.RED
    api_key: str = ""

    def __post_init__(self):
        print(self, hp.scope.extra.x | 1)

hp.launch(Job, config="conf.yaml")
"""


@each_kind
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["n1"], ""), (["007", "-D", "Job.inner.tag=1e3"], ""), (["x", "-D", "extra.x=0x10"], ""),
        (["x", "-D", "Job.inner.names.k=4", "-D", "Job.inners.b.tag=null"], ""),
        (["x", "--colour", "RED", "-D", "Job.inner.tag=${a}"], ""),
        (["x", "-D", "~Job.inners"], "Job.inners"),
        (["x", "-D", "~Job.inner.names"], "Job.inner.names"),
        (["x", "-D", 'Job.inner.names={"$include": 3}'], "Job.inner.names.$include"),
        (["x", "--api-key", "hunter2"], "Job.api_key"),
    ],
)  # fmt: skip
def test_a_dataclass_comes_back_over_the_file_of_its_program(
    kind: str, words: list[str], named: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(JOB)
    (tmp_path / "conf.yaml").write_text('$include: base.yaml\nJob: {inner: {lr: "${extra.x}"}}\n')
    (tmp_path / "base.yaml").write_text(
        "extra: {x: 7}\nJob: {inners: {a.b: {lr: 4}}, inner: {names: {q.r: 1}}}\n"
    )
    text, said = run(*words, "--print-config", kind)
    assert [one.split()[0] for one in said.splitlines()] == ([named] if named else [])
    assert "hunter2" not in text + said
    assert "***" not in text
    (tmp_path / f"out.{kind}").write_text(text)
    if not named:
        assert run("-C", f"out.{kind}")[0] == run(*words)[0]


@each_kind
def test_a_key_below_a_part_that_is_no_mapping_is_named(
    kind: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(
        "import hyperparameter as hp\n"
        "@hp.param\ndef t(x: dict = {}):\n    print(x, hp.scope.t.x.a.q | 1)\n"
        "hp.launch(t)\n"
    )
    words = ["-D", "t.x.a=4"]
    text, said = run(*words, "--print-config", kind)
    assert said == "t.x.a.q is left out: t.x.a has a value, and a file cannot hold both.\n"
    (tmp_path / f"out.{kind}").write_text(text)
    assert run("-C", f"out.{kind}") == run(*words)


@pytest.mark.parametrize("kind", KINDS)
def test_an_integer_of_any_size_comes_back(kind: str, run: Run, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        """import hyperparameter as hp


@hp.param("t")
def t(n: int = 1, xs: list[int] = [], other=1):
    print(n % 10**9, [x % 10**9 for x in xs], type(other).__name__)


if __name__ == "__main__":
    hp.launch(t)
"""
    )
    digits = "9" * 5_000
    words = ["--n", digits, "--xs", digits, "1"]
    text, said = run(*words, "--print-config", kind)
    (tmp_path / f"out.{kind}").write_text(text)
    assert said == ""
    assert run("-C", f"out.{kind}") == run(*words)
