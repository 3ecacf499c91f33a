"""Hosts on one machine: namespaces with cables to a switch, three of them nodes of a Ray cluster.

The nodes are started as docker-compose.yml does it.

The fourth is a machine that only has this package: jobs are submitted from there.

A host is a process in network, mount, process and host name namespaces of its own.  None of them
has a name outside, so nothing can be left behind: when that process dies, and it dies with the
tests, the kernel stops all that ran on the host and takes its network away.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from programs import output_of

ROOT = Path(__file__).parents[2]
TOOLS = ("hostname", "ip", "mount", "nsenter", "setpriv", "timeout", "unshare")
ISOLATED = ("--net", "--mount", "--uts", "--pid")

# A cable that is cut says nothing: no connection is closed.  By itself Ray takes a silent node for
# dead after half a minute, and a silent connection, on which it awaits the result of a task, after
# seven.  The answers of processes that wait for a busy machine take seconds, and have them here.
QUICK_TO_NOTICE = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "5000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_grpc_client_keepalive_time_ms": "2000",
    "RAY_grpc_client_keepalive_timeout_ms": "5000",
}


class Host:
    """A machine of its own, for all that programs on it can tell."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        begin = f"hostname {name} && ip link set lo up && echo up && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", *ISOLATED, "--fork", "--mount-proc",
             "--kill-child", "sh", "-c", begin],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "up\n"
        holder = self._holder.pid
        self.pid = int(Path(f"/proc/{holder}/task/{holder}/children").read_text())

    def enter(self, *command: str, into: tuple[str, ...] = ISOLATED) -> list[str]:
        """Return `command` as one that runs on this host."""
        return ["nsenter", "--target", str(self.pid), *into, "--", *command]

    def run(self, *command: str, into: tuple[str, ...] = ISOLATED) -> None:
        subprocess.run(self.enter(*command, into=into), check=True, timeout=150)

    def plug_into(self, switch: "Host") -> None:
        """Lay a cable to the switch, which is where this host sends what is not its own."""
        peer = ["peer", "name", "eth0", "netns", str(self.pid)]
        # Not into the switch's processes: the id of this host is known outside only.
        switch.run("ip", "link", "add", self.name, "type", "veth", *peer, into=("--net",))
        switch.run("ip", "link", "set", self.name, "master", "switch", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.connect(switch)

    def connect(self, switch: "Host") -> None:
        self.run("ip", "link", "set", "eth0", "up")
        # Ray finds its own address by asking which one it would reach the internet from.
        self.run("ip", "route", "add", "default", "via", switch.address)

    def become_switch(self) -> None:
        self.run("ip", "link", "add", "switch", "type", "bridge")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "switch")
        self.run("ip", "link", "set", "switch", "up")

    def cut_off(self) -> None:
        self.run("ip", "link", "set", "eth0", "down")

    def close(self) -> None:
        """Stop everything that runs on this host."""
        if self._holder.poll() is None:
            os.kill(self.pid, signal.SIGKILL)  # the first process there: the others go before it
        self._holder.wait(timeout=150)
        assert self._holder.stdout is not None
        self._holder.stdout.close()


class Ran(NamedTuple):
    """How a program ended, and what it said."""

    status: int
    output: str
    errors: str


class Cluster:
    """Ray on three hosts, started with the commands and the environment of docker-compose.yml."""

    def __init__(self, hosts: Sequence[Host], folder: Path) -> None:
        self.switch, self.head, self.second, self.third, self.client = self.hosts = hosts
        self.folder = folder
        self._services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        self.token = folder / "token"
        self.token.write_text(secrets.token_hex(32))
        self.token.chmod(0o600)
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def dashboard(self) -> str:
        return f"http://{self.head.address}:8265"

    def start(self) -> None:
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.head.address} head\n")
        nobody = self.folder / "resolv.conf"
        nobody.write_text("")  # gRPC asks a name server too, and waits for one that is unreachable
        self._session_folder().mkdir()
        self.switch.become_switch()
        for host in (self.head, self.second, self.third, self.client):
            host.run("mount", "--bind", str(hosts), "/etc/hosts")
            host.run("mount", "--bind", str(nobody), "/etc/resolv.conf")
            if host is not self.head:
                host.run("mount", "-t", "tmpfs", "tmpfs", str(self._session_folder()))
            host.plug_into(self.switch)
        self.start_node(self.head, "head")
        for host in (self.second, self.third):
            self.start_node(host)

    def start_node(self, host: Host, service: str = "worker") -> None:
        log = self.folder / f"{host.name}-{len(self._nodes)}.log"
        command = [*self._services[service]["command"], f"--node-ip-address={host.address}",
                   "--num-cpus=2", f"--object-store-memory={100 * 2**20}"]  # fmt: skip
        with log.open("w") as output:
            node = subprocess.Popen(
                host.enter(*command), stdout=output, stderr=output, env=self.environment()
            )
        self._nodes.append(node)
        wait_until(
            lambda: "Ray runtime started" in log.read_text(),
            lambda: f"ray start on {host.name} ({node.poll()}):\n{log.read_text()}",
            lambda: node.poll() is not None,
        )

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        for node in self._nodes:
            node.wait(timeout=150)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return what the compose file sets, with the token of this cluster for the secret."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            **self._services["head"]["environment"],
            "RAY_AUTH_TOKEN_PATH": str(self.token),
            "RAY_TMPDIR": str(self._session_folder()),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **QUICK_TO_NOTICE,
            **changes,
        }

    def begin(
        self, host: Host, command: Sequence[str], folder: Path | None = None, **changes: str
    ) -> "subprocess.Popen[str]":
        """Start a command on a host, in an environment with these changes."""
        within = ["timeout", "--signal=KILL", "300"]  # on the host, where its children are
        place = (*ISOLATED, f"--wd={folder or self.folder}")
        return subprocess.Popen(
            host.enter(*within, *command, into=place),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(**changes),
        )  # fmt: skip

    def run(self, program: Path, *arguments: str, **changes: str) -> Ran:
        """Run a program on the head."""
        command = [sys.executable, str(program), *arguments]
        with self.begin(self.head, command, **changes) as running:
            output, errors = output_of(running)
        return Ran(running.returncode, output, errors)

    def begin_job(self, program: Path, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
        """Submit a program from the machine that is no node of the cluster."""
        command = ["hp", "submit", "--address", self.dashboard, program.name, *arguments]
        return self.begin(self.client, command, program.parent, **changes)

    def run_job(self, program: Path, *arguments: str, **changes: str) -> Ran:
        with self.begin_job(program, *arguments, **changes) as running:
            output, errors = output_of(running)
        return Ran(running.returncode, output, errors)

    @staticmethod
    def wait_until(
        done: Callable[[], bool], why_not: Callable[[], str], never: Callable[[], bool]
    ) -> None:
        wait_until(done, why_not, never)

    def _session_folder(self) -> Path:
        return self.folder / "ray"


def wait_until(
    done: Callable[[], bool], why_not: Callable[[], str], never: Callable[[], bool]
) -> None:
    deadline = time.monotonic() + 400
    while not done():
        assert time.monotonic() < deadline, why_not()
        assert not never(), why_not()
        time.sleep(0.1)


def missing() -> str:
    """Return why there can be no hosts here, nothing when there can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "hosts are namespaces, which needs Linux and root"
    if gone := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"hosts are namespaces, which needs {', '.join(gone)} (iproute2, util-linux)"
    probe = subprocess.run(["unshare", *ISOLATED, "--fork", "true"], capture_output=True, text=True)
    return f"no namespaces here: {probe.stderr.strip()}" if probe.returncode else ""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Ray on three hosts, and a fourth beside them; the last test that uses it loses two nodes."""
    if reason := missing():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hpr", dir="/tmp"))  # sockets need a short path
    names = ("hp-switch", "hp-first", "hp-second", "hp-third", "hp-client")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        hosts = [
            stack.enter_context(contextlib.closing(Host(name, f"10.77.0.{number}")))
            for number, name in enumerate(names, 1)
        ]
        cluster = stack.enter_context(contextlib.closing(Cluster(hosts, folder)))
        cluster.start()
        yield cluster
