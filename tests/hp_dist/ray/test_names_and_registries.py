"""What Ray shows and users' registries know is the user's own: names, tracebacks, classes."""

import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ray_settings import WARNINGS
from ray_work import get

import hp_dist
import hp_dist.ray
import hyperparameter as hp

pytestmark = [pytest.mark.usefixtures("ray", "shipped_by_value"), *WARNINGS]


class Checked:
    """A descriptor of the user's own that gives methods, as a validator does."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self.function if instance is None else functools.partial(self.function, instance)


def lr() -> Any:
    return hp.scope.lr | 0.0, hp.scope.made | 0.0


class Behind:
    def seen(self, first: int, second: int = 0) -> Any:
        return first, second, *lr()

    partial = functools.partialmethod(seen, 1)

    @Checked
    def checked(self) -> Any:
        return lr()


@pytest.fixture(params=["installed", "explicit"])
def remote(request: pytest.FixtureRequest) -> Iterator[Any]:
    import ray

    if request.param == "explicit":
        yield hp_dist.ray.remote
        return
    hp_dist.install("ray")
    yield ray.remote
    hp_dist.uninstall()


def test_method_behind_a_descriptor_sees_caller_and_creation(remote: Any) -> None:
    with hp.scope(made=1):
        actor = remote(Behind).remote()
    with hp.scope(lr=0.5):
        assert get(actor.partial.remote(2)) == (1, 2, 0.5, 1)
        assert get(actor.partial.remote(second=3)) == (1, 3, 0.5, 1)
        assert get(actor.checked.remote()) == (0.5, 1)


def test_registry_keeps_the_class_of_the_actor(remote: Any) -> None:
    class Model:
        known: dict[str, type] = {}

        def __init_subclass__(cls) -> None:
            Model.known[cls.__name__] = cls

        def seen(self) -> Any:
            return lr()[0]

    class Linear(Model):
        pass

    with hp.scope(lr=0.5):
        actor = remote(Linear).remote()
        assert get(actor.seen.remote()) == 0.5
    assert Model.known["Linear"] is Linear


PROGRAM = """
import sys
import ray
import hp_dist, hp_dist.ray, hyperparameter as hp

if sys.argv[1] == "installed":
    hp_dist.install("ray")
remote = hp_dist.ray.remote if sys.argv[1] == "explicit" else ray.remote

@remote
def train():
    context = ray.get_runtime_context()
    return context.get_task_name(), context.get_task_function_name()

@remote
def fail():
    raise ValueError(1)

@remote
def stream():
    yield 1
    raise ValueError(1)

@remote
class Actor:
    def names(self):
        context = ray.get_runtime_context()
        return context.get_task_name(), context.get_task_function_name()
    def fail(self):
        raise ValueError(1)

ray.init(log_to_driver=False, logging_level="ERROR")
actor = Actor.remote()
with hp.scope(lr=0.5):
    print(ray.get(train.remote()), ray.get(actor.names.remote()))
    steps = stream.remote()
    next(steps)
    for failing in (fail.remote(), actor.fail.remote(), next(steps)):
        try:
            ray.get(failing)
        except ValueError as error:
            print(str(error))
"""


@pytest.mark.parametrize("way", ["bare", "installed", "explicit"])
def test_task_of_the_main_script_has_its_name_and_its_traceback(
    way: str, tmp_path: Path, ray_environment: dict[str, str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(dedent(PROGRAM))
    done = subprocess.run(
        [sys.executable, script, way], capture_output=True, text=True, timeout=150, check=False,
        env=ray_environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names, _, tracebacks = done.stdout.partition("\n")
    assert names == "('train', 'script.train') ('Actor.names', 'script.Actor.names')"
    frames = re.findall(r'File "(.*?)"', tracebacks)
    assert frames.count(str(script)) >= 2  # of a generator, Ray leaves out a frame
    ours = [file for file in frames if "hyperparameter" in file or "hp_dist" in file]
    assert len(ours) <= (0 if way == "bare" else 3), tracebacks
