"""docker-compose.yml: nothing is reachable from outside, nothing runs without the token."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
FILE = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = FILE["services"]
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def compose(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Let Docker's own tool read the file."""
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return subprocess.run(
        ["docker-compose", "--file", str(ROOT / "docker-compose.yml"), "config"],
        env={**kept, **environment}, capture_output=True, text=True, timeout=150,
    )  # fmt: skip


def test_the_services_are_those_of_the_documentation() -> None:
    assert set(SERVICES) == {"head", "worker", "job"}


@each_service
def test_ports_are_published_on_loopback_only(service: Any) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "network_mode" not in service


def test_the_head_publishes_its_dashboard_and_its_clients_port() -> None:
    published = {port.rpartition(":")[2] for port in SERVICES["head"]["ports"]}
    assert published == {"8265", "10001"}


@each_service
def test_the_token_is_asked_for_and_comes_from_the_secret(service: Any) -> None:
    environment = service["environment"]
    (secret,) = service["secrets"]
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == f"/run/secrets/{secret}"
    assert "RAY_AUTH_TOKEN" not in environment
    assert FILE["secrets"][secret]["file"].startswith("${RAY_AUTH_TOKEN_PATH:?")


def test_there_is_no_secret_in_the_file() -> None:
    assert re.findall(r"[0-9A-Za-z+/]{32,}", re.sub(r"https?://\S+", "", TEXT)) == []


@each_service
def test_health_is_checked(service: Any) -> None:
    check = service["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["retries"]


def test_any_number_of_workers_can_run() -> None:
    assert not {"ports", "container_name", "hostname"} & set(SERVICES["worker"])


def test_compose_accepts_the_file_and_sees_the_same(tmp_path: Path) -> None:
    read = compose(RAY_AUTH_TOKEN_PATH=str(tmp_path / "token"))
    assert (read.returncode, read.stderr) == (0, "")
    resolved = yaml.safe_load(read.stdout)
    assert resolved["secrets"]["ray_token"]["file"] == str(tmp_path / "token")
    for name, service in SERVICES.items():
        assert resolved["services"][name]["command"] == service["command"]
        ports = resolved["services"][name].get("ports", [])
        assert [port.removesuffix("/tcp") for port in ports] == service.get("ports", [])


def test_compose_says_what_is_missing_when_no_token_is_named() -> None:
    read = compose()
    assert read.returncode != 0
    assert "docs/cluster.md" in read.stderr


def test_what_the_image_copies_is_here_and_is_let_through() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    let_through = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert sorted(sources) == sorted(let_through)
    assert all((ROOT / source).exists() for source in sources)
