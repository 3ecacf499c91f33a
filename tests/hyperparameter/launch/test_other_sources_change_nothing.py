"""What the command line says means the same whichever other sources are present."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


@dataclass
class Inner:
    v: Any = 1
    w: int = 0


@dataclass
class Outer:
    i: Inner = field(default_factory=Inner)
    x: int = 0


@hp.param("osdict")
def with_dict(m: dict[str, Any] = {"i": {"v": 1, "w": 0}}, n: int = 1) -> Any:
    return m


@hp.param("osopt")
def with_opt(m: Outer = Outer(), n: int = 1) -> Any:
    return m


@hp.param("osany")
def with_any(m: Any = None, n: int = 1) -> Any:
    return m


WORDS = [
    ("-D", "KEY.m.i.v=3"),
    ("-D", 'KEY.m={"i": {"v": 2}}'),
    ("-D", 'KEY.m.i={"v": 4}'),
    ("-D", 'KEY.m={"i": {"v": "${x}", "w": 5}}'),
    ("-D", 'KEY.m={"i": null}'),
    ("-D", "KEY.m=null"),
    ("-D", "~KEY.m"),
    ("-D", "~KEY.m.i.v"),
    ("--m.i.v", "6"),
    ("--m", '{"i": {"v": 7}}'),
]
SCOPES: list[dict[str, Any]] = [{}, {"m.i.v": 8}, {"m": {"i": {"v": 9}}}, {"m.i": None}, {"m": 5}]


def outcome(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except (hp.UsageError, hp.ConversionError) as error:
        return str(error)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize("function", [with_dict, with_opt, with_any], ids=lambda one: one.__name__)
def test_two_words_mean_the_same_with_a_file_and_a_variable(
    function: Any, scope: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {with_dict: "osdict", with_opt: "osopt", with_any: "osany"}[function]
    (tmp_path / "n.json").write_text(f'{{"{key}": {{"n": 5}}}}')
    monkeypatch.setenv(f"OSENV_{key.upper()}__N", "5")
    around = {f"{key}.{name}": value for name, value in scope.items()}
    named = [(first, word.replace("KEY", key)) for first, word in WORDS]
    if function is with_any:
        named = [one for one in named if not one[0].startswith("--m")]
    for pair in itertools.product(named, repeat=2):
        words = [word for one in pair for word in one]

        def run(*more: str, words: list[str] = words, **options: Any) -> Any:
            with hp.scope(**around):
                return hp.run_cli(function, [*more, *words], **options)

        expected = outcome(run)
        file = ["-C", str(tmp_path / "n.json")]
        assert outcome(lambda: run(*file)) == expected, words  # noqa: B023  # called at once
        assert outcome(lambda: run(env_prefix="OSENV")) == expected, words


@pytest.mark.parametrize("more", [[], ["-C", "n.json"]], ids=str)
@pytest.mark.parametrize(
    "words",
    [
        ["-D", "osopt.m.i.v=3", "-D", 'osopt.m={"i": {"v": 2}}'],
        ["--m.i.v", "3", "--m", '{"i": {"v": 2}}'],
        ["-D", 'osopt.m={"i": {"v": 3}}', "-D", "osopt.m.i.v=2"],
        ["-D", 'osopt.m={"i": {"v": 3}}', "-D", 'osopt.m={"i": {"v": 2}}'],
    ],
    ids=str,
)
def test_the_later_word_wins(
    words: list[str], more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.json").write_text('{"osopt": {"n": 5}}')
    assert hp.run_cli(with_opt, [*more, *words]) == Outer(Inner(2))
