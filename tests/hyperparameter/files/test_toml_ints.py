"""An int of TOML is an int, and toward text what was written, wherever it stands in the file."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hp_dist
import hyperparameter as hp
from hyperparameter._files.from_toml import parse_toml
from hyperparameter._values.untyped import ScalarText, UntypedTree, plain

INTS = {
    "0x10": 16, "0xDEAD_beef": 0xDEADBEEF, "0o7": 7, "0o17_0": 0o170, "0b1_1": 3,
    "1_000": 1000, "-1_0": -10, "+5": 5, "-0": 0, "16": 16,
}  # fmt: skip


@hp.param("ints")
def read(text: str = "", number: int = -1, both: int | str = "", other: float | str = "") -> Any:
    return text, number, both, other


@pytest.mark.parametrize("word", INTS)
def test_toward_text_it_is_as_written_and_an_int_else(word: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    names = ("text", "number", "both", "other")
    path.write_text("[ints]\n" + "".join(f"{name} = {word}\n" for name in names))
    number = INTS[word]
    with hp.config(path):
        found = read()
        assert found[:2] == (word if word != "16" else "16", number)
        assert found[2:] == (number, number)
        assert type(found[2]) is int
        assert type(hp.scope.ints.text()) is int
        assert hp.scope.ints.text | 0 == number
        assert (hp.scope.ints | {})["number"] == number
        carrier: dict[str, str] = {}
        hp_dist.inject(carrier)
    with hp_dist.extract(carrier):
        assert read() == found


@dataclass
class Ids:
    commit: str
    count: int
    exact: Decimal
    flag: bool
    level: Literal[16, 32]


def test_it_is_an_int_for_every_other_type(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("commit = 0x1_0\ncount = 0x10\nexact = 1_000\nflag = 0b1\nlevel = 0x10\n")
    right = Ids("0x1_0", 16, Decimal(1000), True, 16)
    assert hp.config(path, schema=Ids) == right


def test_what_only_looks_like_one_is_left_as_it_is() -> None:
    text = """
1_000 = "0x10"  # 0x11
[1_0]
0x10.1_0 = [0x10,1_0 , "1_0", [ +5, {1_1 = 0b1, 0o7 . 0x9 = 0o7, "0x1" = 1_0.5, x."a".1_2 = -0}]]
d = 1979-05-27
t = 07:32:00
f = [1_0.0_1, 1_0e1_0, +1.5, +1e5, 0.0e0, 0.0e00]
s = '''
x = 0x10
'''
[[a.0x1]]
n = 0x1
[[a.0x1]]
n = 1_1
"""
    import tomllib

    found = parse_toml(text, "c.toml")[0]
    right = tomllib.loads(text)
    assert whole(found) == right
    inner: Any = found
    nested = inner["1_0"]["0x10"]["1_0"]
    assert [spelling(one) for one in nested[:2]] == ["0x10", "1_0"]
    assert spelling(nested[3][0]) == "+5"
    assert spelling(nested[3][1]["1_1"]) == "0b1"
    assert spelling(nested[3][1]["0o7"]["0x9"]) == "0o7"
    assert spelling(nested[3][1]["0x1"]) == "1_0.5"
    assert [spelling(one["n"]) for one in inner["a"]["0x1"]] == ["0x1", "1_1"]


WORDS = st.sampled_from([*INTS, "1.5", "1_0.5", "1e3", "true", '"1_0"', "2020-01-01"])
NAMES = st.sampled_from(["a", "1_0", "0x1", '"0x1"', "b"])
VALUES: Any = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(NAMES, inner, max_size=3).map(
            lambda items: f"{{{','.join(f'{k}={v}' for k, v in items.items() if k != '0x1')}}}"
        )
    ),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4))
def test_any_file_means_what_tomllib_says(values: list[str]) -> None:
    import tomllib

    text = "".join(f"k{index} = {value}\n" for index, value in enumerate(values))
    found: Any = parse_toml(text, "c.toml")[0]
    assert whole(found) == tomllib.loads(text)
    for index, value in enumerate(values):
        if value in INTS:
            assert spelling(found[f"k{index}"]) == value


def whole(value: Any) -> Any:
    return UntypedTree(value).plain()


def spelling(value: object) -> str:
    return value.text if isinstance(value, ScalarText) else str(plain(value))
