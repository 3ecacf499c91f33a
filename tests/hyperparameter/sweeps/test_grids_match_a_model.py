"""Products, unions, skips and repetitions against nested loops."""

from __future__ import annotations

import json
from itertools import pairwise, product
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_plans import plan, texts, values

from hyperparameter._sweeps.plan.from_options import plan_from_options
from hyperparameter._sweeps.run import Cell
from hyperparameter._values.untyped import UntypedText
from hyperparameter.exceptions import UsageError

Pairs: TypeAlias = dict[tuple[str, ...], list[tuple[int, ...]]]
KEYS = "abcd"


@st.composite
def grids(draw: st.DrawFn, keys: str = KEYS) -> Pairs:
    """Draw axes over all of these keys, some of which are set together."""
    names = list(draw(st.permutations(keys)))
    found: Pairs = {}
    while names:
        size = draw(st.integers(1, min(2, len(names))))
        some, names = tuple(names[:size]), names[size:]
        value = st.tuples(*[st.integers(0, 3)] * size)
        found[some] = draw(st.lists(value, min_size=1, max_size=4, unique=True))
    return found


def words_of(grid: Pairs) -> list[tuple[str, str]]:
    words = []
    for keys, tuples in grid.items():
        listed = [
            str(found[0]) if len(keys) == 1 else f"({','.join(map(str, found))})"
            for found in tuples
        ]
        if len(keys) == 1 and [found[0] for found in tuples] == list(range(len(tuples))):
            listed = [f"0..{len(tuples) - 1}"]  # the same values in another kind of axis
        words.append(("--sweep", f"{','.join(keys)}={','.join(listed)}"))
    return words


def cells_of(grid: Pairs) -> list[dict[str, int]]:
    """Return the cells as nested loops make them."""
    return [
        {
            key: value
            for keys, row in zip(grid, rows, strict=True)
            for key, value in zip(keys, row, strict=True)
        }
        for rows in product(*grid.values())
    ]


def has(cell: dict[str, int], some: dict[str, int]) -> bool:
    return all(cell.get(key) == value for key, value in some.items())


@given(
    st.lists(st.one_of(grids(), grids("ab"), grids("abc")), min_size=1, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 3), min_size=1), max_size=3),
    st.integers(0, 2),
)
def test_cells_are_those_of_nested_loops(
    several: list[Pairs], skips: list[dict[str, int]], repeat: int
) -> None:
    every = [cell for grid in several for cell in cells_of(grid)]
    skips = [skip for skip in skips if any(has(cell, skip) for cell in every)]
    expected: list[dict[str, int]] = []
    for cell in every:
        if cell not in expected and not any(has(cell, skip) for skip in skips):
            expected.append(cell)
    words = words_of(several[0])
    for grid in several[1:]:
        words += [("--or", ""), *words_of(grid)]
    words += [("--skip", ",".join(f"{k}={v}.0" for k, v in skip.items())) for skip in skips]
    if repeat:
        words.append(("--repeat", f"{repeat}:seed"))
    if not expected:
        with pytest.raises(UsageError, match="nothing is left to run"):
            plan_from_options(words)
        return
    made = plan_from_options(words)
    repeated = [
        ({**cell, "seed": number} if repeat else cell, number if repeat else None)
        for cell in expected
        for number in range(max(repeat, 1))
    ]
    found = [({k: int(v) for k, v in cell.items()}) for cell in texts(made)]
    assert [list(cell.items()) for cell in found] == [list(cell.items()) for cell, _ in repeated]
    assert [cell.repeat for cell in made] == [number for _, number in repeated]
    assert made.count == len(repeated)
    assert len(list(made.left_out())) == len(every) - len(expected)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, unique=True))
def test_any_text_can_be_a_value_in_quotes(wanted: list[str]) -> None:
    """And it reads as itself: what JSON writes is what arrives."""
    made = plan(f"--sweep key={','.join(map(json.dumps, wanted))}")
    assert [cell.values["key"] for cell in made] == wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(st.lists(JSON.map(json.dumps), min_size=1, max_size=5, unique=True))
def test_any_json_can_be_a_value(written: list[str]) -> None:
    made = plan(f"--sweep key={','.join(written)}")
    kept = [cell.values["key"] for cell in made]
    possible = [json.loads(one) if one[0] == '"' else UntypedText(one) for one in written]
    assert kept[0] == possible[0]
    assert all(value in possible for value in kept)
    # Only those that mean the same are left out: {} with its names in another order.
    assert len({json.dumps(json.loads(text), sort_keys=True) for text in written}) == len(kept)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-7, 7).filter(bool))
def test_ranges_are_those_of_python(start: int, stop: int, step: int) -> None:
    expected = list(map(str, range(start, stop, step)))
    for text in (f"{start}:{stop}:{step}", f"range({start},{stop},{step})"):
        if expected:
            assert values(text) == expected
        else:
            with pytest.raises(UsageError, match="no value between"):
                values(text)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 40))
def test_points_are_at_equal_ratios_and_end_at_the_ends(low: int, high: int, count: int) -> None:
    if low == high:
        high += 1
    found = [float(value) for value in values(f"log:{low}:{high}:{count}")]
    assert found[0] == low
    assert found[-1] == high
    ratio = (high / low) ** (1 / (count - 1))
    for one, other in pairwise(found):
        assert other / one == pytest.approx(ratio)


def test_values_that_mean_the_same_are_one_by_what_they_mean_to_the_program() -> None:
    assert values("0.1,0.10,1e-1,0.2") == ["0.1", "0.2"]
    assert values("1,true,True,yes") == ["1", "true", "yes"]
    assert values("nan,.nan,.NaN") == ["nan", ".nan"]
    versions = plan("--sweep v=3.1,3.10", read=lambda key, value: getattr(value, "text", value))
    assert texts(versions) == [{"v": "3.1"}, {"v": "3.10"}]


def test_the_last_axis_varies_fastest_and_repetitions_innermost() -> None:
    made = plan("--sweep b=x,y", "--repeat 2:s", "--sweep a=1,2")
    assert texts(made) == [
        {"b": b, "a": a, "s": s} for b in "xy" for a in "12" for s in "01"
    ]  # fmt: skip
    assert [cell.repeat for cell in made] == [0, 1] * 4


def test_a_name_that_stands_for_a_key_is_replaced_by_it() -> None:
    words = [("--sweep", "lr=1,2"), ("--sweep", "x.y=3"), ("--skip", "lr=1"), ("--repeat", "1:s")]
    made = plan_from_options(words, full=lambda key: key if "." in key else f"train.{key}")
    assert texts(made) == [{"train.lr": "2", "x.y": "3", "train.s": "0"}]
    with pytest.raises(UsageError, match=r"both set 'train\.lr'"):
        plan_from_options(
            [("--sweep", "lr=1"), ("--sweep", "train.lr=1")], full=lambda key: "train.lr"
        )


def test_repetitions_without_a_key_set_nothing() -> None:
    assert list(plan("--repeat 2")) == [Cell({}, 0), Cell({}, 1)]
    assert [cell.repeat for cell in plan("--sweep a=1", "--repeat 1")] == [0]
    assert [cell.repeat for cell in plan("--sweep a=1")] == [None]


def test_a_skipped_cell_says_why() -> None:
    made = plan(
        "--sweep opt=sgd,adam", "--sweep m=0.0,0.9", "--skip opt=sgd,m=0", "--or",
        "--sweep opt=adam", "--sweep m=0.9,1",
    )  # fmt: skip
    assert texts(made) == [
        {"opt": "sgd", "m": "0.9"}, {"opt": "adam", "m": "0.0"},
        {"opt": "adam", "m": "0.9"}, {"opt": "adam", "m": "1"},
    ]  # fmt: skip
    reasons = [(texts([cell])[0], reason) for cell, reason in made.left_out()]
    assert reasons == [
        ({"opt": "sgd", "m": "0.0"}, "--skip opt=sgd,m=0"),
        ({"opt": "adam", "m": "0.9"}, "it is in an earlier grid as well"),
    ]
    assert made.why_skipped({"m": UntypedText("0"), "opt": UntypedText("sgd")})
    assert not made.why_skipped({"m": UntypedText("0")})


def test_a_quoted_value_can_be_skipped() -> None:
    made = plan('--sweep k="x,y","0..9",z', '--skip k="x,y"', '--skip k="0..9"')
    assert texts(made) == [{"k": "z"}]


PROBLEMS = {
    ("--sweep a=1,2", "--skip b=1"): "--skip b=1: the sweep does not set 'b'. It sets a.",
    ("--sweep train.lr=1,2", "--skip train.rl=1"):
        "--skip train.rl=1: the sweep does not set 'train.rl'. Did you mean 'train.lr'?",
    ("--sweep opt=sgd,adam", "--skip opt=sdg"):
        "--skip opt=sdg: opt is never 'sdg', but sgd, adam.",
    ("--sweep n=1:10:2", "--skip n=2"):
        "--skip n=2: n is never '2', but an integer from 1 to 9 in steps of 2.",
    ("--sweep x=interval(0,1)", "--sample 3", "--skip x=0.5"):
        "--skip x=0.5: x is never '0.5', but drawn from a space, of which no single value can be "
        "left out.",
    ("--sweep a,b=(1,2),(3,4)", "--skip a=1,b=4"):
        "--skip a=1,b=4: no cell has all of these values.",
    ("--sweep a=1", "--or", "--sweep b=1", "--skip a=1,b=1"):
        "--skip a=1,b=1: no cell has all of these values.",
    ("--sweep a=1,2", "--skip a=1", "--skip a=2"): "--skip a=1: nothing is left to run.",
    ("--sweep a=1,2", "--skip a=1,2"):
        "--skip a=1,2: part 2 has no '='; write KEY=VALUE,KEY=VALUE for what a cell has that is "
        "left out, and skip once more for another value.",
    ("--sweep a=1,2", "--skip a=1,a=2"): "--skip a=1,a=2: it names the key 'a' twice.",
    ("--sweep a=1,2", "--sweep b=1", "--sweep a=3"):
        "--sweep a=1,2 and --sweep a=3 both set 'a'; write all its values in one of them.",
    ("--sweep a=1,2", "--sweep b,a=(1,2)"):
        "--sweep a=1,2 and --sweep b,a=(1,2) both set 'a'; write all its values in one of them.",
    ("--or", "--sweep a=1"): "--or: no --sweep stands before it, and it begins another grid.",
    ("--sweep a=1", "--or"): "--or: no --sweep follows it, and it begins another grid.",
    ("--sweep a=1", "--or", "--or", "--sweep b=1"):
        "--or: no --sweep stands before it, and it begins another grid.",
    ("--sweep a=1", "--repeat 3:a"): "--repeat 3:a: --sweep a=1 sets 'a' as well.",
    ("--repeat 0",): "--repeat 0: '0' is smaller than 1.",
    ("--repeat -1",): "--repeat -1: '-1' is not an integer from 1 up.",
    ("--repeat 3:",): "--repeat 3:: there is no key behind the ':'; write 5:train.seed.",
    ("--repeat 3:a,b",): "--repeat 3:a,b: only one key can have the number of the repetition.",
    ("--repeat 1e3",): "--repeat 1e3: '1e3' is not an integer from 1 up.",
    ("--repeat 2", "--repeat 3"): "--repeat 3: it is given twice, before as --repeat 2.",
    ("--sweep a=1", "--sample 0"): "--sample 0: '0' is smaller than 1.",
    ("--sample 2",): "--sample 2: there is nothing to draw from.",
    ("--sweep a=1", "--seed 2"): "--seed 2: nothing is drawn, so add --sample N.",
    ("--sweep a=1", "--sample 2", "--seed -2"): "--seed -2: '-2' is not an integer from 0 up.",
}  # fmt: skip


@pytest.mark.parametrize("words", PROBLEMS, ids=" ".join)
def test_parts_that_do_not_fit_are_an_error_that_names_them(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        plan(*words)
    assert str(caught.value) == PROBLEMS[words]


def test_a_pair_is_in_an_earlier_product_only_if_both_of_its_values_are() -> None:
    made = plan("--sweep a=1,2", "--sweep b=1,2", "--or", "--sweep a,b=(1,1),(1,9),(9,1)")
    assert texts(made)[4:] == [{"a": "1", "b": "9"}, {"a": "9", "b": "1"}]
    assert made.count == 6


def test_ranges_that_overlap_share_what_is_in_both() -> None:
    made = plan("--sweep n=0..9", "--or", "--sweep n=5..14", "--or", "--sweep n=0:30:10")
    assert [int(cell["n"]) for cell in texts(made)] == [*range(15), 20]
    assert made.count == 16
