"""A program of examples/ that uses Ray is run as a user would run it, on one cluster for all."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ray_settings import cluster_of_programs

EXAMPLES = Path(__file__).parents[2] / "examples"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def program_environment() -> Iterator[dict[str, str]]:
    with cluster_of_programs() as environment:
        yield environment


@pytest.fixture
def run(program_environment: dict[str, str], tmp_path: Path) -> Run:
    def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(EXAMPLES / program), *words],
            cwd=tmp_path,
            env=program_environment,
            capture_output=True,
            text=True,
            timeout=200,
        )

    return run
