"""The parameters of a decorated class with fields are its fields, whatever library made it."""

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import attrs
import cloudpickle
import msgspec
import pydantic
import pytest

import hyperparameter as hp


@hp.param("Model")
class Model(pydantic.BaseModel):
    lr: float = 0.1
    sizes: list[int] = pydantic.Field(default_factory=list)
    depth: int = pydantic.Field(2, gt=0)
    kind: ClassVar[str] = "model"


@hp.param("Attrs")
@attrs.define
class Attrs:
    lr: float = 0.1
    sizes: list[int] = attrs.field(factory=list)
    _depth: int = 2
    twice: float = attrs.field(init=False, default=0.0)
    total: float = attrs.field()

    @total.default
    def _total(self) -> float:
        return self.lr + self._depth


@hp.param("Dataclass")
@pydantic.dataclasses.dataclass
class Dataclass:
    lr: float = 0.1
    sizes: list[int] = pydantic.Field(default_factory=list)
    depth: int = pydantic.Field(2)


class Struct(msgspec.Struct, frozen=True, rename="camel"):
    lr: float = 0.1
    sizes: list[int] = []
    layer_depth: int = 2


struct: Any = hp.param("Struct")(Struct)

KINDS: list[tuple[str, Any, str]] = [
    ("Model", Model, "depth"),
    ("Attrs", Attrs, "depth"),
    ("Dataclass", Dataclass, "depth"),
    ("Struct", struct, "layer_depth"),
]
kinds = pytest.mark.parametrize(("namespace", "kind", "depth"), KINDS, ids=[k[0] for k in KINDS])


@kinds
def test_fields_are_filled_and_converted(namespace: str, kind: Any, depth: str) -> None:
    with hp.scope(f"{namespace}.lr=5", f"{namespace}.sizes=[1]", f"{namespace}.{depth}=3"):
        made = kind()
        assert (made.lr, made.sizes) == (5.0, [1])
        assert type(made.lr) is float
        assert getattr(made, f"_{depth}" if kind is Attrs else depth) == 3
        assert kind(lr=1.0).lr == 1.0


@kinds
def test_values_that_are_built_are_fresh_for_each_call(
    namespace: str, kind: Any, depth: str
) -> None:
    with hp.scope(f"{namespace}.{depth}=3"):
        one, two = kind(), kind()
    assert one.sizes == []
    assert one.sizes is not two.sizes


@kinds
def test_every_field_is_recorded(namespace: str, kind: Any, depth: str) -> None:
    with hp.record() as record, hp.scope(f"{namespace}.lr=5"):
        kind()
    expected = {f"{namespace}.lr": 5.0, f"{namespace}.sizes": [], f"{namespace}.{depth}": 2}
    if kind is Attrs:
        expected["Attrs.total"] = 7.0
    assert record.operative() == expected
    assert [read.key for read in record.reads if not read.default_used] == [f"{namespace}.lr"]


@kinds
def test_what_does_not_fit_is_an_error_with_the_key(namespace: str, kind: Any, depth: str) -> None:
    with hp.scope(f"{namespace}.{depth}=many"), pytest.raises(hp.ConversionError, match=depth):
        kind()


@kinds
def test_instances_are_of_the_class_and_are_copied_as_they_are(
    namespace: str, kind: Any, depth: str
) -> None:
    with hp.scope(f"{namespace}.lr=5"):
        made = kind()
    with hp.scope(f"{namespace}.lr=9"):
        for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
            assert again == made
            assert type(again) is type(made)


def test_data_that_pydantic_validates_is_not_filled() -> None:
    with hp.scope(**{"Model.lr": 5.0}):
        assert Model.model_validate({"depth": 3}).lr == 0.1
        assert Model.model_validate_json("{}").lr == 0.1
        assert Model().model_copy(update={"depth": 3}).lr == 5.0


def test_pydantic_counts_as_set_what_the_scope_sets() -> None:
    assert Model().model_fields_set == set()
    with hp.scope(**{"Model.lr": 5.0}):
        assert Model(depth=3).model_fields_set == {"lr", "depth"}


def test_pydantic_still_checks_what_the_scope_sets() -> None:
    with hp.scope(**{"Model.depth": -1}), pytest.raises(pydantic.ValidationError):
        Model()


def test_a_subclass_of_a_model_is_filled_like_its_base() -> None:
    class Deeper(Model):
        more: int = 1

    with hp.scope(**{"Model.lr": 5.0}):
        assert (Deeper().lr, Deeper(more=2).more) == (5.0, 2)
        assert Deeper.model_validate({}).lr == 0.1


def test_a_field_has_the_name_that_its_constructor_takes() -> None:
    class Aliased(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(populate_by_name=True)
        lr: float = pydantic.Field(0.1, alias="learningRate")

    made: Any = hp.param("Aliased")(Aliased)
    with hp.scope(**{"Aliased.learningRate": 5.0}):
        assert (made().lr, made(learningRate=1).lr, made(lr=2).lr) == (5.0, 1.0, 2.0)


def test_an_initializer_of_a_model_keeps_its_parameters_and_the_other_fields() -> None:
    @hp.param("Custom")
    class Custom(pydantic.BaseModel):
        lr: float
        depth: int = 2

        def __init__(self, scale: float = 1.0, **data: Any) -> None:
            super().__init__(**{"lr": scale / 10, **data})

    with hp.scope("Custom.scale=5", "Custom.depth=3"):
        made = Custom()
    assert (made.lr, made.depth) == (0.5, 3)


def test_a_root_model_is_filled() -> None:
    class Sizes(pydantic.RootModel[list[int]]):
        pass

    made: Any = hp.param("Sizes")(Sizes)
    with hp.scope("Sizes.root=[1, 2]"):
        assert made() == Sizes([1, 2])
    with pytest.raises(pydantic.ValidationError):
        made()


def test_a_required_field_is_filled() -> None:
    @hp.param("Required")
    class Required(pydantic.BaseModel):
        lr: float

    with hp.scope("Required.lr=5"):
        assert Required().lr == 5.0
    with pytest.raises(pydantic.ValidationError, match="Field required"):
        Required()


def test_local_classes_can_be_cloudpickled() -> None:
    @hp.param("Local")
    @attrs.define
    class Local:
        lr: float = 0.1
        twice: float = attrs.Factory(lambda self: 2 * self.lr, takes_self=True)

    again: Any = cloudpickle.loads(cloudpickle.dumps(Local))
    with hp.scope("Local.lr=5"):
        assert (again().lr, again().twice) == (5.0, 10.0)


def test_a_dataclass_whose_fields_reach_it_unnamed_is_an_error() -> None:
    with pytest.raises(TypeError, match="nothing to fill"):

        @hp.param("Unnamed")
        @dataclasses.dataclass(init=False)
        class Unnamed:
            lr: float = 0.1

            def __init__(self, **fields: Any) -> None:
                self.lr = fields.get("lr", 0.1)


def test_a_struct_that_is_being_written_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"under a second name: Filled = hp.param\('S'\)\(Early\)"):

        @hp.param("S")
        class Early(msgspec.Struct):
            lr: float = 0.1


def test_a_default_that_the_class_makes_is_explained_as_a_default() -> None:
    shown = {key: str(hp.explain(key)) for key in ("Model.sizes", "Attrs.sizes", "Struct.sizes")}
    assert all(text.endswith("default []") for text in shown.values()), shown
    assert str(hp.explain("Attrs.total")).endswith("default <made by the class>")


def test_a_default_factory_is_explained_by_what_it_makes() -> None:
    @hp.param("Made")
    @dataclasses.dataclass
    class Made:
        sizes: list[int] = dataclasses.field(default_factory=lambda: [1])

    assert str(hp.explain("Made.sizes")).endswith("default [1]")
