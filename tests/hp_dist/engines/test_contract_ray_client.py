"""The contract for a `ray://` client of a cluster in other processes."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import contract_runners as runners
import pytest
from contract import ActorContract, Contract

pytestmark = [
    pytest.mark.usefixtures("client"),
    # Ray opens its log files and sockets without closing them and calls what is deprecated.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
]


SERVER = """
import sys
from ray.util.client.server.server import init_and_serve, shutdown_with_server

server, _ = init_and_serve(
    "127.0.0.1", int(sys.argv[1]), num_cpus=2, include_dashboard=False, logging_level="ERROR"
)
print("ready", flush=True)
sys.stdin.read()
shutdown_with_server(server.grpc_server)
"""


@pytest.fixture(scope="module")
def client(ray_folder: str) -> Iterator[Any]:
    """A client of a cluster that another process has made, which ends with its input."""
    import ray

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", SERVER, str(port)]
    with subprocess.Popen(
        command, cwd=ray_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        ray.init(f"ray://127.0.0.1:{port}", logging_level="ERROR", log_to_driver=False)
        yield ray
        ray.shutdown()


NO_STREAMING = "Ray's client does not have streaming generators."


class TestFunction(Contract):
    column = "Ray", "ray:// client, function"
    runner = runners.RayFunction
    installs = ("ray",)
    not_applicable = {
        "coroutine": "Ray runs coroutines only in async actors.",
        "generator": NO_STREAMING,
        "made_inside": "A task uses the scopes that are active at its submission.",
    }


class TestActor(ActorContract):
    column = "Ray", "ray:// client, method"
    runner = runners.RayClientActor
    installs = ("ray",)
    not_applicable = {
        "coroutine": "Ray runs coroutines only in async actors.",
        "generator": NO_STREAMING,
    }
