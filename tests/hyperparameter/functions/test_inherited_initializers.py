"""A decorated class that inherits its initializer goes on inheriting it."""

import dataclasses
import functools
import inspect
from typing import Any
from unittest import mock

import cloudpickle
import pytest

import hyperparameter as hp


class Base:
    def __init__(self, x: int = 1) -> None:
        self.x = x


@hp.param("Child")
class Child(Base):
    pass


def test_the_inherited_parameters_are_filled() -> None:
    with hp.scope(**{"Child.x": "5"}):
        assert (Child().x, Child(2).x, Child(x=3).x, Base().x) == (5, 2, 3, 1)
    assert list(inspect.signature(Child).parameters) == ["x"]


def test_parameters_of_a_later_initializer_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, x: int = 1, y: int = 2) -> None:
        self.x, self.y = x, y

    with hp.scope(**{"Child.y": "5"}):
        with monkeypatch.context() as patched:
            patched.setattr(Base, "__init__", other)
            assert vars(Child()) == {"x": 1, "y": 5}
            assert list(inspect.signature(Child).parameters) == ["x", "y"]
        assert vars(Child()) == {"x": 1}


def test_a_mock_of_the_initializer_sees_what_is_filled() -> None:
    with hp.scope(**{"Child.x": 5}), mock.patch.object(Base, "__init__", return_value=None) as init:
        Child()
    assert init.call_args == mock.call(x=5)


class Left:
    def __init__(self, left: int = 1, **rest: Any) -> None:
        super().__init__(**rest)
        self.left = left


class Right:
    def __init__(self, right: int = 2, **rest: Any) -> None:
        super().__init__(**rest)
        self.right = right


class LeftOfBoth(Left, Right):
    pass


def test_classes_that_cooperate_are_filled_each_once_from_their_own_namespace() -> None:
    @hp.param("Left")
    class DecoratedLeft(Left):
        pass

    @hp.param("Right")
    class DecoratedRight(Right):
        pass

    @hp.param("Both")
    class Both(DecoratedLeft, DecoratedRight):
        def __init__(self, both: int = 3, **rest: Any) -> None:
            super().__init__(**rest)
            self.both = both

    with (
        hp.scope(**{"Left.left": 10, "Right.right": 20, "Both.both": 30}),
        hp.record() as record,
    ):
        assert vars(Both()) == {"left": 10, "right": 20, "both": 30}
        assert vars(Both(right=5)) == {"left": 10, "right": 5, "both": 30}
    assert sorted(read.key for read in record.reads) == ["Both.both", "Left.left", "Right.right"]


def test_the_bases_of_a_subclass_come_in_its_own_order() -> None:
    @hp.param("Left")
    class Decorated(Left):
        pass

    class Both(Decorated, Right):
        pass

    with hp.scope(**{"Left.left": 10}):
        assert vars(Both(right=5)) == {"left": 10, "right": 5}


def test_a_dataclass_initializer_is_inherited() -> None:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int = 1
        ys: list[int] = dataclasses.field(default_factory=list)

    @hp.param("Named")
    class Named(Point):
        pass

    with hp.scope(**{"Named.x": "5"}):
        assert Named() == Named(5, [])
        assert Named().ys is not Named().ys
        assert Point().x == 1


def test_default_factories_of_a_base_do_not_replace_defaults_of_an_initializer() -> None:
    @dataclasses.dataclass
    class Point:
        ys: list[int] | None = dataclasses.field(default_factory=list)

    @hp.param("Own")
    class Own(Point):
        def __init__(self, ys: list[int] | None = None) -> None:
            self.ys = ys

    assert Own().ys is None


def test_a_local_class_can_be_cloudpickled() -> None:
    class LocalBase:
        def __init__(self, x: int = 1) -> None:
            self.x = x

    @hp.param("Local")
    class Local(LocalBase):
        pass

    again: Any = cloudpickle.loads(cloudpickle.dumps(Local))
    with hp.scope(**{"Local.x": 5}):
        assert again().x == 5


def _inherits_nothing() -> Any:
    class Empty:
        pass

    return Empty


def _takes_anything() -> Any:
    class Any_(Base):
        def __init__(self, **rest: Any) -> None:
            super().__init__(**rest)

    return Any_


def _inherits_no_parameter() -> Any:
    class First:
        def __init__(self) -> None:
            pass

    return type("Second", (First,), {})


def _has_what_a_decorator_wrapped() -> Any:
    class Experimental:
        pass

    # As a class decorator does that warns when it makes an instance.
    @functools.wraps(Experimental.__init__)
    def initialize(self: object, *args: object, **kwargs: object) -> None:
        object.__init__(self, *args, **kwargs)

    Experimental.__init__ = initialize  # type: ignore[method-assign]
    return Experimental


@pytest.mark.parametrize(
    "make",
    [
        _inherits_nothing, _takes_anything, _inherits_no_parameter, _has_what_a_decorator_wrapped,
    ],
)  # fmt: skip
def test_a_class_without_a_parameter_by_name_is_an_error_that_says_what_to_do(make: Any) -> None:
    with pytest.raises(TypeError, match=r"nothing to fill.*__init__ that names.*a function"):
        hp.param("nothing")(make())
