"""What the fault tests have in common: engines that are installed, a spool."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Any

import pytest
import soak

import hp_dist
from hp_dist import _private_folder
from hp_dist._collect import inbox


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "repeat" in metafunc.fixturenames:
        metafunc.parametrize("repeat", range(soak.KILLS))


@pytest.fixture
def installed() -> Iterator[None]:
    hp_dist.install("multiprocessing", "futures", "joblib")
    yield
    hp_dist.uninstall()


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory for temporary files, those of the spool among them; its path is short."""
    gc.collect()  # what earlier tests have left is theirs
    get_temp_dir()  # that of multiprocessing stays until this process ends
    folder = tempfile.mkdtemp(prefix="hpf", dir="/tmp")
    monkeypatch.setenv("TMPDIR", folder)
    monkeypatch.setattr(tempfile, "tempdir", folder)
    monkeypatch.setattr(_private_folder, "_folders", {})
    monkeypatch.setattr(inbox, "_inbox", inbox.Inbox())  # another has its mailbox elsewhere
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def installed_for_ray(ray: Any) -> Iterator[None]:
    hp_dist.install("ray")
    yield
    hp_dist.uninstall()
