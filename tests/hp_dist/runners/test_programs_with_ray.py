"""`ray` from real programs, which connect to a cluster by its address or as its clients."""

import os
import subprocess
import sys
import textwrap

import pytest
import ray_settings
import runner_work as at
from runner_contract import options

from hyperparameter._sweeps.work.packing import unpack
from hyperparameter._sweeps.work.runner import runner_for

pytestmark = ray_settings.WARNINGS


PROGRAM = """
    import os, sys
    import beside
    import hyperparameter as hp
    from hyperparameter import context
    from hyperparameter._sweeps.work.runner import runner_for
    from hyperparameter._sweeps.work.packing import unpack
    from hyperparameter._sweeps.run import Work
    from hyperparameter._sweeps.work.runner import Ended, Options

    class Result:
        def __repr__(self):
            return "a result"

    def main():
        print("said by the run")
        if hp.scope.lr | 0 > 1:
            raise LookupError("lost")
        return beside.name, Result(), os.getcwd()

    runner = runner_for(sys.argv[1], Options(is_sweep=sys.argv[2] == "sweep", function=main))
    for lr in (1, 2):
        with hp.scope(lr=lr):
            runner.submit(Work(lr, 1, main, (), (), None), context.capture())
        outcome = None
        while outcome is None:
            for event in runner.events(60):
                if isinstance(event, Ended):
                    outcome = event.outcome
        print(outcome.ending, outcome.result and unpack(outcome.result), outcome.problem)
        print("error:", repr(outcome.error), outcome.error and "in main" in str(outcome.error.__cause__))
    runner.close()
    import ray
    print("connected:", ray.is_initialized())
"""  # noqa: E501


def run(folder, environment, *words):
    (folder / "beside.py").write_text("name = 'a module beside the program'\n")
    (folder / "train.py").write_text(textwrap.dedent(PROGRAM))
    done = subprocess.run(
        [sys.executable, "train.py", *words], cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_a_program_connects_by_address_and_its_modules_are_found(
    ray_address, ray_environment, tmp_path
):
    output, problems = run(tmp_path, ray_environment, f"ray:{ray_address}", "sweep")
    assert f"returned ('a module beside the program', a result, '{tmp_path}')" in output, problems
    assert "raised None LookupError: lost\nerror: None" in output
    assert output.endswith("connected: False\n")


def test_the_address_may_be_in_the_environment(ray_address, ray_environment, tmp_path):
    output, problems = run(
        tmp_path, {**ray_environment, "RAY_ADDRESS": ray_address}, "ray", "sweep"
    )
    assert "returned ('a module beside" in output, problems


def test_a_single_run_prints_on_the_terminal(ray_address, ray_environment, tmp_path):
    output, problems = run(tmp_path, ray_environment, f"ray:{ray_address}", "single")
    assert "said by the run" in output + problems
    assert "error: LookupError('lost') True" in output


def test_a_client_can_run_a_sweep(client):
    runner = runner_for("ray", options())
    try:
        outcome = at.run_one(runner, at.work(at.read_lr), {"lr": 3})
        assert unpack(outcome.result) == 3
        with pytest.raises(ZeroDivisionError):
            raise at.run_one(
                runner_for("ray", options(is_sweep=False)), at.work(divmod, 1, 0)
            ).error
    finally:
        runner.close()


LAUNCHED = """
    import beside
    import hyperparameter as hp

    @hp.param("train")
    def train(lr: float = 0.1) -> float:
        print("said by", beside.name, "at", lr)
        return 2 * lr

    if __name__ == "__main__":
        result = hp.launch(train)
        if isinstance(result, float):
            print("result", result)
"""


@pytest.mark.parametrize("is_sweep", [False, True], ids=["run", "sweep"])
def test_a_client_is_an_address_too(ray_client_address, ray_environment, tmp_path, is_sweep):
    (tmp_path / "beside.py").write_text("name = 'a module beside the program'\n")
    (tmp_path / "train.py").write_text(textwrap.dedent(LAUNCHED))
    words = ["--sweep", "lr=1,2", "--name", "s"] if is_sweep else ["--lr", "1"]
    done = ray_settings.run_client(
        [sys.executable, "train.py", "--on", f"ray:{ray_client_address}", *words],
        cwd=tmp_path,
        env={**os.environ, **ray_environment},
    )
    assert done.returncode == 0, done.stderr
    if is_sweep:
        log = tmp_path / "sweeps" / "s" / "logs" / "2.log"
        assert log.read_text() == "said by a module beside the program at 2.0\n"
    else:
        assert done.stdout == "said by a module beside the program at 1.0\nresult 2.0\n"
        assert done.stderr == ""
