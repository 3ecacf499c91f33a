"""Searches with the real Optuna: what they choose, what they never repeat, what they stop."""

import importlib.util
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import optuna
import pytest
from sweep_programs import Program

from hyperparameter._sweeps.objective import Direction
from hyperparameter._sweeps.plan.spaces import Axis, Choices, Domain, Floats, Integers
from hyperparameter._sweeps.run import Cell
from hyperparameter._sweeps.search.optuna import OptunaSearch
from hyperparameter._sweeps.search.search import Finished, Options, Search, open_search
from hyperparameter._values.untyped import UntypedText
from hyperparameter.exceptions import UsageError


class Thing:
    """A value that Optuna has no category for."""


THING = Thing()
LISTED = Choices([UntypedText("sgd"), UntypedText("1"), 1, None, THING, [1, 2]])
FINITE = {"opt": Choices([UntypedText("sgd"), UntypedText("adam")]), "n": Integers(range(1, 7))}
CONTINUOUS: dict[str, Domain] = {"x": Floats(-5, 5), "lr": Floats(1e-6, 1e2, log=True)}


def axes(domains: dict[str, Domain]) -> list[Axis]:
    return [Axis((key,), domain) for key, domain in domains.items()]


def number(cell: Cell, key: str) -> float:
    value = cell.values[key]
    assert isinstance(value, UntypedText)
    return float(value.text)


def loss(cell: Cell) -> float:
    """Smallest at x = 2 and lr = 0.001."""
    return (number(cell, "x") - 2) ** 2 + (math.log10(number(cell, "lr")) + 3) ** 2


def run(
    search: Search, count: int, value: Callable[[Cell], float] = loss, first: int = 0
) -> list[Finished]:
    finished = []
    for one in range(first, first + count):
        cell = search.ask(one)
        assert cell is not None
        search.tell(one, value(cell), "done")
        finished.append(Finished(cell, "done", value(cell)))
    return finished


def shown(cell: Cell) -> tuple[tuple[str, str], ...]:
    return tuple((key, repr(value)) for key, value in cell.values.items())


@pytest.mark.parametrize("method", ["", ":tpe", ":cmaes"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_search_comes_closer_than_chance(method: str, direction: Direction) -> None:
    sign = 1 if direction == "minimize" else -1
    ours, random = [], []
    for seed in range(3):
        options = Options(axes=axes(CONTINUOUS), direction=direction, seed=seed)
        found = run(open_search(f"optuna{method}", options), 60, lambda cell: sign * loss(cell))
        ours += [sign * one.value for one in found[-20:] if one.value is not None]
        draw = Random(seed)
        random += [
            (draw.uniform(-5, 5) - 2) ** 2 + (draw.uniform(-6, 2) + 3) ** 2 for _ in range(20)
        ]
    assert sorted(ours)[30] < sorted(random)[30] / 4  # medians of the last third


def test_optuna_is_asked_once_for_a_cell_of_a_continuous_space() -> None:
    search = open_search("optuna", Options(axes=axes(CONTINUOUS), seed=1))
    assert isinstance(search, OptunaSearch)
    run(search, 12)
    assert len(search._study.trials) == 12  # of equal seeds it would suggest what has been run


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    first, again, other = (
        [one.cell for one in run(open_search("optuna", Options(axes=axes(CONTINUOUS), seed=s)), 15)]
        for s in (1, 1, 2)
    )
    assert first == again
    assert not set(map(shown, first)) & set(map(shown, other))


@pytest.mark.parametrize("split", [3, 14])
def test_a_search_that_is_resumed_does_what_it_would_have_done(split: int) -> None:
    options = Options(axes=axes(CONTINUOUS), seed=5)
    whole = run(open_search("optuna", options), 20)
    resumed = open_search("optuna", options)
    assert resumed.resume(whole[: split - 1]) == split - 1
    resumed.begin(900, whole[split - 1].cell)  # interrupted, and run once more
    resumed.tell(900, whole[split - 1].value, "done")
    assert run(resumed, 20 - split, first=700) == whole[split:]  # whatever the runs are called


def test_cmaes_starts_from_what_earlier_launches_have_found() -> None:
    options = Options(axes=axes(CONTINUOUS), seed=5)
    earlier = run(open_search("optuna:cmaes", options), 100)
    resumed, anew = open_search("optuna:cmaes", options), open_search("optuna:cmaes", options)
    assert resumed.resume(earlier) == 100
    after = sorted(loss(one.cell) for one in run(resumed, 10, first=100))
    assert after[5] < sorted(loss(one.cell) for one in run(anew, 10))[5]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("method", ["tpe", "cmaes"])
def test_a_finite_space_is_run_once_and_then_the_search_ends(method: str, workers: int) -> None:
    domains = {**FINITE, "m": Integers(range(0, 6, 3), is_space=True)}
    search = open_search(f"optuna:{method}", Options(axes=axes(domains), seed=1))
    open_runs: list[int] = []
    cells = []
    for one in range(100):
        cell = search.ask(one)
        if cell is None:
            break
        cells.append(cell)
        open_runs.append(one)
        if len(open_runs) == workers:
            search.tell(open_runs.pop(0), number(cell, "n"), "done")
    assert len(cells) == len(set(map(shown, cells))) == 2 * 6 * 2
    assert search.ask(100) is None


def test_what_earlier_launches_have_run_is_not_run_again() -> None:
    options = Options(axes=axes(FINITE), seed=1)
    earlier = run(open_search("optuna", options), 7, lambda cell: number(cell, "n"))
    search = open_search("optuna", options)
    search.resume(earlier)
    cells = []
    while (cell := search.ask(100 + len(cells))) is not None:
        cells.append(cell)
    assert len(cells) == 12 - 7
    assert not {shown(one.cell) for one in earlier} & set(map(shown, cells))


def test_cells_that_are_left_out_are_never_chosen() -> None:
    options = Options(
        axes=axes(FINITE), allows=lambda cell: cell.values["opt"] != UntypedText("sgd")
    )
    search = open_search("optuna", options)
    cells = []
    while (cell := search.ask(len(cells))) is not None:
        cells.append(cell)
    assert [cell.values["opt"] for cell in cells] == [UntypedText("adam")] * 6


def test_a_space_that_is_left_out_as_a_whole_is_an_error() -> None:
    options = Options(axes=axes(CONTINUOUS), allows=lambda cell: False)
    with pytest.raises(UsageError, match=r"^--skip leaves out all of"):
        open_search("optuna", options).ask(0)


def test_listed_values_arrive_as_they_are() -> None:
    search = open_search("optuna", Options(axes=[Axis(("value",), LISTED)], seed=1))
    found: list[object] = []
    while (cell := search.ask(len(found))) is not None:
        found.append(cell.values["value"])
    assert sorted(map(repr, found)) == sorted(map(repr, LISTED.values))
    assert any(one is THING for one in found)


def test_pairs_are_one_axis() -> None:
    pairs = Choices(
        [(UntypedText("0.1"), UntypedText("32")), (UntypedText("0.01"), UntypedText("64"))]
    )
    search = open_search("optuna", Options(axes=[Axis(("lr", "bs"), pairs)]))
    cells = [search.ask(0), search.ask(1)]
    assert search.ask(2) is None
    assert sorted(shown(cell) for cell in cells if cell) == [
        (("lr", "'0.01'"), ("bs", "'64'")), (("lr", "'0.1'"), ("bs", "'32'")),
    ]  # fmt: skip


def test_numbers_stay_on_their_grid_and_in_their_bounds() -> None:
    domains: dict[str, Domain] = {
        "down": Integers(range(10, 0, -3)),
        "log": Integers(range(1, 1001), log=True, is_space=True),
        "x": Floats(0.1, 0.3),
    }
    search = open_search("optuna", Options(axes=axes(domains), seed=3))
    for one in run(search, 40, lambda cell: number(cell, "x")):
        assert number(one.cell, "down") in (10, 7, 4, 1)
        assert number(one.cell, "log") in range(1, 1001)
        text = one.cell.values["x"]
        assert isinstance(text, UntypedText)
        assert repr(float(text.text)) == text.text
        assert 0.1 <= float(text.text) <= 0.3


def test_cells_of_an_edited_space_are_taken_where_they_are_inside() -> None:
    earlier = [
        Finished(Cell({"x": UntypedText("1.5"), "lr": UntypedText("0.1")}), "done", 1.0),
        Finished(Cell({"x": 1.5, "lr": 1}), "done", 1.0),  # from code
        Finished(Cell({"x": UntypedText("9"), "lr": UntypedText("0.1")}), "done", 1.0),
        Finished(Cell({"x": UntypedText("sgd"), "lr": UntypedText("0.1")}), "done", 1.0),
        Finished(Cell({"x": UntypedText("1")}), "done", 1.0),
    ]
    assert open_search("optuna", Options(axes=axes(CONTINUOUS))).resume(earlier) == 2


@pytest.mark.parametrize(("value", "state"), [(math.nan, "done"), (None, "failed"), (None, "done")])
def test_runs_without_a_value_count_as_failed(value: float | None, state: str) -> None:
    notes: list[str] = []
    search = open_search("optuna", Options(axes=axes(CONTINUOUS), note=notes.append))
    for one in range(15):
        search.ask(one)
        search.tell(one, value, state)  # type: ignore[arg-type]
    assert len(notes) == (15 if value is not None else 0)
    assert all("nan" in note for note in notes)


def test_infinite_results_are_results() -> None:
    for method in ("tpe", "cmaes"):
        search = open_search(f"optuna:{method}", Options(axes=axes(CONTINUOUS)))
        found = run(search, 30, lambda cell: math.inf if number(cell, "x") < 0 else loss(cell))
        assert len({shown(one.cell) for one in found}) == 30


# Pruning


def curve(run_number: int, step: int) -> float:
    """Run 6 is the best at each step, and the others are worse by their number."""
    return 10 / (step + 1) + abs(run_number - 6)


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("is_grid", [False, True])
def test_pruning_stops_bad_runs_and_never_the_best(
    pruner: str, direction: Direction, is_grid: bool
) -> None:
    sign = 1 if direction == "minimize" else -1
    space = [] if is_grid else axes(CONTINUOUS)
    search = open_search(
        "" if is_grid else "optuna", Options(axes=space, direction=direction, prune=pruner)
    )
    stopped = set()
    for one in range(30):
        if is_grid:
            search.begin(one, Cell({"lr": UntypedText(str(one))}))
        else:
            search.ask(one)
        for step in range(28):
            if not search.report(one, step, sign * curve(one, step)):
                stopped.add(one)
                search.tell(one, None, "pruned")
                break
        else:
            search.tell(one, sign * curve(one, 27), "done")
    assert 6 not in stopped
    assert len(stopped & set(range(12, 30))) >= 6


def test_without_a_pruner_every_run_continues() -> None:
    search = open_search("optuna", Options(axes=axes(CONTINUOUS)))
    for one in range(20):
        search.ask(one)
        assert search.report(one, 0, float(one))
        search.tell(one, float(one), "done")


def test_reports_of_earlier_launches_count() -> None:
    good = [
        Finished(Cell({"lr": UntypedText("1")}), "done", 1.0, {0: 1.0, 1: 1.0}) for _ in range(6)
    ]
    search = open_search("", Options(prune="median"))
    assert search.resume(good) == 6
    search.begin(6, Cell({"lr": UntypedText("2")}))
    assert not search.report(6, 0, 2.0)
    search.begin(7, Cell({"lr": UntypedText("3")}))
    assert search.report(7, 0, 0.5)


def test_an_attempt_that_is_made_again_is_judged_by_its_own_reports() -> None:
    search = open_search("", Options(prune="median"))
    search.resume([Finished(Cell({}), "done", 1.0, {0: 1.0, 1: 1.0}) for _ in range(6)])
    search.begin(6, Cell({}))
    assert search.report(6, 0, 0.1)  # then the attempt fails
    assert not search.report(6, 0, 9.0)


def test_a_program_that_never_reports_is_said_once() -> None:
    notes: list[str] = []
    search = open_search("", Options(prune="median", note=notes.append))
    for one in range(3):
        search.begin(one, Cell({"lr": UntypedText(str(one))}))
        search.tell(one, 1.0, "done")
    (note,) = notes
    assert note == (
        "--prune median: lr=0 has ended without a call of hp.report. "
        "Only runs that report can be pruned."
    )


# What is asked for


@pytest.mark.parametrize(
    ("written", "prune", "message"),
    [
        (
            "optuna:tpee",
            "",
            r"^--search optuna:tpee: choose one of tpe, gp, cmaes\. Did you mean 'tpe'",
        ),
        (
            "optuna",
            "medain",
            r"^--prune medain: choose one of median, hyperband\. Did you mean 'median'",
        ),
        ("optunah", "", r"^--search optunah: 'optunah' is not a search\. Did you mean 'optuna'\?"),
    ],
)
def test_unknown_names_are_said(written: str, prune: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_search(written, Options(axes=axes(CONTINUOUS), prune=prune))


def offer(folder: Path, entry_point: str) -> None:
    """Install a distribution that offers a search."""
    (folder / "othersearch.py").write_text("def made(options):\n    return options\n")
    information = folder / "othersearch-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: othersearch\nVersion: 1.0\n"
    )
    (information / "entry_points.txt").write_text(f"[hyperparameter.searches]\n{entry_point}\n")


def test_other_distributions_offer_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, "other = othersearch:made")
    monkeypatch.syspath_prepend(tmp_path)
    options = Options(axes=axes(FINITE), direction="maximize", seed=3, prune="median")
    assert open_search("other:way", options) == options._replace(method="way")
    with pytest.raises(UsageError, match=r"Did you mean 'other'\? Installed are optuna, other\.$"):
        open_search("othr", options)


def test_a_search_that_cannot_be_imported_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, "other = othersearch:missing")
    monkeypatch.syspath_prepend(tmp_path)
    message = "^--search other: othersearch:missing, which othersearch offers as a search, cannot"
    with pytest.raises(UsageError, match=message):
        open_search("other", Options())


def test_cmaes_needs_numbers() -> None:
    with pytest.raises(UsageError, match="--search optuna:cmaes needs at least two parameters"):
        open_search("optuna:cmaes", Options(axes=axes({"opt": LISTED, "x": Floats(0, 1)})))


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_gp_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match=r"^--search optuna:gp needs torch\. Install it with"):
        open_search("optuna:gp", Options(axes=axes(CONTINUOUS)))


def test_without_optuna_the_message_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['optuna'] = None\n"
        "from hyperparameter._sweeps.search.search import Options, open_search\n"
        "try: open_search('optuna', Options())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == (
        "UsageError --search optuna: Optuna is not installed. "
        "Install it with 'pip install \"hyperparameter-dist[search]\"'.\n"
    ), done.stderr


def test_optuna_says_nothing_and_its_logger_is_left_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    optuna.logging.set_verbosity(before := optuna.logging.INFO)
    search = open_search("optuna", Options(axes=axes(CONTINUOUS), prune="hyperband"))
    run(search, 12)
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


def test_that_no_number_counts_is_said_once(tmp_path: Path) -> None:
    program = Program(tmp_path, """
@hp.param("train")
def train(lr: float = 0.1):
    return {"loss": lr}
""")  # fmt: skip
    ended = program.run("--sweep", "lr=log:1e-3:1", "--search", "optuna", "--sample", "4")
    assert ended.status == 0, ended.errors
    assert ended.errors.count("Say which number counts, with --minimize NAME") == 1
    assert "The search does not learn from it." in ended.errors
