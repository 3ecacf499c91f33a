"""The tables at the end of a sweep: its results, the best first, and its failures."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ...exceptions import CONTROLS
from ..objective import WHOLE, Goal
from ..shown import full_text
from ..store.rows import Row
from ..store.stored import Sweep
from .aggregate import Group, aggregate, is_repeated
from .columns import Column, Columns, counted_number, order, varying
from .layout import laid_out, text_width

MOST_ROWS = 20
"""How many runs a table on a terminal has before it says how to see the others."""


def results_table(
    rows: Sequence[Row], sweep: Sweep, width: int | None = None, most: int | None = None
) -> list[str]:
    """Return the results as lines: the best first where a goal is known, else by number.

    Repeats of a cell are one line.  With `most`, the last line says what is left out.
    """
    columns = Columns(rows)
    shown = [row for row in rows if row.state in ("done", "same", "pruned")]
    if not shown:
        return []
    if is_repeated(rows):
        return _of_groups(rows, columns, sweep, width, most)
    ranked = best_first(shown, sweep.goal, columns)
    cut = ranked if most is None else ranked[:most]
    has_states = any(row.state != "done" for row in shown)
    fields = [columns.run("number"), *([columns.run("state")] if has_states else []),
              *swept(rows, columns, sweep), *columns.results.values(),
              columns.run("time")]  # fmt: skip
    lines = laid_out(heads(fields), [cells(row, fields) for row in cut], width)
    return [f"{_title(sweep.goal)}:", *lines, *_left_out(len(ranked), len(cut), "runs", sweep)]


def _title(goal: Goal | None) -> str:
    if goal is None:
        return "Results"
    lowest = "lowest" if goal.direction == "minimize" else "highest"
    return f"Results, {lowest} {goal.name or WHOLE} first"


def _left_out(count: int, shown: int, what: str, sweep: Sweep) -> list[str]:
    if shown == count:
        return []
    return [f"And {count - shown} more {what}: hp runs {sweep.name}"]


def best_first(rows: Sequence[Row], goal: Goal | None, columns: Columns) -> list[Row]:
    """Sort runs by their goal; those without a number for it, and pruned ones, come last."""
    name = (goal.name or WHOLE) if goal else ""
    column = columns.results.get(name) or columns.results.get(f"result.{name}")
    if goal is None or column is None:
        return list(rows)
    whole = [row for row in rows if row.state != "pruned"]
    pruned = [row for row in rows if row.state == "pruned"]
    numbers = [row for row in whole if counted_number(column.value(row)) is not None]
    others = [row for row in whole if counted_number(column.value(row)) is None]
    is_reversed = goal.direction == "maximize"
    ranked = order(numbers, column, is_reversed=is_reversed, number_in=counted_number)
    return [*ranked, *others, *pruned]


def swept(rows: Sequence[Row], columns: Columns, sweep: Sweep) -> list[Column]:
    """Return the parameters that tell runs apart; the one that numbers repeats does not."""
    parameters = {key: one for key, one in columns.parameters.items() if key != sweep.repeat_key}
    return varying(rows, parameters)


def cells(row: Row, fields: Sequence[Column]) -> list[str]:
    return [field.shown(row) for field in fields]


def heads(fields: Sequence[Column]) -> list[str]:
    return [field.name for field in fields]


# -- repeats ----------------------------------------------------------------------------------


def _of_groups(
    rows: Sequence[Row], columns: Columns, sweep: Sweep, width: int | None, most: int | None
) -> list[str]:
    groups = ranked_groups(aggregate(rows, columns, sweep.repeat_key), sweep.goal)
    cut = groups if most is None else groups[:most]
    lines = means_table(cut, rows, columns, sweep, width)
    left = _left_out(len(groups), len(cut), "cells", sweep)
    return [f"{_title(sweep.goal)}, as mean ± standard deviation over repeats:", *lines, *left]


def ranked_groups(groups: Sequence[Group], goal: Goal | None) -> list[Group]:
    """Sort cells by the mean of their goal; those without one come last."""
    if goal is None:
        return list(groups)
    name = goal.name or WHOLE
    sign = 1 if goal.direction == "minimize" else -1
    means = [(sign * one.means[name].mean, one) for one in groups if name in one.means]
    sound = sorted(
        (pair for pair in means if pair[0] == pair[0]), key=lambda pair: pair[0]
    )  # not NaN
    placed = [group for _, group in sound]
    taken = set(map(id, placed))
    return placed + [group for group in groups if id(group) not in taken]


def means_table(
    groups: Sequence[Group], rows: Sequence[Row], columns: Columns, sweep: Sweep,
    width: int | None = None,
) -> list[str]:  # fmt: skip
    """Return a line for each cell: how many of its repeats are done, and their means."""
    keys = [column.name for column in swept(rows, columns, sweep)]
    names = dict.fromkeys(name for group in groups for name in group.means)
    body = [
        [
            *(group.typed.get(key, "") for key in keys),
            _count(group),
            *(str(group.means.get(name, "")) for name in names),
        ]
        for group in groups
    ]
    return laid_out([*keys, "n", *names], body, width)


def _count(group: Group) -> str:
    whole = len(group.rows)
    return str(whole) if group.done == whole else f"{group.done} of {whole}"


# -- failures ---------------------------------------------------------------------------------


def failures_table(
    rows: Sequence[Row], sweep: Sweep, folder: str, width: int | None = None,
    most: int | None = None,
) -> list[str]:  # fmt: skip
    """Return the runs that failed: what was set, the error in one line, and the file of the log.

    Where a table would not fit, each has three lines of its own, so that no error is cut.
    """
    failed = [row for row in rows if row.state == "failed"]
    if not failed:
        return []
    columns = Columns(rows)
    cut = failed if most is None else failed[:most]
    fields = [columns.run("number"), *swept(rows, columns, sweep)]
    lines = _failures_by_line(cut, fields, folder)
    if width is not None and max(map(text_width, lines)) > width:
        lines = [line for row in cut for line in _failure_by_itself(row, fields[1:], folder)]
    count = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
    more = [f"And {len(failed) - len(cut)} more: hp runs {sweep.name} -w state=failed"]
    return [f"{count} failed:", *lines, *(more if len(cut) < len(failed) else ())]


def _failures_by_line(rows: Sequence[Row], fields: Sequence[Column], folder: str) -> list[str]:
    body = [[*cells(row, fields), log_file(row, folder), _error(row)] for row in rows]
    return laid_out([*heads(fields), "log", "error"], body)


def _failure_by_itself(row: Row, fields: Sequence[Column], folder: str) -> list[str]:
    values = ", ".join(f"{field.name}={field.shown(row)}" for field in fields if field.shown(row))
    parts = [f"{row.number}: {values}".removesuffix(": "), f"  {_error(row)}"]
    parts += [f"  {log_file(row, folder)}"] if row.log else []
    return [part.translate(CONTROLS) for part in parts]


def _error(row: Row) -> str:
    attempts = f" (attempt {row.attempt})" if row.attempt > 1 else ""
    return f"{problem_of(row)}{attempts}"


def problem_of(row: Row) -> str:
    """Return why a run failed, in one line."""
    return row.problem or row.ending or full_text(row.state)


def log_file(row: Row, folder: str) -> str:
    """Return where the output of a run is, empty where nothing was kept."""
    return os.path.join(folder, row.log) if row.log else ""
