"""`hp.report`: what a run tells, who may tell it, and that a program runs alone."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from decimal import Decimal
from fractions import Fraction
from math import inf, isnan, nan

import numpy as np
import pytest

import hyperparameter as hp
from hyperparameter._sweeps.work.report import reporting


class Told(list[tuple[float, int]]):
    """What a sweep was told; it stops a run once it hears a value below zero."""

    def __call__(self, value: float, step: int) -> bool:
        self.append((value, step))
        return value >= 0


@pytest.fixture
def told() -> Told:
    return Told()


def test_outside_a_sweep_a_program_runs_alone() -> None:
    assert hp.report(0.5) is True
    assert hp.report(nan, 3) is True
    assert hp.report(0.5, 3) is True  # nothing is kept that the step could repeat


def test_a_run_tells_values_with_steps_that_count_up_from_zero(told: Told) -> None:
    with reporting(told):
        assert hp.report(3.0) is True
        assert hp.report(2.0) is True
    assert told == [(3.0, 0), (2.0, 1)]


def test_a_step_that_is_left_out_follows_the_highest_one_so_far(told: Told) -> None:
    with reporting(told):
        hp.report(3.0, 10)
        hp.report(2.0, 4)
        hp.report(1.0)
    assert [step for _, step in told] == [10, 4, 11]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (True, 1.0), (np.float32(0.5), 0.5), (np.int64(3), 3.0), (np.array(2.5), 2.5),
        (Decimal("0.1"), 0.1), (Fraction(1, 4), 0.25), (inf, inf), (-0.0, -0.0),
    ],
)  # fmt: skip
def test_any_real_number_is_a_value(told: Told, value: float, number: float) -> None:
    with reporting(told):
        hp.report(value)
    assert told == [(number, 0)]
    assert type(told[0][0]) is float


def test_nan_is_passed_on(told: Told) -> None:
    with reporting(told):
        hp.report(nan)
    assert isnan(told[0][0])


@pytest.mark.parametrize(
    "value", ["0.5", b"1", None, {"loss": 0.5}, [1.0], 1j, np.array([1.0, 2.0]), 10**400]
)
def test_what_is_not_a_number_is_an_error_alone_too(told: Told, value: object) -> None:
    with pytest.raises(TypeError, match=r"^hp\.report takes a number"):
        hp.report(value)  # type: ignore[arg-type]
    with reporting(told), pytest.raises(TypeError, match=r"^hp\.report takes a number"):
        hp.report(value)  # type: ignore[arg-type]
    assert told == []


@pytest.mark.parametrize(
    ("step", "error"), [(-1, ValueError), (1.5, TypeError), ("1", TypeError), (1.0, TypeError)]
)
def test_a_step_is_an_integer_from_zero_on(step: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^hp\.report: the step is an integer from 0 on, not "):
        hp.report(0.5, step)  # type: ignore[arg-type]


def test_a_step_may_be_a_numpy_integer(told: Told) -> None:
    with reporting(told):
        hp.report(0.5, np.int32(7))
    assert told == [(0.5, 7)]
    assert type(told[0][1]) is int


def test_a_step_is_told_once(told: Told) -> None:
    with reporting(told):
        hp.report(0.5, 1)
        with pytest.raises(ValueError, match="step 1 has been reported already"):
            hp.report(0.9, 1)
        hp.report(0.4)
    assert told == [(0.5, 1), (0.4, 2)]


def test_a_run_that_is_told_to_stop_stays_told(told: Told) -> None:
    with reporting(told):
        assert hp.report(1) is True
        assert hp.report(-1) is False
        assert hp.report(1) is False
    assert len(told) == 3


def test_the_next_run_of_a_process_begins_anew(told: Told) -> None:
    with reporting(told):
        hp.report(-1)
    other = Told()
    with reporting(other):
        assert hp.report(1) is True
    assert other == [(1, 0)]
    assert hp.report(1) is True
    assert len(told) == len(other) == 1


def test_a_sweep_inside_a_run_hears_its_own_runs(told: Told) -> None:
    inner = Told()
    with reporting(told):
        hp.report(1)
        with reporting(inner):
            hp.report(2)
        hp.report(3)
    assert told == [(1, 0), (3, 1)]
    assert inner == [(2, 0)]


def test_threads_and_tasks_of_a_run_report_one_at_a_time() -> None:
    told, inside, most = Told(), 0, 0

    def send(value: float, step: int) -> bool:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        told.append((value, step))
        inside -= 1
        return True

    async def task() -> None:
        await asyncio.to_thread(hp.report, 1)
        hp.report(2)

    async def tasks() -> None:
        await asyncio.gather(*(task() for _ in range(20)))

    with reporting(send):
        threads = [threading.Thread(target=hp.report, args=(0,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        asyncio.run(tasks())
        for thread in threads:
            thread.join()
    assert most == 1
    assert sorted(step for _, step in told) == list(range(60))


def test_the_error_of_a_transport_reaches_the_run() -> None:
    def send(value: float, step: int) -> bool:
        raise ConnectionError("the sweep has gone")

    with reporting(send), pytest.raises(ConnectionError):
        hp.report(1)


def _report_in_child(results: "multiprocessing.SimpleQueue[object]") -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results.put((hp.report(-1.0), [str(one.message) for one in caught]))


def test_a_process_that_a_run_forks_is_told_that_nobody_hears_it(told: Told) -> None:
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    with reporting(told), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        child = context.Process(target=_report_in_child, args=(results,))
        child.start()
        child.join()
        hp.report(1)
    goes_on, messages = results.get()
    assert goes_on is True
    assert [message.partition(":")[0] for message in messages] == ["hp.report"]
    assert told == [(1, 0)]


def test_a_program_that_a_run_starts_is_told_too(told: Told) -> None:
    program = [sys.executable, "-c", "import hyperparameter as hp; print(hp.report(-1))"]
    with reporting(told):
        inside = subprocess.run(program, capture_output=True, text=True, check=True)
    outside = subprocess.run(program, capture_output=True, text=True, check=True)
    assert inside.stdout == outside.stdout == "True\n"
    assert "the sweep does not hear it" in inside.stderr
    assert outside.stderr == ""


def test_the_environment_is_afterwards_as_before(told: Told) -> None:
    before = dict(os.environ)
    with reporting(told), reporting(told):
        pass
    with reporting(told):
        os.environ.pop("HYPERPARAMETER_RUN")
    assert dict(os.environ) == before
