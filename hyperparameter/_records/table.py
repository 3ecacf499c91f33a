"""What a record has read, as a table for people; only notebooks and `print` need it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .._values.describe import show
from ..exceptions import CONTROLS
from .read import Read

_COLUMNS = ("key", "value", "origin", "read by")
_MOST_ROWS = 100
_STYLE = "text-align: left; font-family: monospace"


def as_text(title: str, reads: Sequence[Read]) -> str:
    """Return the title and a line for each read."""
    rows = [_COLUMNS, *_rows(reads)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([title, *(lines if reads else ()), *_rest(reads)])


def as_html(title: str, reads: Sequence[Read]) -> str:
    rows = [_row("th", _COLUMNS), *(_row("td", row) for row in _rows(reads))]
    table = f"<table>{''.join(rows)}</table>" if reads else ""
    return "".join(f"<p>{escape(text)}</p>" for text in (title, *_rest(reads))) + table


def _rows(reads: Sequence[Read]) -> Iterable[tuple[str, ...]]:
    for read in reads[:_MOST_ROWS]:
        origin = "default" if read.origin is None else str(read.origin)
        cells = read.key, show(read.key, read.value), origin, read.reader
        yield tuple(cell.translate(CONTROLS) for cell in cells)


def _rest(reads: Sequence[Read]) -> list[str]:
    left = len(reads) - _MOST_ROWS
    return [f"And {left} more, in .reads."] if left > 0 else []


def _row(tag: str, cells: Iterable[str]) -> str:
    parts = (f'<{tag} style="{_STYLE}">{escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{''.join(parts)}</tr>"
