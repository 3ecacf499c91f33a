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
from .._values.keys import did_you_mean
from ..exceptions import UsageError
from ._entries import Entry
from ._formats import FORMATS, as_json, as_table, as_tree, described, in_ascii, listed
from ._packages import dependencies, entries_in, installed
from ._target import Target, target_of

_COMMANDS = ("ls", "list", "desc", "describe")
_MARKS = ("\N{FILE FOLDER}", "\N{PAGE FACING UP}")
_PLAIN_MARKS = ("+", "-")


class _Parser(argparse.ArgumentParser):
    """A parser that raises, where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See {self.prog} --help.")


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    search: Sequence[str] | None = None,
) -> int:
    """Run `hp` and return its exit status: 0, 1 for `NotFound`, 2 for a usage error.

    Packages are searched in the folders of `search`, by default `sys.path`.
    """
    if argv is None:
        gc.disable()  # the process ends before a collection would pay
    words = list(sys.argv[1:] if argv is None else argv)
    env = os.environ if environ is None else environ
    folders = sys.path if search is None else search
    return with_exit_status("hp", lambda: _run(words, env, folders))[0]


def _run(words: list[str], environ: Mapping[str, str], search: Sequence[str]) -> None:
    parser = _parser()
    if not words:
        raise UsageError("no command given. Use ls or desc. See hp --help.")
    if words[0][:1] != "-" and words[0] not in _COMMANDS:
        near = did_you_mean(words[0], _COMMANDS)
        raise UsageError(f"{words[0]!r}: unknown command.{near} See hp --help.")
    try:
        args = parser.parse_args(words)
    except SystemExit:  # help has been shown
        return
    if args.version:
        _show_version()
        return
    if args.command in ("desc", "describe"):
        answer = _describe
    else:
        answer = _list_all if args.package is None else _list
    answer(args, environ, search)


def _parser() -> _Parser:
    parser = _Parser(
        prog="hp", description="Show the hyperparameters of packages without importing them."
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    ls = commands.add_parser(
        "ls", aliases=["list"], help="list hyperparameters, or the packages that have any"
    )
    ls.add_argument("package", nargs="?", help="a package, module, distribution, file or folder; "
                    "by default all installed packages that use hyperparameter")  # fmt: skip
    ls.add_argument("-t", "--tree", action="store_true", help="show the keys as a tree")
    which = ls.add_mutually_exclusive_group()
    for flag, text in (
        ("self", "only the package itself (default)"),
        ("all", "the package and everything it imports"),
        ("deps", "only what it imports"),
    ):
        which.add_argument(f"--{flag}", dest="which", action="store_const", const=flag, help=text)
    desc = commands.add_parser("desc", aliases=["describe"], help="describe one hyperparameter")
    desc.add_argument("key", help="a key or part of a key")
    desc.add_argument(
        "package", nargs="?", default=".", help="as for ls; by default the current folder"
    )
    for command in (ls, desc):
        command.add_argument(
            "-f", "--format", choices=FORMATS, default="text", help="output format (default: text)"
        )
        command.add_argument(
            "-o", "--output", metavar="FILE", help="write to FILE instead of stdout"
        )
    return parser


def _list_all(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    packages = installed(search, environ)
    title = f"Packages using hyperparameter ({len(packages)})"
    if args.format == "json":
        _write(args, as_json([package._asdict() for package in packages]))
    elif not packages:
        _write(args, "No packages using hyperparameter are installed.")
    elif args.format == "text":
        rows = [f"{p.name:<30} {p.version:<12} {p.params:<8} {p.funcs:<8}" for p in packages]
        head = f"{'Package':<30} {'Version':<12} {'Params':<8} {'Funcs':<8}"
        lines = [f"{title}:", "=" * 60, head, "-" * 60, *rows, "-" * 60]
        lines.append("Use 'hp ls <package>' to see hyperparameters in a package.")
        _write(args, "\n".join(line.rstrip() for line in lines))
    else:
        columns = ("Package", "Version", "Params", "Funcs")
        cells = [[str(cell) for cell in package] for package in packages]
        _write(args, as_table(args.format, title, columns, cells, f"Total: {len(packages)}"))


def _list(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    target = target_of(args.package, search)
    entries: dict[str, Entry] = {}
    if args.which != "deps":
        entries |= entries_in(target, environ)
    if args.which in ("deps", "all"):
        entries = {**dependencies(target, environ), **entries}
    where = f"the dependencies of {target.name}" if args.which == "deps" else target.name
    title = f"Hyperparameters in {where}"
    if not entries and args.format == "text":
        _write(args, _none_in(target, where))
    elif args.tree and args.format == "text":
        fancy = args.output is not None or can_print("".join(_MARKS))
        _write(args, as_tree(title, entries, _MARKS if fancy else _PLAIN_MARKS))
    else:
        _write(args, listed(args.format, title, entries))


def _none_in(target: Target, where: str) -> str:
    if not target.paths and where == target.name:
        return f"No hyperparameters in {where}: it is part of the standard library."
    hint = " --all looks into what it imports as well." if where == target.name else ""
    return f"No hyperparameters in {where}: nothing uses @hp.param or hp.scope there.{hint}"


def _describe(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> None:
    target = target_of(args.package, search)
    entries = entries_in(target, environ)
    matching = _matching(args.key, entries)
    if not matching:
        near = did_you_mean(args.key, entries)
        raise NotFound(f"{args.key!r}: not found in {target.name}.{near}")
    if args.format != "text":
        _write(args, listed(args.format, f"Hyperparameters like {args.key}", matching))
    elif len(matching) == 1:
        _write(args, described(next(iter(matching.values()))))
    else:
        lines = [f"  {entry.line}" for entry in matching.values()]
        _write(args, "\n".join([f"Multiple matches for {args.key!r}:", *lines]))


def _matching(wanted: str, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entry of the key, else those of patterns that it fits, else of keys with it.

    Of those, keys that end in whole names as they are wanted come alone.
    """
    from .._scan.finding import matches

    if wanted in entries:
        return {wanted: entries[wanted]}
    fitting = {
        key: e for key, e in entries.items() if e.finding.is_pattern and matches(key, wanted)
    }
    ending = {key: e for key, e in entries.items() if key.endswith(f".{wanted}")}
    lower = wanted.lower()
    return fitting or ending or {key: e for key, e in entries.items() if lower in key.lower()}


def _write(args: argparse.Namespace, text: str) -> None:
    if args.output is None:
        print_output(text if can_print(text) else in_ascii(args.format, text))
        return
    try:
        with open(args.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise UsageError(f"-o {args.output!r}: {error.strerror}.") from None


def _show_version() -> None:
    print_output(f"hp {version() or '(not installed)'}")
    if not is_intact():  # else its import has warned
        print_message(f"hp: warning: {CONFLICT}")
