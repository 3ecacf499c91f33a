"""A default with fields is overridden field by field, where a base or protocol is annotated too."""

from __future__ import annotations

import abc
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import attrs
import pytest

import hyperparameter as hp


class Abstract(abc.ABC):
    @abc.abstractmethod
    def step(self) -> None: ...


class Plain:
    pass


class Structural(Protocol):
    lr: float


@runtime_checkable
class Checkable(Protocol):
    def step(self) -> None: ...


@dataclass
class Adam(Abstract, Plain):
    lr: float = 0.1
    beta: float = 0.9

    def step(self) -> None:
        pass


@attrs.define
class Sgd(Abstract, Plain):
    lr: float = 0.1
    beta: float = 0.9

    def step(self) -> None:
        pass


HINTS = {
    "abstract": Abstract,
    "plain": Plain,
    "protocol": Structural,
    "checkable": Checkable,
    "optional": Abstract | None,
    "or text": Plain | str,
}


def function(hint: Any, default: object) -> Callable[[], Any]:
    def opt_of(opt: Any = default) -> Any:
        return opt

    opt_of.__annotations__["opt"] = hint
    return hp.param("base_default")(opt_of)


@pytest.mark.parametrize("kind", [Adam, Sgd])
@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize(
    "words",
    [
        ["--opt.lr", "3"],
        ["-D", "base_default.opt.lr=3"],
        ["--opt", '{"lr": 3}'],
        ["-C", "file.json"],
    ],
    ids=lambda words: words[0],
)
def test_a_field_of_the_default_is_set(
    words: list[str], hint: str, kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.json").write_text(json.dumps({"base_default": {"opt": {"lr": 3}}}))
    found = hp.run_cli(function(HINTS[hint], kind(lr=5, beta=6)), words)
    assert found == kind(lr=3.0, beta=6)
    assert type(found.lr) is float


@pytest.mark.parametrize("hint", HINTS)
def test_a_field_of_the_instance_in_a_scope_is_set(hint: str) -> None:
    call = function(HINTS[hint], Adam(5, 6))
    with hp.scope(**{"base_default.opt": Sgd(1, 2)}):
        assert call() == Sgd(1, 2)
        with hp.scope("base_default.opt.lr=3"):
            assert call() == Sgd(3.0, 2)


@pytest.mark.parametrize("hint", HINTS)
def test_what_the_class_of_the_default_does_not_take_is_refused(hint: str) -> None:
    call = function(HINTS[hint], Adam(5, 6))
    with pytest.raises(hp.UsageError, match="Adam has no field 'zz'"):
        hp.run_cli(call, ["--opt.zz", "3"])
    with pytest.raises(hp.UsageError, match=r"--opt\.lr: 'x' is not a float"):
        hp.run_cli(call, ["--opt.lr", "x"])


def test_without_an_instance_there_are_no_fields() -> None:
    @hp.param("base_required")
    def required(opt: Abstract) -> Abstract:
        return opt

    with pytest.raises(hp.UsageError, match="is not of type Abstract"):
        hp.run_cli(required, ["-D", "base_required.opt.lr=3"])
    with hp.scope(**{"base_required.opt": Adam(1, 2)}):
        assert hp.run_cli(required, ["-D", "base_required.opt.lr=3"]) == Adam(3.0, 2)


@dataclass
class Config:
    opt: Abstract = field(default_factory=Adam)
    n: int = 1


def test_fields_of_fields_are_set_too() -> None:
    assert hp.config({"opt": {"lr": 3}}, Config) == Config(Adam(3.0, 0.9), 1)
