"""Sweeps: whole programs, what a run costs besides itself, finished runs, and searches."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import on_ray
import sweeps_finished
import sweeps_per_run
import sweeps_searched
from environments import HYDRA_RAY, SWEEPING_PEERS
from measure import Taken, seconds_in_turns
from table import Figures, Row

_RUNS = 40
_PROGRAMS = Path(__file__).parent / "programs"
_SWEEP = (str(_PROGRAMS / "sweep_launch.py"), "--sweep", f"train.n=0:{_RUNS}")
_COMMANDS = {
    "one run": _SWEEP[:1],
    "local": _SWEEP,
    "processes": (*_SWEEP, "--on", "processes:2"),
    "ray": (*_SWEEP, "--on", "ray"),
    "ray.init": (str(_PROGRAMS / "sweep_ray.py"), "0"),
}


def rows(beside: dict[str, Figures], *, is_long: bool) -> Iterator[Row]:
    """Yield the rows of sweeps; put what other libraries take into `beside`."""
    beside["sweeps"] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield from sweeps_per_run.rows(beside["sweeps"])  # before Ray: it forks
        yield from sweeps_finished.rows()
        yield from sweeps_searched.rows(beside["sweeps"])
    with on_ray.started() as ray:
        yield from sweeps_per_run.rows_on_ray(ray, beside["sweeps"], is_long=is_long)
    with on_ray.settings():
        yield from _programs()
        beside["peers, a sweep of 40 runs"] = _peers()


def _programs() -> Iterator[Row]:
    taken, said = seconds_in_turns(_COMMANDS)
    what = f"program with a sweep of {_RUNS} runs"
    yield Row("program with one run", taken["one run"].median, "s")
    yield Row(f"{what}, local", taken["local"].median, "s", 1)
    yield Row(f"{what}, processes:2", taken["processes"].median, "s")
    yield Row(f"{what}, ray", taken["ray"].median, "s")
    extra: Taken = taken["ray"] - said["ray.init"]
    yield Row(f"{what}, ray, over ray.init", extra.median, "s", 2)


def _peers() -> Figures:
    names = ("Hydra, basic launcher", "Hydra, joblib launcher, 2 processes", "Ray Tune, a grid",
             "Optuna, a grid, study in SQLite", "tasks of Ray alone")  # fmt: skip
    figures = SWEEPING_PEERS.measured("peers_sweeps.py", *names)
    return {**figures, **HYDRA_RAY.measured("peers_sweeps.py", "Hydra, Ray launcher")}
