"""`hp.config(schema=...)` gives a checked instance of a class, or says what is wrong and where."""

import dataclasses
import enum
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import msgspec
import pydantic
import pytest

import hyperparameter as hp


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclasses.dataclass
class Optim:
    lr: float
    betas: tuple[float, float] = (0.9, 0.99)


@dataclasses.dataclass
class Train:
    optim: Optim
    epochs: int = 3
    mode: Mode = Mode.SLOW
    out: Path | None = None
    sizes: list[int] = dataclasses.field(default_factory=list)
    weights: dict[str, float] = dataclasses.field(default_factory=dict)
    kind: Literal["a", "b"] = "a"
    stages: list[Optim] = dataclasses.field(default_factory=list)


class OptimDict(TypedDict):
    lr: float
    betas: NotRequired[tuple[float, float]]


class TrainDict(TypedDict):
    optim: OptimDict
    epochs: NotRequired[int]


class OptimStruct(msgspec.Struct):
    lr: float
    betas: tuple[float, float] = (0.9, 0.99)


class TrainStruct(msgspec.Struct):
    optim: OptimStruct
    epochs: int = 3


class OptimModel(pydantic.BaseModel):
    lr: float
    betas: tuple[float, float] = (0.9, 0.99)
    name: str = ""


class TrainModel(pydantic.BaseModel):
    optim: OptimModel
    epochs: int = 3


SCHEMAS = [Train, TrainDict, TrainStruct, TrainModel]
schemas = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)


def get(value: Any, name: str) -> Any:
    return value[name] if isinstance(value, dict) else getattr(value, name)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("a.yaml")


@schemas
def test_values_are_converted_field_by_field(file: Path, schema: Any) -> None:
    file.write_text("optim:\n  lr: 1\n  betas: [0, '1e-1']\nepochs: '7'\n")
    found = hp.config(file, schema)
    assert (get(found, "epochs"), get(get(found, "optim"), "lr")) == (7, 1.0)
    assert get(get(found, "optim"), "betas") == (0.0, 0.1)
    assert type(get(get(found, "optim"), "lr")) is float


@schemas
def test_text_without_a_type_becomes_what_the_field_wants(schema: Any) -> None:
    found = hp.config({}, schema, overrides=["optim.lr=1e-3", "epochs=9"])
    assert (get(found, "epochs"), get(get(found, "optim"), "lr")) == (9, 0.001)


@schemas
def test_unknown_field_names_key_line_and_the_near_one(file: Path, schema: Any) -> None:
    file.write_text("optim:\n  lr: 1\nepoch: 2\n")
    with pytest.raises(hp.ConfigurationError, match=r"epoch \(file a\.yaml:3\): Train.* has no field 'epoch'\. Did you mean 'epochs'\?") as caught:  # noqa: E501  # fmt: skip
        hp.config(file, schema)
    assert caught.value.key == "epoch"


@schemas
def test_unknown_field_of_a_nested_structure_is_found(file: Path, schema: Any) -> None:
    file.write_text("optim:\n  lr: 1\n  beta: 2\n")
    with pytest.raises(
        hp.ConfigurationError, match=r"optim\.beta \(file a\.yaml:3\): Optim.* has no field 'beta'"
    ):
        hp.config(file, schema)


@schemas
def test_value_that_cannot_be_converted_names_key_and_line(file: Path, schema: Any) -> None:
    file.write_text("\noptim:\n  lr: fast\n")
    with pytest.raises(hp.ConfigurationError, match=r"optim\.lr \(file a\.yaml:3\): ") as caught:
        hp.config(file, schema)
    assert caught.value.key == "optim.lr"
    assert caught.value.origin.location == "a.yaml:3"


@schemas
def test_missing_field_is_named(file: Path, schema: Any) -> None:
    file.write_text("optim:\n  betas: [1, 2]\n")
    with pytest.raises(
        hp.ConfigurationError, match=r"(?i)optim.*(lr.*missing|missing.*lr|required)"
    ):
        hp.config(file, schema)


def test_every_kind_of_field_is_converted(file: Path) -> None:
    file.write_text(
        "optim: {lr: 1}\nmode: fast\nout: /tmp/x\nsizes: ['1', 2]\nweights: {a: 1}\nkind: b\n"
        "stages: [{lr: 2}]\n"
    )
    assert hp.config(file, Train) == Train(
        Optim(1.0), 3, Mode.FAST, Path("/tmp/x"), [1, 2], {"a": 1.0}, "b", [Optim(2.0)]
    )


def test_error_inside_a_list_names_its_index_and_line(file: Path) -> None:
    file.write_text("optim: {lr: 1}\nstages:\n  - lr: 1\n  - lr: x\n")
    with pytest.raises(hp.ConfigurationError, match=r"stages\[1\]\.lr \(file a\.yaml:2\): 'x'"):
        hp.config(file, Train)


@dataclasses.dataclass
class Pairs:
    mixed: tuple[Optim, Mode, TrainDict] | None = None
    same: tuple[Optim, ...] = ()


def test_structures_in_tuples_are_each_their_own() -> None:
    same = hp.config({"same": [{"lr": 1}, {"lr": 2}]}, Pairs).same
    assert same == (Optim(1.0), Optim(2.0))
    mixed = [{"lr": 1}, "slow", {"optim": {"lr": 2}}]
    assert hp.config({"mixed": mixed}, Pairs).mixed == (Optim(1.0), Mode.SLOW, mixed[2])
    with pytest.raises(
        hp.ConfigurationError, match=r"^mixed\[2\]\.no .*TrainDict has no field 'no'\."
    ):
        hp.config({"mixed": [*mixed[:2], {"no": 1}]}, Pairs)


def test_secret_value_is_not_shown() -> None:
    @dataclasses.dataclass
    class Login:
        password: int

    with pytest.raises(hp.ConfigurationError) as caught:
        hp.config({"password": "hunter2"}, Login)
    assert "hunter2" not in str(caught.value)


def test_text_of_a_pydantic_model_stays_text_where_that_is_wanted() -> None:
    found = hp.config({}, TrainModel, overrides=["optim.lr=1", "optim.name=007"])
    assert found.optim.name == "007"


def test_pydantic_model_that_allows_more_gets_more() -> None:
    class Open(pydantic.BaseModel, extra="allow"):
        a: int

    assert hp.config({"a": 1, "b": 2}, Open).model_extra == {"b": 2}


def test_alias_of_a_field_is_its_name() -> None:
    class Renamed(msgspec.Struct, rename="camel"):
        learning_rate: float

    class Aliased(pydantic.BaseModel):
        learning_rate: float = pydantic.Field(alias="learningRate")

    assert hp.config({"learningRate": 1}, Renamed).learning_rate == 1.0
    assert hp.config({"learningRate": 1}, Aliased).learning_rate == 1.0


def test_checks_of_the_class_are_told_with_the_key() -> None:
    @dataclasses.dataclass
    class Positive:
        n: int

        def __post_init__(self) -> None:
            if self.n < 0:
                raise ValueError("n is negative")

    @dataclasses.dataclass
    class Outer:
        inner: Positive

    with pytest.raises(hp.ConfigurationError, match=r"^inner \(code .*\): n is negative\.$"):
        hp.config({"inner": {"n": -1}}, Outer)


def test_what_a_class_says_of_secrets_is_not_shown_at_any_depth() -> None:
    @dataclasses.dataclass
    class Login:
        password: str

        def __post_init__(self) -> None:
            raise ValueError(f"{self.password} is too short")

    @dataclasses.dataclass
    class Outer:
        inner: Login

    with pytest.raises(hp.ConfigurationError, match="refuses these values") as caught:
        hp.config({"inner": {"password": "hunter2"}}, Outer)
    assert "hunter2" not in str(caught.value)


def test_numbers_of_numpy_are_shown() -> None:
    numpy = pytest.importorskip("numpy")

    @dataclasses.dataclass
    class Run:
        n: int

    with pytest.raises(hp.ConfigurationError, match=r"^n .*3\.5\)? is not an int"):
        hp.config({"n": numpy.float64(3.5)}, Run)
