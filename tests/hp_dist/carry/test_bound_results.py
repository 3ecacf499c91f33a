"""What is bound is inside in what its results do later, in its metaclass, and with its types."""

import asyncio
import contextlib
import functools
import multiprocessing
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Generic, TypeVar, get_args

import cloudpickle
import pytest

import hp_dist
import hyperparameter as hp


def lr() -> Any:
    return hp.scope.lr | None


def bound(target: Any, value: float = 0.5) -> Any:
    with hp.scope(lr=value):
        return hp_dist.bind(target)


def unchanged(value: Any) -> Any:
    return value


def by_cloudpickle(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


JOURNEYS = [unchanged, by_cloudpickle]


# -- metaclasses and generic classes ----------------------------------------------------------


class Meta(type):
    """A metaclass with code of its own."""

    def __call__(cls) -> Any:
        made = super().__call__()
        made.made_by = lr()
        return made

    def __iter__(cls) -> Iterator[Any]:
        yield lr()

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lr()

    def create(cls) -> Any:
        return lr()

    @property
    def default(cls) -> Any:
        return lr()


class Made(metaclass=Meta):
    made_by: Any

    def __class_getitem__(cls, item: Any) -> Any:
        return item, lr()


OF_CLASSES: dict[str, Callable[[Any], Any]] = {
    "call": lambda cls: cls().made_by,
    "iter": lambda cls: next(iter(cls)),
    "getattr": lambda cls: cls.missing,
    "method": lambda cls: cls.create(),
    "property": lambda cls: cls.default,
    "class_getitem": lambda cls: cls[1][1],
    "subclass": lambda cls: type(cls)("Sub", (cls,), {})().made_by,
}


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("read", OF_CLASSES.values(), ids=OF_CLASSES)
def test_code_of_the_metaclass_runs_inside_too(
    read: Callable[[Any], Any], journey: Callable[[Any], Any]
) -> None:
    cls = journey(bound(Made))
    assert read(cls) == 0.5
    assert isinstance(cls(), Made)
    assert read(bound(Made, 0.7)) == 0.7
    assert read(Made) is None
    assert lr() is None


Item = TypeVar("Item")


class Box(Generic[Item]):
    def __init__(self) -> None:
        self.made = lr(), hp.scope.other | None

    def read(self) -> Any:
        return lr()


@pytest.mark.parametrize("journey", JOURNEYS)
def test_generic_class_is_bound_with_its_types(journey: Callable[[Any], Any]) -> None:
    alias: Any = journey(bound(Box[int]))
    assert get_args(alias) == (int,)
    box = alias()
    assert (box.made, box.read(), box.__orig_class__) == ((0.5, None), 0.5, alias)
    assert isinstance(box, Box)
    assert bound(Box)[int]().read() == 0.5


@pytest.fixture
def installed() -> Iterator[None]:
    hp_dist.install("futures")
    yield
    hp_dist.uninstall()


@pytest.mark.usefixtures("installed")
def test_bound_classes_are_inside_the_submission_in_an_executor_as_they_are_here() -> None:
    fork = multiprocessing.get_context("fork")
    targets = bound(Box), bound(Box[int])
    with ProcessPoolExecutor(1, mp_context=fork) as executor, hp.scope(other=1):
        assert executor.submit(Box).result().made == (None, 1)
        for target in targets:
            assert executor.submit(target).result().made == target().made == (0.5, 1)


# -- results that run later -------------------------------------------------------------------


def steps() -> Generator[Any, Any, Any]:
    with hp.scope(own=1):
        sent = yield lr()
        yield lr(), sent
    return lr()


async def slowly() -> Any:
    await asyncio.sleep(0)
    return lr()


async def async_steps() -> AsyncIterator[Any]:
    yield lr()
    yield lr()


class Returning:
    """Methods whose results are of functions that are not methods of it."""

    closed: Any = None

    def steps(self) -> Any:
        return steps()

    def expression(self) -> Any:
        return (lr() for _ in range(2))

    def slowly(self) -> Any:
        return slowly()

    def async_steps(self) -> Any:
        return async_steps()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        try:
            yield lr()
        finally:
            self.closed = lr()

    @contextlib.asynccontextmanager
    async def opened_slowly(self) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        yield lr()
        self.closed = lr()


def of_class(name: str) -> Any:
    return getattr(bound(Returning)(), name)


def of_function(name: str) -> Any:
    return bound(getattr(Returning(), name))


@pytest.mark.parametrize("make", [of_class, of_function])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_what_a_result_does_later_is_inside(
    make: Callable[[str], Any], journey: Callable[[Any], Any]
) -> None:
    generator = journey(make("steps"))()
    with hp.scope(here=1):
        assert next(generator) == 0.5
        assert (hp.scope.own | None, lr()) == (None, None)
        assert generator.send("sent") == (0.5, "sent")
    with pytest.raises(StopIteration) as returned:
        next(generator)
    assert returned.value.value == 0.5
    assert list(journey(make("expression"))()) == [0.5, 0.5]
    assert asyncio.run(journey(make("slowly"))()) == 0.5

    async def read() -> Any:
        return [item async for item in journey(make("async_steps"))()]

    assert asyncio.run(read()) == [0.5, 0.5]


@functools.singledispatch
def dispatched(_: Any) -> Any:
    return slowly()


@functools.lru_cache
def cached() -> Any:
    return steps()


def test_decorated_functions_run_inside_whatever_they_return() -> None:
    assert asyncio.run(bound(dispatched)(1)) == 0.5
    assert asyncio.run(bound(staticmethod(slowly))()) == 0.5
    assert next(bound(cached)()) == 0.5


@pytest.mark.parametrize("make", [of_class, of_function])
def test_body_of_a_context_manager_of_contextlib_is_inside(make: Callable[[str], Any]) -> None:
    opened = make("opened")
    with opened() as value:
        assert (value, lr()) == (0.5, None)
    assert opened.__self__.closed == 0.5
    with pytest.raises(ZeroDivisionError), opened():
        _ = 1 // 0
    seen = []

    @opened()  # type: ignore[untyped-decorator]  # bound
    def decorated() -> None:
        seen.append(lr())

    for _ in range(2):
        opened.__self__.closed = None
        decorated()
        assert opened.__self__.closed == 0.5
    assert seen == [None, None]

    async def use() -> Any:
        slowly_opened = make("opened_slowly")
        async with slowly_opened() as value:
            assert lr() is None
        return value, slowly_opened.__self__.closed

    assert asyncio.run(use()) == (0.5, 0.5)
