"""Records exported to trackers: what happens before a tracker is called."""

from __future__ import annotations

import json
from collections.abc import Iterator

from measure import in_turns
from table import Row

import hyperparameter as hp

_KEYS = 10_000
# The budget is in time on the machine that it was set on: there, json.dumps takes 3 ms for these.
_JSON_MS = 3


def rows() -> Iterator[Row]:
    """Yield a row for each tracker, and for files without a budget."""
    values = {f"group{n // 10}.key{n}": _value(n) for n in range(_KEYS)}
    with hp.record() as record, hp.scope(**values):
        for key in values:
            hp.scope[key]()
    trackers = ("mlflow", "wandb", "trackio", "tensorboard")
    taken = in_turns(
        {
            "json.dumps": lambda: json.dumps(values),
            "json": lambda: record.export("json"),
            "env": lambda: record.export("env", prefix="APP"),
            **{name: lambda name=name: record.export(name) for name in trackers},  # type: ignore[misc]  # mypy does not type such defaults
        },
        rounds=10,
        calls=1,
    )
    unit = f"ms where json.dumps takes {_JSON_MS}"
    for name in (*trackers, "json", "env"):
        time = taken[name] / taken["json.dumps"] * _JSON_MS
        budget = 50 if name in trackers else None
        yield Row(f"export of {_KEYS:,} keys to {name}", time, unit, budget)


def _value(n: int) -> object:
    return (n, n / 7, f"text {n}", [n, n + 1], None)[n % 5]
