"""A field of pydantic is set by the names by which its class takes it, and by no others."""

from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json
from pydantic.dataclasses import dataclass

import hyperparameter as hp


class Alias(BaseModel):
    lr: float = Field(0.1, alias="learningRate")
    n: int = 1


class Required(BaseModel):
    lr: float = Field(alias="learningRate")
    n: int = 1


class Closed(Alias, extra="forbid"):
    pass


class ClosedByName(Closed, populate_by_name=True):
    pass


class ByNameAlone(Alias):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)


class Chosen(BaseModel):
    lr: float = Field(0.1, validation_alias=AliasChoices("learningRate", "rate"))
    n: int = 1


class Nested(BaseModel):
    """Takes a part of another name, which says it to no mapping."""

    lr: float = Field(validation_alias=AliasPath("rates", 0))
    n: int = 1


class OfText(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)
    lr: Json[float] = Field(alias="learningRate")
    n: int = 1


@dataclass
class Data:
    lr: float = Field(0.1, alias="learningRate")
    n: int = 1


@dataclass(config=ConfigDict(extra="forbid"))
class ClosedData:
    lr: float = Field(0.1, alias="learningRate")
    n: int = 1


@dataclass(config=ConfigDict(populate_by_name=True))
class DataByName:
    lr: float = Field(0.1, alias="learningRate")
    n: int = 1


NAMES: dict[Any, tuple[dict[str, Any], set[str]]] = {
    Alias: ({"learningRate": 0.5}, {"learningRate"}),
    Required: ({"learningRate": 0.5}, {"learningRate"}),
    Closed: ({"learningRate": 0.5}, {"learningRate"}),
    ClosedByName: ({"learningRate": 0.5}, {"learningRate", "lr"}),
    ByNameAlone: ({"lr": 0.5}, {"lr"}),
    Chosen: ({"rate": 0.5}, {"learningRate", "rate"}),
    Nested: ({"rates": [0.5]}, set()),
    OfText: ({"learningRate": "0.5"}, {"learningRate"}),
    Data: ({"learningRate": 0.5}, {"learningRate"}),
    ClosedData: ({"learningRate": 0.5}, {"learningRate"}),
    DataByName: ({"learningRate": 0.5}, {"learningRate", "lr"}),
}
"""How an instance is made, and which names set the field `lr`."""
ALL = ["lr", "learningRate", "rate", "rates"]


def _read(default: Any) -> Any:
    def read(m: Any = default) -> Any:
        return m

    read.__annotations__["m"] = type(default)
    return hp.param("named")(read)()


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_other_fields_of_an_instance_stay(kind: Any) -> None:
    default = kind(**NAMES[kind][0])
    with hp.scope("named.m.n=3"):
        found = _read(default)
    assert (found.lr, found.n, default.n) == (0.5, 3, 1)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_only_its_own_names_set_a_field(kind: Any, name: str) -> None:
    default = kind(**NAMES[kind][0])
    with hp.scope(f"named.m.{name}=3"):
        if name in NAMES[kind][1]:
            assert (_read(default).lr, _read(default).n) == (3, 1)
        else:
            with pytest.raises(hp.ConversionError, match=f"{kind.__name__} has no field '{name}'"):
                _read(default)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_a_schema_knows_the_same_names(kind: Any, name: str) -> None:
    if name in NAMES[kind][1]:
        assert hp.config({name: 3}, kind).lr == 3
    else:
        with pytest.raises(hp.ConfigurationError, match=f"{kind.__name__} has no field '{name}'"):
            hp.config({name: 3}, kind)


@pytest.mark.parametrize("kind", [ClosedByName, Chosen, DataByName])
def test_two_names_of_one_field_are_an_error(kind: Any) -> None:
    one, other = sorted(NAMES[kind][1])
    with (
        hp.scope(f"named.m.{one}=3"),
        hp.scope(f"named.m.{other}=5"),
        pytest.raises(hp.ConversionError, match="name one field"),
    ):
        _read(kind())


class Open(Alias, extra="allow"):
    pass


def test_a_further_name_may_be_that_of_an_attribute() -> None:
    with hp.scope("named.m.lr=3"):
        found = _read(Open(learningRate=0.5, more=1))
    assert found.lr == 0.5
    assert found.model_extra == {"more": 1, "lr": 3}
    assert found == hp.config({"learningRate": 0.5, "more": 1, "lr": 3}, Open)
