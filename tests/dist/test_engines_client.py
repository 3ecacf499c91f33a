"""The contract for a `ray://` client of a cluster that `ray start` has made."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import contract_runners as runners
import contract_tasks as tasks
import pytest
from contract import ActorContract, Contract

pytestmark = [
    pytest.mark.usefixtures("client"),
    # Ray opens its log files and sockets without closing them and calls what is deprecated.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
]


@pytest.fixture(scope="module")
def client(ray_folder: str) -> Iterator[Any]:
    """A client of a cluster in processes of its own."""
    import ray

    port, client_port = free_ports()
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        *("--num-cpus=2", "--include-dashboard=false", "--node-ip-address=127.0.0.1"),
        *(f"--port={port}", f"--ray-client-server-port={client_port}"),
    ]
    log = Path(ray_folder, "start.log")
    with log.open("w") as output:
        head = subprocess.Popen(command, cwd=ray_folder, stdout=output, stderr=output)
    try:
        tasks.wait_for(lambda: answers(client_port) or head.poll() is not None)
        assert head.poll() is None, log.read_text()
        ray.init(f"ray://127.0.0.1:{client_port}", logging_level="ERROR", log_to_driver=False)
        yield ray
        ray.shutdown()
    finally:
        head.terminate()
        head.wait(tasks.PATIENCE)


def free_ports() -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


NO_STREAMING = "Ray's client knows no streaming generators."


class TestFunction(Contract):
    column = "Ray", "ray:// client, function"
    runner = runners.RayFunction
    installs = ("ray",)
    not_applicable = {
        "coroutine": "Ray has coroutines in async actors alone.",
        "generator": NO_STREAMING,
        "made_inside": "A task takes what is active at its submission.",
    }


class TestActor(ActorContract):
    column = "Ray", "ray:// client, method"
    runner = runners.RayClientActor
    installs = ("ray",)
    not_applicable = {
        "coroutine": "Ray has coroutines in async actors alone.",
        "generator": NO_STREAMING,
    }
