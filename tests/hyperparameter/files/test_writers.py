"""What is written to a file is what its reader gets, of the same type."""

import json
import math
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from value_oracle import same

from hyperparameter._files.from_json import parse_json
from hyperparameter._files.from_toml import parse_toml
from hyperparameter._files.from_yaml import parse_yaml
from hyperparameter._files.writer import Unwritable, check_writable, dumps
from hyperparameter._values.untyped import as_untyped, plain

PARSE = {"json": parse_json, "yaml": parse_yaml, "toml": parse_toml}
kinds = pytest.mark.parametrize("kind", PARSE)

ODD_TEXTS = [
    "", " ", "a ", " a", "\t", "a\nb", "a\n", "\n", "\r", "a\r\nb", "\x00", "\x07", "\x1b[0m",
    "\x7f", "\x85", "a\x85b", "\u2028", "\u2029", "\ufeff", "\ufeffa", "\xa0", "é", "😀", "\ufffe",
    "~", "null", "Null", "NULL", "None", "true", "True", "TRUE", "false", "yes", "no", "on", "off",
    "y", "n", "1", "007", "00008", "08", "0o17", "0x1F", "1e3", "1E5", "1.e3", "1e-5", "3.10", ".5",
    "+1", "-1", "1_000", "297e7814231", "1e400", ".inf", "-.inf", ".nan", "inf", "nan", "12:30",
    "1:30:00", "2020-01-02", "2020-01-02T03:04:05", "=", "<<", "-", "- a", "?", "? a", ":", "a: b",
    "a:", "#", "a #b", "&a", "*a", "!a", "!!str", "%a", "@a", "`a", "|", ">", "'", '"', "''", '"a"',
    "[", "[1, 2]", "{", "{}", '{"a": 1}', "---", "...", "\\", "\\n", "${a}",
    "a" * 2000, "a b " * 300,
]  # fmt: skip


def again(kind: str, values: dict[str, Any], *, ascii_only: bool = False) -> Any:
    text = dumps(kind, values, ascii_only=ascii_only)
    assert not ascii_only or text.isascii()
    return plain(as_untyped(PARSE[kind](text.encode().decode("utf-8-sig"), "f")[0]))


@kinds
@pytest.mark.parametrize("ascii_only", [False, True])
def test_odd_texts_come_back_as_values_items_and_names(kind: str, ascii_only: bool) -> None:
    names = {f"x{text}": text for text in ODD_TEXTS}
    values = {"v": names, "items": ODD_TEXTS, "names": dict.fromkeys(ODD_TEXTS, 1)}
    assert same(again(kind, values, ascii_only=ascii_only), values)


@kinds
@given(st.dictionaries(st.text(), st.text() | st.lists(st.text()), max_size=4))
def test_any_text_comes_back(kind: str, values: dict[str, Any]) -> None:
    assert same(again(kind, {"v": values}), {"v": values})


NUMBERS = st.integers() | st.floats() | st.booleans() | st.sampled_from(
    [10**30, -(2**64), 1e300, 1e16, 1e-7, -0.0, math.inf, -math.inf, math.nan]
)  # fmt: skip


@kinds
@given(st.lists(NUMBERS))
def test_any_number_comes_back(kind: str, numbers: list[Any]) -> None:
    assert same(again(kind, {"v": numbers}), {"v": numbers})


def test_numbers_as_names_and_none_come_back_from_yaml() -> None:
    values = {"v": {2: "a", None: 2, True: 3, 2.5: None, "2": "b", "null": 4, "true": 5}}
    assert same(again("yaml", values), values)


def test_dates_come_back_from_toml_and_as_iso_text_from_the_others() -> None:
    moments = {"a": date(2020, 1, 2), "b": datetime(2020, 1, 2, 3, 4, 5, 600)}
    assert again("toml", moments) == moments
    iso = {name: moment.isoformat() for name, moment in moments.items()}
    assert again("yaml", moments) == again("json", moments) == iso
    assert json.loads(dumps("json", moments)) == iso


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("toml", [None], "None"),
        ("toml", {1: 2}, "name 1"),
        ("json", {1: 2}, "name 1"),
        ("yaml", "\ud800", "surrogate"),
        ("toml", {"\ud800": 1}, "surrogate"),
        ("yaml", [object()], "type object"),
        pytest.param("json", 10**5000, "digits", id="digits"),
    ],
)
def test_what_a_file_cannot_hold_is_told(kind: str, value: Any, reason: str) -> None:
    with pytest.raises(Unwritable, match=reason):
        check_writable(kind, value)
