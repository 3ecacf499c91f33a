"""What type checkers see; checked by mypy, never run."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, assert_type

import hp_dist
import hyperparameter as hp

T = TypeVar("T")


@hp.param("train")
def train(data: list[int], lr: float = 0.1) -> str:
    return f"{data} {lr}"


@hp.param
async def fetch(url: str, retries: int = 3) -> bytes:
    return b""


@hp.param
def numbers(stop: int = 3) -> Iterator[int]:
    yield from range(stop)


@hp.param
async def ticks(stop: int = 3) -> AsyncIterator[int]:
    for tick in range(stop):
        yield tick


@hp.param("Model")
@dataclass
class Model:
    hidden: int = 1


@dataclass
class Plain:
    hidden: int = 1


class Made(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


class WithMetaclass(metaclass=Made):
    def __init__(self, hidden: int = 1) -> None:
        self.hidden = hidden


class Pair(NamedTuple):
    left: int = 1


@dataclass
class Holder(Generic[T]):
    held: T


def classes(one: type[Plain], either: type[Plain] | type[Pair]) -> None:
    assert_type(hp.launch(Plain), Plain)
    assert_type(hp.run_cli(Plain, ["--hidden", "3"]), Plain | None)
    assert_type(hp.launch(Pair), Pair)
    assert_type(hp.launch(Holder[int]), Holder[int])
    assert_type(hp.launch(WithMetaclass), WithMetaclass)
    assert_type(hp.launch(one), Plain)
    assert_type(hp.launch(either), Plain | Pair)
    assert_type(hp.run_cli(either), Plain | Pair | None)


def programs() -> None:
    assert_type(hp.launch(train), str)
    assert_type(hp.launch(train, ["--lr", "3"], env_prefix="APP"), str)
    assert_type(hp.run_cli(train, []), str | None)
    assert_type(hp.launch(fetch), bytes)
    assert_type(hp.run_cli(fetch), bytes | None)
    assert_type(hp.launch(Model), Model)
    assert_type(hp.launch(), Any)
    assert_type(hp.run_cli(argv=[]), Any)
    hp.launch(train, "--lr 3 --epochs 4", prefix="APP")  # type: ignore[call-overload]
    hp.launch(3)  # type: ignore[call-overload]


async def use() -> None:
    assert_type(train([1]), str)
    assert_type(train([1], lr=0.5), str)
    train("text")  # type: ignore[arg-type]  # the signature is kept
    train([1], rate=1)  # type: ignore[call-arg]
    assert_type(await fetch("x"), bytes)
    assert_type(list(numbers()), list[int])
    assert_type([tick async for tick in ticks()], list[int])
    assert_type(Model(2).hidden, int)
    assert_type(hp_dist.bind(train)([1]), str)
    with hp.scope("a=1", b=2) as scope:
        assert_type(scope, hp.scope)
        assert_type(hp.scope.a.b | 1, int)
        assert_type(scope["b"], Any)
    with hp.record() as record:
        assert_type(record, hp.Record)
    assert_type(record.reads, list[hp.Read])
    assert_type(record.unused(), list[hp.Unused])
    assert_type(record.left_out, dict[str, str])
    assert_type(record.export("mlflow").changed, list[tuple[str, str]])
    assert_type(record.log_to("wandb", None), hp.Exported)
    assert_type(hp.explain("a"), hp.Explanation)
    params = hp.Params.from_file("x.json", {"a": 1})
    assert_type(params, hp.Params)
    assert_type(params.pop_int("a"), int | None)
    assert_type(params.to_scope(), hp.scope)
    assert_type(params.duplicate(), hp.Params)
    assert_type(hp.config("x.toml"), hp.scope)
    assert_type(hp.config(["x.toml", {"a": 1}], overrides=["a=1"]), hp.scope)
    assert_type(hp.config("x.yaml", Model), Model)
    assert_type(hp.config("x.yaml", Model, section="model"), Model)
    assert_type(hp.config("x.yaml", at="model"), hp.scope)
    nested: dict[str, object] = hp.config("x.yaml", dict)
    assert nested
    assert_type(hp.report(0.5), bool)
    assert_type(hp.report(1, step=3), bool)
    hp.report("0.5")  # type: ignore[arg-type]
    hp.report({"loss": 0.5})  # type: ignore[arg-type]
