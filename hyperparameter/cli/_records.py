"""`hp show` and `hp diff`: what a saved record has, and what differs between several."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from shlex import join

from .._console import print_message, print_output
from .._records.comparing import Compared, Difference, by_key, compared, plain, without
from .._records.read import Read
from .._records.record import Record
from .._records.run import Run
from .._values.describe import show as shown_value
from .._values.origin import Process
from ..exceptions import CONTROLS
from ._output import print_json
from ._saved import load
from ._tree import tree

_COLUMNS = ("key", "value", "origin", "default", "read by")
_MOST_PIDS = 4


# -- show -------------------------------------------------------------------------------------


def show(args: argparse.Namespace) -> int:
    """Print a record."""
    record = load(args.record)
    if args.json:
        print_json(_document(record))
        return 0
    reads = by_key(record.reads)
    lines = [*_head(record.run), *(_tree(reads) if args.tree else _table(reads))]
    count = f"{len(reads)} keys were read." if len(reads) != 1 else "1 key was read."
    lines += ["", count, *(f"{_cell(str(one))}." for one in record.unused())]
    lines += [f"Incomplete: {_cell(reason)}." for reason in record.incomplete]
    print_output("\n".join(lines))
    return 0


def _document(record: Record) -> dict[str, object]:
    unused = [(one, one.suggestions) for one in record.unused()]
    return {
        "run": record.run and record.run.pack(),
        "incomplete": record.incomplete,
        "reads": [{"key": read.key, **plain(read)} for read in record.reads],
        "unused": [
            {"key": one.key, "origin": str(one.origin), "suggestions": near} for one, near in unused
        ],
    }


def _head(run: Run | None) -> list[str]:
    if run is None:
        return []
    problem = f" {run.problem}" if run.problem else ""
    words = join([run.script or run.module, *run.argv])
    return [
        *map(
            _cell,
            (
                f"{run.name} {run.ending}{problem}",
                f"  {run.started} to {run.ended} on {run.process}",
                f"  {words}",
                f"  in {run.folder}, Python {run.python}, hyperparameter-dist {run.package}",
            ),
        ),
        "",
    ]


def _rows(reads: Iterable[Read]) -> Iterable[tuple[Read, str]]:
    """Yield each different value of a key, with all who have read it."""
    found: dict[tuple[object, ...], list[Read]] = {}
    for read in reads:
        same = repr(read.value), read.origin, read.default_used
        found.setdefault(same, []).append(read)
    for each in found.values():
        yield each[0], _readers(each)


def _readers(reads: list[Read]) -> str:
    """Return who has read: places, and below each host the processes."""
    places: dict[str, dict[str, list[int]]] = {}
    for read in reads:
        pids = places.setdefault(read.reader, {}).setdefault(read.process.host, [])
        if read.process.pid not in pids:
            pids.append(read.process.pid)
    return ", ".join(
        f"{place} on {' and '.join(_processes(host, pids) for host, pids in hosts.items())}"
        for place, hosts in places.items()
    )


def _processes(host: str, pids: list[int]) -> str:
    if len(pids) == 1:
        return str(Process(host, pids[0]))
    more = f" and {len(pids) - _MOST_PIDS} more" if len(pids) > _MOST_PIDS else ""
    return f"{host}:({', '.join(map(str, pids[:_MOST_PIDS]))}{more})"


def _table(reads: Mapping[str, Sequence[Read]]) -> list[str]:
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for key, each in reads.items():
        for read, readers in _rows(each):
            is_default = "yes" if read.default_used else "no"
            cells = key, shown_value(key, read.value), _origin(read), is_default, readers
            rows.append(tuple(map(_cell, cells)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _tree(reads: Mapping[str, Sequence[Read]]) -> list[str]:
    def leaves(key: str, name: str) -> Iterable[str]:
        for read, readers in _rows(reads[key]):
            value = shown_value(key, read.value)
            yield _cell(f"{name} = {value}  ({_origin(read)}), read in {readers}")

    return tree(reads, leaves, _cell)


def _origin(read: Read) -> str:
    return "default" if read.origin is None else str(read.origin)


def _cell(text: str) -> str:
    return text.translate(CONTROLS)


# -- diff -------------------------------------------------------------------------------------


def diff(args: argparse.Namespace) -> int:
    """Print what differs; return 1 if anything does, 0 if nothing."""
    names = [args.baseline, *args.records]
    records = [load(name) for name in names]
    found = compared([without(by_key(one.reads), args.ignore) for one in records])
    for name, record in zip(names, records, strict=True):
        for reason in record.incomplete:
            print_message(f"hp: {name} may lack reads: {reason}.")
    for key in found.unknown:
        print_message(f"hp: {key} is a secret of which a record has no digest: nothing tells "
                      "whether it is the same.")  # fmt: skip
    if args.json:
        print_json(_differences(names, found))
    else:
        print_output("\n".join(_listed(names, found)))
    return 1 if found.differences else 0


def _differences(names: list[str], found: Compared) -> dict[str, object]:
    return {
        "baseline": names[0],
        "records": names[1:],
        "same": found.same,
        "unknown": found.unknown,
        "differences": [
            {
                "key": one.key,
                "changes": [change or None for change in one.changes],
                "baseline": [plain(read) for read in one.reads[0]],
                "records": [[plain(read) for read in reads] for reads in one.reads[1:]],
            }
            for one in found.differences
        ],
    }


def _listed(names: list[str], found: Compared) -> list[str]:
    labels = [_cell(name) for name in names]
    width = max(map(len, labels))
    lines = []
    for one in found.differences:
        lines.append(_cell(one.key))
        for label, text in zip(labels, _texts(one), strict=True):
            lines.append(f"  {label.ljust(width)}  {text}".rstrip())
    differ, count = len(found.differences), len(names)
    keys = "1 key differs" if differ == 1 else f"{differ} keys differ"
    same = f"{found.same} {'is' if found.same == 1 else 'are'} the same"
    lines += ["", f"{keys}, {same} in {count} records."] if lines else [f"No key differs, {same}."]
    return lines


def _texts(one: Difference) -> Iterable[str]:
    """Yield what each record has: its values with their origins, and how that is a change."""
    first = ""
    for reads, change in zip(one.reads, ["", *one.changes], strict=True):
        values = {f"{shown_value(one.key, read.value)}  ({_origin(read)})": None for read in reads}
        text = ", ".join(values) or ("" if change else "not read")
        word = change if change in {"added", "gone"} else ""
        if change == "value" and text == first:  # as a mask shows them
            word = "another value"
        first = first or text
        yield _cell(f"{text}  {word}".strip())
