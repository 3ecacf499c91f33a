"""What each runner promises; a class of tests for each has a fixture `make`."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import runner_work as at

import hyperparameter as hp
from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import Options, Runner, Started

Make = Callable[..., Runner]


class RunnerContract:
    @pytest.fixture
    def runner(self, make: Make) -> Runner:
        return make()

    def test_the_function_runs_in_its_scope_and_the_result_comes_back(self, runner):
        outcome = at.run_one(runner, at.work(at.read_lr), {"lr": 0.25})
        assert (outcome.ending, unpack(outcome.result)) == ("returned", 0.25)
        assert outcome.problem == outcome.traceback == outcome.log_problem == ""
        assert outcome.started <= outcome.ended
        assert outcome.error is None

    def test_a_run_tells_that_it_has_started_before_it_has_ended(self, runner):
        heard = []
        outcome = at.run_one(runner, at.work(at.pid, number=7), heard=heard.append)
        assert [type(event).__name__ for event in heard] == ["Started", "Ended"]
        assert heard[0] == Started(7, outcome.host, unpack(outcome.result))

    @pytest.mark.parametrize(
        "value",
        [1, 1.0, True, None, "", "1", [1, 2.0], {1: 2}, (1, 2), math.inf, "\ud83d\ude00", "\ud800",
         b"x", 10**5000],
        ids=[str(number) for number in range(14)],
    )  # fmt: skip
    def test_values_of_cells_and_results_arrive_as_they_are(self, runner, value):
        outcome = at.run_one(runner, at.work(at.read_required), {"lr": value})
        found = unpack(outcome.result)
        assert found == value
        assert type(found) is type(value)
        if value != 10**5000:  # Python prints no such number
            assert repr(found) == repr(value)

    @pytest.mark.parametrize("value", [(1, "a"), {"a": {"b": [None]}}, {"b": 1, "a": 2.0}])
    def test_arguments_are_passed(self, runner, value):
        found = unpack(at.run_one(runner, at.work(at.same, value)).result)
        assert repr(found) == repr(value)

    def test_a_result_without_json_is_pickled(self, runner):
        outcome = at.run_one(runner, at.work(at.same, at.Trained(3)))
        assert outcome.result.kind == "pickle"
        assert unpack(outcome.result) == at.Trained(3)

    def test_a_coroutine_function_is_run_to_the_end(self, runner):
        assert unpack(at.run_one(runner, at.work(at.read_async), {"lr": 2}).result) == 2

    def test_a_class_is_called(self, runner):
        assert unpack(at.run_one(runner, at.work(at.Trained, 4)).result) == at.Trained(4)

    def test_an_error_is_told_with_the_frames_of_the_program_alone(self, runner):
        outcome = at.run_one(runner, at.work(at.fail, "two\nlines"))
        assert outcome.ending == "raised"
        assert outcome.problem == "ValueError: two\\nlines"
        assert "in deeper" in outcome.traceback
        assert outcome.traceback.endswith("ValueError: two\nlines\n")
        assert "hyperparameter/" not in outcome.traceback
        assert "hp_dist/" not in outcome.traceback
        assert outcome.result is None

    @pytest.mark.parametrize(
        ("code", "ending", "problem"),
        [(0, "returned", ""), (None, "returned", ""), (3, "exited", "status 3"),
         ("no data", "exited", "status 1: no data")],
    )  # fmt: skip
    def test_sys_exit_ends_the_run_alone(self, runner, code, ending, problem):
        outcome = at.run_one(runner, at.work(at.leave_with, code))
        assert (outcome.ending, outcome.problem) == (ending, problem)
        assert at.run_one(runner, at.work(at.pid)).ending == "returned"

    def test_what_cannot_be_pickled_is_a_failure_that_names_the_type(self, runner):
        outcome = at.run_one(runner, at.work(at.a_generator))
        assert (outcome.ending, outcome.result) == ("raised", None)
        assert "the result, which is of type generator, cannot be pickled" in outcome.problem

    def test_a_result_of_100_mb_comes_back(self, runner):
        assert unpack(at.run_one(runner, at.work(at.megabytes, 100)).result) == bytes(100 << 20)

    def test_all_that_is_printed_is_in_the_log(self, runner, tmp_path):
        log = tmp_path / "log"
        outcome = at.run_one(runner, at.work(at.print_all_ways, log=log))
        assert (outcome.ending, outcome.log_problem) == ("returned", "")
        lines = log.read_text().splitlines()
        for line in [
            "from Python, \\ud800", "from Python, on stderr", "from a descriptor", "from C",
            "from a child", "from a grandchild", "stdin: '', b''",
        ]:  # fmt: skip
            assert lines.count(line) == 1
        assert any("from logging" in line for line in lines)
        assert any("UserWarning: from warnings" in line for line in lines)

    def test_each_run_has_a_log_of_its_own_and_is_warned_anew(self, runner, tmp_path):
        logs = [tmp_path / str(number) for number in range(3)]
        at.drive(runner, [at.work(at.warn, number=n, log=log) for n, log in enumerate(logs)])
        assert [log.read_text().count("UserWarning: told again") for log in logs] == [1, 1, 1]

    def test_a_log_that_cannot_be_written_is_said_and_the_run_continues(self, runner, tmp_path):
        outcome = at.run_one(runner, at.work(at.read_lr, log=tmp_path / "missing" / "log"))
        assert outcome.ending == "returned"
        if outcome.log_problem == "":  # on Ray there was nothing to bring back
            outcome = at.run_one(runner, at.work(at.warn, log=tmp_path / "missing" / "log"))
        assert outcome.log_problem == "the log could not be written: No such file or directory"

    def test_a_full_disk_does_not_end_the_run(self, runner):
        outcome = at.run_one(runner, at.work(at.warn, log="/dev/full"))
        assert outcome.ending == "returned"
        assert outcome.log_problem == "the log could not be written: No space left on device"

    def test_the_record_of_each_run_is_whole_however_warm_the_worker(self, runner, tmp_path):
        works = [at.work(at.read_both, number=number) for number in range(6)]
        outcomes = at.drive(runner, works, lambda _: {"lr": 1})
        for outcome in outcomes.values():
            path = tmp_path / "record"
            path.write_text(outcome.record)
            record = hp.Record.load(path)
            assert record.incomplete == []
            assert [(read.key, read.value, read.default_used) for read in record.reads] == [
                ("lr", 1, False), ("wd", 0.0, True)
            ]  # fmt: skip
            assert outcome.unread == ()

    def test_what_was_set_and_not_read_is_told(self, runner):
        outcome = at.run_one(runner, at.work(at.read_lr), {"lr": 1, "wd": 2, "opt.name": "sgd"})
        assert sorted(outcome.unread) == ["opt.name", "wd"]

    def test_after_a_read_of_a_whole_nobody_can_tell_what_was_not_read(self, runner):
        assert at.run_one(runner, at.work(at.read_all), {"lr": 1}).unread is None

    def test_threads_of_a_run_see_its_scope_and_are_recorded(self, runner):
        outcome = at.run_one(runner, at.work(at.read_in_thread), {"lr": 5, "wd": 1})
        assert unpack(outcome.result) == [5]
        assert outcome.unread == ("wd",)

    def test_a_run_leaves_nothing_to_the_next(self, runner):
        at.run_one(runner, at.work(at.leave_open), {"lr": 1})
        assert unpack(at.run_one(runner, at.work(at.folder)).result) == os.getcwd()
        outcome = at.run_one(runner, at.work(at.read_lr))
        assert unpack(outcome.result) == 1.0
        assert json.loads(outcome.record)["overrides"] == {}

    def test_a_report_is_answered(self, make):
        runner = make(judge=lambda reported: reported.value < 1)
        assert unpack(at.run_one(runner, at.work(at.tell, [0.0, 0.5, 2.0])).result) == [
            True, True, False
        ]  # fmt: skip

    def test_the_error_of_a_single_run_is_the_exception_itself(self, make):
        runner = make(is_sweep=False)
        outcome = at.run_one(runner, at.work(at.fail, "single"))
        assert type(outcome.error) is ValueError
        assert outcome.error.args == ("single",)


class WorkersContract(RunnerContract):
    """What runners promise whose runs are in other processes."""

    @pytest.mark.parametrize("how", ["segfault", "exit", "SIGKILL", "SIGABRT"])
    def test_a_process_that_dies_costs_one_run(self, runner, how):
        works = [at.work(at.read_lr, number=number) for number in range(4)]
        works.insert(1, at.work(at.die, how, number=9))
        outcomes = at.drive(runner, works)
        assert outcomes.pop(9).ending == "killed"
        assert {outcome.ending for outcome in outcomes.values()} == {"returned"}

    def test_what_was_printed_before_a_kill_is_in_the_log(self, runner, tmp_path):
        log = tmp_path / "log"
        assert at.run_one(runner, at.work(at.print_and_die, log=log)).ending == "killed"
        assert "before the end" in log.read_text()

    def test_a_time_limit_ends_one_run_with_all_that_it_has_started(self, make, tmp_path):
        runner = make(time_limit=4.0)
        works = [at.work(at.read_lr, number=1), at.work(at.read_lr, number=2)]
        begun = tmp_path / "begun"
        works.insert(1, at.work(at.hang, str(begun), number=3))
        outcomes = at.drive(runner, works)
        assert outcomes[3].ending == "timed out"
        assert outcomes[3].problem == "it ran for longer than the time limit of 4 s"
        assert outcomes[1].ending == outcomes[2].ending == "returned"
        grandchild = int(begun.read_text())
        at.wait_until(lambda: not at.is_running(grandchild))

    def test_an_interrupted_run_cleans_up(self, runner, tmp_path):
        begun, cleaned = tmp_path / "begun", tmp_path / "cleaned"
        one = at.work(at.clean_up, str(begun), str(cleaned))
        outcome = at.interrupted_once_started(runner, one, begun)
        assert outcome.ending == "interrupted"
        assert cleaned.exists()

    def test_closing_ends_a_run(self, runner, tmp_path):
        begun = tmp_path / "begun"
        one = at.work(at.hang, str(begun))
        with hp.scope():
            from hyperparameter import context

            runner.submit(one, context.capture())
        while not begun.exists():
            runner.events(0.05)
        runner.close()
        grandchild = int(Path(begun).read_text())
        at.wait_until(lambda: not at.is_running(grandchild))

    def test_functions_that_cannot_be_imported_are_sent(self, runner):
        factor = 3
        outcome = at.run_one(runner, at.work(lambda: (hp.scope.lr | 1) * factor), {"lr": 2})
        assert unpack(outcome.result) == 6


def options(**more: object) -> Options:
    return Options(**more)
