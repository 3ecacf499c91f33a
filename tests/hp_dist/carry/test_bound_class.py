"""A bound class is a subclass whose instances live inside the scopes of its binding."""

import abc
import asyncio
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import cloudpickle
import pytest

import hp_dist
import hyperparameter as hp


class Model:
    kind = "model"

    def __init__(self, n: int = 0) -> None:
        self.n = n
        self.made_with = hp.scope.lr | 0.0

    def __call__(self, x: int) -> Any:
        return x, self.n, self.made_with, hp.scope.lr | 0.0

    def inner(self) -> Any:
        return hp.scope.lr | 0.0, hp.scope.own | 0

    def outer(self) -> Any:
        with hp.scope(own=1, lr=0.9):
            return self.inner()

    async def slowly(self) -> float:
        await asyncio.sleep(0)
        return hp.scope.lr | 0.0

    def steps(self) -> Iterator[float]:
        yield hp.scope.lr | 0.0
        yield hp.scope.lr | 0.0

    async def async_steps(self) -> AsyncIterator[float]:
        yield hp.scope.lr | 0.0


class Abstract(Model, abc.ABC):
    pass


class Slotted:
    __slots__ = ("lr",)

    def __init__(self) -> None:
        self.lr = hp.scope.lr | 0.0


def bound(cls: Any, lr: float = 0.5) -> Any:
    with hp.scope(lr=lr):
        return hp_dist.bind(cls)


def by_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def by_cloudpickle(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


journeys = pytest.mark.parametrize("journey", [lambda value: value, by_pickle, by_cloudpickle])


@journeys
@pytest.mark.parametrize("cls", [Model, Abstract])
def test_constructor_call_and_methods_run_inside(journey: Callable[[Any], Any], cls: type) -> None:
    kind = journey(bound(cls))
    instance = kind(3)
    assert instance(1) == (1, 3, 0.5, 0.5)
    assert instance.inner() == (0.5, 0)
    assert asyncio.run(instance.slowly()) == 0.5
    assert list(instance.steps()) == [0.5, 0.5]

    async def collect() -> list[float]:
        return [item async for item in instance.async_steps()]

    assert asyncio.run(collect()) == [0.5]
    assert "lr" not in hp.scope


def test_it_is_a_subclass_that_looks_the_same() -> None:
    kind = bound(Model)
    assert issubclass(kind, Model)
    assert (kind.__name__, kind.__qualname__, kind.__module__) == ("Model", "Model", __name__)
    assert kind.kind == "model"
    assert asyncio.iscoroutinefunction(kind.slowly)


def test_method_called_by_another_one_sees_what_that_has_opened() -> None:
    assert bound(Model)().outer() == (0.9, 1)


def test_generator_that_waits_leaks_nothing() -> None:
    steps = bound(Model)().steps()
    next(steps)
    assert "lr" not in hp.scope
    assert list(steps) == [0.5]


@pytest.mark.parametrize("journey", [by_pickle, by_cloudpickle])
def test_instance_can_be_pickled(journey: Callable[[Any], Any]) -> None:
    assert journey(bound(Model)(3))(1) == (1, 3, 0.5, 0.5)


def test_class_with_slots_and_class_of_a_class_can_be_bound() -> None:
    assert bound(Slotted)().lr == 0.5
    assert bound(bound(Model), lr=0.25)(1)(2) == (2, 1, 0.5, 0.5)


def test_subclass_of_a_bound_class_runs_inside_too() -> None:
    class Mine(bound(Model)):  # type: ignore[misc]  # made at run time
        def __call__(self, x: int) -> Any:
            return "mine", super().__call__(x)

    assert Mine(3)(1) == ("mine", (1, 3, 0.5, 0.5))


def test_value_that_cannot_travel_raises_at_once() -> None:
    with hp.scope(lock=threading.Lock()), pytest.raises(hp_dist.CarrierError, match="lock"):
        hp_dist.bind(Model)


def test_class_of_main_goes_to_another_interpreter(tmp_path: Path) -> None:
    sender = tmp_path / "sender.py"
    sender.write_text(
        dedent("""
        import sys, cloudpickle, hp_dist, hyperparameter as hp

        class Local:
            def __init__(self, n): self.n = n
            def __call__(self): return self.n, hp.scope.lr | 0.0

        with hp.scope(lr=0.5):
            sys.stdout.buffer.write(cloudpickle.dumps(hp_dist.bind(Local)))
        """)
    )
    sent = subprocess.run([sys.executable, sender], stdout=subprocess.PIPE, check=True).stdout
    receiver = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(3)())"
    shown = subprocess.run(
        [sys.executable, "-c", receiver], input=sent, stdout=subprocess.PIPE, check=True
    ).stdout
    assert shown == b"(3, 0.5)\n"
