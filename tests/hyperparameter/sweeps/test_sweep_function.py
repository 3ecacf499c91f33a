"""`hp.sweep`: a sweep that code asks for, run by run."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter._sweeps.plan.checking import notes
from hyperparameter._sweeps.plan.from_code import plan_from_code


@hp.param("opt")
def kind_of(kind: str = "sgd", momentum: float = 0.9, beta: float = 0.5) -> tuple[str, float]:
    return (kind, momentum) if kind == "sgd" else (kind, beta)


@hp.param("train")
def train(lr: float = 0.1, epochs: int = 3) -> dict[str, Any]:
    if lr < 0:
        raise ValueError("the rate is negative")
    return {"loss": lr * epochs, "kind": kind_of()[0]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_are_handed_out_as_they_end_with_what_was_set_and_what_came_of_it() -> None:
    seen = []
    for run in hp.sweep(train, {"train.lr": [1.0, 2.0], "train.epochs": [1, 2]}):
        seen.append((run.number, run.parameters, run.result["loss"], run.state))
    assert seen == [
        (1, {"train.lr": 1.0, "train.epochs": 1}, 1.0, "done"),
        (2, {"train.lr": 1.0, "train.epochs": 2}, 2.0, "done"),
        (3, {"train.lr": 2.0, "train.epochs": 1}, 2.0, "done"),
        (4, {"train.lr": 2.0, "train.epochs": 2}, 4.0, "done"),
    ]


def test_cells_are_laid_over_the_scopes_around_the_sweep() -> None:
    with hp.scope(**{"train.epochs": 10, "train.lr": 7.0}):
        sweep = hp.sweep(train, {"train.lr": [1.0]})
    with hp.scope(**{"train.epochs": 99}):  # where it is run does not matter
        assert [run.result["loss"] for run in sweep] == [10.0]


def test_the_scope_of_a_run_is_gone_after_it() -> None:
    list(hp.sweep(train, {"train.lr": [1.0]}))
    assert train()["loss"] == pytest.approx(0.3)


def test_a_sweep_can_be_listed_and_is_a_sequence_afterwards() -> None:
    sweep = hp.sweep(train, {"train.lr": [3.0, 1.0]}, minimize="loss")
    with pytest.raises(TypeError, match="before it has run"):
        len(sweep)
    assert [run.number for run in list(sweep)] == [1, 2]
    assert len(sweep) == 2
    assert sweep[0].number == 1
    assert sweep.best.parameters == {"train.lr": 1.0}


def test_a_failed_run_has_no_result_and_says_why() -> None:
    first, second = hp.sweep(train, {"train.lr": [-1.0, 1.0]}).run()
    assert (first.state, second.state) == ("failed", "done")
    assert first.problem == "ValueError: the rate is negative"
    with pytest.raises(hp.SweepError, match="Run 1 has no result: it failed, ValueError"):
        _ = first.result


def test_a_sweep_that_is_never_run_warns() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hp.sweep(train, {"train.lr": [1.0]})
        gc.collect()
    assert [str(one.message) for one in caught if "never run" in str(one.message)]


def test_a_sweep_is_iterated_over_once_at_a_time() -> None:
    sweep = hp.sweep(train, {"train.lr": [1.0, 2.0]})
    runs = iter(sweep)
    next(runs)
    with pytest.raises(RuntimeError, match="under way"):
        iter(sweep)
    assert [run.number for run in runs] == [2]
    assert [run.number for run in sweep] == [1, 2]


def test_values_of_any_type_arrive_as_they_are() -> None:
    values: list[object] = ["007", 7, 7.0, None, True, ("a", 1), {"x": [1]}]
    seen: list[object] = []

    def keep() -> int:
        seen.append(hp.scope.any.value(None))
        return len(seen)

    hp.sweep(keep, {"any.value": values}).run()
    assert seen == values
    assert [type(one) for one in seen] == [type(one) for one in values]


def test_what_was_never_read_is_one_run_where_that_is_asked() -> None:
    grid = {"opt.kind": ["sgd", "adam"], "opt.momentum": [0.1, 0.2, 0.3]}
    told = hp.sweep(train, grid, name="told").run()
    assert [run.state for run in told] == ["done"] * 6
    assert told.same == {}, "momentum is passed on, and read, whatever the kind is"

    @hp.param("only")
    def only(kind: str = "sgd") -> float:
        return hp.scope.opt.momentum(0.5) if kind == "sgd" else 0.0

    grid = {"only.kind": ["sgd", "adam"], "opt.momentum": [0.1, 0.2, 0.3]}
    told = hp.sweep(only, grid, name="report").run()
    assert told.same == {5: 4, 6: 4}
    saved = hp.sweep(only, grid, name="saved", skip_unread=True).run()
    assert [(run.state, run.same_as) for run in saved] == [
        ("done", None), ("done", None), ("done", None), ("done", None), ("same", 4), ("same", 4),
    ]  # fmt: skip
    assert [run.result for run in saved] == [0.1, 0.2, 0.3, 0.0, 0.0, 0.0]


def test_repeats_are_no_less_than_was_asked_for() -> None:
    sweep = hp.sweep(train, {"train.lr": [1.0]}, repeat=3).run()
    assert [run.state for run in sweep] == ["done"] * 3
    assert [run.repeat for run in sweep] == [0, 1, 2]
    assert sweep.same == {}


def test_resuming_runs_what_is_missing() -> None:
    calls = []

    @hp.param("counted")
    def counted(n: int = 0) -> int:
        calls.append(n)
        return n

    hp.sweep(counted, {"counted.n": [1, 2]}, name="s").run()
    again = hp.sweep(counted, {"counted.n": [2, 3]}, name="s", resume=True).run()
    assert calls == [1, 2, 3]
    assert [run.result for run in again] == [2, 3]


@pytest.mark.parametrize("kind", [ValueError, TypeError])
def test_what_cannot_be_a_grid_is_an_error_at_once(kind: type[Exception]) -> None:
    wrong: Any = {"train.lr": []} if kind is ValueError else {"train.lr": {1, 2}}
    with pytest.raises(kind, match=r"train\.lr"):
        hp.sweep(train, wrong)


def test_a_search_takes_the_number_of_runs_that_it_is_given() -> None:
    sweep = hp.sweep(
        train, {"train.lr": "log:1e-3:1"}, search="optuna", sample=6, minimize="loss", seed=1
    ).run()  # fmt: skip
    assert len(sweep) == 6
    assert sweep.best.result["loss"] == min(run.result["loss"] for run in sweep)


def test_a_run_that_does_badly_is_told_to_stop() -> None:
    @hp.param("slow")
    def slow(level: float = 0.0) -> float:
        for step in range(20):
            if not hp.report(level, step):
                return level
        return level

    sweep = hp.sweep(
        slow, {"slow.level": [float(n) for n in range(12)]}, prune="median", minimize="level"
    ).run()  # fmt: skip
    states = [run.state for run in sweep]
    assert states[:5] == ["done"] * 5  # none is pruned until five have finished
    assert set(states[5:]) == {"pruned"}
    assert sweep.best.parameters == {"slow.level": 0.0}


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_pruning_by_results_without_a_number_says_so_once(
    pruner: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    @hp.param("slow")
    def slow(level: float = 0.0) -> dict[str, float] | None:
        goes_on = [hp.report(level, step) for step in range(20)]
        return {"loss": level} if all(goes_on) else None

    grid = {"slow.level": [float(n) for n in range(12)]}
    said = "No run is compared with it, nor pruned for it."
    sweep = hp.sweep(slow, grid, prune=pruner, progress=True).run()
    assert {run.state for run in sweep} == {"done"}
    [told] = [line for line in capsys.readouterr().err.splitlines() if said in line]
    assert told.startswith("run 1: The result is a dict. Say which number counts, with --minimize")
    sweep = hp.sweep(slow, grid, prune=pruner, progress=True, minimize="loss").run()
    assert "pruned" in {run.state for run in sweep}
    assert said not in capsys.readouterr().err, "a pruned run needs no result"


def test_a_key_that_no_run_reads_is_warned_of() -> None:
    said = r"train\.lrr was swept, and no run has read it\. Did you mean 'train\.lr'\?"
    with pytest.warns(RuntimeWarning, match=said):
        hp.sweep(train, {"train.lrr": [1, 2]}).run()


def test_a_key_that_only_some_runs_read_is_a_hint_too() -> None:
    def branches() -> int:
        return hp.scope.net.width(0) if hp.scope.kind("") == "net" else 0

    said = r"net\.widht was swept, and no run has read it\. Did you mean 'net\.width'\?"
    with pytest.warns(RuntimeWarning, match=said):
        hp.sweep(branches, {"kind": ["plain", "net"], "net.widht": [1]}).run()


def test_a_grid_of_too_many_cells_is_refused_before_any_is_made() -> None:
    with pytest.raises(ValueError, match=r"1,000,000,000 runs.* at most.*sample=N"):
        hp.sweep(train, {"train.lr": range(1_000_000), "train.epochs": range(1000)})


def test_what_is_open_around_the_iteration_is_not_for_the_runs() -> None:
    def seen() -> tuple[object, ...]:
        return hp.scope.a | 0, hp.scope.b | 0, hp.scope.c | 0

    with hp.scope(b=2):
        sweep = hp.sweep(seen, {"a": [1]})
    with hp.scope(a=9, b=9, c=9):
        (run,) = list(sweep)
    assert run.result == (1, 2, 0)


INTERRUPTED = """
import os, signal, time
import hyperparameter as hp

@hp.param("train")
def train(lr: int = 0) -> int:
    print("runs", lr)
    if lr == 1 and not os.path.exists("again"):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    return lr

if __name__ == "__main__":
    sweep = hp.sweep(train, {"train.lr": [0, 1, 2]}, name="s", resume=os.path.exists("again"))
    print([run.result for run in sweep.run()])
"""


def test_an_interrupted_sweep_says_how_to_go_on(folder: Path) -> None:
    (folder / "program.py").write_text(INTERRUPTED)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "program.py"], capture_output=True, text=True, check=False
        )

    first = run()
    assert first.stderr.endswith(
        "KeyboardInterrupt: 1 of 3 runs are done. To go on, give hp.sweep name='s', resume=True.\n"
    )
    (folder / "again").touch()
    assert run().stdout.endswith("[0, 1, 2]\n")


def test_parameters_are_the_values_that_were_given() -> None:
    class Opt:
        pass

    values = [b"\xff", Opt(), timedelta(days=1), {1: 2}, (1,), Path("a"), "007", None, 2**80]
    sweep = hp.sweep(lambda: hp.scope.any.value | None, {"any.value": values})
    for run, value in zip(sweep, values, strict=True):
        assert run.parameters == {"any.value": value}
        assert type(run.parameters["any.value"]) is type(value)
    for run, value in zip(sweep, values, strict=True):
        assert run.parameters == {"any.value": value}
    (run,) = hp.sweep(train, {"train.lr": "1e-1"}).run()
    assert run.parameters == {"train.lr": 0.1}


SCRIPT = """
import functools, sys
import hyperparameter as hp

class Called:
    def __init__(self, value):
        self.value = value

    def __call__(self):
        return self.value

@hp.param("t")
def f(value=0, n=0):
    return value

if __name__ == "__main__":
    kind, value, resume = sys.argv[1], int(sys.argv[2]), bool(sys.argv[3:])
    made = {"f": f, "partial": functools.partial(f, value), "called": Called(value)}[kind]
    print([run.result for run in hp.sweep(made, {"t.n": [1]}, name=kind, resume=resume).run()])
"""


def script(folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / name).write_text(SCRIPT)
    return subprocess.run(
        [sys.executable, "-W", "ignore", name, *words],
        cwd=folder, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_sweep_of_another_script_is_not_resumed(folder: Path) -> None:
    assert script(folder, "one.py", "f", "0").stdout == "[0]\n"
    assert "a sweep of one.py:f, not of two.py:f" in script(folder, "two.py", "f", "0", "r").stderr
    assert script(folder, "one.py", "f", "0", "r").stdout == "[0]\n"


@pytest.mark.parametrize("kind", ["partial", "called"])
def test_what_a_function_brings_along_tells_its_runs_apart(folder: Path, kind: str) -> None:
    assert script(folder, "one.py", kind, "1").stdout == "[1]\n"
    assert script(folder, "one.py", kind, "2", "r").stdout == "[2]\n"


@pytest.mark.parametrize(
    ("argument", "error", "said"),
    [
        ({"time_limit": b"5s"}, TypeError, "time_limit must be a number of seconds"),
        ({"time_limit": 0}, ValueError, "time_limit must be more than 0"),
        ({"retries": "2"}, TypeError, "retries must be an integer"),
        ({"retries": -1}, ValueError, "retries must be at least 0"),
        ({"gpus": 1.5}, TypeError, "gpus must be an integer"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(
    argument: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        hp.sweep(train, {"train.lr": [1.0]}, on="processes:1", **argument)


def test_a_second_sweep_in_another_thread_is_refused_and_output_is_as_before(folder: Path) -> None:
    first = iter(hp.sweep(train, {"train.lr": [1.0, 2.0]}))
    next(first)
    said: list[object] = []

    def second() -> None:
        try:
            hp.sweep(train, {"train.lr": [1.0]}, name="second").run()
        except hp.UsageError as error:
            said.append(str(error))

    def in_a_thread() -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    in_a_thread()
    assert "under way in another thread" in str(said)
    list(first)
    said.clear()
    in_a_thread()
    assert not said


def test_what_a_failed_run_says_ends_in_one_full_stop() -> None:
    def fails() -> None:
        raise ValueError("It cannot be.")

    [run] = hp.sweep(fails, {"q": [1]}).run()
    with pytest.raises(hp.SweepError, match=r"It cannot be\.$"):
        _ = run.result


def test_one_is_spoken_of_in_the_singular() -> None:
    assert repr(hp.sweep(train, {"train.lr": [1.0]}).run()).endswith(": 1 run>")
    plan = plan_from_code({"q": [1]}, sample=2)
    assert list(notes(plan)) == ["There is only 1 different cell for a sample of 2; it runs."]


def test_an_async_function_in_a_running_loop_says_what_a_sweep_can_do() -> None:
    async def swept() -> int:
        return 1

    async def main() -> str:
        [run] = hp.sweep(swept, {"q": [1]}).run()
        return str(run.problem)

    assert "a sweep of it needs workers: on='processes:1'." in asyncio.run(main())
