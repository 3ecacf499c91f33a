"""What was written is what arrives: every source with every type."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import enum
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypedDict, TypeVar
from unittest import mock

import pytest
from contract_structures import Adam, Cfg, Opt

import hyperparameter as hp

T = TypeVar("T")


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclasses.dataclass(frozen=True)
class Box(Generic[T]):
    v: T
    vs: tuple[T, ...] = ()


class Pair(NamedTuple):
    x: int
    y: str = "q"


class Loose(TypedDict, total=False):
    a: int
    b: str


def reader(hint: Any, *default: Any) -> Callable[[], Any]:
    def function(x: Any) -> Any:
        return x

    function.__defaults__ = default
    function.__annotations__ = {"x": hint}
    # The only one of its namespace, and of no file: a printed configuration has all that the
    # process declares and that the file reads.  No module may have this name, or it has a file.
    function.__module__, function.__qualname__ = "<contract>", "function"
    function.__code__ = function.__code__.replace(co_filename="<contract>")
    return hp.param("m")(function)


def cli(function: Any, *argv: str, **env: str) -> Any:
    with mock.patch.dict(os.environ, env), contextlib.redirect_stderr(io.StringIO()):
        return hp.run_cli(function, list(argv), env_prefix="APP")


def inside(scope: Any, function: Callable[[], Any]) -> Any:
    with scope:
        return function()


def mounted(folder: Path, function: Any, text: str, name: str) -> Any:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return cli(function, "-C", str(path))


WORDS: dict[str, Callable[[Any, str, Path], Any]] = {
    "scope": lambda f, w, _: inside(hp.scope("m.x=" + w), f),
    "-D": lambda f, w, _: cli(f, "-D", "m.x=" + w),
    "option": lambda f, w, _: cli(f, "--x=" + w),
    "environment": lambda f, w, _: cli(f, APP_M__X=w),
    "config": lambda f, w, _: inside(hp.config({}, env_prefix="A", env={"A_m__x": w}), f),
    "overrides": lambda f, w, _: inside(hp.config({}, overrides=["m.x=" + w]), f),
}
YAML: dict[str, Callable[[Any, str, Path], Any]] = {
    "yaml": lambda f, w, folder: mounted(folder, f, f"m:\n  x: {w}\n", "c.yaml")
}
TYPED: dict[str, Callable[[Any, str, Path], Any]] = {
    "python": lambda f, w, _: inside(hp.scope(**{"m.x": json.loads(w)}), f),
    "nested": lambda f, w, _: inside(hp.scope(m={"x": json.loads(w)}), f),
    "mapping": lambda f, w, _: inside(hp.config({"m": {"x": json.loads(w)}}), f),
    "json": lambda f, w, folder: mounted(folder, f, f'{{"m": {{"x": {w}}}}}', "c.json"),
}
ALL = WORDS | YAML | TYPED


def check(wanted: Any, found: Any) -> None:
    assert type(found) is type(wanted)
    assert found == wanted
    assert repr(found) == repr(wanted)  # 1 and True, the items' classes, the order of names


SPACED = (
    "007 1e3 3.10 true None 1_000 0b1 0x1F 0o17 2020-01-01 12:30 on No = == a=b 1. +1 .5 -0 inf nan"
)
PLAIN = SPACED.split()
ODD = json.loads(
    r"""["é", "e\u0301", "~", "[1", "{", "a b", "-", "\\n", "'q'", "\"q\"", "<<", "%", "1,2"]"""
)


@pytest.mark.parametrize("source", WORDS | YAML)
def test_words_toward_text_are_what_was_typed(source: str, tmp_path: Path) -> None:
    for word in PLAIN + (ODD if source in WORDS else []):
        check(word, ALL[source](reader(str), word, tmp_path))
        check(Path(word), ALL[source](reader(Path), word, tmp_path))
        if word != "None":
            check(word, ALL[source](reader(str | None), word, tmp_path))
    check(None, ALL[source](reader(str | None, "d"), "null", tmp_path))
    check(None, ALL[source](reader(None, None), "null", tmp_path))


OF_WORDS: list[tuple[Any, str, Any]] = [
    (int | str, "007", "007"),
    (int | str, "+1", "+1"),
    (str | int, "7", 7),
    (str | float, "1e3", 1000.0),
    (str | float, ".5", ".5"),
    (str | bool, "True", "True"),
    (str | bool, "true", True),
    (int | float, "3.0", 3.0),
    (bool | int, "1", 1),
    (Literal["1", 1], "1", "1"),
    (Literal[True, "x"], "true", True),
    (int, "007", 7),
    (bool, "oN", True),
    (Color, "RED", Color.RED),
    (Color, "b", Color.BLUE),
    (Any, "12:30", "12:30"),
    (Any, "0o17", 15),
    (Any, "9e999", "9e999"),
    (bytes, "007", b"007"),
]


@pytest.mark.parametrize("source", WORDS | YAML)
def test_words_toward_other_types(source: str, tmp_path: Path) -> None:
    for hint, word, wanted in OF_WORDS:
        check(wanted, ALL[source](reader(hint), word, tmp_path))
    for hint, word in (
        (int, "true"),
        (int, "3.5"),
        (bool, "2"),
        (Literal[1], "true"),
        (Color, "x"),
    ):
        with pytest.raises(hp.HyperparameterError, match=r"^[^\n]*m\.x|--x[^\n]*$"):
            ALL[source](reader(hint), word, tmp_path)


OF_JSON: list[tuple[Any, str, Any]] = [
    (list[str], '["007", "1e3", "null", "é"]', ["007", "1e3", "null", "é"]),
    (list[str | None], '["null", null]', ["null", None]),
    (dict[str, str], '{"a": "007", "b.c": "on", "": "x"}', {"a": "007", "b.c": "on", "": "x"}),
    (dict[int, str], '{"1": "01"}', {1: "01"}),
    (dict[Color, int], '{"BLUE": 1, "1": 2}', {Color.BLUE: 1, Color.RED: 2}),
    (dict[str, list[Opt]], '{"a.b": [{"name": "1e3"}]}', {"a.b": [Opt(name="1e3")]}),
    (Opt, '{"lr": 1, "name": "007"}', Opt(1.0, "007")),
    (
        Cfg,
        '{"alt": {"n": 3}, "items": [{"name": "on"}]}',
        Cfg(alt=Opt(n=3), items=[Opt(name="on")]),
    ),
    (Opt | None, '{"name": "null"}', Opt(name="null")),
    (Opt | Pair, '{"x": 1}', Pair(1)),
    (Opt | dict, '{"zz": 1}', {"zz": 1}),
    (Loose, '{"a": 1, "b": "007"}', {"a": 1, "b": "007"}),
    (Box[str], '{"v": "007", "vs": ["1e3"]}', Box("007", ("1e3",))),
    (Box[Box[int]], '{"v": {"v": "7"}}', Box(Box(7))),
    (Any, '["007", {"a.b": {"": "on"}}]', ["007", {"a.b": {"": "on"}}]),
]


@pytest.mark.parametrize("source", ALL)
def test_containers_and_structures(source: str, tmp_path: Path) -> None:
    for hint, text, wanted in OF_JSON:
        check(wanted, ALL[source](reader(hint), text, tmp_path))
    for hint, text in (
        (list[int], "[true]"),
        (Opt, '{"lrr": 1}'),
        (dict[int, str], '{"1": "x", "01": "y"}'),
        (Cfg, '{"items": [{"lrr": 1}]}'),
        (Loose, '{"c": 1}'),
        (Pair, '{"y": "1"}'),
        (tuple[int, str], "[1]"),
    ):
        with pytest.raises(hp.HyperparameterError) as caught:
            ALL[source](reader(hint), text, tmp_path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "argv", [["-D", "m.x.opt.lr=5"], ["--x.opt.lr=5"], ["--x", '{"opt": {"lr": 5}}']]
)
def test_untouched_fields_are_the_very_same_objects(argv: list[str]) -> None:
    held = Cfg(opt=Adam(extra={"k": "v"}), alt=Opt(), items=[Opt()])
    for found in (
        cli(reader(Cfg, held), *argv),
        inside(hp.scope(**{"m.x": held}), lambda: cli(reader(Cfg, Cfg()), *argv)),
    ):
        assert type(found.opt) is Adam
        assert found.opt.lr == 5.0
        assert found.opt.extra is held.opt.extra
        assert (found.alt, found.items, found.opts) == (held.alt, held.items, held.opts)
        assert found.alt is held.alt
        assert found.items is held.items
        assert found.opts is held.opts
    assert held.opt.lr == 0.1
    assert reader(Cfg, held)() is held


def test_mappings_come_back_with_the_names_that_were_written() -> None:
    given = {"layer1.conv": 0.1, "layer1": {"fc": {"": 1, 2: 3}}, " ": {"..": {}}}
    before = copy.deepcopy(given)
    function = reader(dict, {})
    check(given, inside(hp.scope(**{"m.x": given}), function))
    with hp.scope(m={"x": {"a.b": {"c.d": 1}}}):
        check({"a.b": {"c.d": 2}}, inside(hp.scope(**{"m.x.a.b.c.d": 2}), function))
        check(
            {"a.b": {"c.d": 2}}, inside(hp.scope(m={"x": {"a": {"b": {"c": {"d": 2}}}}}), function)
        )
        check({"a.b": {"c.d": 1, "e": 2}}, cli(function, "-D", "m.x.a.b.e=2") | {})
        check({}, cli(function, "-D", "~m.x.a.b.c.d")["a.b"])
    assert given == before
    with pytest.raises(hp.InvalidKey):
        hp.scope(**{"m.x": {"a.b": 1, "a": {"b": 2}}})


PRINTED: list[tuple[Any, Any, str]] = [
    *(
        (hint, "d", word)
        for hint in (str, str | None, int | str)
        for word in [*PLAIN[:4], *ODD, "${a}", "$${a}"]
    ),
    (Color, Color.RED, "BLUE"),
    (int | str, 0, "07"),
    (dict[str, str], {"b.c": "1e3"}, '{"a.b": "007", "null": "~"}'),
    (Cfg, Cfg(), '{"opts": {"a.b": {"name": "1e3"}}, "alt": {"lr": 3}}'),
    (Any, 0, "007"),
    (list[str], ["d"], '["007", "", "a\\nb", "\\u2028", "\\t"]'),
]


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_what_is_printed_is_read_again(format_: str, tmp_path: Path) -> None:
    for hint, default, word in PRINTED:
        function, out = reader(hint, default), io.StringIO()
        with contextlib.redirect_stdout(out):
            cli(function, "-D", "m.x=" + word, "--print-config", format_)
        wanted = cli(function, "-D", "m.x=" + word)
        assert mounted(tmp_path, function, out.getvalue(), f"printed.{format_}") == wanted
