"""Decorating a class changes nothing of the class, of its kin, or of a class of somebody else."""

import copy
import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any, ClassVar, final

import cloudpickle
import pytest

import hyperparameter as hp


class Optimizer:
    """As a library has it."""

    kinds: ClassVar[list[type]] = []

    def __init_subclass__(cls) -> None:
        cls.kinds.append(cls)

    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]


generator: Any = hp.param("generator")(Optimizer)
discriminator: Any = hp.param("discriminator")(Optimizer)


def test_two_namespaces_on_one_class_do_not_mix() -> None:
    with hp.scope(**{"generator.lr": 0.01}):
        assert (generator().lr, discriminator().lr, Optimizer().lr) == (0.01, 0.1, 0.1)
    with hp.scope(**{"generator.lr": 0.01, "discriminator.lr": 0.2}):
        assert (generator().lr, discriminator().lr, Optimizer().lr) == (0.01, 0.2, 0.1)


def test_a_class_of_a_library_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json.JSONEncoder, "__init__", json.JSONEncoder.__init__)  # put back after
    before = dict(vars(json.JSONEncoder))
    made: Any = hp.param("encoder")(json.JSONEncoder)
    with hp.scope(**{"encoder.sort_keys": True}):
        assert (made().sort_keys, json.JSONEncoder().sort_keys) == (True, False)
        assert type(made()) is json.JSONEncoder
    assert dict(vars(json.JSONEncoder)) == before


def test_what_the_call_makes_is_of_the_class_itself() -> None:
    with hp.scope(**{"generator.lr": 0.01}):
        made = generator()
    assert type(made) is Optimizer
    assert made == Optimizer(0.01)
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert type(again) is Optimizer
        assert again == made


def test_the_class_for_a_namespace_is_the_same_one_each_time() -> None:
    assert hp.param("generator")(Optimizer) is generator
    assert generator is not discriminator
    assert issubclass(generator, Optimizer)
    assert isinstance(generator(), Optimizer)


def test_the_class_for_a_namespace_enters_no_registry() -> None:
    hp.param("another")(Optimizer)
    assert Optimizer.kinds == []


@pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
def test_the_class_for_a_namespace_pickles(pickler: Any) -> None:
    again = pickle.loads(pickler.dumps(generator))
    assert again is generator
    with hp.scope(**{"generator.lr": 0.01}):
        assert again().lr == 0.01


def test_decorating_again_does_not_stack() -> None:
    made: Any = Optimizer
    for _ in range(sys.getrecursionlimit() + 10):
        made = hp.param("again")(Optimizer)
    with hp.scope(**{"again.lr": 5.0}):
        assert made().lr == 5.0


@final
class Sealed:
    def __init_subclass__(cls) -> None:
        raise TypeError("sealed")

    def __init__(self, x: int = 1) -> None:
        self.x = x


def test_a_class_that_refuses_subclasses_works_or_names_the_function_form() -> None:
    def decorate() -> Any:
        try:
            return hp.param("sealed")(Sealed)
        except TypeError as error:
            return error

    made = decorate()
    with hp.scope(**{"sealed.x": 5}):
        if isinstance(made, TypeError):
            assert "Sealed" in str(made)
            assert "function" in str(made)
        else:
            assert made().x == 5
        assert hp.param("sealed")(lambda x=1: Sealed(x))().x == 5


@pytest.mark.parametrize("kind", [bool, type(None), type(iter([]))])
def test_a_builtin_that_cannot_be_subclassed_is_an_error_that_names_it(kind: Any) -> None:
    with pytest.raises(TypeError, match=kind.__name__):
        hp.param("ns")(kind)


# -- a class decorated where it is written ---------------------------------------------------------


class A:
    def __init__(self, x: int = 1) -> None:
        self.x = x


class D(A):
    def __init__(self, x: int = 1) -> None:
        super().__init__(x)
        self.d = True


@hp.param("B")
class B(A):
    pass


class C(B, D):
    pass


def test_an_initializer_that_is_inherited_stays_inherited() -> None:
    assert vars(C()) == {"x": 1, "d": True}
    with hp.scope(**{"B.x": 5}):
        assert vars(B()) == {"x": 5}


def test_a_later_change_of_the_base_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, x: int = 1) -> None:
        self.x = -x

    monkeypatch.setattr(A, "__init__", other)
    assert B(3).x == -3


def test_a_constructor_that_is_inherited_stays_inherited() -> None:
    class Base:
        def __new__(cls, x: int = 1) -> Any:
            made: Any = super().__new__(cls)
            made.x = x
            return made

    class Marked(Base):
        def __new__(cls, x: int = 1) -> Any:
            made = super().__new__(cls, x)
            made.marked = True
            return made

    @hp.param("New")
    class New(Base):
        pass

    class Both(New, Marked):
        pass

    assert vars(Both(3)) == {"x": 3, "marked": True}
    with hp.scope(**{"New.x": 5}):
        assert vars(New()) == {"x": 5}


def test_a_decorated_class_is_still_a_class_that_pickles() -> None:
    assert isinstance(B, type)
    assert pickle.loads(pickle.dumps(B)) is B
    assert vars(pickle.loads(pickle.dumps(C()))) == vars(C())


# -- generators ------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.version_info < (3, 13), reason="close() returns a value from Python 3.13")
def test_closing_a_generator_returns_what_a_plain_one_returns() -> None:
    def plain() -> Iterator[int]:
        try:
            yield 1
        except GeneratorExit:
            return 7  # type: ignore[return-value]

    def closed(function: Any) -> Any:
        generator = function()
        next(generator)
        return generator.close()

    assert closed(hp.param("t")(plain)) == closed(plain) == 7
