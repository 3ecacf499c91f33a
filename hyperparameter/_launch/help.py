"""`--help`, out of the table of options and the docstring."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._functions.docstring import ParsedDocstring, parse_docstring
from .._functions.signature import Signature
from .._values.describe import show
from . import options as table
from .commands import Function, names_of, signature_of
from .options import REQUIRED, Option

_MOST_ADVANCED = 40
_LEFT = 34


class Section(NamedTuple):
    """A title with rows of two columns below it."""

    title: str
    rows: list[tuple[str, str]]


def of_command(
    signature: Signature, program: str, version: str | None, advanced: Iterable[tuple[str, str]]
) -> tuple[str, list[str], list[Section]]:
    """Return usage, paragraphs and sections for one function.

    `advanced` are the parameters that the functions called may read, each with what is known of it.
    """
    own, texts = table.of_function(signature), parse_docstring(signature.doc)
    by_position = [option for option in own if not option.flags]
    names = [_by_position(option) for option in by_position]
    more = list(advanced)
    sections = [
        Section("arguments", [_row(option, texts, signature) for option in by_position]),
        Section("options", [_row(option, texts, signature) for option in own if option.flags]),
        Section("advanced, set with -D", more[:_MOST_ADVANCED]),
        _common(own, version),
    ]
    if signature.more_name:
        name = signature.more_name.upper()
        names.append(f"[{name} ...]")
        sections[0].rows.append((f"{name} ...", texts.parameters.get(signature.more_name, "")))
    if signature.extra_name:
        text = texts.parameters.get(signature.extra_name, "") or "any other option"
        sections[1].rows.append(("--NAME VALUE", text))
    if len(more) > _MOST_ADVANCED:
        sections[2].rows.append(("...", f"{len(more) - _MOST_ADVANCED} more: -lps"))
    usage = " ".join([program, "[OPTIONS]", *names])
    return usage, [texts.summary, *texts.details], sections


def of_program(
    functions: Sequence[Function], program: str, version: str | None
) -> tuple[str, list[str], list[Section]]:
    """Return usage, paragraphs and sections for a program of several commands."""
    rows = []
    for function in functions:
        summary = parse_docstring(signature_of(function).doc).summary
        rows.append((", ".join(names_of(function, functions)), summary))
    hint = f"{program} COMMAND --help shows the options of a command."
    return f"{program} COMMAND [OPTIONS]", [hint], [Section("commands", rows), _common((), version)]


def _common(own: Sequence[Option], version: str | None) -> Section:
    rows = [(_left(option), option.help) for option in table.common(own, version)]
    return Section("every program", rows)


def _row(option: Option, texts: ParsedDocstring, signature: Signature) -> tuple[str, str]:
    name = option.key.removeprefix(f"{signature.namespace}.")
    text = texts.parameters.get(name, "")
    if not text and option.owner is not None:
        text = parse_docstring(option.owner.__doc__).parameters.get(name.rpartition(".")[2], "")
    if option.default is not REQUIRED:
        text = f"{text} (default: {show(option.key, option.default)})".strip()
    return _left(option) if option.flags else option.metavar, text


def _by_position(option: Option) -> str:
    return f"{option.metavar} ..." if option.kind == "items" else option.metavar


def _left(option: Option) -> str:
    flags = list(option.flags)
    if option.kind == "switch":
        return f"--[no-]{flags[0][2:]}"
    # The spelling with underscores goes without saying.
    shown = ", ".join(flag for flag in flags if "_" not in flag or flag == flags[0])
    words = table.words_of(option)
    return f"{shown} {words}" if words else shown


def render(
    usage: str, paragraphs: Iterable[str], sections: Iterable[Section], width: int, colour: bool
) -> str:
    """Return the help as text of at most `width` columns, as far as its words allow."""
    import textwrap

    width = max(40, width)
    column = min(_LEFT, width // 2)
    blocks = [textwrap.fill(f"usage: {usage}", width, subsequent_indent="       ")]
    blocks += [_filled(text, width) for text in paragraphs if text]
    for title, rows in sections:
        if rows:
            lines = [_title(f"{title}:", colour)]
            lines += [_columns(left, right, column, width) for left, right in rows]
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _filled(text: str, width: int, indent: str = "") -> str:
    import textwrap

    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _columns(left: str, right: str, column: int, width: int) -> str:
    start = f"  {left}".ljust(column)
    if not right:
        return start.rstrip()
    text = _filled(right, width, " " * column)
    if len(start) > column or not start.endswith(" "):
        return f"{start.rstrip()}\n{text}"
    return start + text[column:]


def _title(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


def screen(env: Mapping[str, str]) -> tuple[int, bool]:
    """Return the width of the terminal, and whether it shows colours and is wanted to."""
    import shutil

    dumb = env.get("TERM") == "dumb" or bool(env.get("NO_COLOR"))
    return (
        shutil.get_terminal_size().columns,
        sys.stdout is not None and sys.stdout.isatty() and not dumb,
    )
