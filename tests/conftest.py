"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

from collections.abc import Iterator

import pytest

from hyperparameter import context

pytest_plugins = ["hp_dist.pytest_plugin", "pytester"]


@pytest.fixture(autouse=True)
def clean_state(clean_scope: None) -> Iterator[None]:
    yield
    assert context.active() is None, "the test left a scope open"
