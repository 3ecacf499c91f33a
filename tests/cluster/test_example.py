"""`examples/cluster.py` on one machine, and what it says when it is used wrongly."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ray_settings import ray_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "cluster.py"
Run = Callable[..., Any]


@pytest.fixture
def run() -> Iterator[Run]:
    """Run the example in a folder of its own; a Ray that it starts keeps its files there."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    with ray_settings() as settings:

        def run(*arguments: str) -> Any:
            return subprocess.run(
                [sys.executable, str(EXAMPLE), *arguments],
                env={**inherited, **settings}, cwd=settings["RAY_TMPDIR"],
                capture_output=True, text=True, timeout=330,
            )  # fmt: skip

        yield run


def test_it_runs_without_arguments_and_everyone_has_the_default(run: Run) -> None:
    ran = run()
    assert (ran.returncode, ran.stderr) == (0, "")
    head, *body = ran.stdout.partition("\n\n")[0].splitlines()
    assert head.split() == ["ran", "as", "node", "pid", "train.lr", "origin", "loss"]
    assert sorted(line.split("  ")[0] for line in body) == [
        "actor created", "actor method", "driver", "task", "task",
    ]  # fmt: skip
    for line in body:
        assert line.split()[-3:-1] == ["0.1", "default"]


def test_nobody_at_the_address(run: Run) -> None:
    with socket.socket() as free:  # bound, so that nobody else takes it, and not listening
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for spelling in (address, f"ray://{address}"):
            ran = run("--address", spelling)
            assert (ran.returncode, ran.stdout) == (2, "")
            assert ran.stderr.startswith(f"cluster.py: error: --address {spelling}: ")
            assert "Connection refused" in ran.stderr
            assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--address", "nonsense"],
        ["--address", "127.0.0.1:port"],
        ["--tasks", "-1"],
        ["--tasks", "many"],
        ["--addres", "auto"],
        ["-D", "train.lr"],
    ],
    ids=" ".join,
)
def test_an_error_of_use_is_one_line(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("cluster.py: error: ")
    assert ran.stderr.count("\n") == 1
