"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

import gc
from collections.abc import Iterator

import pytest
import soak

from hyperparameter import _engine_interface as interface

soak.load_profile()
pytest_plugins = ["hp_dist.pytest_plugin", "pytester", "engines_matrix"]


@pytest.fixture(autouse=True)
def clean_state(clean_scope: None) -> Iterator[None]:
    yield
    assert interface.active() is None, "the test left a scope open"


@pytest.fixture(scope="module", autouse=True)
def short_collections() -> None:
    """Keep what earlier files and imports have left out of the collections of garbage.

    Ray and scikit-learn leave half a million objects: each of the many `gc.collect()` in tests
    would look at all of them, for a third of a second.
    """
    gc.collect()
    gc.freeze()
