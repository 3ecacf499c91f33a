"""What a type variable stands for is said by the annotation, whatever instance is the default."""

from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import attrs
import pytest

import hyperparameter as hp
from hyperparameter.exceptions import UsageError

T = TypeVar("T")


@dataclass
class Box(Generic[T]):
    item: T = None  # type: ignore[assignment]  # as programs have it


@dataclass
class Sub(Box[T]):
    more: int = 2


@attrs.define
class Attrs(Generic[T]):
    item: T = None  # type: ignore[assignment]


@attrs.define
class SubAttrs(Attrs[T]):
    more: int = 2


class Named(NamedTuple, Generic[T]):
    item: T = None  # type: ignore[assignment]


@hp.param("generic")
def generic(
    box: Box[int] = Box(),
    items: Box[list[int]] = Box(),
    sub: Box[int] = Sub(),
    net: Attrs[int] = Attrs(),
    subnet: Attrs[int] = SubAttrs(),
    named: Named[int] = Named(),
) -> dict[str, Any]:
    return {
        "box": box.item,
        "items": items.item,
        "sub": sub.item,
        "net": net.item,
        "subnet": subnet.item,
        "named": named.item,
    }


NUMBERS = ["box", "sub", "net", "subnet", "named"]


@pytest.mark.parametrize("name", NUMBERS)
def test_an_option_is_of_the_type_that_the_annotation_says(name: str) -> None:
    assert hp.run_cli(generic, [f"--{name}.item", "3"])[name] == 3
    with hp.scope(**{f"generic.{name}.item": "3"}):
        assert generic()[name] == 3
    with pytest.raises(UsageError, match=f"--{name}.item: 'x' is not an int"):
        hp.run_cli(generic, [f"--{name}.item", "x"])


def test_a_list_takes_several_words() -> None:
    assert hp.run_cli(generic, ["--items.item", "1", "2"])["items"] == [1, 2]


def test_help_shows_the_types(capsys: pytest.CaptureFixture[str]) -> None:
    hp.run_cli(generic, ["--help"])
    shown = capsys.readouterr().out
    for name in NUMBERS:
        assert f"--{name}.item INT " in shown
    assert "--items.item INT..." in shown
