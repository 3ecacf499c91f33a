"""A required parameter of text or a mapping is given as any other: by position, or by its name."""

from dataclasses import dataclass
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter.exceptions import UsageError


@dataclass
class Opt:
    a: int = 1


@hp.param("text_or")
def text_or(x: str | dict[str, int], y: str | Opt, n: int = 1) -> tuple[Any, ...]:
    return x, y, n


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["a", "b"], ("a", "b", 1)),
        (["a", "--n", "2", "b"], ("a", "b", 2)),
        (["--x", "a", "--y", "b"], ("a", "b", 1)),
        (["--y=b", "a"], ("a", "b", 1)),
        (["a=1", "b"], ("a=1", "b", 1)),
        (['{"a": 1}', '{"a": 2}'], ({"a": 1}, Opt(2), 1)),
        (["--x.k", "3", "--y.a", "3"], ({"k": 3}, Opt(3), 1)),
        (["a", "--y.a", "3"], ("a", Opt(3), 1)),
    ],
    ids=str,
)
def test_both_ways(words: list[str], found: tuple[Any, ...]) -> None:
    assert hp.run_cli(text_or, words) == found


def test_help_has_them_among_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(text_or, ["--help"])
    assert "[OPTIONS] X Y" in capsys.readouterr().out


def test_a_missing_one_is_named() -> None:
    with pytest.raises(UsageError, match="Y is missing"):
        hp.run_cli(text_or, ["a"])
