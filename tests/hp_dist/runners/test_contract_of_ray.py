"""The contract of runners, kept by `ray`, on a cluster that the program uses already."""

import socket
import threading

import pytest
import ray_settings
import runner_work as at
import soak
from runner_contract import WorkersContract, options

import hp_dist
from hp_dist.runners import ray as runner_module
from hp_dist.runners.cluster import one_line
from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import runner_for
from hyperparameter.exceptions import UsageError

pytestmark = ray_settings.WARNINGS


@pytest.fixture
def make(ray):
    made = []

    def make_one(**more):
        made.append(runner_for("ray", options(**more)))
        return made[-1]

    yield make_one
    for runner in made:
        runner.close()
    assert ray.is_initialized()


class TestRay(WorkersContract):
    @pytest.fixture(name="make")
    def _make(self, make):
        return make


def test_tasks_of_a_run_inherit_its_scope_and_are_recorded(make):
    hp_dist.install("ray")
    try:
        runner = make()
        for _ in range(2):
            outcome = at.run_one(runner, at.work(at.ray_reads), {"lr": 8, "wd": 1})
            assert unpack(outcome.result) == 8
            assert outcome.unread == ("wd",)
    finally:
        hp_dist.uninstall()


def test_a_log_that_the_worker_does_not_see_is_brought_back(make, monkeypatch, tmp_path):
    monkeypatch.setattr(runner_module, "identity_of", lambda _: (0, 1))
    log = tmp_path / "log"
    outcome = at.run_one(make(), at.work(at.print_all_ways, log=log))
    assert (outcome.ending, outcome.log_problem) == ("returned", "")
    assert "from a grandchild\n" in log.read_text()


def test_the_output_of_a_killed_worker_elsewhere_is_brought_back(make, monkeypatch, tmp_path):
    monkeypatch.setattr(runner_module, "identity_of", lambda _: (0, 1))
    log = tmp_path / "log"
    outcome = at.run_one(make(), at.work(at.print_and_die, log=log))
    assert (outcome.ending, outcome.log_problem) == ("killed", "")
    assert "before the end" in log.read_text()


def test_the_output_of_a_killed_worker_is_said_to_be_gone_with_its_host(
    make, monkeypatch, tmp_path
):
    monkeypatch.setattr(runner_module, "identity_of", lambda _: (0, 1))
    monkeypatch.setattr(runner_module, "left_behind", lambda *_: None)  # it does not answer
    outcome = at.run_one(make(), at.work(at.print_and_die, log=tmp_path / "log"))
    assert outcome.ending == "killed"
    assert outcome.log_problem.startswith("what it printed was on ")
    assert outcome.log_problem.endswith(", which does not answer")


def test_a_run_that_no_node_can_run_is_said(ray, make):
    with pytest.warns(RuntimeWarning, match="no node of the cluster has unicorn=1"):
        make(resources={"unicorn": 1.0})


def test_about_twice_as_many_runs_are_submitted_as_can_run(make):
    assert make().capacity == 4  # on two CPUs
    assert make(resources={"cpu": 2.0}).capacity == 2
    assert make(resources={"cpu": 0.5}).capacity == 8


def test_another_address_than_that_of_the_program_is_an_error(ray):
    with pytest.raises(UsageError, match="the program uses the cluster at"):
        runner_for("ray:192.0.2.1:6379", options())


def test_gpus_are_resources_of_a_run(ray):
    with pytest.raises(UsageError, match="--resources gpu=1"):
        runner_for("ray", options(gpus=2))


def test_many_runs_are_bounded(make):
    runner = make()
    count = soak.amount(100, full=10_000)
    outcomes = at.drive(runner, [at.work(at.pid, number=number) for number in range(count)])
    assert len(outcomes) == count
    assert {outcome.ending for outcome in outcomes.values()} == {"returned"}
    assert not runner._running
    assert not runner._started


@pytest.fixture
def without_ray(monkeypatch):
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)


@pytest.mark.usefixtures("without_ray")
class TestAddress:
    @pytest.mark.parametrize("address", ["nowhere", "host:", "host:x", ":1", "host:70000"])
    def test_what_is_not_an_address_is_an_error(self, address):
        with pytest.raises(UsageError, match=r"is not an address\. Write it as HOST:PORT"):
            runner_for(f"ray:{address}", options())

    def test_nothing_there_is_an_error(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
            with pytest.raises(UsageError, match=f"nothing answers at {address}"):
                runner_for(f"ray:{address}", options())

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", None])
    def test_another_server_is_an_error(self, answer):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve():
                connection, _ = server.accept()
                with connection:
                    if answer is None:
                        connection.recv(1 << 10)
                        connection.recv(1)  # until the other side gives up
                    else:
                        connection.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            address = f"127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(UsageError, match=f"--on ray:{address}: .* {address}"):
                runner_for(f"ray:{address}", options())
            thread.join()


def test_the_error_of_a_traceback_of_ray_is_said():
    error = ConnectionAbortedError(
        "Initialization failure from server:\nTraceback (most recent call last):\n"
        '  File "proxier.py", line 765, in Datapath\n    start()\n'
        "ValueError: no port is free\n"
    )
    assert one_line(error) == "Initialization failure from server: ValueError: no port is free"
