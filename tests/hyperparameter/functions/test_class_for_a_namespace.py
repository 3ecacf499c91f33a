"""`hp.param("a")(Class)` gives a class of its own for a namespace, and nobody else hears of it."""

import abc
import copy
import dataclasses
import decimal
import enum
import gc
import inspect
import pickle
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import attrs
import cloudpickle
import msgspec
import pydantic
import pytest

import hyperparameter as hp

T = TypeVar("T")


class Plain:
    def __init__(self, x: int = 1) -> None:
        self.x = x


class Slots:
    __slots__ = ("x",)

    def __init__(self, x: int = 1) -> None:
        self.x = x


class Made:
    x: int

    def __new__(cls, x: int = 1) -> "Made":
        made = super().__new__(cls)
        made.x = x
        return made


class Failure(ValueError):
    def __init__(self, x: int = 1) -> None:
        super().__init__(x)
        self.x = x


class Shape(abc.ABC):
    def __init__(self, x: int = 1) -> None:
        self.x = x

    @abc.abstractmethod
    def area(self) -> float: ...


class Square(Shape):
    def area(self) -> float:
        return 1.0


class Box(Generic[T]):
    def __init__(self, x: int = 1, content: T | None = None) -> None:
        self.x, self.content = x, content


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: int = 1


@attrs.define
class Attrs:
    x: int = 1


class Tuple(NamedTuple):
    x: int = 1


class Model(pydantic.BaseModel):
    x: int = 1


class Struct(msgspec.Struct):
    x: int = 1


@hp.param("own")
class Decorated:
    def __init__(self, x: int = 1) -> None:
        self.x = x


KINDS: list[Any] = [
    Plain, Slots, Made, Failure, Square, Box, Frozen, Attrs, Tuple, Model, Struct, Decorated,
]  # fmt: skip
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
picklers = pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])


@kinds
def test_a_class_of_any_kind_makes_instances_of_the_class_itself(kind: Any) -> None:
    made: Any = hp.param("a.b")(kind)
    with hp.scope(**{"a.b.x": "5"}):
        assert (made().x, made(x=3).x, kind().x) == (5, 3, 1)
        assert type(made()) is kind
        assert isinstance(kind(), made)
    assert made().x == 1
    assert made is not kind


@kinds
def test_it_is_a_subclass_and_the_same_one_each_time(kind: Any) -> None:
    made = hp.param("same")(kind)
    assert issubclass(made, kind)
    assert hp.param("same")(kind) is made
    assert hp.param("same")(made) is made
    assert hp.param("other")(kind) is not made


@kinds
@picklers
def test_it_pickles_as_the_same_class(kind: Any, pickler: Any) -> None:
    made = hp.param("pickled")(kind)
    assert pickle.loads(pickler.dumps(made)) is made
    assert copy.deepcopy(made) is made


@kinds
def test_the_class_itself_stays_as_it_was(kind: Any) -> None:
    before = dict(vars(kind))
    hp.param("elsewhere")(kind)
    assert dict(vars(kind)) == before


@kinds
def test_it_shows_the_signature_and_the_name_of_the_class(kind: Any) -> None:
    made = hp.param("shown")(kind)
    assert inspect.signature(made) == inspect.signature(kind)
    assert made.__name__ == kind.__name__
    assert made.__doc__ == kind.__doc__
    assert repr(kind) in repr(made)
    assert "'shown'" in repr(made)


@pytest.mark.parametrize("kind", [Plain, Made, Shape, Square, Box], ids=lambda kind: kind.__name__)
def test_the_subclasses_that_a_class_knows_do_not_include_it(kind: Any) -> None:
    made = hp.param("unknown")(kind)
    assert made not in kind.__subclasses__()


def test_registries_of_bases_and_metaclasses_do_not_include_it() -> None:
    heard: list[object] = []

    class Registering(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **_: Any) -> Any:
            heard.append(name)
            return super().__new__(cls, name, bases, body)

        def __init__(cls, *_: Any, **__: Any) -> None:
            heard.append(cls)

        def __setattr__(cls, name: str, value: object) -> None:
            heard.append(name)
            super().__setattr__(name, value)

    class Plugin(metaclass=Registering, kind="base"):
        def __init_subclass__(cls, *, kind: str) -> None:
            heard.append(kind)

        def __init__(self, x: int = 1) -> None:
            self.x = x

    heard.clear()
    made: Any = hp.param("plugin")(Plugin)
    with hp.scope(**{"plugin.x": 5}):
        assert made().x == 5
    assert heard == []


def test_a_subclass_of_it_is_a_class_like_any() -> None:
    heard: list[type] = []

    class Base:
        def __init_subclass__(cls) -> None:
            heard.append(cls)

        def __init__(self, x: int = 1) -> None:
            self.x = x

    base: Any = hp.param("base")(Base)

    class Mine(base):  # type: ignore[misc]  # the base is only known when it runs
        def __init__(self, y: int = 2) -> None:
            super().__init__()
            self.y = y

    assert heard == [Mine]
    with hp.scope(**{"base.x": 5}):
        assert type(Mine()) is Mine
        assert vars(Mine(3)) == {"x": 5, "y": 3}
        assert isinstance(Mine(), Base)
        assert not isinstance(base(), Mine)
    assert list(inspect.signature(Mine).parameters) == ["y"]


def test_a_subclass_of_an_abstract_one_stays_abstract() -> None:
    shape: Any = hp.param("shape")(Shape)
    assert inspect.isabstract(shape)
    with pytest.raises(TypeError, match="abstract"):
        shape()
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (shape,), {})()
    with hp.scope(**{"shape.x": 5}):
        assert type("Whole", (shape,), {"area": lambda _: 1.0})().x == 5


def test_questions_about_it_do_not_change_answers_about_the_class() -> None:
    class Base(abc.ABC):  # noqa: B024  # abstract by its metaclass
        def __init__(self, x: int = 1) -> None:
            self.x = x

    made = hp.param("asked")(Base)
    child = type("Child", (Base,), {})
    assert not issubclass(child, made)
    assert issubclass(child, Base)
    assert isinstance(child(), Base)
    assert isinstance(child(), made)
    assert not isinstance(3, made)


def test_a_subscribed_generic_class_is_filled() -> None:
    box: Any = hp.param("box")(Box)
    with hp.scope(**{"box.x": 5}):
        made = box[int]()
    assert (made.x, type(made)) == (5, Box)


def test_what_its_namespace_leaves_open_a_decorated_class_fills_itself() -> None:
    more: Any = hp.param("more")(Decorated)
    with hp.scope(**{"own.x": 2}):
        assert (more().x, Decorated().x) == (2, 2)
        with hp.scope(**{"more.x": 3}):
            assert (more().x, Decorated().x) == (3, 2)


def test_a_metaclass_that_makes_one_instance_makes_it_of_the_class_itself() -> None:
    class Single(type):
        made: ClassVar[dict[type, Any]] = {}

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if cls not in Single.made:
                Single.made[cls] = super().__call__(*args, **kwargs)
            return Single.made[cls]

    class Only(metaclass=Single):
        def __init__(self, x: int = 1) -> None:
            self.x = x

    only: Any = hp.param("only")(Only)
    with hp.scope(**{"only.x": 5}):
        assert only() is Only()
    assert Only().x == 5


def test_an_initializer_that_is_replaced_later_is_the_one_that_is_filled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: Any = hp.param("later")(Plain)

    def other(self: Any, y: int = 1) -> None:
        self.y = y

    monkeypatch.setattr(Plain, "__init__", other)
    with hp.scope(**{"later.y": "5"}):
        assert vars(made()) == {"y": 5}


class Color(enum.Enum):
    RED = 1


@pytest.mark.parametrize("kind", [Color, bool, dict, decimal.Decimal], ids=lambda k: k.__name__)
def test_a_class_that_cannot_be_filled_names_the_function_form(kind: Any) -> None:
    with pytest.raises(TypeError, match=rf"class.*{kind.__name__}.*a function.*hp\.param\('a'\)"):
        hp.param("a")(kind)


def test_an_enum_cannot_be_filled_where_it_is_written_either() -> None:
    with pytest.raises(TypeError, match=r"nothing to fill in class .*Size"):

        @hp.param("size")
        class Size(enum.Enum):
            SMALL = 1


def test_a_function_of_a_library_is_decorated_as_ever() -> None:
    decode: Any = hp.param("decode")(copy.copy)
    assert hp.param("decode")(decode) is decode
    with hp.scope(**{"decode.x": "text"}):
        assert decode() == "text"
    assert not hasattr(copy.copy, "__hp_signature__")


def test_decorating_a_function_again_does_not_stack() -> None:
    def function(x: int = 1) -> int:
        return x

    decorated = function
    for _ in range(sys.getrecursionlimit() + 10):
        decorated = hp.param("function")(decorated)
    with hp.scope(**{"function.x": 5}):
        assert decorated() == 5


def _factory() -> Any:
    class Local:
        def __init__(self, x: int = 1) -> None:
            self.x = x

    return Local


def test_classes_of_a_function_take_their_second_namespace_apart_from_the_first() -> None:
    local = _factory()
    one: Any = hp.param("one")(local)
    two: Any = hp.param("two")(local)
    with hp.scope(**{"two.x": 2}):
        assert (one().x, two().x) == (1, 2)


def test_a_class_is_forgotten_with_the_class_that_it_was_made_for() -> None:
    def make() -> weakref.ref[type]:
        class Local:
            def __init__(self, x: int = 1) -> None:
                self.x = x

        return weakref.ref(hp.param("forgotten")(Local))

    made = [make() for _ in range(5)]
    gc.collect()
    assert sum(one() is not None for one in made) <= 1  # the last one declares the parameter


PROGRAM = """
import abc, multiprocessing, pickle, sys
import cloudpickle
import hyperparameter as hp

class Plain:
    def __init__(self, x=1): self.x = x

class Abstract(abc.ABC):
    def __init__(self, x=1): self.x = x

plain, abstract = hp.param("plain")(Plain), hp.param("abstract")(Abstract)

class Mine(plain): pass
class Other(abstract): pass

@hp.param("inherits")
class Inherits(Plain): pass

def made(*kinds):
    with hp.scope(**{"plain.x": 5, "abstract.x": 6, "inherits.x": 7}):
        return [(type(one).__name__, one.x) for one in (kind() for kind in kinds)]

KINDS = plain, abstract, Mine, Other, Inherits

def is_the_same(*kinds):
    return kinds == KINDS

if __name__ == "__main__":
    if sys.argv[1:] == ["cloudpickle"]:
        sys.stdout.buffer.write(cloudpickle.dumps((made, KINDS)))
    else:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(made, KINDS), pool.apply(is_the_same, KINDS))
"""
EXPECTED = [("Plain", 5), ("Abstract", 6), ("Mine", 5), ("Other", 6), ("Inherits", 7)]


def _run(script: Path, *words: str) -> bytes:
    return subprocess.run(
        [sys.executable, str(script), *words], check=True, stdout=subprocess.PIPE
    ).stdout


def test_classes_of_a_program_reach_spawned_processes(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    assert _run(script).decode().strip() == f"{EXPECTED} True"


def test_classes_of_a_program_are_cloudpickled_in_full(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    made, kinds = pickle.loads(_run(script, "cloudpickle"))
    assert made(*kinds) == EXPECTED
    assert isinstance(kinds[2](), kinds[0])
