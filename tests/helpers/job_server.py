"""A Ray of the tests that takes jobs, and `hp submit` as its users run it."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from programs import output_of
from ray_settings import ray_settings

FOLDER_OF_PYTHON = Path(sys.executable).parent
HP = str(FOLDER_OF_PYTHON / "hp")


class Ran(NamedTuple):
    """How a program ended, and what it said."""

    status: int
    output: str
    errors: str


class Jobs(NamedTuple):
    """Where the job server is, and the environment of those who may use it."""

    address: str
    environment: dict[str, str]

    def ask(self, method: str, path: str) -> str:
        """Return what the server answers to a request of its REST interface."""
        credentials = {"Authorization": f"Bearer {self.environment['RAY_AUTH_TOKEN']}"}
        request = urllib.request.Request(
            f"{self.address}/api/jobs/{path}", headers=credentials, method=method
        )
        with urllib.request.urlopen(request, timeout=150) as answer:
            text: str = answer.read().decode()
        return text

    def begin(
        self, folder: Path, words: Sequence[str], **environment: str
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [HP, "submit", "--address", self.address, *words],
            env={**self.environment, **environment}, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, folder: Path, *words: str, **environment: str) -> Ran:
        with self.begin(folder, words, **environment) as running:
            output, errors = output_of(running)
        return Ran(running.returncode, output, errors)


def printed(output: str) -> list[str]:
    """Return the lines that a job has printed, behind those of Ray."""
    lines = output.splitlines()
    begun = next(n for n, line in enumerate(lines) if line.startswith("Running entrypoint for job"))
    return lines[begun + 1 :]


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without Ray's variables, with this Python first."""
    left_out = ("RAY_", "HYPERPARAMETER_SCOPE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PATH": f"{FOLDER_OF_PYTHON}:{os.environ['PATH']}", **variables}


@contextlib.contextmanager
def ray_with_jobs() -> Iterator[Jobs]:
    """Yield a Ray of one node that wants a token."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, agent_port = one.getsockname()[1], other.getsockname()[1]
    with ray_settings() as settings:
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        env = environment(**{**settings, **token})
        node = subprocess.Popen(
            ["ray", "start", "--head", "--block", "--port=0", "--include-dashboard=true",
             f"--dashboard-port={port}", "--num-cpus=2", f"--object-store-memory={100 << 20}",
             # Its default belongs to one Ray of a host, and jobs wait for the agent.
             f"--dashboard-agent-listen-port={agent_port}"],
            env=env, cwd=settings["RAY_TMPDIR"], start_new_session=True,
            executable=str(FOLDER_OF_PYTHON / "ray"), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            assert node.stdout is not None
            said = []
            for line in node.stdout:
                said.append(line)
                if "Ray runtime started" in line:
                    break
            assert node.poll() is None, "".join(said)
            yield Jobs(f"http://127.0.0.1:{port}", env)
        finally:
            os.killpg(node.pid, signal.SIGKILL)  # workers and jobs follow those that started them
            output_of(node)
