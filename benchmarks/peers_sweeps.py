"""Forty runs that do nothing in other libraries; run in an environment of their own.

Prints, as JSON, by name: the seconds of the whole program, and how many of them `ray.init` took
where the program calls that itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from measure import seconds_in_turns

RUNS = "40"
PROGRAMS = Path(__file__).parent / "programs"
CHOICES = f"n={','.join(map(str, range(int(RUNS))))}"
HYDRA = (str(PROGRAMS / "sweep_hydra.py"), "-m", CHOICES)
COMMANDS = {
    "Hydra, basic launcher": HYDRA,
    "Hydra, joblib launcher, 2 processes": (
        *HYDRA, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
    ),
    "Hydra, Ray launcher": (*HYDRA, "hydra/launcher=ray"),
    "Ray Tune, a grid": (str(PROGRAMS / "sweep_tune.py"), RUNS),
    "Optuna, a grid, study in SQLite": (str(PROGRAMS / "sweep_optuna.py"), RUNS),
    "tasks of Ray alone": (str(PROGRAMS / "sweep_ray.py"), RUNS),
}  # fmt: skip

SLOW = "Ray Tune, a grid"  # it starts a process for each run


def main(names: list[str]) -> None:
    figures = {}
    for rounds, some in ((1, [SLOW]), (3, [name for name in names if name != SLOW])):
        commands = {name: COMMANDS[name] for name in some if name in names}
        taken, starting = seconds_in_turns(commands, rounds)
        figures |= {name: {"s": one.median} for name, one in taken.items()}
        for name, one in starting.items():
            figures[name]["s of ray.init"] = one.median
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
