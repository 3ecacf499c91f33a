"""A union of lists, sets and mappings takes the member that is the type of the value."""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

import hyperparameter as hp

# Each hint with a value of Python, and what it is toward the hint.
MEMBERS: list[tuple[Any, object, object]] = [
    (set[int] | list[int], [2, 1, 2], [2, 1, 2]),
    (set[int] | list[int], {2, 1}, {2, 1}),
    (set[int] | list[int], (2, 1, 2), [2, 1, 2]),  # a set would lose an item and the order
    (list[int] | frozenset[int], {1}, frozenset([1])),
    (tuple[int, ...] | list[int], [1], [1]),
    (tuple[int, ...] | list[int], (1,), (1,)),
    (frozenset[int] | list[int], [1, 1], [1, 1]),
    (deque[int] | list[int], [1], [1]),
    (list[int] | deque[int], deque([1]), deque([1])),
    (set | list, [1, 1], [1, 1]),
    (set[int] | list[int] | None, [1, 1], [1, 1]),
    (int | set[int] | list[int], [1, 1], [1, 1]),
    (set[int] | list[int] | str, [1, 1], [1, 1]),
    (set[int] | Sequence[int], [1, 1], [1, 1]),
    (Iterable[int] | set[int], {1}, {1}),
    (set[int] | Any, [1, 1], [1, 1]),
    (tuple[int, int] | list[int], [1, 2], [1, 2]),
    (tuple[int, int] | list[int], (1, 2), (1, 2)),
    (tuple[int, int] | list[int], (1, 2, 3), [1, 2, 3]),
    (set[int] | list[str], {"a"}, ["a"]),
    # Members of one type: the items decide.
    (list[str] | list[int], [1, 2], [1, 2]),
    (list[int] | list[str], ["1", "2"], ["1", "2"]),
    (list[int] | list[str], [1, "a"], ["1", "a"]),
    (list[float] | list[int], [1, 2], [1, 2]),
    (list[int] | list[float], [1, 2.5], [1, 2.5]),
    (tuple[int, str] | tuple[str, int], ("1", 2), ("1", 2)),
    (list[set[int]] | list[list[int]], [[1, 1]], [[1, 1]]),
    (list[Literal["a"]] | list[Literal[1]], [1], [1]),
    (dict[str, int] | dict[str, str], {"a": "1"}, {"a": "1"}),
    (dict[str, set[int]] | dict[str, list[int]], {"a": [1, 1]}, {"a": [1, 1]}),
]


@pytest.mark.parametrize(("hint", "value", "wanted"), MEMBERS)
def test_value_of_python_stays_what_it_is(hint: Any, value: object, wanted: object) -> None:
    assert _read(hint, hp.scope(**{"t.x": value})) == (type(wanted), wanted)


@pytest.mark.parametrize(
    ("hint", "value", "wanted"), [row for row in MEMBERS if isinstance(row[1], (list, dict))]
)
def test_data_of_a_file_is_a_list_or_mapping(
    hint: Any, value: object, wanted: object, tmp_path: Path
) -> None:
    text = json.dumps({"t": {"x": value}})
    for name in ("c.json", "c.yaml"):
        (tmp_path / name).write_text(text)
        assert _read(hint, hp.config(tmp_path / name)) == (type(wanted), wanted)
    assert _read(hint, hp.scope(f"t.x={json.dumps(value)}")) == (type(wanted), wanted)


def test_words_of_a_list_without_a_type_choose_as_single_ones_do(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for text, wanted in [("[1, 2]", [1, 2]), ("[007, 8]", ["007", "8"]), ("[a]", ["a"])]:
        path.write_text(f"t: {{x: {text}}}")
        assert _read(list[int] | list[str], hp.config(path)) == (list, wanted)


def test_items_that_no_member_takes_are_told_once() -> None:
    with pytest.raises(hp.ConversionError, match=r"2 items are wanted, 3 were given\.$"):
        _read(tuple[int, str] | tuple[str, int], hp.scope(**{"t.x": [1, 2, 3]}))
    with pytest.raises(hp.ConversionError, match=r"'x' is not a list or an int\.$"):
        _read(list[int] | set[int] | int, hp.scope(**{"t.x": "x"}))


def _read(hint: Any, scope: hp.scope) -> tuple[type, object]:
    def t(x: Any = None) -> Any:
        return x

    t.__annotations__["x"] = hint
    with scope:
        found = hp.param("t")(t)()
    return type(found), found
