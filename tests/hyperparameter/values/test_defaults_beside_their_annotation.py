"""A default is a value of its parameter, also where the annotation would refuse it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

import hyperparameter as hp
from hyperparameter.exceptions import UsageError


@dataclass
class Opt:
    workers: int = "auto"  # type: ignore[assignment]  # as programs have it
    rate: float = None  # type: ignore[assignment]
    sizes: tuple[int, ...] = ("all",)  # type: ignore[assignment]


@attrs.define
class Net:
    width: int = "auto"  # type: ignore[assignment]


@hp.param("beside")
def beside(
    n: int = "auto",  # type: ignore[assignment]
    m: int = None,  # type: ignore[assignment]  # noqa: RUF013  # one of the cases
    mode: Literal["a", "b"] = "none",  # type: ignore[assignment]
    whole: int = 3.5,  # type: ignore[assignment]
    sizes: list[int] = ["p", 3],  # type: ignore[list-item]
    names: dict[str, int] = {"x": "y"},  # type: ignore[dict-item]
    pair: tuple[int, int] = ("auto", "auto"),  # type: ignore[assignment]
    opt: Opt = Opt(),
    net: Net = Net(),
) -> tuple[Any, ...]:
    return n, m, mode, whole, sizes, names, pair, opt, net


DEFAULTS = beside()


def test_what_is_operative_does_the_same_again() -> None:
    with hp.record() as rec:
        beside()
    found = rec.operative()
    assert found["beside.n"] == "auto"
    assert rec.left_out == {}
    with hp.scope.empty(), hp.scope(**found):
        assert beside() == DEFAULTS


@pytest.mark.parametrize("kind", ["yaml", "json", "toml"])
def test_what_is_printed_does_the_same_again(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hp.run_cli(beside, ["--print-config", kind])
    path = tmp_path / f"c.{kind}"
    path.write_text(capsys.readouterr().out)
    assert "auto" in path.read_text()
    assert hp.run_cli(beside, ["-C", str(path)]) == DEFAULTS


def test_a_record_does_the_same_again(tmp_path: Path) -> None:
    record = str(tmp_path / "r.json")
    hp.run_cli(beside, ["--record", record])
    assert hp.run_cli(beside, ["-C", record]) == DEFAULTS


@pytest.mark.parametrize(
    "words",
    [
        ["--n", "auto"],
        ["-D", "beside.n=auto"],
        ["--mode", "none"],
        ["--whole", "3.5"],
        ["--sizes", "p", "3"],
        ["--names", "x=y"],
        ["--pair", "auto", "auto"],
        ["--opt.workers", "auto"],
        ["--opt.sizes", '["all"]'],
        ["--opt", json.dumps({"workers": "auto", "rate": None})],
        ["--net.width", "auto"],
    ],
    ids=" ".join,
)
def test_a_default_may_be_given(words: list[str]) -> None:
    assert hp.run_cli(beside, words) == DEFAULTS


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--n", "aut"], "--n: 'aut' is not an int."),
        (["--whole", "4.5"], "--whole: '4.5' is not an int."),
        (["--sizes", "p", "4"], "--sizes[0]: 'p' is not an int."),
        (["--opt.workers", "aut"], "--opt.workers: 'aut' is not an int."),
        (["--names", "x=z"], "'z' is not an int."),
    ],
    ids=str,
)
def test_what_is_neither_of_the_type_nor_the_default_is_refused(
    words: list[str], problem: str
) -> None:
    with pytest.raises(UsageError) as error:
        hp.run_cli(beside, words)
    assert problem in str(error.value)


def test_a_mapping_keeps_the_items_of_its_default(tmp_path: Path) -> None:
    record = str(tmp_path / "r.json")
    found = hp.run_cli(beside, ["--names.z", "3", "--record", record])
    assert found[5] == {"x": "y", "z": 3}
    assert hp.run_cli(beside, ["-C", record]) == found


def test_a_field_of_a_schema_may_have_its_default() -> None:
    assert hp.config({"workers": "auto", "sizes": ["all"]}, Opt) == Opt()
    with pytest.raises(hp.ConfigurationError, match="'aut' is not an int"):
        hp.config({"workers": "aut"}, Opt)


@hp.param("beside_other")
def other(out: Path = "out", rate: float = 1, names: list[str] = ("a",)) -> tuple[Any, ...]:  # type: ignore[assignment]
    return out, rate, names


def test_a_default_that_would_become_another_value_is_the_default_again(tmp_path: Path) -> None:
    record = str(tmp_path / "r.json")
    hp.run_cli(other, ["--record", record])
    again = hp.run_cli(other, ["-C", record])
    assert repr(again) == repr(("out", 1, ("a",)))
    hp.run_cli(other, ["--record", record, "--rate", "2"])
    assert repr(hp.run_cli(other, ["-C", record])) == repr(("out", 2.0, ("a",)))
