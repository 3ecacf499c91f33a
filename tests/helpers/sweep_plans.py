"""Plans of sweeps as tests write them: the words of a command line in, texts of values out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from hyperparameter._sweeps.plan.from_options import plan_from_options
from hyperparameter._sweeps.plan.plan import Plan
from hyperparameter._sweeps.plan.sameness import Reading, without_type
from hyperparameter._sweeps.run import Cell
from hyperparameter._values.untyped import UntypedText


def plan(*words: str, read: Reading = without_type, is_searched: bool = False) -> Plan:
    """Return the plan of `"--sweep a=1,2"`, `"--or"`, `"--skip a=1"`, each in one text."""
    pairs = []
    for word in words:
        option, _, text = word.partition(" ")
        pairs.append((option, text))
    return plan_from_options(pairs, read=read, is_searched=is_searched)


def texts(cells: Iterable[Cell], most: int = 1000) -> list[dict[str, str]]:
    """Return the values of cells, all of which must be text whose type is open."""
    found = []
    for cell in islice(cells, most):
        assert all(type(value) is UntypedText for value in cell.values.values()), cell
        found.append({key: value.text for key, value in cell.values.items()})  # type: ignore[attr-defined]  # asserted
    return found


def values(text: str) -> list[str]:
    """Return the values of the one key of `--sweep key=TEXT`."""
    return [cell["key"] for cell in texts(plan(f"--sweep key={text}"))]
