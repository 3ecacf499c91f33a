"""The plan of a sweep that a command line asks for, and what the plan is after."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .._sweeps.identity import reading
from .._sweeps.objective import Goal
from .._sweeps.plan.checking import too_many
from .._sweeps.plan.from_options import plan_from_options
from .._sweeps.plan.plan import Plan
from .._sweeps.plan.spaces import Choices, Domain, Floats, cell_of
from .._sweeps.run import Cell
from .._values.keys import is_key
from ..exceptions import UsageError
from . import options, sweep_options
from .asked import Asked
from .invocation import Invocation
from .keywords import takes
from .program_keys import LazyScan, is_declared
from .sweep_words import SweepWords


def check_together(invocation: Invocation, words: SweepWords) -> None:
    """Refuse options that mean one run, or that contradict each other."""
    if invocation.asks(options.RECORD):
        raise UsageError(
            "--record is for one run, not for a sweep. The record of each run is kept: hp show "
            "SWEEP/NUMBER."
        )
    both = sweep_options.MINIMIZE, sweep_options.MAXIMIZE
    if all(map(words.asks, both)):
        raise UsageError("--minimize and --maximize cannot be given together. Remove one of them.")
    for option in both:
        if words.text(option) == "":
            flag = option.flags[0]
            raise UsageError(f"{flag}: no number is named. Write {flag} loss for that of a result.")
    if words.asks(sweep_options.SKIP_UNREAD) and words.asks(options.REPEAT):
        raise UsageError(
            "--skip-unread and --repeat cannot be given together: repeats differ in chance, which "
            "no record has."
        )


def goal_of(words: SweepWords) -> Goal | None:
    if (name := words.text(sweep_options.MAXIMIZE)) is not None:
        return Goal("maximize", name)
    if (name := words.text(sweep_options.MINIMIZE)) is not None:
        return Goal("minimize", name)
    return None


def plan_of(words: SweepWords, given: Asked, scan: LazyScan) -> Plan:
    return plan_from_options(
        [(f"--{key}", text) for key, text in words.grid],
        read=reading,
        is_searched=words.asks(sweep_options.SEARCH),
        full=partial(_full_key, given, scan),
    )


def _full_key(given: Asked, scan: LazyScan, name: str) -> str:
    """Return the key of a parameter that is named as its option is, as in `lr` or `batch-size`."""
    own = name.replace("-", "_")
    key = f"{given.signature.namespace}.{own}"
    if is_key(name) and is_declared(name):
        return name
    if any(one.key == key for one in given.own):
        return key
    is_keyword = own.isidentifier() and takes(given.signature, own, program := scan())
    return key if is_keyword and not (program is not None and program.reads(name)) else name


def check_size(plan: Plan, *, is_searched: bool) -> None:
    if not is_searched and (problem := too_many(plan, "--sample N")):
        raise UsageError(problem)


def examples_of(plan: Plan) -> Iterator[Cell]:
    """Yield cells that have each listed value of the axes once: the search chooses the others."""
    for grid in plan.grids:
        middle = [_some_value(axis.domain) for axis in grid.axes]
        for index, axis in enumerate(grid.axes):
            for value in (
                axis.domain.values if isinstance(axis.domain, Choices) else [middle[index]]
            ):
                values = [*middle[:index], value, *middle[index + 1 :]]
                yield cell_of(grid.axes, values)


def _some_value(domain: Domain) -> object:
    return domain.low if isinstance(domain, Floats) else domain.at(0)
