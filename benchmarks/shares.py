"""Two real programs with the library and without it: its share of their time."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator
from pathlib import Path

from measure import seconds_in_turns
from table import Figures, Row

PROGRAMS = Path(__file__).parent / "programs"
PIPELINE = str(PROGRAMS.parents[1] / "examples" / "pipeline.py")
SIZE = {"pages": 80, "batch": 1, "workers": 1}


def rows(figures: Figures) -> Iterator[Row]:
    digits = str(PROGRAMS / "sweep_digits.py")
    options = [f"--{name}={value}" for name, value in SIZE.items()]
    yield _share("digits, a sweep of 200 runs", [digits, "with"], [digits, "without"], figures)
    yield _share("pipeline, 320 calls in 4 processes", [PIPELINE, *options], [PIPELINE], figures)


def _share(what: str, with_it: list[str], without_it: list[str], figures: Figures) -> Row:
    stand_ins = {"PYTHONPATH": str(PROGRAMS / "without"), "PARAMETERS": json.dumps(SIZE)}
    taken, said = seconds_in_turns(
        {"with": with_it, "without": without_it},
        environments={"without": {**os.environ, **stand_ins}},
    )
    if said and said["with"].turns != said["without"].turns:
        raise AssertionError(f"{what}: with the library, the program has other results")
    figures[what] = {f"s {name} it": seconds.median for name, seconds in taken.items()}
    shares = [100 * (1 - ratio) for ratio in taken["without"].ratios(taken["with"])]
    return Row(f"{what}: share of the library", statistics.median(shares), "% of the time")
