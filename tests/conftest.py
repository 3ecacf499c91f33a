"""Every test begins and ends without scopes, with an empty baseline and a record of its own."""

from collections.abc import Iterator

import pytest

import hyperparameter as hp
from hyperparameter import _frames, _state
from hyperparameter._snapshot import EMPTY


@pytest.fixture(autouse=True)
def clean_state() -> Iterator[None]:
    ground, record = _state.ground, _state.ground.record
    _frames.restore(None)
    _state.ground = _state.view(EMPTY, hp.Record())
    yield
    assert _state.active.get() is None, "the test left a scope open"
    _frames.restore(None)
    _state.ground, _state.ground.record = ground, record
