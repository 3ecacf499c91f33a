"""The text of `--help`, from the table of options and the docstrings."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._functions.docstring import ParsedDocstring, parse_docstring
from .._functions.signature import Signature
from .._values.describe import show
from .commands import Function, names_of, signature_of
from .options import REQUIRED, Option, common_options
from .parameters import bare, is_given, options_of

_MOST_ADVANCED = 40  # more than a screenful hides the options above
_LEFT = 34  # columns for flags, as many as --optimizer.momentum FLOAT takes
_TYPES: dict[object, str] = {int: "INT", float: "FLOAT", str: "TEXT", bool: "BOOL"}


class Section(NamedTuple):
    """A title with rows of two columns below it."""

    title: str
    rows: list[tuple[str, str]]


class Page(NamedTuple):
    """All that `--help` shows, before it is laid out."""

    usage: str
    paragraphs: list[str]
    sections: list[Section]


def page_of_function(
    signature: Signature, program: str, version: str | None, advanced: Sequence[tuple[str, str]]
) -> Page:
    """Return the help for one function.

    `advanced` are the keys of further parameters that the functions it calls may read, each with a
    description.
    """
    own, doc = options_of(signature), parse_docstring(signature.doc)
    positional = [option for option in own if not option.flags]
    arguments = [_row(option, doc, signature) for option in positional]
    options = [_row(option, doc, signature) for option in own if option.flags]
    further = list(advanced[:_MOST_ADVANCED])
    names = [f"{one.metavar} ..." if one.kind == "items" else one.metavar for one in positional]
    if signature.varargs_name:
        name = signature.varargs_name.upper()
        names.append(f"[{name} ...]")
        arguments.append((f"{name} ...", doc.parameters.get(signature.varargs_name, "")))
    if signature.varkw_name:
        text = doc.parameters.get(signature.varkw_name, "") or "any other option"
        options.append(("--NAME VALUE", text))
    if len(advanced) > _MOST_ADVANCED:
        further.append(("...", f"{len(advanced) - _MOST_ADVANCED} more, which -lps lists"))
    sections = [
        Section("arguments", arguments),
        Section("options", options),
        Section("advanced, set with -D", further),
        _common_section(own, version),
    ]
    usage = " ".join([program, "[OPTIONS]", *names])
    return Page(usage, [doc.summary, *doc.details], sections)


def page_of_program(functions: Sequence[Function], program: str, version: str | None) -> Page:
    """Return the help for a program of several commands."""
    rows = []
    for function in functions:
        summary = parse_docstring(signature_of(function).doc).summary
        rows.append((", ".join(names_of(function, functions)), summary))
    hint = f"{program} COMMAND --help shows the options of a command."
    sections = [Section("commands", rows), _common_section((), version)]
    return Page(f"{program} COMMAND [OPTIONS]", [hint], sections)


def _common_section(own: Sequence[Option], version: str | None) -> Section:
    rows = [(_left(option), option.help) for option in common_options(own, version)]
    return Section("common options", rows)


def _row(option: Option, doc: ParsedDocstring, signature: Signature) -> tuple[str, str]:
    name = option.key.removeprefix(f"{signature.namespace}.")
    text = doc.parameters.get(name, "")
    if not text and option.owner is not None:
        text = parse_docstring(option.owner.__doc__).parameters.get(name.rpartition(".")[2], "")
    if option.default is not REQUIRED:
        text = f"{text} (default: {show(option.key, option.default)})".strip()
    return _left(option) if option.flags else option.metavar, text


def _left(option: Option) -> str:
    flags = list(option.flags)
    if option.kind == "switch":
        return f"--[no-]{flags[0][2:]}"
    # Whoever reads --batch-size need not be told that --batch_size works too.
    shown = ", ".join(flag for flag in flags if "_" not in flag or flag == flags[0])
    words = _placeholder(option)
    return f"{shown} {words}" if words else shown


def _placeholder(option: Option) -> str:
    """Return what stands for the words that follow a flag."""
    if option.kind in ("flag", "switch"):
        return ""
    if option.choices and option.kind == "choice":
        return f"[{'|'.join(option.choices)}]"
    if option.choices:
        return f"{{{','.join(option.choices)}}}"
    if option.kind == "fields":
        return "JSON"
    word = option.metavar if option.kind == "pairs" else _type_name(option) or option.metavar
    return " ".join([word] * option.size) + (" ..." if option.kind in ("items", "words") else "")


def _type_name(option: Option) -> str:
    """Return the name of the type of one word, empty if it says no more than the metavar."""
    hint, default = bare(option.hint), option.default
    if hint is None and is_given(default):
        hint = type(default)
    items = typing.get_args(hint)
    if option.kind == "items" or option.size > 1:
        kinds = [item for item in items if item is not Ellipsis]
        hint = kinds[0] if kinds and all(kind is kinds[0] for kind in kinds) else None
    elif typing.get_origin(hint) in (typing.Union, types.UnionType):
        names = [_TYPES.get(item, "") for item in items if item is not type(None)]
        return "|".join(names) if all(names) else ""
    if isinstance(hint, type) and hasattr(hint, "__fspath__"):
        return "PATH"
    return _TYPES.get(hint, "") if isinstance(hint, type) else ""


def render(page: Page, width: int, colour: bool) -> str:
    """Return the page as text of at most `width` columns, as far as its words allow."""
    import textwrap

    width = max(40, width)
    column = min(_LEFT, width // 2)
    blocks = [textwrap.fill(f"usage: {page.usage}", width, subsequent_indent="       ")]
    blocks += [_filled(text, width) for text in page.paragraphs if text]
    for title, rows in page.sections:
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
    """Return the width of the terminal, and whether to use colours on it."""
    import shutil

    dumb = env.get("TERM") == "dumb" or bool(env.get("NO_COLOR"))
    return (
        shutil.get_terminal_size().columns,
        sys.stdout is not None and sys.stdout.isatty() and not dumb,
    )
