"""`@hp.param` fills what a call leaves open, and changes nothing else about what it decorates."""

import abc
import asyncio
import contextlib
import copy
import dataclasses
import functools
import inspect
import pickle
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import cloudpickle
import numpy as np
import pytest

import hyperparameter as hp

T = TypeVar("T")
ARRAY = np.arange(3)


# Which parameters are filled


@hp.param("f")
def f(a: int, b: int = 2, *, c: int, d: int = 4) -> tuple[int, int, int, int]:
    """Return its arguments."""
    return a, b, c, d


def test_parameters_without_default_are_filled() -> None:
    with hp.scope(**{"f.a": 10, "f.c": 30}):
        assert f() == (10, 2, 30, 4)


def test_all_parameters_are_filled() -> None:
    with hp.scope(f={"a": 10, "b": 20, "c": 30, "d": 40}):
        assert f() == (10, 20, 30, 40)


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        ((1,), {}, (1, 20, 30, 40)),
        ((1, 2), {}, (1, 2, 30, 40)),
        ((1,), {"d": 4}, (1, 20, 30, 4)),
        ((), {"b": 2}, (10, 2, 30, 40)),
        ((), {"a": 1, "b": 2, "c": 3, "d": 4}, (1, 2, 3, 4)),
    ],
)
def test_what_the_call_binds_is_not_filled(
    args: tuple[int, ...], kwargs: dict[str, int], expected: tuple[int, ...]
) -> None:
    with hp.scope(f={"a": 10, "b": 20, "c": 30, "d": 40}):
        assert f(*args, **kwargs) == expected
        assert f(*args, **kwargs) == expected


def test_a_call_may_bind_none() -> None:
    @hp.param("g")
    def g(x: Any = 1) -> Any:
        return x

    with hp.scope(**{"g.x": 2}):
        assert g(None) is None
        assert g(x=None) is None


def test_a_missing_argument_is_the_error_of_python() -> None:
    with pytest.raises(TypeError, match=r"f\(\) missing 1 required positional argument: 'a'"):
        f(c=1)


def test_too_many_arguments_are_the_error_of_python() -> None:
    with (
        hp.scope(f={"a": 10, "c": 30}),
        pytest.raises(TypeError, match="takes from 1 to 2 positional arguments"),
    ):
        f(1, 2, 3)


def test_an_unknown_keyword_is_the_error_of_python() -> None:
    with (
        hp.scope(f={"a": 10, "c": 30}),
        pytest.raises(TypeError, match="unexpected keyword argument 'x'"),
    ):
        f(x=1)


def test_a_value_bound_twice_is_the_error_of_python() -> None:
    with pytest.raises(TypeError, match="multiple values for argument 'a'"):
        f(1, a=1, c=1)


@hp.param("p")
def p(a: int, b: int = 2, /, c: int = 3) -> tuple[int, int, int]:
    return a, b, c


@pytest.mark.parametrize(
    ("scope", "args", "expected"),
    [
        ({"a": 10}, (), (10, 2, 3)),
        ({"a": 10, "b": 20}, (), (10, 20, 3)),
        ({"b": 20}, (1,), (1, 20, 3)),
        ({"b": 20, "c": 30}, (1, 2), (1, 2, 30)),
        ({"a": 10, "c": 30}, (), (10, 2, 30)),
        ({"c": 30}, (1,), (1, 2, 30)),
    ],
)
def test_positional_only_parameters_are_filled(
    scope: dict[str, int], args: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    with hp.scope(p=scope):
        assert p(*args) == expected


def test_a_missing_positional_only_argument_is_the_error_of_python() -> None:
    with hp.scope(**{"p.b": 20}), pytest.raises(TypeError, match="argument: 'a'"):
        p()


def test_a_default_stands_between_filled_positional_only_parameters() -> None:
    @hp.param("g")
    def g(a: int = 1, b: int = 2, c: int = 3, /) -> tuple[int, int, int]:
        return a, b, c

    with hp.scope(**{"g.c": 30}):
        assert g() == (1, 2, 30)
        assert g(5) == (5, 2, 30)


def test_a_keyword_may_have_the_name_of_a_positional_only_parameter() -> None:
    @hp.param("g")
    def g(a: int = 1, /, **others: int) -> tuple[int, dict[str, int]]:
        return a, others

    with hp.scope(**{"g.a": 10}):
        assert g(a=2) == (10, {"a": 2})
        assert g(1, a=2) == (1, {"a": 2})


def test_variadic_parameters_take_the_call_alone() -> None:
    @hp.param("g")
    def g(a: int = 1, *args: int, b: int = 2, **kwargs: int) -> Any:
        return a, args, b, kwargs

    with hp.scope(g={"a": 10, "b": 20, "args": 1, "kwargs": 2, "other": 3}):
        assert g() == (10, (), 20, {})
        assert g(1, 2, 3, z=4) == (1, (2, 3), 20, {"z": 4})


@pytest.mark.parametrize(
    "name", ["self", "cls", "args", "kwargs", "function", "state", "before", "plan", "default"]
)
def test_a_parameter_may_have_any_name(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def g({name}=1): return {name}", namespace)
    g = hp.param("g")(namespace["g"])
    with hp.scope(**{f"g.{name}": 10}):
        assert g() == 10
        assert g(5) == 5
        assert g(**{name: 6}) == 6


def test_each_call_sees_the_scope_of_the_moment() -> None:
    with hp.scope(f={"a": 1, "c": 1}) as ps:
        assert f()[0] == 1
        ps.f.a = 2
        assert f()[0] == 2
        with hp.scope(**{"f.a": 3}):
            assert f()[0] == 3
        assert f()[0] == 2
        del ps["f.a"]
        with pytest.raises(TypeError):
            f()


def test_a_function_sees_a_new_baseline() -> None:
    @hp.param("g")
    def g(x: int = 0) -> int:
        return x

    seen = [g()]
    for value in (1, 2):
        with hp.scope(**{"g.x": value}):
            hp.scope.frozen()
        seen.append(g())
    assert seen == [0, 1, 2]


def test_a_mapping_for_a_scalar_parameter_is_an_error() -> None:
    @hp.param("g")
    def g(x: int = 0) -> int:
        return x

    with (
        hp.scope(**{"g.x.y": 1}),
        pytest.raises(hp.ConversionError, match=r"^g\.x \(code .*\): {'y': 1} is not an int\.$"),
    ):
        g()


def test_a_parameter_below_another_is_not_part_of_its_value() -> None:
    @hp.param("g")
    def g(x: int = 0) -> int:
        return x

    @hp.param("g.x")
    def h(y: int = 0) -> int:
        return y

    with hp.scope(**{"g.x.y": 1}):
        assert (g(), h()) == (0, 1)


def test_a_namespace_must_be_a_key() -> None:
    with pytest.raises(hp.InvalidKey):
        hp.param("a..b")


def test_the_decorator_may_be_called_without_namespace() -> None:
    @hp.param()
    def g(x: int = 1) -> int:
        return x

    with hp.scope(**{"g.x": 2}):
        assert g() == 2


# Defaults and values are handed over as they are


def test_an_array_default_is_the_same_object() -> None:
    default = np.arange(3)

    @hp.param("g")
    def g(weights: Any = default, *, scale: Any = default) -> Any:
        return weights, scale

    assert all(value is default for value in g())


def test_an_array_overrides_an_array_default() -> None:
    override = np.ones((2, 2))

    @hp.param("g")
    def g(weights: Any = ARRAY) -> Any:
        return weights

    with hp.scope(**{"g.weights": override}):
        assert g() is override


def test_an_array_may_be_given_where_an_override_stands() -> None:
    given = np.zeros(2)

    @hp.param("g")
    def g(weights: Any = ARRAY) -> Any:
        return weights

    with hp.scope(**{"g.weights": np.ones(2)}):
        assert g(given) is given
        assert g(weights=given) is given


def test_a_stored_object_is_the_same_object() -> None:
    value = [1]

    @hp.param("g")
    def g(x: Any = None) -> Any:
        return x

    with hp.scope(**{"g.x": value}):
        assert g() is value
        assert g() is value


def test_what_is_made_from_text_is_not_shared_between_calls() -> None:
    @hp.param("g")
    def g(x: list[int]) -> list[int]:
        x.append(9)
        return x

    with hp.scope("g.x=[1]"):
        assert g() == [1, 9]
        assert g() == [1, 9]


def test_a_default_dict_is_not_changed_by_keys_below_it() -> None:
    default = {"x": 0}

    @hp.param("g")
    def g(options: dict[str, int] = default) -> dict[str, int]:
        return options

    with hp.scope(**{"g.options.y": 1}):
        assert g() == {"x": 0, "y": 1}
    assert default == {"x": 0}
    assert g() is default


# Methods


class Machine:
    def __init__(self) -> None:
        self.name = "machine"

    @hp.param("run")
    def run(self, speed: int = 1) -> tuple[str, int]:
        return self.name, speed

    @hp.param("run")
    def positional(self, speed: int = 1, /) -> tuple[str, int]:
        return self.name, speed

    @classmethod
    @hp.param("make")
    def make(cls, size: int = 1) -> tuple[type, int]:
        return cls, size

    @hp.param("make")
    @classmethod
    def make_outside(cls, size: int = 1) -> tuple[type, int]:
        return cls, size

    @staticmethod
    @hp.param("help")
    def help(level: int = 1) -> int:
        return level

    @hp.param("help")
    @staticmethod
    def help_outside(level: int = 1) -> int:
        return level

    @property
    @hp.param("state")
    def state(self, flag: int = 1) -> int:
        return flag

    @hp.param
    def unnamed(self, x: int = 1) -> int:
        return x


class Tractor(Machine):
    pass


@pytest.mark.parametrize("name", ["run", "positional"])
def test_methods_are_filled(name: str) -> None:
    with hp.scope(run={"speed": 5, "self": "never"}):
        assert getattr(Machine(), name)() == ("machine", 5)
        assert getattr(Machine(), name)(3) == ("machine", 3)
        assert getattr(Machine, name)(Machine()) == ("machine", 5)


def test_a_method_never_takes_its_instance_from_the_scope() -> None:
    with hp.scope(run={"self": Machine()}), pytest.raises(TypeError, match="'self'"):
        Machine.run()  # type: ignore[call-arg]  # the mistake meant here


@pytest.mark.parametrize("name", ["make", "make_outside"])
def test_class_methods_are_filled(name: str) -> None:
    with hp.scope(make={"size": 5, "cls": int}):
        assert getattr(Machine, name)() == (Machine, 5)
        assert getattr(Tractor(), name)() == (Tractor, 5)
        assert getattr(Tractor, name)(size=2) == (Tractor, 2)


@pytest.mark.parametrize("name", ["help", "help_outside"])
def test_static_methods_are_filled(name: str) -> None:
    with hp.scope(**{"help.level": 5}):
        assert getattr(Machine, name)() == 5
        assert getattr(Machine(), name)() == 5
        assert getattr(Machine(), name)(2) == 2


@pytest.mark.parametrize(("name", "kind"), [("make_outside", classmethod), ("help", staticmethod)])
def test_descriptors_stay_what_they_are(name: str, kind: type) -> None:
    assert isinstance(inspect.getattr_static(Machine, name), kind)


def test_properties_are_filled() -> None:
    with hp.scope(**{"state.flag": 5}):
        assert Machine().state == 5


def test_a_method_without_namespace_uses_its_name() -> None:
    with hp.scope(**{"unnamed.x": 5}):
        assert Machine().unnamed() == 5


def test_a_bound_method_keeps_its_instance() -> None:
    machine = Machine()
    bound = machine.run
    assert inspect.ismethod(bound)
    assert bound.__self__ is machine


# Classes


@hp.param("Model")
class Model:
    """A model."""

    made = 0

    def __init__(self, size: int = 1, *, rate: float = 0.1) -> None:
        self.size, self.rate = size, rate


@hp.param("Deep")
class DeepModel(Model):
    def __init__(self, depth: int = 3, **options: Any) -> None:
        super().__init__(**options)
        self.depth = depth


class PlainChild(Model):
    pass


def test_a_class_stays_the_class_that_it_was() -> None:
    assert isinstance(Model, type)
    assert (Model.__name__, Model.__qualname__, Model.__doc__) == ("Model", "Model", "A model.")
    assert Model.made == 0


def test_instances_are_instances() -> None:
    assert type(Model()) is Model
    assert isinstance(DeepModel(), Model)
    assert issubclass(DeepModel, Model)


def test_a_class_is_filled() -> None:
    with hp.scope(Model={"size": 5, "rate": "0.5"}):
        assert vars(Model()) == {"size": 5, "rate": 0.5}
        assert vars(Model(2)) == {"size": 2, "rate": 0.5}


def test_a_subclass_and_its_base_are_filled_each_from_its_namespace() -> None:
    with hp.scope(**{"Model.size": 5, "Deep.depth": 6}):
        made = DeepModel(rate=1.0)
    assert vars(made) == {"size": 5, "rate": 1.0, "depth": 6}


def test_a_subclass_without_decorator_is_filled_like_its_base() -> None:
    with hp.scope(**{"Model.size": 5}):
        assert PlainChild().size == 5


def test_a_decorated_subclass_without_initializer_has_a_namespace_of_its_own() -> None:
    @hp.param("Child")
    class Child(Model):
        pass

    with hp.scope(**{"Child.size": 7}):
        assert Child().size == 7
        assert Model().size == 1


def test_decorating_a_subclass_leaves_the_base_alone() -> None:
    class Base:
        def __init__(self, x: int = 1) -> None:
            self.x = x

    @hp.param("Child")
    class Child(Base):
        pass

    with hp.scope(**{"Child.x": 7}):
        assert Base().x == 1
        assert Child().x == 7


def test_instances_pickle_with_what_they_were_given() -> None:
    with hp.scope(**{"Model.size": 5}):
        made = Model()
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert type(again) is Model
        assert vars(again) == {"size": 5, "rate": 0.1}


def test_the_class_pickles_by_reference() -> None:
    assert pickle.loads(pickle.dumps(Model)) is Model


@hp.param("Point")
@dataclasses.dataclass
class Point:
    x: int = 1
    ys: list[float] = dataclasses.field(default_factory=lambda: [0.5])


@hp.param("Frozen")
@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: int = 1


@hp.param("Pair")
class Pair(NamedTuple):
    left: int = 1
    right: int = 2


def test_a_dataclass_is_filled_and_stays_one() -> None:
    assert dataclasses.is_dataclass(Point)
    with hp.scope("Point.x=5", "Point.ys=[1]"):
        assert Point() == Point(5, [1.0])
        assert type(Point().ys[0]) is float


def test_default_factories_make_a_new_value_for_each_instance() -> None:
    one, two = Point(), Point()
    assert one.ys == two.ys == [0.5]
    assert one.ys is not two.ys


def test_a_default_factory_is_recorded_as_what_it_made() -> None:
    with hp.record() as rec:
        Point()
    assert rec.operative() == {"Point.x": 1, "Point.ys": [0.5]}


def test_dataclass_replace_keeps_the_other_fields() -> None:
    point = Point(3, [4.0])
    with hp.scope(Point={"x": 9, "ys": [9.0]}):
        assert dataclasses.replace(point, x=5) == Point(5, [4.0])


def test_a_frozen_dataclass_is_filled_and_stays_frozen() -> None:
    with hp.scope(**{"Frozen.x": 5}):
        made = Frozen()
    assert made.x == 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 6  # type: ignore[misc]  # the mistake meant here
    assert pickle.loads(pickle.dumps(made)) == made
    assert hash(made) == hash(Frozen(5))


def test_a_named_tuple_is_filled_and_stays_one() -> None:
    with hp.scope(**{"Pair.left": 5}):
        made = Pair()
        assert made == (5, 2)
        assert type(made) is Pair
        assert made._replace(right=7) == (5, 7)
        assert Pair._make([3, 4]) == (3, 4)
        assert Pair._fields == ("left", "right")


def test_a_named_tuple_pickles_with_what_it_was_given() -> None:
    data = pickle.dumps(Pair(3, 4))
    with hp.scope(Pair={"left": 5, "right": 6}):
        again = pickle.loads(data)
        assert copy.copy(Pair(3, 4)) == (3, 4)
    assert type(again) is Pair
    assert again == (3, 4)


def test_a_class_made_by_new_is_filled() -> None:
    @hp.param("Meters")
    class Meters(float):
        def __new__(cls, value: float = 1.0) -> "Meters":
            return super().__new__(cls, value)

    with hp.scope(**{"Meters.value": 5.0}):
        assert Meters() == 5.0
        assert type(Meters()) is Meters
        assert Meters(2.0) == 2.0


def test_an_abstract_class_stays_abstract() -> None:
    @hp.param("Shape")
    class Shape(abc.ABC):
        def __init__(self, sides: int = 3) -> None:
            self.sides = sides

        @abc.abstractmethod
        def area(self) -> float: ...

    class Square(Shape):
        def area(self) -> float:
            return 1.0

    with hp.scope(**{"Shape.sides": 4}):
        with pytest.raises(TypeError, match="abstract"):
            Shape()  # type: ignore[abstract]  # the mistake meant here
        assert Square().sides == 4


def test_a_generic_class_stays_generic() -> None:
    @hp.param("Box")
    class Box(Generic[T]):
        __slots__ = ("size",)

        def __init__(self, size: int = 1) -> None:
            self.size = size

    with hp.scope(**{"Box.size": 4}):
        assert Box[int]().size == 4


def test_a_class_keeps_its_signature() -> None:
    assert list(inspect.signature(Model).parameters) == ["size", "rate"]
    assert list(inspect.signature(Point).parameters) == ["x", "ys"]
    assert list(inspect.signature(Pair).parameters) == ["left", "right"]


def test_what_an_initializer_writes_ends_with_it() -> None:
    @hp.param("Writer")
    class Writer:
        def __init__(self) -> None:
            hp.scope.x = 1
            self.seen = hp.scope.x | 0

    with hp.scope():
        assert Writer().seen == 1
        assert hp.scope.x | 0 == 0


# Kinds and signatures


def plain(x: int = 1) -> int:
    """Say something."""
    return x


async def coroutine(x: int = 1) -> int:
    """Say something."""
    return x


def generator(x: int = 1) -> Iterator[int]:
    """Say something."""
    yield x


async def async_generator(x: int = 1) -> AsyncIterator[int]:
    """Say something."""
    yield x


KINDS: list[Callable[..., Any]] = [plain, coroutine, generator, async_generator]
kinds = pytest.mark.parametrize("function", KINDS, ids=lambda f: f.__name__)


@kinds
@pytest.mark.parametrize(
    "predicate",
    [
        inspect.isfunction,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        asyncio.iscoroutinefunction,
    ],
)
def test_the_kind_is_kept(function: Callable[..., Any], predicate: Callable[[Any], bool]) -> None:
    assert predicate(hp.param("g")(function)) == predicate(function)


@kinds
def test_signature_and_metadata_are_kept(function: Callable[..., Any]) -> None:
    decorated = hp.param("g")(function)
    assert inspect.signature(decorated) == inspect.signature(function)
    assert inspect.unwrap(decorated) is function
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)


@pytest.mark.parametrize("thing", [f, p, Model, Point, Pair, Machine.run, Machine.make])
def test_decorated_things_pickle(thing: Any) -> None:
    assert pickle.loads(pickle.dumps(thing)) == thing


def _run(function: Callable[..., Any]) -> Any:
    """Return what the first step of a function of any kind gives."""
    made = function()
    if inspect.iscoroutine(made):
        return asyncio.run(made)
    if inspect.isgenerator(made):
        return next(made)
    if inspect.isasyncgen(made):

        async def first() -> Any:
            async with contextlib.aclosing(made):
                return await anext(made)

        return asyncio.run(first())
    return made


@kinds
def test_every_kind_is_filled(function: Callable[..., Any]) -> None:
    decorated = hp.param("g")(function)
    assert _run(decorated) == 1
    with hp.scope(**{"g.x": "5"}):
        assert _run(decorated) == 5


@kinds
def test_every_kind_can_be_cloudpickled(function: Callable[..., Any]) -> None:
    decorated = hp.param("g")(function)
    again = cloudpickle.loads(cloudpickle.dumps(decorated))
    with hp.scope(**{"g.x": 5}):
        assert _run(again) == 5


def test_local_functions_and_classes_can_be_cloudpickled() -> None:
    offset = 10

    @hp.param("g")
    def g(x: int = 1) -> int:
        return x + offset

    @hp.param("Local")
    class Local:
        def __init__(self, x: int = 1) -> None:
            self.x = g(x)

    made = cloudpickle.loads(cloudpickle.dumps(Local))
    with hp.scope(**{"Local.x": 5}):
        assert made().x == 15


MAIN = """
import dataclasses, sys
import cloudpickle
import hyperparameter as hp

@hp.param("f")
def f(x=1):
    return x

@hp.param("g")
def g(x=1):
    yield x

@hp.param("C")
@dataclasses.dataclass
class C:
    x: int = 1

with hp.scope(**{"C.x": 3}):
    made = C()
with open(sys.argv[1], "wb") as file:
    file.write(cloudpickle.dumps([f, g, C, made, hp.scope(a=1), hp.scope.a]))
"""


def test_what_main_defines_can_be_cloudpickled_to_another_program(tmp_path: Path) -> None:
    script, carried = tmp_path / "program.py", tmp_path / "carried"
    script.write_text(MAIN)
    subprocess.run([sys.executable, script, carried], check=True)
    function, generator_function, made_class, instance, scope, accessor = cloudpickle.loads(
        carried.read_bytes()
    )
    with hp.scope(**{"f.x": 5, "g.x": 6, "C.x": 7}):
        assert (function(), next(generator_function()), made_class().x) == (5, 6, 7)
    assert instance.x == 3
    with scope:
        assert accessor | 0 == 1


def test_a_function_wrapped_by_another_decorator_is_filled() -> None:
    @hp.param("g")
    @functools.lru_cache
    def g(x: int = 1) -> int:
        return x

    with hp.scope(**{"g.x": 5}):
        assert g() == 5


def test_a_context_manager_function_is_filled() -> None:
    @hp.param("outside")
    @contextlib.contextmanager
    def outside(x: int = 1) -> Iterator[int]:
        yield x

    @contextlib.contextmanager
    @hp.param("inside")
    def inside(x: int = 1) -> Iterator[int]:
        yield x

    with hp.scope(**{"outside.x": 5, "inside.x": 6}), outside() as one, inside() as two:
        assert (one, two) == (5, 6)


# What the body writes ends with the call


def _write() -> Any:
    hp.scope.x = "written"
    return hp.scope.x | "none"


@pytest.mark.parametrize("opened", [True, False])
def test_what_a_function_writes_ends_with_the_call(opened: bool) -> None:
    with hp.scope() if opened else contextlib.nullcontext():
        assert hp.param("g")(_write)() == "written"
        assert hp.scope.x | "none" == "none"


def test_what_a_function_overwrites_comes_back() -> None:
    with hp.scope(x="before"):
        assert hp.param("g")(_write)() == "written"
        assert hp.scope.x | "none" == "before"


def test_what_a_function_deletes_or_clears_comes_back() -> None:
    @hp.param("g")
    def g() -> None:
        del hp.scope.x
        hp.scope.clear()

    with hp.scope(x=1, y=2) as ps:
        g()
        assert dict(ps) == {"x": 1, "y": 2}


def test_what_a_function_writes_through_an_outer_handle_ends_with_the_call() -> None:
    with hp.scope(x=1) as outer, hp.scope(y=1):

        @hp.param("g")
        def g() -> None:
            outer.x = 2

        g()
        assert outer["x"] == 1
        assert hp.scope.x() == 1


def test_what_a_function_writes_ends_when_it_raises() -> None:
    @hp.param("g")
    def g() -> None:
        hp.scope.x = 1
        raise LookupError

    with hp.scope():
        with pytest.raises(LookupError):
            g()
        assert hp.scope.x | 0 == 0


def test_what_an_inner_call_writes_ends_before_the_outer_one() -> None:
    @hp.param("inner")
    def inner() -> None:
        hp.scope.x = "inner"

    @hp.param("outer")
    def outer() -> Any:
        hp.scope.x = "outer"
        inner()
        return hp.scope.x()

    with hp.scope(x="caller"):
        assert outer() == "outer"
        assert hp.scope.x() == "caller"


def test_a_baseline_frozen_in_a_function_stays() -> None:
    @hp.param("g")
    def g() -> None:
        hp.scope.x = 1
        hp.scope.frozen()

    g()
    assert hp.scope.x | 0 == 1


def test_what_a_coroutine_writes_ends_with_it() -> None:
    @hp.param("g")
    async def g() -> Any:
        hp.scope.x = 1
        await asyncio.sleep(0)
        return hp.scope.x | 0

    async def main() -> tuple[Any, Any]:
        with hp.scope():
            return await g(), hp.scope.x | 0

    assert asyncio.run(main()) == (1, 0)


# Errors


@kinds
def test_exceptions_pass_through(function: Callable[..., Any]) -> None:
    error = LookupError("mine")

    def fail(x: int = 1) -> int:
        raise error

    async def fail_later(x: int = 1) -> int:
        raise error

    def fail_in_step(x: int = 1) -> Iterator[int]:
        raise error
        yield x

    async def fail_in_async_step(x: int = 1) -> AsyncIterator[int]:
        raise error
        yield x

    failing: dict[Any, Callable[..., Any]] = {
        plain: fail,
        coroutine: fail_later,
        generator: fail_in_step,
        async_generator: fail_in_async_step,
    }
    with pytest.raises(LookupError) as caught:
        _run(hp.param("g")(failing[function]))
    assert caught.value is error
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_traceback_ends_in_the_body() -> None:
    @hp.param("g")
    def g() -> None:
        raise LookupError

    with pytest.raises(LookupError) as caught:
        g()
    assert traceback.extract_tb(caught.tb)[-1].name == "g"


def test_stop_iteration_passes_through_a_function() -> None:
    @hp.param("g")
    def g() -> None:
        raise StopIteration(5)

    with pytest.raises(StopIteration) as caught:
        g()
    assert caught.value.value == 5


def test_a_conversion_error_comes_before_the_body() -> None:
    ran: list[int] = []

    @hp.param("g")
    def g(x: int = 1) -> None:
        ran.append(x)

    with hp.scope("g.x=many"), pytest.raises(hp.ConversionError, match=r"g\.x"):
        g()
    assert ran == []


def test_recursion_works() -> None:
    @hp.param("g")
    def g(n: int = 3) -> int:
        return 0 if n == 0 else 1 + g(n - 1)

    with hp.scope(**{"g.n": 5}):
        assert g() == 5


# Generators


@hp.param("steps")
def steps(x: Any = "default") -> Iterator[Any]:
    yield x
    while True:
        yield hp.scope.seen | "unset"


def test_a_generator_takes_its_arguments_when_it_is_first_advanced() -> None:
    with hp.scope(**{"steps.x": "made"}):
        made = steps()
    with hp.scope(**{"steps.x": "advanced"}):
        assert next(made) == "advanced"


def test_a_generator_keeps_its_scope_for_all_steps() -> None:
    with hp.scope(seen="inside"):
        made = steps()
        next(made)
        assert next(made) == "inside"
    assert next(made) == "inside"
    with hp.scope(seen="elsewhere"):
        assert next(made) == "inside"


def test_a_caller_does_not_see_the_scopes_of_a_suspended_generator() -> None:
    @hp.param("g")
    def g() -> Iterator[Any]:
        hp.scope.x = "written"
        with hp.scope(y="opened"):
            yield hp.scope.x()
            yield hp.scope.y()

    made = g()
    with hp.scope(x="caller"):
        for expected in ("written", "opened"):
            assert next(made) == expected
            assert hp.scope.x | "none" == "caller"
            assert hp.scope.y | "none" == "none"


def test_a_suspended_generator_does_not_see_later_writes_of_its_caller() -> None:
    with hp.scope(seen="before"):
        made = steps()
        next(made)
        hp.scope.seen = "after"
        assert next(made) == "before"
        assert hp.scope.seen() == "after"


def test_interleaved_generators_keep_apart() -> None:
    @hp.param("g")
    def g(name: str) -> Iterator[Any]:
        hp.scope.name = name
        while True:
            yield hp.scope.name()

    one, two = g("one"), g("two")
    assert [next(one), next(two), next(one), next(two)] == ["one", "two", "one", "two"]
    one.close()
    assert next(two) == "two"
    assert hp.scope.name | "none" == "none"


def test_send_throw_and_return_reach_a_generator_inside_its_scope() -> None:
    @hp.param("g")
    def g() -> Any:
        received = yield hp.scope.x | "none"
        try:
            yield received, hp.scope.x | "none"
        except LookupError as error:
            yield error, hp.scope.x | "none"
        return hp.scope.x | "none"

    error = LookupError()
    with hp.scope(x="inside"):
        made = g()
        assert next(made) == "inside"
    assert made.send("sent") == ("sent", "inside")
    assert made.throw(error) == (error, "inside")
    with pytest.raises(StopIteration) as caught:
        next(made)
    assert caught.value.value == "inside"
    assert hp.scope.x | "none" == "none"


def test_closing_a_generator_runs_its_cleanup_inside_its_scope() -> None:
    seen: list[Any] = []

    @hp.param("g")
    def g() -> Iterator[int]:
        try:
            yield 1
        finally:
            seen.append(hp.scope.x | "none")

    with hp.scope(x="inside"):
        made = g()
        next(made)
    made.close()
    assert seen == ["inside"]
    assert hp.scope.x | "none" == "none"
    assert list(made) == []


def test_dropping_a_generator_runs_its_cleanup_inside_its_scope() -> None:
    seen: list[Any] = []

    @hp.param("g")
    def g() -> Iterator[int]:
        try:
            yield 1
        finally:
            seen.append(hp.scope.x | "none")

    with hp.scope(x="inside"):
        made = g()
        next(made)
    with hp.scope(x="elsewhere"):
        del made
        assert hp.scope.x() == "elsewhere"
    assert seen == ["inside"]


def test_throwing_into_a_generator_that_has_not_begun_raises() -> None:
    made = steps()
    with pytest.raises(LookupError):
        made.throw(LookupError())  # type: ignore[attr-defined]  # a generator, as declared
    assert list(made) == []


def test_a_generator_that_never_begins_may_be_closed() -> None:
    made = steps()
    made.close()  # type: ignore[attr-defined]  # a generator, as declared
    assert list(made) == []


def test_a_generator_that_is_told_to_exit_may_return_a_value() -> None:
    def plain() -> Iterator[int]:
        try:
            yield 1
        except GeneratorExit:
            return 7  # type: ignore[return-value]

    for function in (plain, hp.param("g")(plain)):
        made: Any = function()
        next(made)
        with pytest.raises(StopIteration) as ended:
            made.throw(GeneratorExit)
        assert ended.value.value == 7


def test_a_generator_that_ignores_being_closed_is_the_error_of_python() -> None:
    @hp.param("g")
    def g() -> Iterator[int]:
        with contextlib.suppress(GeneratorExit):
            yield 1
        yield 2

    made = g()
    next(made)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        made.close()  # type: ignore[attr-defined]  # a generator, as declared
    assert hp.scope.x | "none" == "none"


def test_what_a_generator_returns_when_it_is_closed_is_what_it_returns() -> None:
    def returns() -> Iterator[int]:
        try:
            yield 1
        except GeneratorExit:
            return 7  # type: ignore[return-value]  # what the caller gets

    def propagates() -> Iterator[int]:
        yield 1

    returned, propagated = hp.param("g")(returns)(), hp.param("h")(propagates)()
    next(returned)
    next(propagated)
    with pytest.raises(StopIteration) as stop:
        returned.throw(GeneratorExit)  # type: ignore[attr-defined]  # a generator, as declared
    assert stop.value.value == 7
    with pytest.raises(GeneratorExit):
        propagated.throw(GeneratorExit)  # type: ignore[attr-defined]  # a generator, as declared


def test_an_error_in_a_step_leaves_the_callers_scope() -> None:
    @hp.param("g")
    def g() -> Iterator[int]:
        hp.scope.x = "inside"
        yield 1
        raise LookupError

    with hp.scope(x="caller"):
        made = g()
        next(made)
        with pytest.raises(LookupError):
            next(made)
        assert hp.scope.x() == "caller"


def test_a_conversion_error_is_raised_by_the_first_step() -> None:
    @hp.param("g")
    def g(x: int = 1) -> Iterator[int]:
        yield x

    with hp.scope("g.x=many"):
        made = g()
        with pytest.raises(hp.ConversionError):
            next(made)


def test_a_generator_delegates_to_another() -> None:
    @hp.param("inner")
    def inner(x: int = 1) -> Any:
        received = yield x
        return received

    @hp.param("outer")
    def outer() -> Any:
        result = yield from inner()
        yield result

    with hp.scope(**{"inner.x": 5}):
        made = outer()
        assert next(made) == 5
    assert made.send("sent") == "sent"


# Coroutines


def test_a_coroutine_takes_its_arguments_when_it_runs() -> None:
    @hp.param("g")
    async def g(x: int = 1) -> int:
        await asyncio.sleep(0)
        return x

    async def main() -> int:
        with hp.scope(**{"g.x": 5}):
            return await g()

    assert asyncio.run(main()) == 5


def test_concurrent_coroutines_keep_apart() -> None:
    @hp.param("g")
    async def g(name: str, barrier: asyncio.Barrier) -> Any:
        hp.scope.name = name
        await barrier.wait()
        return hp.scope.name()

    async def main() -> list[Any]:
        barrier = asyncio.Barrier(3)
        return await asyncio.gather(*(g(name, barrier) for name in "abc"))

    assert asyncio.run(main()) == ["a", "b", "c"]


def test_a_cancelled_coroutine_cleans_up_inside_its_scope() -> None:
    seen: list[Any] = []

    @hp.param("g")
    async def g(started: asyncio.Event) -> None:
        hp.scope.x = "inside"
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(hp.scope.x())

    async def main() -> None:
        started = asyncio.Event()
        task = asyncio.create_task(g(started))
        await started.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["inside"]


# Async generators


@hp.param("asteps")
async def asteps(x: Any = "default") -> AsyncIterator[Any]:
    yield x
    while True:
        await asyncio.sleep(0)
        yield hp.scope.seen | "unset"


def test_an_async_generator_keeps_its_scope_for_all_steps() -> None:
    async def main() -> list[Any]:
        with hp.scope(seen="inside", **{"asteps.x": "filled"}):
            made = asteps()
            seen = [await anext(made)]
        seen.append(await anext(made))
        with hp.scope(seen="elsewhere"):
            seen.append(await anext(made))
        await made.aclose()  # type: ignore[attr-defined]  # a generator, as declared
        return seen

    assert asyncio.run(main()) == ["filled", "inside", "inside"]


def test_an_async_generator_takes_its_arguments_when_it_is_first_advanced() -> None:
    async def main() -> Any:
        with hp.scope(**{"asteps.x": "made"}):
            made = asteps()
        with hp.scope(**{"asteps.x": "advanced"}):
            async with contextlib.aclosing(made):  # type: ignore[type-var]  # a generator
                return await anext(made)

    assert asyncio.run(main()) == "advanced"


def test_a_caller_does_not_see_the_scopes_of_a_suspended_async_generator() -> None:
    @hp.param("g")
    async def g() -> AsyncIterator[Any]:
        hp.scope.x = "written"
        with hp.scope(y="opened"):
            yield hp.scope.x()
            yield hp.scope.y()

    async def main() -> list[Any]:
        seen: list[Any] = []
        with hp.scope(x="caller"):
            async for item in g():
                seen.append((item, hp.scope.x | "none", hp.scope.y | "none"))
        return seen

    assert asyncio.run(main()) == [("written", "caller", "none"), ("opened", "caller", "none")]


def test_asend_and_athrow_reach_an_async_generator_inside_its_scope() -> None:
    @hp.param("g")
    async def g() -> Any:
        received = yield hp.scope.x | "none"
        try:
            yield received, hp.scope.x | "none"
        except LookupError as error:
            yield error, hp.scope.x | "none"

    async def main() -> None:
        error = LookupError()
        with hp.scope(x="inside"):
            made = g()
            assert await anext(made) == "inside"
        assert await made.asend("sent") == ("sent", "inside")
        assert await made.athrow(error) == (error, "inside")
        with pytest.raises(StopAsyncIteration):
            await anext(made)
        assert hp.scope.x | "none" == "none"

    asyncio.run(main())


def test_closing_an_async_generator_runs_its_cleanup_inside_its_scope() -> None:
    seen: list[Any] = []

    @hp.param("g")
    async def g() -> Any:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            seen.append(hp.scope.x | "none")

    async def main() -> None:
        with hp.scope(x="inside"):
            made = g()
            await anext(made)
        await made.aclose()
        assert hp.scope.x | "none" == "none"

    asyncio.run(main())
    assert seen == ["inside"]


def test_an_error_of_an_async_generator_passes_through() -> None:
    error = LookupError()

    @hp.param("g")
    async def g() -> Any:
        yield 1
        raise error

    async def main() -> None:
        made = g()
        await anext(made)
        with pytest.raises(LookupError) as caught:
            await anext(made)
        assert caught.value is error

    asyncio.run(main())


def test_an_async_generator_that_ignores_being_closed_is_the_error_of_python() -> None:
    @hp.param("g")
    async def g() -> Any:
        with contextlib.suppress(GeneratorExit):
            yield 1
        yield 2

    async def main() -> None:
        made = g()
        await anext(made)
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            await made.aclose()

    asyncio.run(main())
