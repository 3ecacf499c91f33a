"""Samples: as many cells as asked for, none twice, the same for a seed, and what they promise."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from sweep_plans import plan, texts

from hyperparameter._sweeps.plan.checking import notes
from hyperparameter.exceptions import UsageError

GRIDS = {
    "a space": ["--sweep lr=log:1e-5:1e-1", "--sweep opt=sgd,adam"],
    "a grid": ["--sweep n=0..9", "--sweep opt=sgd,adam"],
    "a huge grid": ["--sweep n=0..1000000000000000000000000000000", "--sweep opt=sgd,adam"],
    "integers on a scale": ["--sweep n=int(log:1:1000)", "--sweep opt=sgd,adam"],
    "pairs": ["--sweep a,b=(1,2),(3,4),(5,6)", "--sweep c=0..9"],
    "a union": ["--sweep a=0..9", "--or", "--sweep b=0..9", "--or", "--sweep a=5..14"],
    "a union with a space": ["--sweep a=0..9", "--or", "--sweep b=interval(0,1)"],
}


@pytest.mark.parametrize("words", GRIDS.values(), ids=GRIDS)
def test_the_first_cells_of_a_sample_are_the_smaller_sample(words: list[str]) -> None:
    whole = texts(plan(*words, "--sample 20"))
    assert len(whole) == 20
    assert len({tuple(cell.items()) for cell in whole}) == 20
    for size in (1, 2, 7, 19):
        assert texts(plan(*words, f"--sample {size}")) == whole[:size]
    assert texts(plan(*words, "--seed 0", "--sample 20")) == whole
    assert texts(plan(*words, "--seed 1", "--sample 20")) != whole
    again = plan(*words, "--sample 20")
    assert texts(again) == texts(again) == whole


def test_a_sample_is_the_same_in_every_process() -> None:
    program = (
        "import sweep_plans as s\n"
        "print(s.texts(s.plan('--sweep lr=log:1e-5:1e-1', '--sweep n=0..99', '--sample 5')))"
    )
    command = [sys.executable, "-c", program]
    path = ":".join(sys.path)
    env = [{"PYTHONHASHSEED": seed, "PYTHONPATH": path} for seed in ("0", "12345")]
    one, other = (subprocess.check_output(command, env=some, text=True) for some in env)
    assert one == other
    # And in every version: a sweep that was begun with one is resumed with another.
    assert one.startswith("[{'lr': '0.01076013231', 'n': '")


@pytest.mark.parametrize(
    "words",
    [
        ["--sweep n=0..9", "--sweep opt=sgd,adam"],
        ["--sweep n=int(log:1:10)", "--sweep opt=sgd,adam"],
        ["--sweep n=int(log:1:1000000)", "--sweep opt=sgd", "--skip n=5"],
        ["--sweep a=0..9", "--sweep b=1", "--or", "--sweep a=5..9", "--sweep b=0..3"],
        ["--sweep a=0..9", "--sweep b=0..9", "--skip a=1", "--skip b=2,a=3"],
    ],
)
def test_a_sample_of_all_is_all(words: list[str]) -> None:
    listed = [word.replace("int(log:1:10)", "1..10") for word in words]
    if "1000000" in words[0]:
        drawn = plan(*words, "--sample 2000")
        cells = {int(cell["n"]) for cell in texts(drawn, 2000)}
        assert len(cells) == drawn.count == 2000
        assert 5 not in cells
        return
    every = texts(plan(*listed))
    drawn = plan(*words, "--sample 500")
    cells = texts(drawn)
    assert sorted(map(str, cells)) == sorted(map(str, every))
    assert cells != every
    assert drawn.count == len(every)
    [note] = [note for note in notes(drawn) if "sample" in note]
    assert note == (
        f"There are only {len(every)} different cells for a sample of 500; all of them run."
    )


def test_values_are_inside_the_ends_and_spread_over_the_scale() -> None:
    size = 4000
    made = plan(
        "--sweep lr=log:1e-5:1e-1", "--sweep x=interval(-1,3)", "--sweep n=int(interval(1,10))",
        "--sweep m=int(log:1:1000)", "--sweep o=a,b,c,d", f"--sample {size}",
    )  # fmt: skip
    cells = texts(made, size)
    rates = [math.log10(float(cell["lr"])) for cell in cells]
    assert -5 <= min(rates) < -4.95
    assert -1.05 < max(rates) <= -1
    # Five standard deviations of a fair coin.
    near = 5 * math.sqrt(size) / 2
    assert sum(rate < -3 for rate in rates) == pytest.approx(size / 2, abs=near)
    assert sum(float(cell["x"]) < 1 for cell in cells) == pytest.approx(size / 2, abs=near)
    assert sum(int(cell["m"]) < 32 for cell in cells) == pytest.approx(size / 2, abs=near)
    assert sum(int(cell["n"]) < 6 for cell in cells) == pytest.approx(size / 2, abs=near)
    assert {cell["n"] for cell in cells} == set(map(str, range(1, 11)))
    for choice in "abcd":
        share = sum(cell["o"] == choice for cell in cells)
        assert share == pytest.approx(size / 4, abs=near)


def test_a_drawn_float_is_short_and_reads_as_itself() -> None:
    for cell in texts(plan("--sweep x=interval(0,1)", "--sample 100")):
        assert repr(float(cell["x"])) == cell["x"]
        assert len(cell["x"]) <= 16


def test_close_ends_still_give_different_values() -> None:
    low, high = 1, 1.00001
    found = texts(plan(f"--sweep x=interval({low},{high})", "--sample 1000"))
    assert len({cell["x"] for cell in found}) == 1000
    assert all(low <= float(cell["x"]) <= high for cell in found)


def test_the_ends_of_floats_can_be_drawn_between() -> None:
    largest = 1.7976931348623157e308
    for text in (f"interval(-{largest},{largest})", f"log:5e-324:{largest}"):
        found = [float(cell["x"]) for cell in texts(plan(f"--sweep x={text}", "--sample 200"))]
        assert all(map(math.isfinite, found))
        assert len(set(found)) == 200


def test_repetitions_of_a_drawn_cell_have_its_values() -> None:
    made = plan("--sweep x=interval(0,1)", "--sample 3", "--repeat 2:s")
    assert made.count == 6
    cells = texts(made)
    assert [cell["x"] for cell in cells[::2]] == [cell["x"] for cell in cells[1::2]]
    assert [cell["s"] for cell in cells] == ["0", "1"] * 3


def test_skipped_cells_are_drawn_again() -> None:
    words = ["--sweep x=interval(0,1)", "--sweep opt=sgd,adam", "--skip opt=sgd"]
    made = plan(*words, "--sample 50")
    assert [cell["opt"] for cell in texts(made)] == ["adam"] * 50
    assert list(made.left_out()) == []
    with pytest.raises(UsageError, match="nothing is left to run"):
        plan(*words, "--skip opt=adam", "--sample 5")


def test_a_grid_that_is_skipped_as_a_whole_is_not_drawn_from_for_ever() -> None:
    words = ["--sweep x=interval(0,1)", "--sweep a=1", "--or", "--sweep a=2,3", "--skip a=1"]
    made = plan(*words, "--sample 5")
    assert made.count == 2
    assert sorted(map(str, texts(made))) == ["{'a': '2'}", "{'a': '3'}"]


def test_a_union_is_drawn_by_the_number_of_cells() -> None:
    made = plan("--sweep a=0..999", "--or", "--sweep b=0..9", "--sample 500")
    few = sum("b" in cell for cell in texts(made))
    assert few < 10
    made = plan("--sweep a=interval(0,1)", "--or", "--sweep b=0..999", "--sample 500")
    assert sum("b" in cell for cell in texts(made)) == pytest.approx(250, abs=60)


def test_grids_of_one_size_are_drawn_from_alike() -> None:
    made = plan("--sweep a=0..999", "--or", "--sweep b=0..999", "--sample 500")
    assert sum("b" in cell for cell in texts(made)) == pytest.approx(250, abs=60)


def test_the_ends_of_integers_on_a_scale_are_as_likely_as_their_share_of_it() -> None:
    made = plan("--sweep n=int(log:1:3)", "--sweep x=interval(0,1)", "--sample 4000")
    share = sum(cell["n"] == "1" for cell in texts(made, 4000)) / 4000
    # From 0.5 to 1.5 of 0.5 to 3.5; without the halves it would be 0.37.
    assert share == pytest.approx(math.log(3) / math.log(7), abs=0.04)
