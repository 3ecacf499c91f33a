"""A Ray for the tests of a file, and the engine that a class of the contract is about."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.fixture(scope="module")
def ray_folder() -> Iterator[str]:
    """A folder for a Ray of its own, and the environment for it; its sockets need a short path."""
    folder = tempfile.mkdtemp(prefix="hpr", dir="/tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Workers import what the contract has them run.
        patch.setenv("PYTHONPATH", str(HELPERS), prepend=os.pathsep)
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def ray(ray_folder: str) -> Iterator[Any]:
    """A Ray on this machine."""
    import ray

    with contextlib.chdir(ray_folder):  # or workers would import the packages of the checkout
        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="class")
def made(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The engine of a class of the contract."""
    with request.cls.made_for_all() as runner:
        yield runner
