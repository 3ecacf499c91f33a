"""A scope object that is entered again is encoded once, and sent as what it is by then."""

import gc
import os
import weakref

import pytest
from forking import in_child

import hyperparameter as hp
from hp_dist._carry import wire
from hp_dist._carry.attachments import Inline
from hp_dist._carry.submission import Submission, receive
from hyperparameter._engine_interface import resolve
from hyperparameter.context import Snapshot


class Value:
    """A value that is alive as long as somebody has it."""


def arrived() -> Snapshot:
    """Return what a worker would get that is sent work here."""
    return receive(Inline, *Submission.capture().message(Inline)).scopes


def test_it_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []
    encode_layer = wire._encode_layer
    monkeypatch.setattr(
        wire, "_encode_layer", lambda each: encoded.append(each) or encode_layer(each)
    )
    scope, text = hp.scope(n=1), hp.scope("text=1")
    for m in range(6):
        with hp.scope(m=0), scope, text, hp.scope(k=m):
            assert arrived().flat().keys() == {"m", "n", "text", "k"}
    times = [sum(key in layer.values for layer in encoded) for key in ("n", "text", "k")]
    assert times[0] <= 2
    assert times[1] <= 2
    assert times[2] == 6


def test_it_is_sent_with_the_baseline_of_each_time() -> None:
    scope, value = hp.scope(n=1), Value()
    alive = weakref.ref(value)
    for m in range(4):
        with hp.scope(base=m):
            hp.scope.frozen()
        with scope:
            message = Submission.capture().message(Inline)
            submission = receive(Inline, *message)
            assert (submission.scopes.values, submission.baseline.flat()) == ({"n": 1}, {"base": m})
    with hp.scope(large=value):
        hp.scope.frozen()
    with scope:
        Submission.capture()._encoded(Inline)
    with hp.scope.empty(base=0):
        hp.scope.frozen()
    del value
    gc.collect()
    assert alive() is None


def test_in_a_forked_child_it_names_that() -> None:
    scope = hp.scope(n=1)
    for _ in range(3):
        with scope:
            arrived()

    def names_child() -> bool:
        with scope:
            return f":{os.getpid()}" in str(resolve(arrived().origin_of("n")))

    assert in_child(names_child) == "True"
