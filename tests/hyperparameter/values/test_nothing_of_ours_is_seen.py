"""No object of ours reaches a program or a message, whatever takes something away or is empty."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from value_sources import environment

import hyperparameter as hp

OURS = re.compile(r"\b(REMOVED|DELETED|ABSENT|Ellipsis|Blank|Layered|Untyped\w*|EmptyVariable)\b")


@dataclass
class Opt:
    a: int = 1
    b: Any = None


HINTS: dict[str, tuple[Any, Any]] = {
    "nothing": (None, None), "any": (Any, 3), "int": (int, 1), "maybe int": (int | None, None),
    "text": (str, "s"), "dict": (dict, {"z": 0}), "maybe dict": (dict | None, None),
    "options": (Opt, Opt()), "maybe options": (Opt | None, None),
    "union": (int | Opt | None, 4), "texts": (str | dict, "s"), "list": (None, [1]),
}  # fmt: skip
FILES = ["", "t:\n  x:\n    a:\n", "t: {x: {a: {}, b: }}\n", "t: {x: 5}\n"]
VARIABLES = [{}, {"OURS_T__X": ""}, {"OURS_T__X__A__Q": ""}, {"OURS_T__X": '{"a": {"q": 1}}'}]
WORDS = [
    [], ["-D", "~t.x"], ["-D", "~t.x.a"], ["-D", "~t.x.a.q"], ["-D", "~t.x", "-D", "t.x.b=1"],
    ["-D", "t.x.a=null"], ["-D", "t.x="],
]  # fmt: skip
SCOPES: list[dict[str, Any]] = [{}, {"t.x": {"a": {"q": 2}}}, {"t.x": Opt(4)}]
EVERY = 29  # of the cases, others for each hint
KEYS = ["t", "t.x", "t.x.a", "t.x.a.q"]


def read_everything() -> Iterator[object]:
    reads: list[Callable[[], object]] = [
        lambda: hp.scope.storage().storage(),
        lambda: dict(hp.scope.current()),
        lambda: repr(hp.scope.current()),
        lambda: hp.Params.from_scope().as_dict(),
        lambda: hp.Params.from_scope(prefix="t").pop("x"),
    ]
    for key in KEYS:
        reads += [
            lambda key=key: hp.scope[key](),
            lambda key=key: repr(hp.scope[key]),
            lambda key=key: str(hp.explain(key)),
            *(
                lambda key=key, default=default: hp.scope[key] | default
                for default in (None, 3, {}, "s", Opt())
            ),
        ]
    for read in reads:
        try:
            yield read()
        except (hp.HyperparameterError, TypeError) as error:
            yield str(error)


def program(hint: Any, default: Any, seen: list[object]) -> Any:
    def main(x: Any = default) -> None:
        seen.extend([x, *read_everything()])

    main.__annotations__ = {} if hint is None else {"x": hint}
    return hp.param("t")(main)


def modules(value: object) -> Iterator[str]:
    yield type(value).__module__
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(parts, (list, tuple, set, type({}.values()))):
        for one in parts:
            yield from modules(one)
    if isinstance(value, Opt):
        yield from modules(vars(value))


@pytest.mark.parametrize("hint", HINTS)
def test_nothing_of_ours_is_seen(hint: str, tmp_path: Path) -> None:
    cases = list(itertools.product(FILES, VARIABLES, WORDS, SCOPES))
    for text, env, words, values in cases[list(HINTS).index(hint) :: EVERY]:
        (tmp_path / "c.yaml").write_text(text)
        file = ["-C", str(tmp_path / "c.yaml")] if text else []
        seen: list[object] = []
        main = program(*HINTS[hint], seen)
        shown = io.StringIO()
        with environment(env), hp.scope(**values), hp.record() as rec:
            with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(shown):
                for question in ([], ["--print-config", "yaml"]):
                    try:
                        hp.run_cli(main, [*file, *words, *question], env_prefix="OURS")
                    except hp.HyperparameterError as error:
                        seen.append(str(error))
        seen += [rec.operative(), [(one.value, one.default) for one in rec.reads], shown.getvalue()]
        case = (text, env, words, values)
        assert not OURS.findall(repr(seen)), case
        assert not [m for m in modules(seen) if m.startswith("hyperparameter._values.unt")], case


@pytest.mark.parametrize(("hint", "default"), HINTS.values(), ids=list(HINTS))
def test_what_is_taken_away_where_nothing_is_changes_nothing(hint: Any, default: Any) -> None:
    seen: list[object] = []
    hp.run_cli(program(hint, default, seen), ["-D", "~t.x.nope"])
    assert seen[0] == default
