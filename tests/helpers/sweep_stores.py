"""Stores of sweeps for tests, made as a launcher makes them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hyperparameter._sweeps.run import Cell, Outcome, Result
from hyperparameter._sweeps.store.store import Store, WantedRun
from hyperparameter._sweeps.store.stored import Goal, Launch, Sweep
from hyperparameter._values.untyped import UntypedText

Cells = Sequence[Mapping[str, object]]


def typed(**values: str) -> Cell:
    """Return a cell as a command line makes it; `__` stands for the dot of a key."""
    return Cell({key.replace("__", "."): UntypedText(text) for key, text in values.items()})


def planned(cell: Cell, **converted: object) -> WantedRun:
    values = {key: str(value) for key, value in cell.values.items()}
    return WantedRun(cell, f"{values} {cell.repeat}", converted)


def create(folder: Path, name: str = "grid", goal: Goal | None = None, **fields: Any) -> Store:
    """Return the open store of a new sweep in `folder/sweeps`."""
    place = folder / "sweeps" / name
    place.mkdir(parents=True)
    store = Store.create(str(place), Sweep(name, "train.py:main", goal=goal, **fields))
    store.begin_launch(Launch(("--sweep", "lr=0.1,0.01")))
    return store


def returned(value: object, seconds: float = 1.5, **fields: Any) -> Outcome:
    """Return the outcome of a run that has returned a value."""
    result = Result("json", json.dumps(value).encode())
    return Outcome("returned", result=result, started=1000.0, ended=1000.0 + seconds,
                   host="here", pid=7, **fields)  # fmt: skip


def raised(problem: str, **fields: Any) -> Outcome:
    return Outcome("raised", problem, f"Traceback (most recent call last):\n{problem}\n",
                   started=1000.0, ended=1001.0, host="here", pid=7, **fields)  # fmt: skip


def finish(store: Store, number: int, value: object, attempt: int = 1, **fields: Any) -> None:
    store.started(number, attempt, "here", 7, store.log_path(number, attempt))
    store.ended(number, attempt, returned(value, **fields), "done")


def fail(store: Store, number: int, problem: str, attempt: int = 1, **fields: Any) -> None:
    store.started(number, attempt, "here", 7, store.log_path(number, attempt))
    store.ended(number, attempt, raised(problem, **fields), "failed")


def write_log(store: Store, number: int, data: bytes, attempt: int = 1) -> None:
    path = Path(store.log_path(number, attempt))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
