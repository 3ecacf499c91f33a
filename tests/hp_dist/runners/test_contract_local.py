"""The contract of runners, kept by `local`."""

import os
import sys
import warnings

import pytest
import runner_work as at
from runner_contract import RunnerContract, options

from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import runner_for
from hyperparameter.exceptions import UsageError


@pytest.mark.filterwarnings("default::UserWarning")
class TestLocal(RunnerContract):
    @pytest.fixture(autouse=True)
    def _warnings_are_shown(self, monkeypatch):
        """Show them, as outside of pytest, which collects them."""

        def show(message, category, *_, **__):
            print(f"{category.__name__}: {message}", file=sys.stderr)

        monkeypatch.setattr(warnings, "showwarning", show)

    @pytest.fixture
    def make(self):
        return lambda **more: runner_for("local", options(**more))

    def test_runs_are_in_this_process(self, runner):
        assert unpack(at.run_one(runner, at.work(at.pid)).result) == os.getpid()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"time_limit": 3.0}, "--time-limit needs workers, and --on local has none."),
        ({"gpus": 1}, "--gpus needs workers, and --on local has none."),
        ({"resources": {"cpu": 2.0}}, "--resources needs workers, and --on local has none."),
    ],
)
def test_what_needs_workers_is_refused(more, message):
    with pytest.raises(UsageError) as caught:
        runner_for("local", options(**more))
    assert message in str(caught.value)
