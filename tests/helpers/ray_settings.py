"""What a Ray of the tests needs: an environment, and marks for the files that talk to it."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE

WARNINGS = [
    # Ray opens its log files and sockets without closing them and calls what is deprecated.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
    pytest.mark.filterwarnings("ignore:DAGNode.execute.. is deprecated"),
]

_ATTEMPTS = 5  # Ray may ask the server that it starts for a client who it is in a bad moment
_CLUSTER = """
import sys, ray
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def ray_settings() -> Iterator[dict[str, str]]:
    """Yield the environment variables of a Ray that has a folder of its own."""
    folder = tempfile.mkdtemp(prefix="hpr", dir="/tmp")  # the sockets in it need a short path
    yield {
        "RAY_AUTH_MODE": "disabled",
        # Seconds that a client's server gets to start: Ray's 30 are too few on a busy machine.  One
        # that never answers leaves time for another attempt.
        "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": str(PATIENCE // 3),
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def cluster_of_programs() -> Iterator[dict[str, str]]:
    """Start a cluster in a process of its own; yield the environment of programs that use it."""
    with ray_settings() as settings:
        env = {**os.environ, **settings}
        env.pop("RAY_ADDRESS", None)
        with subprocess.Popen(
            [sys.executable, "-c", _CLUSTER],
            cwd=settings["RAY_TMPDIR"],  # or workers would import the packages of the checkout
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as cluster:
            assert cluster.stdin
            assert cluster.stdout
            address = cluster.stdout.readline().strip()
            assert address, "the cluster has not started"
            yield {**env, "RAY_ADDRESS": address}
            cluster.stdin.close()  # it leaves at the end of its input, also when this process dies
        _end_workers(settings["RAY_TMPDIR"])


def _end_workers(folder: str) -> None:
    """End the workers of a Ray that has ended which it has left behind."""
    mark = f"RAY_TMPDIR={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it is another user's, or has ended
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


@contextlib.contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def connect(address: str, environment: Mapping[str, str], **options: str) -> None:
    """Make this process a driver or client of the Ray at the address."""
    import ray

    with contextlib.chdir(environment["RAY_TMPDIR"]):  # not the checkout: workers import from here
        ray.init(address, logging_level="ERROR", log_to_driver=False, **options)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep other test processes from connecting a client meanwhile.

    Each cluster starts a server for each of its clients, at the first free port from 23000 on.
    Clusters that do it at once take the same port, and clients land in one another's cluster.
    """
    with Path(__file__).open() as file:  # any file that all test processes share
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def connect_client(address: str, environment: Mapping[str, str]) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with _one_at_a_time():
                connect(address, environment, namespace="tests")
            return
        except ConnectionError:
            if not attempts_left:
                raise


def run_client(words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program that is a client of Ray."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        with _one_at_a_time():
            done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
        if "Initialization failure from server" not in done.stderr or not attempts_left:
            break
    return done
