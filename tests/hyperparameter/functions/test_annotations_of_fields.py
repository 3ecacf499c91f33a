"""The parameters of a class mean what its fields mean, wherever its annotations were written."""

import sys
import types
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Generic, TypedDict, TypeVar

import attrs
import msgspec
import pytest

import hyperparameter as hp

T = TypeVar("T")
U = TypeVar("U")


@dataclass
class Job:
    n: int = 1
    scale: InitVar[int] = 3
    rate: "InitVar[float]" = 0.5

    def __post_init__(self, scale: int, rate: float) -> None:
        self.seen = scale, rate


DecoratedJob = hp.param("job")(Job)


def test_an_init_var_is_converted_like_any_field() -> None:
    with hp.scope("job.scale=9", "job.rate=2"):
        assert DecoratedJob().seen == (9, 2.0)
    assert hp.run_cli(Job, ["--scale", "9", "-D", "Job.rate=2"]).seen == (9, 2.0)


@pytest.mark.parametrize("value", ["x", 3.5, None])
def test_an_init_var_takes_nothing_but_its_type(value: object) -> None:
    with hp.scope(**{"job.scale": value}), pytest.raises(hp.ConversionError, match="not an int"):
        DecoratedJob()


def test_help_shows_the_type_of_an_init_var(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(Job, ["--help"])
    assert "--scale INT" in capsys.readouterr().out


@dataclass
class Constant:
    n: Final = 1
    m: "Final" = 1.5
    of_int: Final[int] = 3


@hp.param("with_constant")
def with_constant(it: Constant = Constant()) -> Constant:
    return it


def test_final_without_a_type_has_that_of_the_default() -> None:
    set_as_text = {"n": "4", "m": "2", "of_int": "5"}
    assert hp.run_cli(Constant, [f"-DConstant.{n}={v}" for n, v in set_as_text.items()]) == (
        Constant(4, 2.0, 5)
    )
    assert hp.run_cli(with_constant, [f"--it.{n}={v}" for n, v in set_as_text.items()]) == (
        Constant(4, 2.0, 5)
    )
    for name in set_as_text:
        with pytest.raises(hp.UsageError, match="'x' is not a"):
            hp.run_cli(with_constant, [f"--it.{name}=x"])


@dataclass
class Pair(Generic[T]):
    v: T
    items: list[T] = field(default_factory=list)


@dataclass
class OfText(Pair[str]):
    pass


@dataclass
class Between(Pair[U], Generic[T, U]):
    w: T = None  # type: ignore[assignment]  # which only the test leaves out


@dataclass
class TwiceRemoved(Between[int, str]):
    pass


@attrs.define
class AttrsGeneric(Generic[T]):
    v: T


@attrs.define
class AttrsOfText(AttrsGeneric[str]):
    pass


class Plain(Generic[T]):
    def __init__(self, v: T) -> None:
        self.v = v


class PlainOfText(Plain[str]):
    pass


OF_TEXT = [OfText, TwiceRemoved, AttrsOfText, PlainOfText]


@pytest.mark.parametrize("kind", OF_TEXT)
@pytest.mark.parametrize("text", ["3.10", "007", "1e3", "true"])
def test_a_class_of_a_generic_base_has_the_types_of_its_own(kind: Any, text: str) -> None:
    assert hp.run_cli(kind, [text]).v == text
    with hp.scope(f"of_text.v={text}"):
        assert hp.param("of_text")(kind)().v == text


@pytest.mark.parametrize("kind", [OfText, TwiceRemoved])
def test_type_variables_inside_of_annotations_are_bound_too(kind: Any) -> None:
    assert hp.run_cli(kind, ["a", "--items", "3.10", "1e3"]).items == ["3.10", "1e3"]


def test_two_variables_of_a_class_are_told_apart() -> None:
    with pytest.raises(hp.UsageError, match="--w: 'x' is not an int"):
        hp.run_cli(TwiceRemoved, ["3.10", "--w", "x"])


@dataclass
class Number(Generic[T]):
    number: T = 0  # type: ignore[assignment]  # as above


@dataclass
class Word(Generic[T]):
    word: T = ""  # type: ignore[assignment]  # as above


@dataclass
class Both(Number[int], Word[str]):
    pass


class Named(TypedDict, Generic[T]):
    name: T


class NamedText(Named[str]):
    pass


def test_one_variable_may_mean_two_types_in_two_bases() -> None:
    made = hp.run_cli(Both, ["--word", "3.10", "--number", "007"])
    assert made == Both(number=7, word="3.10")
    assert hp.config({"word": 5, "number": "7"}, Both) == Both(number=7, word="5")


def test_a_field_of_a_typed_dict_may_be_that_of_a_generic_base() -> None:
    @hp.param("naming")
    def naming(named: NamedText) -> Any:
        return named

    assert hp.run_cli(naming, ["--named.name", "3.10"]) == {"name": "3.10"}


def test_an_inherited_annotation_may_be_a_name_of_another_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modules = {}
    for name, source in {
        "of_base": """
from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path

@dataclass
class Base:
    path: Path | None = None
""",
        "of_child": """
from __future__ import annotations
from dataclasses import dataclass
from of_base import Base

@dataclass
class Child(Base):
    n: int = 1
""",
    }.items():
        modules[name] = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, modules[name])
        exec(source, vars(modules[name]))
    assert hp.run_cli(modules["of_child"].Child, ["--path", "3.10"]).path == Path("3.10")


class Unresolved(msgspec.Struct, rename="camel"):
    """A field of it has a type that is imported for type checkers alone."""

    learning_rate: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    weights: "NotImported | None" = None  # type: ignore[name-defined]  # noqa: F821
    names: list[str] = msgspec.field(default_factory=list)


@hp.param("unresolved")
def unresolved(it: Unresolved = Unresolved()) -> Unresolved:
    return it


def test_a_struct_may_have_an_annotation_that_cannot_be_resolved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = Unresolved(3.0, None, ["a"])
    assert hp.config({"learningRate": 3, "names": ["a"]}, Unresolved) == expected
    assert hp.run_cli(unresolved, ["--it.learningRate", "3", "--it.names", "a"]) == expected
    with pytest.raises(hp.UsageError, match=r"learningRate: Expected `float` > 0\.0"):
        hp.run_cli(unresolved, ["--it.learningRate", "-1"])
    hp.run_cli(unresolved, ["--help"])
    assert "--it.weights" in capsys.readouterr().out
