"""What the fault tests have in common: a bound on time, work that children can import, a spool."""

import contextlib
import gc
import importlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import soak

import hp_dist
from hp_dist import _private_folder

_MOST_SECONDS = soak.amount(240, full=3600)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "repeat" in metafunc.fixturenames:
        metafunc.parametrize("repeat", range(soak.KILLS))


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Fail a test that hangs."""

    def stop(_: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {_MOST_SECONDS} seconds, in {frame}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_MOST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def work() -> Iterator[Any]:
    """The module of what runs in workers; children find it where this process does."""
    folder = str(Path(__file__).parents[2] / "helpers")
    sys.path.insert(0, folder)
    yield importlib.import_module("faulty_work")
    sys.path.remove(folder)


@pytest.fixture
def installed() -> Iterator[None]:
    hp_dist.install("multiprocessing", "futures", "joblib")
    yield
    hp_dist.uninstall()


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory for temporary files, those of the spool among them; its path is short."""
    gc.collect()  # what earlier tests have left is theirs
    get_temp_dir()  # that of multiprocessing stays until this process ends
    folder = tempfile.mkdtemp(prefix="hpf", dir="/tmp")
    monkeypatch.setenv("TMPDIR", folder)
    monkeypatch.setattr(tempfile, "tempdir", folder)
    monkeypatch.setattr(_private_folder, "_folders", {})
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ray_environment() -> Iterator[dict[str, str]]:
    """What the environment of a Ray has to be; its sockets need a short path."""
    folder = tempfile.mkdtemp(prefix="hpr", dir="/tmp")
    yield {"RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(ray_environment: dict[str, str]) -> Iterator[Any]:
    """A cluster of one node for all tests of faults: processes of its own, nothing in this one."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 200 << 20}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ray_environment.items():
            patch.setenv(name, value)
        before = signal.getsignal(signal.SIGTERM)
        with contextlib.chdir(ray_environment["RAY_TMPDIR"]):  # not the checkout: workers import
            cluster = Cluster(initialize_head=True, head_node_args=head)
        signal.signal(signal.SIGTERM, before)  # Ray's waits 30 seconds, in forked children too
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def ray(cluster: Any, ray_environment: dict[str, str]) -> Iterator[Any]:
    """Ray, with this process as a driver of the cluster."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ray_environment.items():
            patch.setenv(name, value)
        ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
        yield ray
        ray.shutdown()


@pytest.fixture
def installed_for_ray(ray: Any) -> Iterator[None]:
    hp_dist.install("ray")
    yield
    hp_dist.uninstall()
