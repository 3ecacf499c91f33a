"""The contract of runners, kept by `processes`."""

import os

import pytest
import runner_work as at
from runner_contract import WorkersContract, options

import hp_dist
from hyperparameter import context
from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import runner_for
from hyperparameter.exceptions import UsageError


@pytest.fixture
def make():
    made = []

    def make_one(where="1", **more):
        made.append(runner_for(f"processes:{where}", options(**more)))
        return made[-1]

    yield make_one
    for runner in made:
        runner.close()


class TestProcesses(WorkersContract):
    @pytest.fixture(name="make")
    def _make(self, make):
        return make


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("segfault", "killed by SIGSEGV (a segmentation fault)"),
        ("SIGKILL", "killed by SIGKILL (perhaps it was out of memory)"),
        ("exit", "its process ended with status 3"),
    ],
)
def test_a_death_is_told_in_words(make, how, problem):
    assert at.run_one(make(), at.work(at.die, how)).problem == problem


def test_a_segmentation_fault_shows_in_the_log_where_it_was(make, tmp_path):
    at.run_one(make(), at.work(at.die, "segfault", log=tmp_path / "log"))
    assert "in die" in (tmp_path / "log").read_text()


def test_sigterm_lets_a_run_clean_up_and_ends_the_process(make):
    runner = make()
    outcome = at.run_one(runner, at.work(at.die, "SIGTERM"))
    assert outcome.ending == "terminated"
    assert unpack(at.run_one(runner, at.work(at.pid)).result) != outcome.pid


def test_a_slot_keeps_its_process_and_another_takes_work_meanwhile(make):
    runner = make("2")
    works = [at.work(at.pid, number=number) for number in range(20)]
    pids = {unpack(outcome.result) for outcome in at.drive(runner, works).values()}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids


def test_pools_of_a_run_inherit_its_scope(make):
    hp_dist.install("multiprocessing")
    try:
        outcome = at.run_one(make(), at.work(at.pool_reads), {"lr": 8, "wd": 1})
    finally:
        hp_dist.uninstall()
    assert unpack(outcome.result) == 8
    assert outcome.unread == ("wd",)


def test_each_run_may_set_the_start_method(make):
    import multiprocessing

    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(None, force=True)  # another test may have chosen one for good
    try:
        works = [at.work(at.set_start_method, number=number) for number in range(2)]
        outcomes = at.drive(make(), works)
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert [unpack(outcome.result) for outcome in outcomes.values()] == ["forkserver"] * 2


def test_the_start_method_of_the_launcher_is_left_alone(make):
    import multiprocessing

    before = multiprocessing.get_start_method(allow_none=True)
    at.run_one(make(), at.work(at.pid))
    assert multiprocessing.get_start_method(allow_none=True) == before


def test_no_process_is_left_after_close(make):
    runner = make("2")
    works = [at.work(at.pid, number=number) for number in range(8)]
    pids = {unpack(outcome.result) for outcome in at.drive(runner, works).values()}
    runner.close()
    assert not any(map(at.is_running, pids))


def test_a_process_that_dies_between_runs_costs_none(make):
    runner = make()
    first = unpack(at.run_one(runner, at.work(at.pid)).result)
    os.kill(first, 9)
    at.wait_until(lambda: not at.is_running(first))
    assert at.run_one(runner, at.work(at.pid)).ending == "returned"


def test_each_slot_has_a_device_of_its_own(make, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5,7")
    runner = make("2", gpus=2)
    found = {}
    for number in range(2):  # both are submitted before either has ended
        runner.submit(at.work(at.device, number=number), context.capture())
    while len(found) < 2:
        for event in runner.events(30):
            if hasattr(event, "outcome"):
                found[event.number] = unpack(event.outcome.result)
    assert found == {0: "3", 1: "GPU-5"}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-5,7"


def test_there_are_as_many_slots_as_devices(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    runner = runner_for("processes", options(gpus=3))
    assert runner.capacity == 3
    runner.close()


def test_without_a_number_there_are_as_many_slots_as_cpus():
    runner = runner_for("processes", options())
    assert runner.capacity == len(os.sched_getaffinity(0))
    runner.close()


def test_more_devices_than_there_are_is_an_error(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(UsageError, match="--gpus 2: CUDA_VISIBLE_DEVICES=0 has 1"):
        runner_for("processes", options(gpus=2))


@pytest.mark.parametrize("where", ["0", "x", "-1", "1.5", "²", "99999999"])
def test_a_number_of_processes_is_a_number(where):
    with pytest.raises(UsageError, match="is not a number of processes"):
        runner_for(f"processes:{where}", options())
