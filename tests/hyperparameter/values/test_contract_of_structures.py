"""One field of each kind of structure is overridden, wherever the rest of it comes from."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from pathlib import Path
from typing import Any, NamedTuple, TypedDict
from unittest import mock

import attrs
import msgspec
import pydantic
import pytest

import hyperparameter as hp


@dataclasses.dataclass
class Data:
    a: int = 1
    s: str = "d"
    o: Any = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    a: int = 1
    s: str = "d"
    o: Any = None


class Inherited(Data):
    pass


@attrs.define
class Attrs:
    a: int = 1
    s: str = "d"
    o: Any = None


class Named(NamedTuple):
    a: int = 1
    s: str = "d"
    o: Any = None


class Typed(TypedDict, total=False):
    a: int
    s: str
    o: Any


class Model(pydantic.BaseModel):
    a: int = 1
    s: str = "d"
    o: Any = None


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    a: int = 1
    s: str = "d"
    o: Any = None


def cli(function: Any, *argv: str, **env: str) -> Any:
    with mock.patch.dict(os.environ, env), contextlib.redirect_stderr(io.StringIO()):
        return hp.run_cli(function, list(argv), env_prefix="APP")


KINDS: list[Any] = [Data, Slots, Inherited, Attrs, Named, Typed, Model, Struct]


def field(of: Any, name: str) -> Any:
    return of[name] if isinstance(of, dict) else getattr(of, name)


@pytest.mark.parametrize("kind", KINDS)
def test_one_field_is_overridden_and_the_rest_stays(kind: Any, tmp_path: Path) -> None:
    rest = object()
    held = kind(a=3, s="held", o=rest)
    file = tmp_path / "c.yaml"
    file.write_text("kinds: {x: {s: 007}}\n")

    def same(x: Any) -> Any:
        return x

    same.__annotations__["x"] = kind
    function = hp.param("kinds")(same)
    for argv, env in (
        (["-D", "kinds.x.s=007"], {}),
        (["-D", 'kinds.x={"s": "007"}'], {}),
        (["--x.s", "007"], {}),
        (["-C", str(file)], {}),
        ([], {"APP_KINDS__X__S": "007"}),
    ):
        with hp.scope(**{"kinds.x": held}):
            found = cli(function, *argv, **env)
        assert type(found) is type(held)
        assert (field(found, "a"), field(found, "s")) == (3, "007")
        assert field(found, "o") is rest
    with hp.scope(**{"kinds.x": held}), hp.scope("kinds.x.s=1e3"):
        assert field(function(), "s") == "1e3"
    with hp.scope(**{"kinds.x.s": "below"}), hp.scope(**{"kinds.x": held}):
        assert function() is held or kind is Typed
    with hp.scope(**{"kinds.x": held}), pytest.raises(hp.UsageError, match=r"x\.zz.*zz"):
        cli(function, "-D", "kinds.x.zz=1")
    assert field(held, "s") == "held"


def test_a_call_makes_no_converter_of_a_field_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperparameter._values import hints

    made: list[object] = []
    union = hints._union
    monkeypatch.setattr(hints, "_union", lambda args: made.append(args) or union(args))

    @dataclasses.dataclass
    class Opt:
        name: str | None = None
        lr: int | float = 1

    @hp.param("made_once")
    def run(opt: Opt = Opt()) -> Opt:  # never changed
        return opt

    for lr in (2, 3):
        with hp.scope(**{"made_once.opt.lr": lr, "made_once.opt.name": "x"}):
            assert run() == Opt("x", lr)
    assert len(made) <= 2


def test_a_parameter_of_any_type_with_none_keeps_the_instance() -> None:
    @dataclasses.dataclass
    class Opt:
        lr: int = 1
        name: str = "n"

    @hp.param("any_or_none")
    def run(x: Any = None, y: Any | None = None, z: Any | int = 0) -> Any:
        return x, y, z

    with hp.scope(any_or_none={name: Opt(2, "m") for name in "xyz"}):
        with hp.scope(**{f"any_or_none.{name}.lr": 3 for name in "xyz"}):
            assert run() == (Opt(3, "m"),) * 3
        with hp.scope(any_or_none={name: {"lr": 3} for name in "xyz"}):
            assert run() == (Opt(3, "m"),) * 3
