"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperparameter import context

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent / "dist"))  # for the contract, and children that run it
pytest_plugins = ["hp_dist.pytest_plugin", "pytester", "engines_matrix"]


@pytest.fixture(autouse=True)
def clean_state(clean_scope: None) -> Iterator[None]:
    yield
    assert context.active() is None, "the test left a scope open"
