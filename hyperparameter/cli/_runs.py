"""`hp runs`: the runs of a sweep, as text, JSON and CSV, and the sweeps in a folder."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from .._console import NotFound, print_message, print_output, terminal_width
from .._sweeps.run import State
from .._sweeps.store import names
from .._sweeps.store.rows import Row
from .._sweeps.store.stored import Stored, Sweep
from .._sweeps.tables.aggregate import aggregate, is_repeated
from .._sweeps.tables.columns import Column, Columns, order
from .._sweeps.tables.layout import laid_out
from .._sweeps.tables.table import cells, heads, means_table, swept
from ..exceptions import UsageError
from ._conditions import condition
from ._output import as_json, plain_json, write

_STATES: tuple[State, ...] = ("done", "same", "pruned", "failed", "running", "waiting")


def runs(args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Print the runs of a sweep, or with `--all` the sweeps."""
    if args.all:
        _all(args)
        return
    with Stored.read(names.find(args.sweep)) as store:
        rows, sweep = store.rows(), store.sweep
    columns = Columns(rows)
    shown = _chosen(args, rows, columns)
    if args.format == "json":
        write(args, as_json([_plain(row, columns) for row in shown]))
    elif args.format == "csv":
        _write_csv(args, shown, columns)
    else:
        width = None if args.output else _width(environ)
        write(args, "\n".join(_text(sweep, rows, shown, columns, width)))


def _chosen(args: argparse.Namespace, rows: list[Row], columns: Columns) -> list[Row]:
    conditions = [condition(word).of(columns) for word in args.where]
    shown = [row for row in rows if all(fulfils(row) for fulfils in conditions)]
    if args.sort is None:
        return shown
    # A column may begin with a minus itself.
    name = args.sort if args.sort in columns.all else args.sort.removeprefix("-")
    column = columns.find(name, f"--sort {args.sort!r}")
    return order(shown, column, is_reversed=name != args.sort)


def _width(environ: Mapping[str, str]) -> int | None:
    """Return the columns of a terminal; other programs get whole lines."""
    return terminal_width(environ) if "COLUMNS" in environ or sys.stdout.isatty() else None


# -- text -------------------------------------------------------------------------------------


def _text(
    sweep: Sweep, rows: list[Row], shown: list[Row], columns: Columns, width: int | None
) -> list[str]:
    lines = [*_title(sweep, rows), *_same_in_all(rows, columns, sweep), ""]
    if not shown:
        return [*lines, "No run fulfils the conditions." if rows else "There are no runs yet."]
    fields = _fields(sweep, rows, shown, columns)
    lines += laid_out(heads(fields), [cells(row, fields) for row in shown], width)
    if is_repeated(shown):
        groups = aggregate(shown, columns, sweep.repeat_key)
        lines += ["", "Mean ± standard deviation over repeats:"]
        lines += means_table(groups, rows, columns, sweep, width)
    if len(shown) < len(rows):
        lines += ["", f"{len(shown)} of {len(rows)} runs."]
    return lines


def _title(sweep: Sweep, rows: list[Row]) -> list[str]:
    counts = {state: sum(row.state == state for row in rows) for state in _STATES}
    parts = [f"{count} {_word(state)}" for state, count in counts.items() if count]
    number = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
    goal = f", {sweep.goal.direction} {sweep.goal.name or 'the result'}" if sweep.goal else ""
    return [
        f"{sweep.name}: {number} of {sweep.function}{goal}",
        *([", ".join(parts)] if parts else []),
    ]


def _word(state: str) -> str:
    return "the same as another" if state == "same" else state


def _same_in_all(rows: list[Row], columns: Columns, sweep: Sweep) -> list[str]:
    """Return a line with the parameters that are the same everywhere, which no column has."""
    shown = {column.name for column in swept(rows, columns, sweep)} | {sweep.repeat_key}
    rest = [one for key, one in columns.parameters.items() if key not in shown]
    words = [f"{column.name}={column.shown(rows[0])}" for column in rest]
    return [f"In all: {', '.join(words)}"] if words else []


def _fields(sweep: Sweep, rows: list[Row], shown: list[Row], columns: Columns) -> list[Column]:
    names_shown = ["number", "state"]
    fields = [columns.run(name) for name in names_shown] + swept(rows, columns, sweep)
    if is_repeated(rows):
        fields.append(columns.run("repeat"))
    fields += columns.results.values()
    fields += [columns.run("time"), columns.run("host")]
    has_errors = any(row.problem for row in shown)
    return [*fields, columns.run("error")] if has_errors else fields


# -- JSON and CSV -----------------------------------------------------------------------------


def _plain(row: Row, columns: Columns) -> dict[str, object]:
    """Return a run with the parts of its row apart, so that no names can be confused."""
    own = {name.removeprefix("run."): one.value(row) for name, one in columns.runs.items()}
    return {
        **{name: plain_json(value) for name, value in own.items()},
        "unread": None if row.unread is None else list(row.unread),
        "parameters": {key: plain_json(row.value(key)) for key in row.typed},
        "settings": {
            key: plain_json(row.value(key))
            for key in columns.settings
            if key in row.settings.typed and key not in row.typed
        },
        "results": {name: plain_json(value) for name, value in row.results.items()},
    }


class _Lines(list[str]):
    """Takes the rows of a CSV writer, which quotes all ends of lines only if its own are these."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n"))


def _write_csv(args: argparse.Namespace, rows: Sequence[Row], columns: Columns) -> None:
    """Write a table as RFC 4180 has it, but with the line ends of the system.

    Texts are data, whatever a spreadsheet makes of a leading `=`.
    """
    fields = [columns.run(name) for name in ("number", "state", "same_as")]
    fields += [*columns.parameters.values(), columns.run("repeat"), *columns.results.values()]
    fields += [one for one in columns.runs.values() if one not in fields]
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(heads(fields))
    writer.writerows([field.text(row) for field in fields] for row in rows)
    whole = "\n".join(lines)
    if args.output is not None or sys.stdout.isatty():
        write(args, whole)
    else:
        print_output(whole, styled=True)  # exact, for the program that reads it


# -- sweeps -----------------------------------------------------------------------------------


def _all(args: argparse.Namespace) -> None:
    if args.where or args.sort or args.format != "text":
        raise UsageError("--all lists sweeps, and takes no -w, --sort or -f.")
    parent = names.FOLDER if args.sweep is None else args.sweep
    folders = names.sweeps_in(parent)
    if not folders:
        raise NotFound(f"{parent}: no sweep is here.")
    lines = []
    for folder in reversed(folders):
        try:
            lines.append(_sweep_line(folder))
        except UsageError as error:  # one that is damaged hides no other
            print_message(f"hp: {error}")
    head = ("sweep", "runs", "done", "failed", "launched", "function")
    write(args, "\n".join(laid_out(head, lines)))


def _sweep_line(folder: str) -> list[str]:
    with Stored.read(folder) as store:
        counts, sweep = store.counts(), store.sweep
        launches = list(store.launches().values())
    started = launches[-1].started if launches else sweep.created
    when = datetime.fromtimestamp(started).astimezone().isoformat(" ", "seconds")
    done = counts.get("done", 0) + counts.get("same", 0) + counts.get("pruned", 0)
    numbers = [sum(counts.values()), done, counts.get("failed", 0)]
    return [os.path.basename(folder), *map(str, numbers), when, sweep.function]
