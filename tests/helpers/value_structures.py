"""Structures of every kind for tests of values, and a table that says what each consists of.

`SHAPES` is written by hand, so that the oracle does not have to ask a class for its fields.
"""

import enum
import re
from dataclasses import InitVar, dataclass, field
from datetime import date
from pathlib import Path
from typing import (
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NotRequired,
    Protocol,
    TypedDict,
    TypeVar,
)

import attrs
import msgspec
import pydantic

T = TypeVar("T")


def named(name: str) -> Any:
    """Make an object that stands for itself and is shown by its name."""
    return type(name, (), {"__repr__": lambda _: name})()


REQUIRED = named("REQUIRED")


# -- choices ------------------------------------------------------------------------------------


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class When(str, enum.Enum):  # noqa: UP042  # as programs of Python 3.10 have it
    STEPS = "steps"
    EPOCH = "epoch"


class Switch(enum.Enum):
    """Values that look like something else, and a name that is the value of another member."""

    YES = "true"
    NO = "007"
    OTHER = "YES"


class Perm(enum.Flag):
    READ = 1
    WRITE = 2


# -- structures ---------------------------------------------------------------------------------


@dataclass
class Opt:
    lr: float = 0.1
    mom: float = 0.9
    name: str = "sgd"


@dataclass
class Adam(Opt):
    beta: float = 0.99


@dataclass(frozen=True, slots=True)
class Frozen:
    path: Path = Path("p")
    tag: str = "t"
    fold: Literal["1", "2"] = "1"
    note: str | None = None


@dataclass
class Scaled:
    kind: ClassVar[str] = "scaled"
    width: int = 8
    scale: InitVar[float] = 1.0

    def __post_init__(self, scale: float) -> None:
        self.seen = scale


@dataclass
class Needy:
    """Needs what is no field."""

    seed: InitVar[int]
    n: int = 0

    def __post_init__(self, seed: int) -> None:
        self.n += seed


@dataclass
class Box(Generic[T]):
    item: T
    count: int = 0


@dataclass
class Sparse:
    """None as default without saying so in the type, as many training programs have it."""

    name: str
    ratio: float = None  # type: ignore[assignment]
    more: dict = None  # type: ignore[assignment, type-arg]


@attrs.define
class Grid:
    rows: int = 1
    _cols: int = 2
    names: list[str] = attrs.field(factory=list)
    opt: Opt = attrs.field(factory=lambda: Opt(5.0, 6.0))


class Point(NamedTuple):
    x: float
    y: float = 0.5
    label: str = ""


class Job(TypedDict):
    name: str
    retries: NotRequired[int]


class Loose(TypedDict, total=False):
    size: int
    opt: Opt


class Port(msgspec.Struct):
    number: int = 80
    name: str = "http"


class Server(msgspec.Struct):
    host: str
    port: Port = msgspec.field(default_factory=lambda: Port(8080, "alt"))


class Camel(msgspec.Struct, rename="camel"):
    learning_rate: float = 0.1


class User(pydantic.BaseModel):
    name: str = "me"
    age: int = 1
    nick: str | None = None


class Team(pydantic.BaseModel):
    lead: User = User(name="lead", age=9)
    size: int = pydantic.Field(default=2, alias="teamSize")


class Open(pydantic.BaseModel, extra="allow"):
    a: int = 0


@dataclass
class Cfg:
    opt: Opt = field(default_factory=lambda: Opt(5.0, 6.0))
    maybe: Opt | None = None
    env: dict[str, str] = field(default_factory=dict)
    runs: list[Opt] = field(default_factory=list)
    by: dict[str, Opt] = field(default_factory=dict)
    n: int = 1
    day: date | None = None
    color: Color = Color.RED
    point: Point = Point(1.0, 2.0, "here")  # noqa: RUF009  # a tuple cannot be changed


@dataclass
class Csv:
    path: str
    sep: str = ","


@dataclass
class Db:
    url: str


@dataclass
class Sgd:
    kind: Literal["sgd"]
    lr: float = 0.1


@dataclass
class Ada:
    kind: Literal["ada"]
    lr: float = 0.2


# -- what conversion does not understand ---------------------------------------------------------


class Plain:
    """A class of the user's own that is no structure."""

    def __repr__(self) -> str:
        return "Plain()"


class Runs(Protocol):
    """A protocol that cannot be asked whether something follows it."""

    def run(self) -> None: ...


Pattern = re.Pattern


# -- what the structures consist of ---------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """Fields by the name that a user writes: wanted type and default."""

    fields: dict[str, tuple[Any, Any]]
    attributes: dict[str, str] = field(default_factory=dict)  # where not the name
    keywords: dict[str, str] = field(default_factory=dict)  # where not the name
    optional: frozenset[str] = frozenset()  # may be absent: no default is put in their place
    more: bool = False  # takes any further name
    parameters: tuple[Any, ...] = ()
    is_dict: bool = False


_OPT: dict[str, tuple[Any, Any]] = {"lr": (float, 0.1), "mom": (float, 0.9), "name": (str, "sgd")}
SHAPES: dict[Any, Shape] = {
    Opt: Shape(_OPT),
    Adam: Shape({**_OPT, "beta": (float, 0.99)}),
    Frozen: Shape(
        {
            "path": (Path, Path("p")),
            "tag": (str, "t"),
            "fold": (Literal["1", "2"], "1"),
            "note": (str | None, None),
        }
    ),
    Scaled: Shape({"width": (int, 8), "scale": (float, 1.0)}),
    Needy: Shape({"seed": (int, REQUIRED), "n": (int, 0)}),
    Box: Shape({"item": (T, REQUIRED), "count": (int, 0)}, parameters=(T,)),
    Sparse: Shape({"name": (str, REQUIRED), "ratio": (float, None), "more": (dict, None)}),
    Grid: Shape(
        {"rows": (int, 1), "cols": (int, 2), "names": (list[str], []), "opt": (Opt, Opt(5.0, 6.0))},
        attributes={"cols": "_cols"},
    ),
    Point: Shape({"x": (float, REQUIRED), "y": (float, 0.5), "label": (str, "")}),
    Job: Shape(
        {"name": (str, REQUIRED), "retries": (int, REQUIRED)},
        optional=frozenset({"retries"}),
        is_dict=True,
    ),
    Loose: Shape(
        {"size": (int, REQUIRED), "opt": (Opt, REQUIRED)},
        optional=frozenset({"size", "opt"}),
        is_dict=True,
    ),
    Port: Shape({"number": (int, 80), "name": (str, "http")}),
    Server: Shape({"host": (str, REQUIRED), "port": (Port, Port(8080, "alt"))}),
    Camel: Shape(
        {"learningRate": (float, 0.1)},
        attributes={"learningRate": "learning_rate"},
        keywords={"learningRate": "learning_rate"},
    ),
    User: Shape({"name": (str, "me"), "age": (int, 1), "nick": (str | None, None)}),
    Team: Shape(
        {"lead": (User, User(name="lead", age=9)), "teamSize": (int, 2)},
        attributes={"teamSize": "size"},
    ),
    Open: Shape({"a": (int, 0)}, more=True),
    Cfg: Shape(
        {
            "opt": (Opt, Opt(5.0, 6.0)),
            "maybe": (Opt | None, None),
            "env": (dict[str, str], {}),
            "runs": (list[Opt], []),
            "by": (dict[str, Opt], {}),
            "n": (int, 1),
            "day": (date | None, None),
            "color": (Color, Color.RED),
            "point": (Point, Point(1.0, 2.0, "here")),
        }
    ),
    Csv: Shape({"path": (str, REQUIRED), "sep": (str, ",")}),
    Db: Shape({"url": (str, REQUIRED)}),
    Sgd: Shape({"kind": (Literal["sgd"], REQUIRED), "lr": (float, 0.1)}),
    Ada: Shape({"kind": (Literal["ada"], REQUIRED), "lr": (float, 0.2)}),
}
STATE = {Scaled: ("width", "seen"), Needy: ("n",)}  # where not the attributes of the fields


def parts_of(value: Any) -> list[Any]:
    """Return what a value consists of, in order; nothing for what has no parts."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)) and type(value) not in SHAPES:
        return list(value)
    shape = SHAPES.get(type(value))
    if shape is None:
        return []
    names = STATE.get(type(value)) or [shape.attributes.get(n, n) for n in shape.fields]
    more = [value.model_extra] if shape.more else []
    return [getattr(value, name) for name in names] + more
