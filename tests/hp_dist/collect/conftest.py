"""What runs a program of the collection tests, and sees that it leaves nothing behind."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import soak
from collect_programs import RAY, Ended, Run, json_of, leftovers, start
from ray_settings import ray_settings


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files; its path is short, as there may be sockets in it."""
    folder = tempfile.mkdtemp(prefix="hpc", dir="/tmp")
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run(tmp_path: Path, temporary: Path) -> Run:
    """Run a program with a `main` to its end.

    It must leave no process and no file behind, and say nothing on stderr unless `noisy`.
    """

    def run(
        body: str,
        *args: str,
        status: int = 0,
        before: Sequence[str] = (),
        noisy: bool = False,
        leaves_files: bool = False,
        timeout: float = soak.amount(150, full=1800),
        **env: str,
    ) -> Ended:
        process, mark = start(body, tmp_path, temporary, args, before, env)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            leftovers(mark, 0)
            raise
        left = leftovers(mark)
        assert process.returncode == status, err[-6000:]
        assert left == []
        assert noisy or err == ""
        assert leaves_files or sorted(path.name for path in temporary.iterdir()) == []
        return Ended(json_of(out), err)

    return run


@pytest.fixture
def run_with_ray(run: Run, ray_cluster: Any, ray_environment: dict[str, str]) -> Run:
    """Run a program that may `connect()` to the Ray of all tests."""
    return _with_ray(run, {**ray_environment, "RAY_OF_TESTS": ray_cluster.address})


@pytest.fixture
def run_with_own_ray(run: Run) -> Iterator[Run]:
    """Run a program that may start a Ray of its own."""
    with ray_settings() as settings:
        yield _with_ray(run, settings)


def _with_ray(run: Run, settings: dict[str, str]) -> Run:
    def run_it(body: str, *args: str, **options: Any) -> Ended:
        text = dedent(RAY) + dedent(body)
        return run(text, *args, **{"noisy": True, "timeout": 200, **settings, **options})

    return run_it


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "repeat" in metafunc.fixturenames:
        metafunc.parametrize("repeat", range(soak.KILLS))
