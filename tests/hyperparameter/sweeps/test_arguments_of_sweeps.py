"""The arguments of `hp.sweep` beside the grid: a wrong one is an error that names it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter._sweeps import from_python


def nothing() -> int:
    return hp.scope.n(1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on", 3),
        ("on", ""),
        ("name", 3),
        ("minimize", 3),
        ("minimize", ""),
        ("maximize", ["loss"]),
        ("search", 1),
        ("prune", "medain"),
        ("prune", 1),
        ("resume", "keeep"),
        ("resume", 2),
        ("resources", 3),
        ("resources", {"gpu": "1"}),
        ("resources", {1: 1}),
        ("resources", {"gpu": -1}),
        ("resources", "gpu"),
        ("time_limit", "soon"),
        ("time_limit", b"5s"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(name: str, value: object) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises((TypeError, ValueError, hp.UsageError), match=rf"^{name}\b"):
        hp.sweep(nothing, {"n": [1]}, **given)


def test_times_and_resources_are_read_as_on_the_command_line() -> None:
    options = from_python._options("1m30s", None, "gpu=0.5,memory=1KiB")
    assert (options.time_limit, options.resources) == (90.0, {"gpu": 0.5, "memory": 1024.0})


@pytest.mark.parametrize("resume", [True, False, "ask", "keep", "redo"])
def test_what_can_be_used_is_taken(resume: Any) -> None:
    with warnings.catch_warnings(action="ignore"):  # it is never run
        hp.sweep(nothing, {"n": [1]}, time_limit="5s", resources={"gpu": 1}, resume=resume)
