"""Rows of whole programs: what an import and a command line cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from measure import programs_in_turns
from table import Row

PROGRAMS = Path(__file__).parent / "programs"

# Budgets in absolute time hold for the machine that they were set on.
_ARGPARSE_MS = 6


def rows() -> Iterator[Row]:
    times = programs_in_turns({
        "bare": ["-c", "pass"],
        "import argparse": ["-c", "import argparse"],
        "import": ["-c", "import hyperparameter"],
        "argparse": [str(PROGRAMS / "hello_argparse.py"), "you"],
        "launch": [str(PROGRAMS / "hello_launch.py"), "you"],
        "argparse help": [str(PROGRAMS / "hello_argparse.py"), "--help"],
        "launch help": [str(PROGRAMS / "hello_launch.py"), "--help"],
        "structure help": [str(PROGRAMS / "structure_launch.py"), "--help"],
        "50 options help": [str(PROGRAMS / "many_launch.py"), "--help"],
    })  # fmt: skip
    # A whole process is one sample: its noise must not get into a divisor turn by turn.
    scale = _ARGPARSE_MS / (times["import argparse"] - times["bare"]).median
    unit = f"ms where importing argparse takes {_ARGPARSE_MS}"
    yield Row("import hyperparameter", (times["import"] - times["bare"]).median * scale, unit, 20)
    more = (times["launch"] - times["argparse"]).median * scale
    yield Row("hello-world with hp.launch, over argparse", more, unit, 15)
    for name, what, most in (
        ("launch help", "its --help, over argparse", 40),
        ("structure help", "--help with a dataclass", 50),
        ("50 options help", "--help of 50 options", 60),
    ):
        yield Row(what, (times[name] - times["argparse help"]).median * scale, unit, most)
