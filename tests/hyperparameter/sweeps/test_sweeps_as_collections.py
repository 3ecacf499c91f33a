"""A sweep from Python is iterated over, listed and counted, and each of these runs it once."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import hyperparameter as hp


def rate() -> object:
    return hp.scope.train.lr | 0


@pytest.mark.parametrize(
    "collect", [list, tuple, lambda runs: [*runs], lambda runs: list(runs.run())]
)
def test_a_sweep_can_be_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collect: Callable[[Any], Iterable[Any]]
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = hp.sweep(rate, {"train.lr": [1, 2, 3]})
    assert [run.result for run in collect(sweep)] == [1, 2, 3]
    assert [run.result for run in sweep] == [1, 2, 3]
    assert len(sweep) == 3


RESULTS = {"none": None, "list": [1, (2, 3)], "long": "x" * 5_000, "huge": "y" * 3_000_000}


def named() -> object:
    return RESULTS[hp.scope.train.how | ""]


def test_each_run_has_its_own_result_short_or_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = hp.sweep(named, {"train.how": list(RESULTS)}, progress=False).run()
    for _ in range(2):
        assert [run.result for run in runs] == list(RESULTS.values())
    first, second = runs[1].result, runs[1].result
    first.append(4)  # is the caller's own
    assert second == [1, (2, 3)] == runs[1].result
    assert [run.result for run in pickle.loads(pickle.dumps(list(runs)))] == [*RESULTS.values()]


def test_a_sweep_is_iterated_over_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = hp.sweep(rate, {"train.lr": [1, 2]})
    first, second = iter(sweep), iter(sweep)
    assert next(first).result == 1
    with pytest.raises(RuntimeError, match="under way"):
        next(second)
    assert [run.result for run in first] == [2]


def test_a_sweep_that_was_left_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = hp.sweep(rate, {"train.lr": [1, 2, 3]}, name="left")
    for run in sweep:
        if run.number == 2:
            break
    gc.collect()  # the iterator that was left
    assert "left before its end" in repr(sweep)
    for use in (lambda: sweep.best, lambda: list(sweep), lambda: sweep[0], sweep.to_pandas):
        with pytest.raises(RuntimeError, match="name='left', resume=True"):
            use()
    again = hp.sweep(rate, {"train.lr": [1, 2, 3]}, name="left", resume=True)
    assert [run.result for run in again.run()] == [1, 2, 3]


def test_a_sweep_that_could_not_begin_says_why_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = hp.sweep(rate, {"train.lr": [1]}, on="nowhere")
    for _ in range(2):
        with pytest.raises(hp.UsageError, match="nowhere"):
            sweep.run()
