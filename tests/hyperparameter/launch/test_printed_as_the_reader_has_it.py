"""What a reader makes of a value that it has not converted is no reason to leave it out.

And what it would make another value of is named: text for a path, a tuple for a list.
"""

import json
import tomllib
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import hyperparameter as hp

PARSE = {"yaml": yaml.safe_load, "json": json.loads, "toml": tomllib.loads}
each_kind = pytest.mark.parametrize("kind", PARSE)


@dataclass
class Opt:
    lr: float = 1


@dataclass
class Net:
    """Has what no field keeps."""

    width: int = 8
    scale: InitVar[float] = 1.0
    units: int = field(default=0, init=False)

    def __post_init__(self, scale: float) -> None:
        self.units = int(self.width * scale)


@hp.param("printed_of_ints")
def of_ints(
    x: float = 1,
    opt: Opt = Opt(),
    xs: list[float] = [1, 2],
    d: dict[str, float] = {"a": 1},
    price: Decimal = 1,  # type: ignore[assignment]  # one of the cases
) -> Any:
    return x, opt, xs, d, price


@hp.param("printed_of_texts")
def of_texts(
    x: Path | str = "z",
    path: Path = "p",
    xs: list[Path | str] = ["a"],
    text: str = "t",  # type: ignore[assignment]  # one of the cases
) -> Any:
    return x, path, xs, text


@hp.param("printed_of_lists")
def of_lists(
    y: tuple[int, ...] | list[int] = [],
    z: Any = None,
    t: tuple[int, ...] = [3],  # type: ignore[assignment]  # one of the cases
) -> Any:
    return y, z, t


@hp.param("printed_of_nets")
def of_nets(net: Net = Net(), other: Net = Net(3, 2.0)) -> Any:
    return net, other


@hp.param("printed_of_names")
def of_names(d: dict[tuple[int, int], float] = {}, n: int = 1) -> Any:
    return d, n


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    def run(program: Any, kind: str, *words: str) -> tuple[Any, list[str], Any]:
        """Return what is printed, which keys are left out, and what the program gets of the file.

        Of the other functions here, which are printed as well, nothing.
        """
        hp.run_cli(program, ["--print-config", kind, *words])
        text, said = capsys.readouterr()
        section = f"printed_{program.__name__}"
        values = PARSE[kind](text)[section]
        left_out = [line.partition(" is left out")[0] for line in said.splitlines()]
        file = tmp_path / f"c.{kind}"
        file.write_text(text)
        with hp.scope.empty():
            again = hp.run_cli(program, ["-C", str(file)])
        start = f"{section}."
        return values, [one[len(start) :] for one in left_out if one.startswith(start)], again

    return run


@each_kind
def test_an_int_where_a_float_is_wanted_is_printed(printed: Any, kind: str) -> None:
    found, left_out, again = printed(of_ints, kind)
    section = {"x": 1, "opt": {"lr": 1}, "xs": [1, 2], "d": {"a": 1}, "price": "1"}
    assert found | {"price": "1"} == section
    assert left_out == []
    assert again == (1, Opt(1), [1, 2], {"a": 1}, 1)
    with hp.scope(**{"printed_of_ints.opt": Opt(5)}):
        found, left_out, again = printed(of_ints, kind)
    assert found["opt"] == {"lr": 5}
    assert (left_out, again[1]) == ([], Opt(5))


def test_a_record_has_an_int_where_a_float_is_wanted() -> None:
    with hp.scope(**{"printed_of_ints.opt": Opt(5)}), hp.record() as rec:
        of_ints()
    assert rec.operative(nested=False)["printed_of_ints.opt"] == {"lr": 5}
    assert rec.left_out == {}


@each_kind
def test_text_beside_a_path_stays_text(printed: Any, kind: str) -> None:
    for given in ({}, {"printed_of_texts.x": "a", "printed_of_texts.xs": ["007", "b"]}):
        with hp.scope(**given):
            expected = of_texts()
            _, left_out, again = printed(of_texts, kind)
        assert left_out == []
        assert again == (expected[0], Path("p"), expected[2], "t")
        assert [type(one) for one in (again[0], *again[2])].count(str) == 1 + len(again[2])


@each_kind
def test_a_tuple_that_comes_back_as_a_list_is_named(printed: Any, kind: str) -> None:
    with hp.scope(**{"printed_of_lists.y": (1,), "printed_of_lists.z": (1, 2)}):
        found, left_out, again = printed(of_lists, kind)
    assert found == {"t": [3]}
    assert left_out == ["y", "z"]
    assert again == ([], None, (3,))


@each_kind
def test_what_no_field_keeps_is_printed_as_it_was_written_or_named(printed: Any, kind: str) -> None:
    found, left_out, again = printed(of_nets, kind, "--net.scale", "4")
    assert found == {"net": {"scale": 4}}
    assert left_out == ["other"]
    assert (again[0].units, again[1].units) == (32, 6)


@each_kind
def test_names_that_no_file_has_are_no_failure(printed: Any, kind: str) -> None:
    _, left_out, again = printed(of_names, kind, "--d", "[1, 2]=3")
    assert again == ({(1, 2): 3.0}, 1) or left_out == ["d"]
    with hp.scope(**{"printed_of_names.d": {(1, 2): 3.0}}):
        found, left_out, _ = printed(of_names, kind)
    assert found == {"n": 1}
    assert left_out == ["d"]
