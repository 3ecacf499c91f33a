"""What the contract suite runs in workers.

This module is on the path of every child, and imports nothing that a child would have to wait for.
"""

import enum
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patience import PATIENCE, wait_until

import hyperparameter as hp


def lr(*_: Any) -> float:
    return hp.scope.train.lr | 0.0


def read(*keys: str) -> tuple[Any, ...]:
    """Return the value of each key, None where there is none."""
    return tuple(hp.scope[key] | None for key in keys)


def everything() -> dict[str, Any]:
    return dict(hp.scope.storage().storage())


def freeze(**params: Any) -> None:
    with hp.scope(**params):
        hp.scope.frozen()


def where() -> tuple[int, int]:
    """Return process and thread."""
    return os.getpid(), threading.get_ident()


def everything_and_where() -> Any:
    return everything(), where()


def in_thread(*keys: str) -> tuple[Any, ...]:
    """Read in a thread that is simply started."""
    found: list[tuple[Any, ...]] = []
    thread = threading.Thread(target=lambda: found.append(read(*keys)))
    thread.start()
    thread.join()
    return found[0]


def here_and_in_thread(*keys: str) -> Any:
    return read(*keys), in_thread(*keys)


def own_scope() -> Any:
    with hp.scope(**{"train.lr": 9.0}):
        inside = read("train.lr", "outer")
    return inside, read("train.lr", "outer")


def arguments(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs, lr()


def both(a: int, b: int = 0) -> Any:
    return a, b, lr()


@hp.param("train")
def train(n: int, lr: float = 0.1, *, epochs: int = 1) -> Any:
    return n, lr, epochs


@dataclass
class Source:
    name: str = ""
    rate: float = 0.0


@hp.param("load")
def load(
    source: Source = Source(), tags: list[str] | None = None, options: dict[str, Any] | None = None
) -> Any:
    return source, tags, options


def marked() -> Any:
    """Change the dict that this call was given, and return it."""
    _, _, options = load()
    options["calls"] = options.get("calls", 0) + 1
    return options


def whole(key: str) -> Any:
    return hp.scope[key] | {}


def origins(key: str) -> Any:
    """Return the origin of a value as `explain` and the record of a read give it."""
    with hp.record() as record:
        hp.scope[key] | None
    (found,) = record.reads
    return hp.explain(key).origin, found.origin, os.getpid()


def text(*keys: str) -> Any:
    """Read each without a default, toward text, and toward a float."""
    return [(hp.scope[key](), hp.scope[key] | "", hp.scope[key] | 0.5) for key in keys]


def called(key: str, argument: Any) -> Any:
    return hp.scope[key]()(argument)


def dtype_shape_and_sum(key: str) -> Any:
    array = hp.scope[key]()
    return str(array.dtype), array.shape, float(array.sum())


# -- values, errors, callables ----------------------------------------------------------------


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


@dataclass
class Point:
    x: int
    y: tuple[int, ...] = ()


class Refused(Exception):
    def __init__(self, key: str, code: int) -> None:
        super().__init__(key, code)
        self.key, self.code = key, code


def refuse(*_: Any) -> None:
    raise Refused("k", 3)


class Scaled:
    """A callable of every kind."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, number: int) -> Any:
        return self.factor * number, lr()

    def method(self, number: int) -> Any:
        return self(number)

    @staticmethod
    def static(number: int) -> Any:
        return number, lr()

    @classmethod
    def create(cls, number: int) -> Any:
        return cls(number).factor, lr()


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = held


def what_is_shared() -> list[bool]:
    model = hp.scope.model()
    return [
        hp.scope.same() is model,
        hp.scope.optimizer().held is model,
        hp.scope.layer().held is hp.scope.weights(),
        hp.scope.base() is model,
    ]


def shown(*keys: str) -> list[Any]:
    tags, point, *arrays = (hp.scope[key]() for key in keys)
    return [str(tags), point.x, *(float(array.sum()) for array in arrays)]


class Unpicklable:
    def __reduce__(self) -> Any:
        raise TypeError("not me")


# -- waiting ----------------------------------------------------------------------------------


def pauses(condition: Callable[[], bool]) -> Iterator[None]:
    """Yield as long as the condition is not met; fail when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        yield


def gated(gate: str, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function once there is a file."""
    wait_until(Path(gate).exists)
    return function(*args)


def meet(folder: str, count: int, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function while `count` tasks are in here: each has a worker of its own."""
    everybody = _arrive(folder, count)
    wait_until(everybody)
    return function(*args)


async def meet_waiting(folder: str, count: int, function: Callable[..., Any], *args: Any) -> Any:
    """Do the same in one event loop."""
    import asyncio

    for _ in pauses(_arrive(folder, count)):
        await asyncio.sleep(0.005)
    return function(*args)


def _arrive(folder: str, count: int) -> Callable[[], bool]:
    Path(folder, os.urandom(8).hex()).touch()
    return lambda: len(os.listdir(folder)) >= count


def second_attempt(marker: str, function: Callable[..., Any], *args: Any) -> Any:
    """Kill the worker the first time."""
    if not os.path.exists(marker):
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*args)


# -- kinds ------------------------------------------------------------------------------------


def steps(gate: str) -> Iterator[float]:
    yield lr()
    wait_until(Path(gate).exists)
    yield lr()


async def waiting_steps(gate: str) -> AsyncIterator[float]:
    import asyncio

    yield lr()
    for _ in pauses(Path(gate).exists):
        await asyncio.sleep(0.005)
    yield lr()


async def lr_between_waits() -> list[float]:
    import asyncio

    seen = []
    for _ in range(3):
        await asyncio.sleep(0)
        seen.append(lr())
    return seen


# -- what a task leaves behind ----------------------------------------------------------------


def leave_open() -> Any:
    hp.scope(left=1, **{"train.lr": 9.0}).__enter__()
    return where()


def leave_init() -> Any:
    hp.scope.init({"train.lr": 9.0, "left": 1})
    return where()


def leave_written() -> Any:
    hp.scope.train.lr = 9.0
    hp.scope.left = 1
    return where()


def leave_deleted() -> Any:
    del hp.scope.train.lr
    return where()


def leave_empty() -> Any:
    hp.scope.empty().__enter__()
    return where()


def leave_record() -> Any:
    hp.record().__enter__()
    hp.scope.left = 1
    return where()


def leave_frozen() -> Any:
    with hp.scope(left=1, **{"train.lr": 9.0}):
        hp.scope.frozen()
    return where()


def leave_by_error() -> None:
    leave_open()
    raise OSError(*where())


LEAVING = [leave_open, leave_init, leave_written, leave_deleted, leave_empty, leave_record]


# -- submitting from a worker -----------------------------------------------------------------


def nested(runner: Callable[[], Any]) -> Any:
    """Return what work sees that is submitted here, inside a scope of this worker."""
    with runner() as engine, hp.scope(inner=2):
        return engine.result(engine.submit(read, "outer", "inner", "base"))
