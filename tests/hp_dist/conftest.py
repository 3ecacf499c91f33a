"""A Ray that all files of a process share, and the engine that a class of the contract is about."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contract_tasks as tasks
import pytest
from contract import engines_of, run_main
from ray_settings import connect, connect_client, in_environment, ray_settings

HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.fixture(scope="session")
def ray_environment() -> Iterator[dict[str, str]]:
    """The environment variables of the shared Ray, of its workers and of its drivers."""
    path = [str(HELPERS), *filter(None, [os.environ.get("PYTHONPATH")])]
    with ray_settings() as settings:
        yield {**settings, "PYTHONPATH": os.pathsep.join(path)}  # workers import helpers


@pytest.fixture(scope="session")
def ray_client_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def ray_cluster(ray_environment: dict[str, str], ray_client_port: int) -> Iterator[Any]:
    """A Ray of one node that has a server for clients: its processes have nothing of this one.

    To start it takes as long as dozens of tests, so it stays until the session ends.
    """
    from ray.cluster_utils import Cluster

    head = {
        "num_cpus": 2,
        "include_dashboard": False,
        "object_store_memory": 200 << 20,
        "ray_client_server_port": ray_client_port,
    }
    before = signal.getsignal(signal.SIGTERM)
    with in_environment(ray_environment), contextlib.chdir(ray_environment["RAY_TMPDIR"]):
        cluster = Cluster(initialize_head=True, head_node_args=head)
    signal.signal(signal.SIGTERM, before)  # Ray's waits 30 seconds, in forked children too
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def ray(ray_cluster: Any, ray_environment: dict[str, str]) -> Iterator[Any]:
    """Ray, with this process as a driver of the shared cluster."""
    import ray

    with in_environment(ray_environment):
        connect(ray_cluster.address, ray_environment)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Ray's is inherited by forked workers
        yield ray
        ray.shutdown()


@pytest.fixture(scope="session")
def ray_address(ray_cluster: Any) -> str:
    return str(ray_cluster.address)


@pytest.fixture(scope="session")
def ray_client_address(ray_cluster: Any, ray_client_port: int) -> str:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", ray_client_port)) == 0

    tasks.wait_until(answers)  # a client that connects before that waits half a minute for nothing
    return f"ray://127.0.0.1:{ray_client_port}"


@pytest.fixture(scope="module")
def client(ray_client_address: str, ray_environment: dict[str, str]) -> Iterator[Any]:
    """Ray, with this process as a client of the shared cluster."""
    import ray

    with in_environment(ray_environment):
        connect_client(ray_client_address, ray_environment)
        yield ray
        ray.shutdown()


@pytest.fixture(scope="class")
def made(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The engine of a class of the contract."""
    with request.cls.made_for_all() as runner:
        yield runner


@pytest.fixture(scope="module")
def seen_by_main(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[type, Any]:
    """What the workers of each engine of this file find of the types of a main program.

    All have one program: a driver of Ray takes seconds to start, and its workers as long again.
    """
    engines = engines_of(request.module)
    ray: dict[str, Any] = {"ray": None, "client": False, "environment": {}}
    if engines[0].column[0] == "Ray":
        is_client = "client" in engines[0].column[1]
        address = "ray_client_address" if is_client else "ray_address"
        environment = request.getfixturevalue("ray_environment")
        ray = {
            "ray": request.getfixturevalue(address), "client": is_client, "environment": environment
        }  # fmt: skip
    shown = run_main(engines, ray, tmp_path_factory.mktemp("main"))
    return dict(zip(engines, shown, strict=True))
