"""Whatever the words of a command line and the text of a file: a run, or a usage error."""

import contextlib
import enum
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, is_dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import examples

import hyperparameter as hp


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclass
class Optim:
    lr: float = 0.1
    steps: tuple[int, ...] = ()
    name: str | None = None


@dataclass
class Net:
    size: int = 3
    optim: Optim = field(default_factory=Optim)
    extra: dict[str, Any] = field(default_factory=dict)


@hp.param("acl")
def main(
    path: Path,
    number: int = 1,
    rate: float = 0.5,
    text: str = "t",
    maybe: int | None = None,
    both: int | str = 1,
    mode: Literal["fast", "slow"] = "fast",
    colour: Colour = Colour.RED,
    flag: bool = False,
    sizes: list[int] = [1],
    pair: tuple[int, str] = (1, "a"),
    table: dict[str, int] = {"a": 1},
    net: Net = Net(),
    day: date = date(2020, 1, 1),
    wait: timedelta = timedelta(1),
    anything: Any = None,
    *rest: int,
    **more: Any,
) -> dict[str, Any]:
    return dict(locals())


KEYS = [
    "path", "number", "rate", "text", "maybe", "both", "mode", "colour", "flag", "sizes", "pair",
    "table", "table.a", "table.b.c", "net", "net.size", "net.optim", "net.optim.lr",
    "net.optim.steps", "net.optim.name", "net.extra", "net.extra.x.y", "net.nope", "day", "wait",
    "anything", "anything.x", "rest", "more", "nope", "",
]  # fmt: skip
VALUES = [
    "", "0", "1", "-1", "007", "3.5", "1e400", "-0", "nan", "inf", "true", "false", "null", "None",
    "~", "x", "é", "\x00", "a b", "[", "]", "{", "}", "{}", "[]", "[1, 2]", '["a"]', "[1, [2]]",
    '{"a": 1}', '{"lr": "x"}', '{"optim": {"lr": 2}}', '{"a": {"b": 1}, "a.b": 2}', '{"": 1}',
    '{"1": null}', '"null"', "RED", "b", "fast", "1h30m", "2020-02-30", "2020-01-02", "${a}", "${",
    "$${a}", "=", "a=1", "a=", "'", '"', "\n", "\ud800", "9" * 400, "[" * 200, "%s", "*", "-", "--",
]  # fmt: skip

values = st.one_of(st.sampled_from(VALUES), st.text(max_size=12))
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=6))
word = st.one_of(
    st.builds(lambda key: [f"--{key}"], keys),
    st.builds(lambda key, value: [f"--{key}={value}"], keys, values),
    st.builds(lambda key, value: [f"--{key}", value], keys, values),
    st.builds(lambda key, value: ["-D", f"acl.{key}={value}"], keys, values),
    st.builds(lambda key, value: ["-D", f"{key}={value}"], keys, values),
    st.builds(lambda key: ["-D", f"~acl.{key}"], keys),
    st.builds(lambda value: [value], values),
    st.sampled_from([
        ["-lps"], ["-ep", "acl.net"], ["-ep", "acl.nope"], ["--print-config"], ["--help"], ["-h"],
        ["--print-config", "yaml"], ["--print-config", "json"], ["--print-config", "xml"], ["--"],
        ["--allow-unknown"], ["-D"], ["-C"], ["--record"], ["--no-flag"], ["--flag", "no"], ["-x"],
        ["--completion", "tcsh"], ["--traceback"], ["--help-all"],
    ]),
)  # fmt: skip
lines = st.lists(word, max_size=6).map(lambda words: [one for each in words for one in each])


def plain(value: object) -> bool:
    """Tell values of the user from objects that this library keeps values in."""
    if is_dataclass(value):
        return all(map(plain, vars(value).values()))
    if isinstance(value, dict):
        return all(map(plain, value)) and all(map(plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(plain, value))
    return not type(value).__module__.startswith("hyperparameter")


def outcome(words: list[str]) -> None:
    """Run the program: it returns values of the declared types or raises a usage error."""
    try:
        result = hp.run_cli(main, words)
    except hp.UsageError:
        return
    if result is None:  # the answer to a question
        return
    assert plain(result)
    assert type(result["number"]) is int
    assert type(result["rate"]) is float
    assert type(result["text"]) is str
    assert type(result["both"]) in (int, str)
    assert type(result["maybe"]) in (int, type(None))
    assert result["mode"] in ("fast", "slow")
    assert isinstance(result["colour"], Colour)
    assert type(result["flag"]) is bool
    assert all(type(one) is int for one in result["sizes"])
    assert [type(one) for one in result["pair"]] == [int, str]
    assert all(type(one) is int for one in result["table"].values())
    assert type(result["net"]) is Net
    assert type(result["net"].optim) is Optim
    assert type(result["net"].optim.lr) is float
    assert all(type(one) is int for one in result["net"].optim.steps)
    assert type(result["day"]) is date
    assert type(result["wait"]) is timedelta


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[Path]:
    """Yield a folder for the files, also those that `--record` writes."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        yield Path(name)


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> None:
    """Keep what the programs print out of the way."""


@given(lines)
@examples(300)
def test_any_words(words: list[str]) -> None:
    outcome(["p", *words])
    outcome(words)


leaves = st.one_of(values, st.integers(), st.floats(), st.booleans(), st.none())
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(KEYS[:-1]), trees, max_size=4), lines)
@examples(200)
def test_any_file_and_words(folder: Path, tree: dict[str, Any], words: list[str]) -> None:
    nested: dict[str, Any] = {}
    for key, value in tree.items():
        nested.setdefault(key.partition(".")[0], value)
    text = json.dumps({"acl": nested})  # nan and infinity too, which JSON does not have
    for name in ("any.json", "any.yaml"):
        (folder / name).write_text(text, "utf-8")
        outcome(["p", "-C", str(folder / name), *words])


@given(st.text(max_size=80), st.sampled_from(["toml", "yaml", "json"]))
@examples(200)
def test_any_text_of_a_file(folder: Path, text: str, form: str) -> None:
    path = folder / f"text.{form}"
    path.write_text(text, "utf-8", errors="replace")
    outcome(["p", "-C", str(path)])
