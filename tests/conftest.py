"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperparameter import context

sys.path.append(str(Path(__file__).parent / "dist"))  # for the contract, and children that run it
pytest_plugins = ["hp_dist.pytest_plugin", "pytester", "engines_matrix"]

# Files of a minute and more: first, so that no worker is left alone with one at the end.
LONG = ["test_engines_ray", "test_recipes", "test_faults_cluster", "test_hosts", "test_ray_actors",
        "test_faults_ray", "test_faults_memory", "test_ray_client", "test_isolation"]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(autouse=True)
def clean_state(clean_scope: None) -> Iterator[None]:
    yield
    assert context.active() is None, "the test left a scope open"
