"""Lists of parameters as text, tree, Markdown, JSON and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from .._values.describe import Masked, describe
from ._entries import Entry, assigned, on_one_line
from ._output import as_json
from ._tree import tree

_COLUMNS = ("Key", "Default", "Type", "Location", "Description")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #bbb; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }}
td:nth-child(-n+3) {{ font-family: monospace; }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
{rows}
</table>
<p>{total}</p>
</body>
</html>"""


def listed(kind: str, title: str, entries: Mapping[str, Entry]) -> str:
    """Return entries in one of the formats of `hp ls -f`."""
    total = f"Total: {len(entries)} hyperparameters"
    if kind == "json":
        return as_json({key: entry.plain() for key, entry in entries.items()})
    if kind == "text":
        lines = [f"  {entry.line}" for entry in entries.values()]
        return "\n".join([f"{title}:", "-" * 40, *lines, "", total])
    return as_table(kind, title, _COLUMNS, map(_row, entries.values()), total)


def as_table(
    kind: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], total: str
) -> str:
    """Return a table as a Markdown section or as an HTML page."""
    if kind == "markdown":
        head = [_bar(columns), _bar(["---"] * len(columns))]
        body = [_bar([_cell(text) for text in row]) for row in rows]
        return "\n".join([f"# {title}", "", *head, *body, "", total])
    lines = [_tr("th", columns), *(_tr("td", row) for row in rows)]
    return _PAGE.format(title=escape(title), rows="\n".join(lines), total=escape(total))


def _row(entry: Entry) -> list[str]:
    default = "(required)" if entry.finding.required else entry.default or ""
    location = entry.location(entry.finding)
    return [on_one_line(entry.key), default, entry.finding.type or "", location, entry.description]


def _bar(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text for a cell of a Markdown table, with all markup escaped."""
    shown = escape(text, quote=False)
    for mark in "\\`*_[]|":
        shown = shown.replace(mark, f"\\{mark}")
    return " ".join(shown.split())


def _tr(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def as_tree(title: str, entries: Mapping[str, Entry], *, to_file: bool) -> str:
    def leaves(key: str, name: str) -> list[str]:
        return [f"{on_one_line(name)}{assigned(entries[key])}"]

    lines = [f"{title}:", "-" * 40, *tree(entries, leaves, on_one_line, to_file=to_file)]
    return "\n".join([*lines, "", f"Total: {len(entries)} hyperparameters"])


def described(entry: Entry) -> str:
    """Return all that is known of one parameter."""
    place = entry.finding
    facts: list[list[str | None]] = [
        [f"Default: {_default_line(entry)}", place.type and f"Type: {place.type}",
         place.namespace and f"Namespace: {place.namespace}", f"Function: {place.function}"],
        [f"Source: {entry.package}", f"Location: {entry.location(place)}"],
        [entry.description and f"Description: {entry.description}"],
    ]  # fmt: skip
    lines = ["=" * 60, f"Hyperparameter: {on_one_line(entry.key)}", "=" * 60]
    for group in facts:
        shown = [f"  {fact}" for fact in group if fact]
        lines += ["", *shown] if shown else []
    return "\n".join([*lines, *_usage(entry), *_others(entry)])


def _default_line(entry: Entry) -> str:
    return "(required)" if entry.finding.required else entry.default or "(none)"


def _usage(entry: Entry) -> list[str]:
    if entry.finding.is_pattern or not entry.key.isprintable():
        return []
    default = entry.default
    if default is None or isinstance(describe(entry.key, entry.finding.default), Masked):
        default = "<default>"
    read = "()" if entry.finding.required else f" | {default}"
    return [
        "", "  Usage:",
        "    # Access via scope", f"    value = {_spelled(entry.key)}{read}",
        "", "    # Set via command line", f"    {_option(entry.key)}",
    ]  # fmt: skip


def _option(key: str) -> str:
    from shlex import quote

    return f"--{key}=<value>" if quote(key) == key and "." in key else f"-D {quote(key)}=<value>"


def _spelled(key: str) -> str:
    from keyword import iskeyword

    from .._values.keys import PUBLIC_NAMES

    parts = key.split(".")
    plain = all(part.isidentifier() and not iskeyword(part) for part in parts)
    return f"hp.scope.{key}" if plain and parts[0] not in PUBLIC_NAMES else f"hp.scope[{key!r}]"


def _others(entry: Entry) -> list[str]:
    lines = []
    for place in entry.places[1:]:
        shown = assigned(entry._replace(places=[place])).removeprefix(" = ")
        default = f", default {shown}" if shown and not place.required else shown
        lines.append(f"    {entry.location(place)} {place.kind} in {place.function}{default}")
    return ["", "  Also:", *lines] if lines else []
