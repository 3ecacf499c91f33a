"""The command line of `hp`."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from .._console import NotFound, can_print, print_message, print_output, with_exit_status
from .._distribution import CONFLICT, is_intact, version
from .._values.keys import did_you_mean, nearest
from ..exceptions import UsageError
from ._entries import Entry
from ._formats import FORMATS, as_json, as_table, as_tree, described, listed
from ._packages import dependencies, entries_in, installed
from ._target import Target, target_of

_COMMANDS = ("ls", "list", "desc", "describe")
_MARKS = ("\N{FILE FOLDER}", "\N{PAGE FACING UP}")
_PLAIN_MARKS = ("+", "-")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See {self.prog} --help.")


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    search: Sequence[str] | None = None,
) -> int:
    """Run `hp` and return its exit status: 0, 1 for what is not found, 2 for wrong use.

    Packages are looked for along `search`, by default `sys.path`.
    """
    if argv is None:
        gc.disable()  # the process ends before collecting would pay
    words = list(sys.argv[1:] if argv is None else argv)
    given = os.environ if environ is None else environ
    along = sys.path if search is None else search
    return with_exit_status("hp", lambda: _run(words, given, along))[0]


def _run(words: list[str], environ: Mapping[str, str], search: Sequence[str]) -> None:
    parser = _parser()
    if not words:
        raise UsageError("a command is missing: ls or desc. See hp --help.")
    if words[0][:1] != "-" and words[0] not in _COMMANDS:
        near = did_you_mean(words[0], _COMMANDS)
        raise UsageError(f"there is no command {words[0]!r}.{near} See hp --help.")
    try:
        given = parser.parse_args(words)
    except SystemExit:  # help has been shown
        return
    if given.version:
        _show_version()
        return
    if given.command in ("desc", "describe"):
        answer = _describe
    else:
        answer = _list_all if given.package is None else _list
    answer(given, environ, search)


def _parser() -> _Parser:
    parser = _Parser(
        prog="hp", description="Show the hyperparameters of packages, found without importing them."
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    ls = commands.add_parser(
        "ls", aliases=["list"], help="list hyperparameters, or packages that have some"
    )
    ls.add_argument("package", nargs="?", help="a package, module, distribution, file or folder; "
                    "without one, all installed packages that use hyperparameter")  # fmt: skip
    ls.add_argument("-t", "--tree", action="store_true", help="show the keys as a tree")
    which = ls.add_mutually_exclusive_group()
    for flag, text in (
        ("self", "of the package alone (default)"),
        ("all", "of the package and what it imports"),
        ("deps", "of what it imports alone"),
    ):
        which.add_argument(f"--{flag}", dest="which", action="store_const", const=flag, help=text)
    desc = commands.add_parser("desc", aliases=["describe"], help="describe one hyperparameter")
    desc.add_argument("key", help="a key, or a part of one")
    desc.add_argument("package", nargs="?", default=".", help="by default the current folder")
    for command in (ls, desc):
        command.add_argument(
            "-f", "--format", choices=FORMATS, default="text", help="default: text"
        )
        command.add_argument("-o", "--output", metavar="FILE", help="write to a file")
    return parser


def _list_all(given: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    packages = installed(search, environ)
    title = f"Packages using hyperparameter ({len(packages)})"
    if given.format == "json":
        _deliver(given, as_json([package._asdict() for package in packages]))
    elif not packages:
        _deliver(given, "No packages using hyperparameter are installed.")
    elif given.format == "text":
        rows = [f"{p.name:<30} {p.version:<12} {p.params:<8} {p.funcs:<8}" for p in packages]
        head = f"{'Package':<30} {'Version':<12} {'Params':<8} {'Funcs':<8}"
        lines = [f"{title}:", "=" * 60, head, "-" * 60, *rows, "-" * 60]
        lines.append("Use 'hp ls <package>' to see hyperparameters in a package.")
        _deliver(given, "\n".join(line.rstrip() for line in lines))
    else:
        columns = ("Package", "Version", "Params", "Funcs")
        cells = [[str(cell) for cell in package] for package in packages]
        _deliver(given, as_table(given.format, title, columns, cells, f"Total: {len(packages)}"))


def _list(given: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    target = target_of(given.package, search)
    entries: dict[str, Entry] = {}
    if given.which != "deps":
        entries |= entries_in(target, environ)
    if given.which in ("deps", "all"):
        entries = {**dependencies(target, search, environ), **entries}
    where = f"the dependencies of {target.name}" if given.which == "deps" else target.name
    title = f"Hyperparameters in {where}"
    if not entries and given.format == "text":
        _deliver(given, _none_in(target, where))
    elif given.tree and given.format == "text":
        fancy = given.output is not None or can_print("".join(_MARKS))
        _deliver(given, as_tree(title, entries, _MARKS if fancy else _PLAIN_MARKS))
    else:
        _deliver(given, listed(given.format, title, entries))


def _none_in(target: Target, where: str) -> str:
    if not target.paths and where == target.name:
        return f"No hyperparameters in {where}: it is part of the standard library."
    return f"No hyperparameters in {where}."


def _describe(given: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    entries = entries_in(target_of(given.package, search), environ)
    matching = _matching(given.key, entries)
    if not matching:
        near = nearest(given.key, entries)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise NotFound(f"Hyperparameter {given.key!r} not found.{hint}")
    if given.format != "text":
        _deliver(given, listed(given.format, f"Hyperparameters like {given.key}", matching))
    elif len(matching) == 1:
        _deliver(given, described(next(iter(matching.values()))))
    else:
        lines = [f"  {entry.line}" for entry in matching.values()]
        _deliver(given, "\n".join([f"Multiple matches for {given.key!r}:", *lines]))


def _matching(wanted: str, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entry of a key, or of the patterns that it fits, or all that contain the text."""
    from .._scan.finding import matches

    if wanted in entries:
        return {wanted: entries[wanted]}
    fitting = {
        key: e for key, e in entries.items() if e.finding.is_pattern and matches(key, wanted)
    }
    lower = wanted.lower()
    return fitting or {key: e for key, e in entries.items() if lower in key.lower()}


def _deliver(given: argparse.Namespace, text: str) -> None:
    if given.output is None:
        print_output(text)
        return
    try:
        with open(given.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise UsageError(f"cannot write {given.output!r}: {error.strerror}.") from None


def _show_version() -> None:
    print_output(f"hp {version() or '(not installed)'}")
    if not is_intact():  # else its import has warned
        print_message(f"hp: warning: {CONFLICT}")
