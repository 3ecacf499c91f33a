"""An empty variable is text toward `str`, and sets nothing toward any other type."""

import enum
from dataclasses import dataclass, field, make_dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from uuid import UUID

import pytest

import hyperparameter as hp


class Kind(enum.Enum):
    A = "a"
    NOTHING = None


class Word(enum.Enum):
    A = "a"
    EMPTY = ""


UUID_ONE = UUID(int=1)
UNSET: list[tuple[Any, Any]] = [
    (int, 1), (float, 1.0), (bool, True), (complex, 1j), (bytes, b"d"), (Path, Path("d")),
    (Path | None, Path("d")), (PurePosixPath, PurePosixPath("d")), (bytes | None, b"d"),
    (int | None, 1), (int | Path, 1), (date, date(2025, 1, 31)), (timedelta, timedelta(1)),
    (Decimal, Decimal(1)), (Fraction, Fraction(1)), (UUID, UUID_ONE), (Kind, Kind.A),
    (Kind | None, Kind.A), (Literal["a", None], "a"), (list[str], ["d"]),
    (dict[str, str], {"d": "d"}), (Any, 1),
]  # fmt: skip
TEXT: list[tuple[Any, Any, Any]] = [
    (str, "d", ""), (str | None, "d", ""), (int | str, 1, ""), (Path | str, Path("d"), ""),
    (Literal["", "a"], "a", ""), (Word, Word.A, Word.EMPTY),
]  # fmt: skip
CASES = [*((hint, default, default) for hint, default in UNSET), *TEXT]


def check(found: Any, wanted: Any) -> None:
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(("hint", "default", "wanted"), CASES, ids=repr)
def test_an_empty_variable_with_a_schema(hint: Any, default: Any, wanted: Any) -> None:
    one = field(default_factory=lambda: default)
    inner = make_dataclass("Inner", [("x", hint, one)])
    schema = make_dataclass(
        "Schema", [("x", hint, one), ("inner", inner, field(default_factory=inner))]
    )
    env = {"EV_X": "", "EV_INNER__X": ""}
    found: Any = hp.config({}, schema, env_prefix="EV", env=env)
    check(found.x, wanted)
    check(found.inner.x, wanted)
    found = hp.config({"inner.x": default}, schema, env_prefix="EV", env=env)
    check(found.inner.x, wanted)
    del env["EV_X"]
    found = hp.config({}, inner, section="inner", env_prefix="EV", env=env)
    check(found.x, wanted)


@pytest.mark.parametrize(("hint", "default", "wanted"), CASES, ids=repr)
def test_an_empty_variable_of_a_program(
    hint: Any, default: Any, wanted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evprogram(x: Any = default) -> Any:
        return x

    evprogram.__annotations__["x"] = hint
    monkeypatch.setenv("EV_EVPROGRAM__X", "")
    check(hp.run_cli(hp.param("evprogram")(evprogram), [], env_prefix="EV"), wanted)


def test_all_that_is_wanted_may_be_unset() -> None:
    assert hp.config({}, dict, env_prefix="EV", env={"EV_X": "", "EV_Y__Z": ""}) == {}


@dataclass
class Needs:
    rate: float
    name: str = "n"


@pytest.mark.parametrize("more", [{}, {"name": "m"}], ids=str)
def test_a_field_that_is_needed_is_missing(more: dict[str, str]) -> None:
    with pytest.raises(hp.ConfigurationError, match="field 'rate' of Needs is missing"):
        hp.config(more, Needs, env_prefix="EV", env={"EV_RATE": ""})


def test_an_empty_variable_leaves_what_files_say() -> None:
    @dataclass
    class Paths:
        out: Path = Path("d")

    found = hp.config({"out": "from-file"}, Paths, env_prefix="EV", env={"EV_OUT": ""})
    assert found == Paths(Path("from-file"))
