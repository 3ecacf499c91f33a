"""`--on NAME[:WHERE]` names a runner: ours, or one that another distribution offers."""

import subprocess
import sys
from importlib import metadata

import pytest

from hyperparameter._sweeps.work.runner import Options, runner_for
from hyperparameter.exceptions import UsageError


class Slurm:
    def __init__(self, options: Options) -> None:
        self.where = options.where


def offered(monkeypatch, *points: tuple[str, str]) -> None:
    made = [metadata.EntryPoint(name, value, "hyperparameter.runners") for name, value in points]
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: made if group == "hyperparameter.runners" else []
    )


def test_runners_of_others_get_what_stands_behind_the_colon(monkeypatch):
    monkeypatch.setitem(sys.modules, "slurm_runner", sys.modules[__name__])
    offered(monkeypatch, ("slurm", "slurm_runner:Slurm"))
    assert runner_for("slurm:gpu:4", Options()).where == "gpu:4"


def test_an_unknown_runner_is_named_with_the_nearest_and_all_that_are_installed(monkeypatch):
    offered(monkeypatch, ("slurm", "x:y"))
    with pytest.raises(UsageError) as caught:
        runner_for("proceses:2", Options())
    assert str(caught.value) == (
        "--on proceses:2: 'proceses' is not a runner. Did you mean 'processes'? Installed are "
        "local, processes, ray, slurm."
    )


@pytest.mark.parametrize("name", ["local", "processes", "ray", "slurm"])
def test_a_colon_without_anything_behind_it_is_an_error(name):
    with pytest.raises(UsageError, match=f"nothing stands behind the colon. Write --on {name}"):
        runner_for(f"{name}:", Options())


def test_local_takes_no_number():
    with pytest.raises(UsageError, match="use --on processes:4"):
        runner_for("local:4", Options())


def test_a_runner_that_cannot_be_imported_is_an_error(monkeypatch):
    offered(monkeypatch, ("broken", "no_such_module:make"))
    with pytest.raises(UsageError, match=r"no_such_module:make, .* cannot be imported"):
        runner_for("broken", Options())


def test_two_runners_of_one_name_are_an_error(monkeypatch):
    offered(monkeypatch, ("twice", "a:b"), ("twice", "c:d"))
    with pytest.raises(UsageError, match="Uninstall one of them"):
        runner_for("twice", Options())


def test_our_entry_points_are_those_that_are_known_without_them():
    names = {point.name: point.load() for point in metadata.entry_points(group="hyperparameter.runners")}  # fmt: skip  # noqa: E501
    assert {"local", "processes", "ray"} <= set(names)
    assert type(runner_for("local", Options())) is names["local"]


def test_ray_that_is_not_installed_is_named():
    text = (
        "import sys; sys.modules['ray'] = None\n"
        "from hyperparameter._sweeps.work.runner import runner_for\n"
        "from hyperparameter._sweeps.work.runner import Options\n"
        "runner_for('ray', Options())"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert last.endswith(
        "--on ray needs Ray. Install it with 'pip install hyperparameter-dist[ray]'."
    )
