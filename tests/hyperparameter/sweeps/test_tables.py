"""Tables of results and failures, and the means of repeats."""

import math
import statistics
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperparameter._sweeps.shown import cell_text
from hyperparameter._sweeps.store.rows import Row
from hyperparameter._sweeps.store.stored import Goal, Sweep
from hyperparameter._sweeps.tables.aggregate import Mean, aggregate, mean_of
from hyperparameter._sweeps.tables.columns import Columns, order, short_duration
from hyperparameter._sweeps.tables.layout import cut, laid_out, text_width
from hyperparameter._sweeps.tables.table import failures_table, results_table

SWEEP = Sweep("grid", "train.py:main")


def row(number: int, results: Mapping[str, object] | None = None, /, **fields: Any) -> Row:
    own = {key: fields.pop(key) for key in list(fields) if key in Row._fields}
    typed = {key.replace("__", "."): text for key, text in fields.items()}
    made = Row(number, "done", None, typed, {}, None, 1, results or {}, "returned")
    return made._replace(started=0.0, ended=1.5, host="h")._replace(**own)


# -- means ------------------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=2, max_size=20))
def test_means_and_deviations_are_those_of_statistics(values: list[float]) -> None:
    found = mean_of(values)
    assert found.deviation is not None
    assert math.isclose(found.mean, statistics.fmean(values), rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(found.deviation, statistics.stdev(values), rel_tol=1e-6, abs_tol=1e-6)


def test_a_single_run_has_no_deviation() -> None:
    assert mean_of([2.0]) == Mean(2.0, None, 1)
    assert str(mean_of([2.0])) == "2"
    assert str(mean_of([1.0, 3.0])) == "2 ± 1.4"


@pytest.mark.parametrize("values", [[math.inf, -math.inf], [math.inf, 1], [1e308, 1e308, -1e308]])
def test_numbers_without_a_mean_are_not_an_error(values: list[float]) -> None:
    assert isinstance(str(mean_of(values)), str)


def test_repeats_of_a_cell_are_one_and_only_finished_runs_count() -> None:
    rows = [
        row(1, {"loss": 1}, lr="1", seed="0", repeat=0),
        row(2, {"loss": 5}, lr="2", seed="0", repeat=0),
        row(3, {"loss": 3}, lr="1", seed="1", repeat=1),
        row(4, {"loss": 9}, lr="1", seed="2", repeat=2, state="failed"),
        row(5, {"loss": True, "name": "x"}, lr="1", seed="3", repeat=3),
        row(6, {"loss": 10**400}, lr="2", seed="1", repeat=1),
    ]
    first, second = aggregate(rows, Columns(rows), "seed")
    assert first.typed == {"lr": "1"}
    assert [one.number for one in first.rows] == [1, 3, 4, 5]
    assert first.done == 3
    assert first.means["loss"] == pytest.approx(Mean(5 / 3, math.sqrt(4 / 3), 3))  # True is 1
    assert second.means["loss"].mean == math.inf


# -- results ----------------------------------------------------------------------------------


def test_the_best_comes_first_where_a_goal_is_known() -> None:
    rows = [
        row(1, {"loss": 0.25}, lr="0.1", opt="adam"),
        row(2, {"loss": 0.125}, lr="0.01", opt="adam"),
        row(3, {"loss": 5}, lr="0.001", opt="adam", state="failed"),
        row(4, {"loss": math.nan}, lr="10", opt="adam"),
        row(5, {"loss": 0.5}, lr="1", opt="adam", state="pruned"),
        row(6, {"loss": 0.125}, lr="2", opt="adam", state="same", same_as=2),
    ]
    lines = results_table(rows, SWEEP._replace(goal=Goal("minimize", "loss")))
    assert lines == [
        "Results, lowest loss first:",
        "number  state      lr   loss   time",
        "     2  done     0.01  0.125  1.50s",
        "     6  = run 2     2  0.125  1.50s",
        "     1  done      0.1   0.25  1.50s",
        "     4  done       10    nan  1.50s",
        "     5  pruned      1    0.5  1.50s",
    ]
    lines = results_table(rows, SWEEP._replace(goal=Goal("maximize", "loss")))
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "6", "4", "5"]
    lines = results_table(rows, SWEEP)
    assert lines[0] == "Results:"
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "4", "5", "6"]


def test_a_number_alone_is_the_result() -> None:
    rows = [row(1, {"result": 2}, lr="1"), row(2, {"result": 1}, lr="2")]
    lines = results_table(rows, SWEEP._replace(goal=Goal("minimize")))
    assert lines[0] == "Results, lowest result first:"
    assert lines[2].split() == ["2", "2", "1", "1.50s"]


def test_a_long_table_says_how_to_see_the_rest() -> None:
    rows = [row(number, {"loss": number}, lr=str(number)) for number in range(1, 31)]
    lines = results_table(rows, SWEEP, most=20)
    assert len(lines) == 1 + 1 + 20 + 1
    assert lines[-1] == "And 10 more runs: hp runs grid"
    assert len(results_table(rows, SWEEP)) == 32


def test_repeats_are_one_line_with_mean_and_deviation() -> None:
    rows = [
        row(1, {"loss": 1}, lr="1", repeat=0), row(2, {"loss": 3}, lr="1", repeat=1),
        row(3, {"loss": 1}, lr="2", repeat=0), row(4, lr="2", repeat=1, state="failed"),
    ]  # fmt: skip
    lines = results_table(rows, SWEEP._replace(goal=Goal("minimize", "loss")))
    assert lines == [
        "Results, lowest loss first, as mean ± standard deviation over repeats:",
        "lr  n          loss",
        " 2  1 of 2        1",
        " 1  2       2 ± 1.4",
    ]


def test_no_results_are_no_table() -> None:
    assert results_table([row(1, state="failed")], SWEEP) == []
    assert results_table([], SWEEP) == []
    assert failures_table([row(1)], SWEEP, "sweeps/grid") == []


def test_failures_have_their_overrides_error_and_log() -> None:
    rows = [
        row(1, {"loss": 1}, lr="0.1"),
        row(2, lr="1", state="failed", problem="ValueError: bad\nvery", log="logs/2.3.log",
            attempt=3),
        row(3, lr="2", state="failed", ending="killed", log="logs/3.log"),
    ]  # fmt: skip
    assert failures_table(rows, SWEEP, "sweeps/grid") == [
        "2 runs failed:",
        "number  lr  log                       error",
        "     2   1  sweeps/grid/logs/2.3.log  ValueError: bad\\nvery (attempt 3)",
        "     3   2  sweeps/grid/logs/3.log    killed",
    ]
    assert failures_table(rows, SWEEP, "sweeps/grid", 60) == [
        "2 runs failed:",
        "2: lr=1",
        "  ValueError: bad\\nvery (attempt 3)",
        "  sweeps/grid/logs/2.3.log",
        "3: lr=2",
        "  killed",
        "  sweeps/grid/logs/3.log",
    ]
    last = failures_table(rows, SWEEP, "x", most=1)[-1]
    assert last == "And 1 more: hp runs grid -w state=failed"


# -- columns ----------------------------------------------------------------------------------


def test_names_that_meet_are_told_apart_and_long_names_always_work() -> None:
    columns = Columns([row(1, {"lr": 5, "host": 3}, lr="0.1", time="noon")])
    one = row(1, {"lr": 5, "host": 3}, lr="0.1", time="noon")
    values = {
        name: columns.find(name, "-w").value(one)
        for name in ("lr", "result.lr", "time", "run.time", "host", "result.host", "run.host",
                     "state", "run.state")
    }  # fmt: skip
    assert values == {
        "lr": 0.1, "result.lr": 5, "time": "noon", "run.time": 1.5, "host": 3, "result.host": 3,
        "run.host": "h", "state": "done", "run.state": "done",
    }  # fmt: skip
    assert len(set(columns.all)) == len(columns.all)


def test_sorting_puts_numbers_before_texts_and_what_is_missing_last() -> None:
    values = ["b", 2, None, 10, "a", math.nan, -1.5, True]
    rows = [row(n, {"x": value}) for n, value in enumerate(values)]
    column = Columns(rows).find("x", "")
    assert [values[one.number] for one in order(rows, column)][:6] == [-1.5, 2, 10, "a", "b", True]
    backwards = [values[one.number] for one in order(rows, column, is_reversed=True)]
    assert backwards[:6] == [True, "b", "a", 10, 2, -1.5]
    assert [one.number for one in order(rows, column)][6:] == [2, 5]
    equal = [row(n, {"x": 1}) for n in range(5)]
    for is_reversed in (False, True):
        found = order(equal, column, is_reversed=is_reversed)
        assert [one.number for one in found] == list(range(5))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.00s"), (0.256, "0.26s"), (9.99, "9.99s"), (9.999, "10.0s"), (59.94, "59.9s"),
     (59.96, "1m00s"), (125, "2m05s"), (3599.6, "1h00m"), (12_000, "3h20m"), (1e6, "277h46m")],
)  # fmt: skip
def test_times_are_written_for_people(seconds: float, text: str) -> None:
    assert short_duration(seconds) == text


def test_floats_have_six_digits_and_integers_all() -> None:
    assert [cell_text(value) for value in (1 / 3, 12345678, 1e-9, True, None, "x")] == [
        "0.333333", "12345678", "1e-09", "true", "", "x",
    ]  # fmt: skip


# -- layout -----------------------------------------------------------------------------------


def test_wide_characters_take_two_columns() -> None:
    assert text_width("格子a") == 5
    assert text_width("e\u0301") == 1
    lines = laid_out(["name", "n"], [["格子", "1"], ["abc", "22"]])
    assert lines == ["name   n", "格子   1", "abc   22"]
    assert cut("格子格子", 5) == "格子…"
    assert cut("格子格子", 4) == "格…"
    assert cut("abc", 3) == "abc"


def test_numbers_are_to_the_right_and_never_cut() -> None:
    rows = [["1", "x" * 50, "1e-05", "2 ± 0.1"], ["10", "y", "", ""]]
    lines = laid_out(["n", "text", "lr", "mean"], rows, 50)
    assert lines[1].startswith(" 1  xxxxxxxxx")
    assert "1e-05" in lines[1]
    assert lines[1].endswith("2 ± 0.1")
    assert "…" in lines[1]
    assert max(map(text_width, lines)) <= 50


@given(
    st.lists(st.lists(st.text(max_size=60), min_size=3, max_size=3), max_size=4),
    st.integers(45, 200),
)
def test_a_table_of_texts_fits_and_stays_on_its_lines(rows: list[list[str]], width: int) -> None:
    lines = laid_out(["a", "b", "c"], rows, width)
    assert len(lines) == len(rows) + 1
    for line in lines:
        assert text_width(line) <= width
        assert line.translate(dict.fromkeys(range(32))) == line
