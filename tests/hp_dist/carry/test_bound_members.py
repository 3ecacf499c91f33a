"""All code of a bound class runs inside its scopes, and no registry hears of the class."""

import abc
import asyncio
import enum
import functools
import pickle
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import cloudpickle
import pytest

import hp_dist
import hyperparameter as hp


def lr() -> Any:
    return hp.scope.lr | 0.0


class Traced:
    """A descriptor of the user's own that gives methods."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self.function, instance)


class Field:
    """A descriptor that is read and set."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return lr()

    def __set__(self, instance: Any, value: Any) -> None:
        instance.was_set = value, lr()

    def __delete__(self, instance: Any) -> None:
        instance.was_deleted = lr()


class Numbers:
    """Code in every place that a class has for it."""

    was_set: Any = None
    was_deleted: Any = None
    field: Any = Field()

    def __new__(cls) -> Any:
        made = super().__new__(cls)
        made.allocated = lr()  # type: ignore[attr-defined]
        return made

    def __init__(self) -> None:
        self.made = lr()
        self.left: Any = None

    def __len__(self) -> int:
        return int(lr() * 10)

    def __getitem__(self, index: int) -> Any:
        if index > 1:
            raise IndexError
        return lr()

    def __setitem__(self, index: int, value: Any) -> None:
        self.left = lr()

    def __contains__(self, item: Any) -> bool:
        return bool(item == lr())

    def __iter__(self) -> Iterator[Any]:
        yield lr()
        yield lr()

    def __next__(self) -> Any:
        return lr()

    def __enter__(self) -> Any:
        return lr()

    def __exit__(self, *_: object) -> None:
        self.left = lr()

    async def __aenter__(self) -> Any:
        await asyncio.sleep(0)
        return lr()

    async def __aexit__(self, *_: object) -> None:
        self.left = lr()

    async def __aiter__(self) -> AsyncIterator[Any]:
        yield lr()

    def __eq__(self, other: object) -> bool:
        return bool(other == lr())

    __hash__ = object.__hash__

    def __add__(self, other: float) -> Any:
        return lr() + other

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return name, lr()

    def __repr__(self) -> str:
        return f"numbers at {lr()}"

    @property
    def value(self) -> Any:
        return lr()

    @value.setter
    def value(self, value: Any) -> None:
        self.left = lr()

    @functools.cached_property
    def cached(self) -> Any:
        return lr()

    @classmethod
    def of_class(cls) -> Any:
        return cls, lr()

    @staticmethod
    def static() -> Any:
        return lr()

    @functools.lru_cache  # noqa: B019  # what users write
    def remembered(self) -> Any:
        return lr()

    @functools.singledispatchmethod
    def dispatched(self, argument: Any) -> Any:
        return "any", lr()

    @dispatched.register
    def _(self, argument: int) -> Any:
        return "int", lr()

    def scaled(self, factor: float) -> Any:
        return lr() * factor

    doubled = functools.partialmethod(scaled, 2)

    @Traced
    def traced(self) -> Any:
        return lr()


def bound(cls: Any, value: float = 0.5) -> Any:
    with hp.scope(lr=value):
        return hp_dist.bind(cls)


def by_cloudpickle(value: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(value))


READS: dict[str, Callable[[Any], Any]] = {
    "new": lambda x: x.allocated,
    "init": lambda x: x.made,
    "len": lambda x: len(x) / 10,
    "getitem": lambda x: x[0],
    "setitem": lambda x: [x.__setitem__(0, 0), x.left][-1],
    "contains": lambda x: 0.5 * (0.5 in x),
    "next": next,
    "eq": lambda x: 0.5 * (x == 0.5),
    "add": lambda x: x + 0.0,
    "getattr": lambda x: x.missing[1],
    "repr": lambda x: float(repr(x)[11:]),
    "property": lambda x: x.value,
    "setter": lambda x: [setattr(x, "value", 0), x.left][-1],
    "cached property": lambda x: x.cached,
    "classmethod": lambda x: x.of_class()[1],
    "classmethod of the class": lambda x: type(x).of_class()[1],
    "staticmethod": lambda x: x.static(),
    "staticmethod of the class": lambda x: type(x).static(),
    "lru_cache": lambda x: x.remembered(),
    "singledispatchmethod": lambda x: x.dispatched(3)[1],
    "partialmethod": lambda x: x.doubled() / 2,
    "descriptor of methods": lambda x: x.traced(),
    "descriptor": lambda x: x.field,
    "descriptor that is set": lambda x: [setattr(x, "field", 1), x.was_set[1]][-1],
    "descriptor that is deleted": lambda x: [delattr(x, "field"), x.was_deleted][-1],
}


@pytest.mark.parametrize("journey", [lambda value: value, by_cloudpickle])
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_code_anywhere_in_a_bound_class_runs_inside(
    read: Callable[[Any], Any], journey: Callable[[Any], Any]
) -> None:
    instance = journey(bound(Numbers))()
    assert read(instance) == 0.5
    assert "lr" not in hp.scope


def test_iterators_and_context_managers_of_a_bound_class_are_inside() -> None:
    instance = bound(Numbers)()
    assert list(instance) == [0.5, 0.5]
    with instance as entered:
        assert "lr" not in hp.scope
    assert (entered, instance.left) == (0.5, 0.5)

    async def use() -> Any:
        async with instance as entered:
            assert "lr" not in hp.scope
        return entered, [item async for item in instance]

    assert asyncio.run(use()) == (0.5, [0.5])


def test_members_of_a_bound_class_stay_what_they_are() -> None:
    kind = bound(Numbers)
    instance = kind()
    assert instance.of_class()[0] is kind
    assert instance.dispatched("x")[0] == "any"
    assert instance.cached is instance.__dict__["cached"]
    assert isinstance(vars(kind)["value"], property)
    assert hash(instance) == object.__hash__(instance)
    assert kind.traced.function is Numbers.__dict__["traced"].function
    assert kind.remembered.cache_info().currsize >= 0


def test_abstract_methods_stay_abstract() -> None:
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def run(self) -> None: ...

        @property
        @abc.abstractmethod
        def name(self) -> str: ...

    kind = bound(Abstract)
    assert kind.__abstractmethods__ == {"run", "name"}
    with pytest.raises(TypeError, match="abstract"):
        kind()
    assert not isinstance(3, kind)
    assert not isinstance(kind, Abstract)


# -- registries --------------------------------------------------------------------------------


class Model:
    known: dict[str, type] = {}  # a registry, as in users' programs

    def __init_subclass__(cls, /, *, strict: bool, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__name__ in Model.known:
            raise ValueError(f"{cls.__name__} exists")
        Model.known[cls.__name__] = cls

    def rate(self) -> Any:
        return lr()


class Linear(Model, strict=True):
    pass


class Named:
    keywords: dict[str, Any] = {}

    def __init_subclass__(cls, /, **keywords: Any) -> None:
        super().__init_subclass__()
        cls.keywords = keywords


class Leaf(Named):
    def __init__(self, x: int = 1) -> None:
        self.x = x


KEYWORDS = ["name", "bases", "body", "cls", "mcs", "owner", "kind"]


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("make", [hp_dist.bind, hp.param("named")], ids=["bind", "param"])
def test_subclass_of_a_bound_class_takes_every_keyword_that_the_class_takes(
    keyword: str, make: Any
) -> None:
    bound = make(Leaf)
    made: Any = types.new_class("Sub", (bound,), {keyword: 1})
    assert made.keywords == {keyword: 1}


def test_bound_function_takes_every_keyword_that_the_function_takes() -> None:
    def given(**keywords: int) -> dict[str, int]:
        return keywords

    keywords = dict.fromkeys(["self", "function", "args", "submission"], 1)
    assert hp_dist.bind(given)(**keywords) == keywords


class Registering(type):
    known: dict[str, type] = {}

    def __new__(mcs, name: str, bases: Any, body: Any) -> Any:
        if name in mcs.known:
            raise ValueError(f"{name} exists")
        made = super().__new__(mcs, name, bases, body)
        mcs.known[name] = made
        return made

    def __init__(cls, name: str, bases: Any, body: Any) -> None:
        super().__init__(name, bases, body)
        cls.number = len(type(cls).known)


class Plugin(metaclass=Registering):
    def rate(self) -> Any:
        return lr()


class RegisteringABC(Registering, abc.ABCMeta):
    pass


class AbstractPlugin(metaclass=RegisteringABC):
    def rate(self) -> Any:
        return lr()


@pytest.mark.parametrize("cls", [Linear, Plugin, AbstractPlugin])
@pytest.mark.parametrize(
    "journey", [lambda value: value, lambda v: pickle.loads(pickle.dumps(v)), by_cloudpickle]
)
def test_registry_keeps_the_users_class(cls: Any, journey: Callable[[Any], Any]) -> None:
    kind = journey(bound(cls))
    assert kind().rate() == 0.5
    assert journey(bound(cls, 0.25))().rate() == 0.25
    registry = {**Model.known, **Registering.known}
    assert registry[cls.__name__] is cls
    assert cls().rate() == 0.0
    assert isinstance(kind(), cls)
    assert not isinstance(cls(), kind)


def test_subclass_of_a_bound_class_is_registered_as_any() -> None:
    class Mine(bound(Linear), strict=True):  # type: ignore[misc]  # made at run time
        pass

    class Own(bound(Plugin)):  # type: ignore[misc]
        pass

    try:
        assert Model.known["Mine"] is Mine
        assert Registering.known["Own"] is Own
        assert Mine().rate() == Own().rate() == 0.5
    finally:
        del Model.known["Mine"], Registering.known["Own"]


# -- objects that can be called ----------------------------------------------------------------


class Train:
    """A job as submitit takes them: it asks for `checkpoint`, and submits what that returns."""

    retries = 3

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: int = 0) -> Any:
        self.calls += 1
        return x, lr()

    def __len__(self) -> int:
        return int(lr() * 10)

    def checkpoint(self) -> Any:
        return self, lr()

    @property
    def rate(self) -> Any:
        return lr()


class Slotted:
    __slots__ = ("x",)
    retries = 2

    def __init__(self) -> None:
        self.x = 1

    def __call__(self) -> Any:
        return lr()

    def method(self) -> Any:
        return lr()


class Custom(Train):
    def __reduce__(self) -> Any:
        return Custom, ()


journeys = pytest.mark.parametrize(
    "journey", [lambda value: value, lambda v: pickle.loads(pickle.dumps(v)), by_cloudpickle]
)


@journeys
@pytest.mark.parametrize("make", [Train, Custom])
def test_bound_object_can_all_that_it_could(make: Any, journey: Callable[[Any], Any]) -> None:
    job = journey(bound(make()))
    assert job(3) == (3, 0.5)
    assert (len(job), job.retries, job.rate) == (5, 3, 0.5)
    again, seen = job.checkpoint()
    assert seen == 0.5
    assert journey(again)(4) == (4, 0.5)
    assert isinstance(job, Train)
    assert "lr" not in hp.scope


def test_bound_object_changes_what_the_object_is() -> None:
    train = Train()
    bound(train)()
    assert train.calls == 1
    assert train(1) == (1, 0.0)


@journeys
def test_what_has_no_dictionary_gives_its_attributes_too(journey: Callable[[Any], Any]) -> None:
    job = journey(bound(Slotted()))
    assert (job(), job.method(), job.x, job.retries) == (0.5, 0.5, 1, 2)
    with pytest.raises(AttributeError, match="missing"):
        job.missing


def test_bound_partial_and_bound_method_keep_their_parts() -> None:
    train = Train()
    assert bound(functools.partial(train.__call__, 3)).args == (3,)
    assert bound(train.checkpoint).__self__ is train
    assert bound(train.checkpoint).__name__ == "checkpoint"


@pytest.mark.parametrize("wrong", [3, None, "text", Train().checkpoint(), [len]])
def test_what_cannot_be_called_is_a_type_error_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"hp_dist\.bind takes what can be called, not "):
        hp_dist.bind(wrong)


def test_method_that_is_bound_in_the_body_of_a_class_keeps_self() -> None:
    with hp.scope(lr=0.5):

        class Own:
            @hp_dist.bind
            def method(self, x: int) -> Any:
                return self, x, lr()

            @classmethod
            @hp_dist.bind
            def of_class(cls) -> Any:
                return cls, lr()

            @staticmethod
            @hp_dist.bind
            def static() -> Any:
                return lr()

            partial = staticmethod(hp_dist.bind(functools.partial(lr)))  # as Python 3.13 advises

    own = Own()
    assert own.method(3) == (own, 3, 0.5)
    assert Own.method(own, 3) == (own, 3, 0.5)
    assert (own.of_class(), own.static(), own.partial()) == ((Own, 0.5), 0.5, 0.5)


def test_an_enumeration_has_no_subclass_to_bind() -> None:
    class Op(enum.Enum):
        ADD = "add"

        def run(self) -> object:
            return hp.scope.a | None

    class Base(enum.Enum):
        def run(self) -> object:
            return hp.scope.a | None

    with hp.scope(a=1):
        with pytest.raises(TypeError, match="has members"):
            hp_dist.bind(Op)
        assert hp_dist.bind(Op.ADD.run)() == 1
        bound = hp_dist.bind(Base)
    assert issubclass(bound, Base)
