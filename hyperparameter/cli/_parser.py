"""The words that `hp` takes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from ..exceptions import UsageError

FORMATS = ("text", "markdown", "json", "html")
COMMANDS = ("ls", "list", "desc", "describe", "show", "diff", "replay", "runs", "log")
TABLE_FORMATS = ("text", "json", "csv")
OTHER_COMMANDS = {"submit": "run a script as a job on a Ray cluster"}
"""Commands that have a parser of their own: help alone needs to know them."""


class Parser(argparse.ArgumentParser):
    """A parser that raises, where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See {self.prog} --help.")


def parser() -> Parser:
    made = Parser(
        prog="hp",
        description="Show the hyperparameters of packages without importing them, what runs have "
        "read of them, and the runs of sweeps.",
    )
    made.add_argument("--version", action="store_true", help="show the version and exit")
    commands = made.add_subparsers(dest="command", metavar="COMMAND")
    ls = commands.add_parser(
        "ls", aliases=["list"], help="list hyperparameters, or the packages that have any"
    )
    desc = commands.add_parser("desc", aliases=["describe"], help="describe one hyperparameter")
    _package(ls, desc)
    _records(commands)
    _sweeps(commands)
    for name, text in OTHER_COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    return made


def _package(ls: argparse.ArgumentParser, desc: argparse.ArgumentParser) -> None:
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
    desc.add_argument("key", help="a key or part of a key")
    desc.add_argument(
        "package", nargs="?", default=".", help="as for ls; by default the current folder"
    )
    for command in (ls, desc):
        _output(command, FORMATS)


def _output(command: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    command.add_argument(
        "-f", "--format", choices=formats, default="text", help="output format (default: text)"
    )
    command.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")


def _records(commands: argparse._SubParsersAction[Parser]) -> None:
    show = commands.add_parser(
        "show", help="show what a run has read", description="Show the record of a run: the value, "
        "origin and readers of each key, and the overrides that nobody read.",
    )  # fmt: skip
    show.add_argument(
        "record",
        metavar="RECORD",
        help="a file that --record or save has written, or a run of a sweep, as NAME/7",
    )
    form = show.add_mutually_exclusive_group()
    form.add_argument("-t", "--tree", action="store_true", help="show the keys as a tree")
    form.add_argument("--json", action="store_true", help="print JSON")
    diff = commands.add_parser(
        "diff", help="compare runs", description="Show what differs between records, and exit with "
        "status 1 if anything does.",
    )  # fmt: skip
    diff.add_argument("baseline", metavar="RECORD", help="what the others are compared with")
    diff.add_argument("records", metavar="RECORD", nargs="+", help="one or more other records")
    diff.add_argument(
        "--ignore", metavar="PATTERN", action="append", default=[],
        help="leave out the keys that fit, such as 'log.*'; may be repeated",
    )  # fmt: skip
    diff.add_argument("--json", action="store_true", help="print JSON")
    replay = commands.add_parser(
        "replay", help="run a recorded run again", description="Run the function of a record with "
        "the values that it had then, and nothing else from files or the environment. Say which "
        "keys it reads otherwise, and exit with status 1 if there are any.",
    )  # fmt: skip
    replay.add_argument("record", metavar="RECORD", help="a file that --record has written")
    replay.add_argument("-D", "--define", metavar="KEY=VALUE", action="append", default=[],
                        help="set a key to another value; may be repeated")  # fmt: skip


def _sweeps(commands: argparse._SubParsersAction[Parser]) -> None:
    runs = commands.add_parser(
        "runs", help="list the runs of a sweep", description="List the runs of a sweep: what was "
        "set, the state, the result, how long it took and where it ran.",
    )  # fmt: skip
    runs.add_argument(
        "sweep", metavar="SWEEP", nargs="?", help="the name of a sweep in the folder sweeps, or a "
        "folder; by default the sweep that was launched last",
    )  # fmt: skip
    runs.add_argument("--all", action="store_true", help="list the sweeps instead")
    runs.add_argument(
        "-w", "--where", metavar="CONDITION", action="append", default=[],
        help="only the runs with this, as 'train.lr<0.1' or state=failed; several must all hold",
    )  # fmt: skip
    runs.add_argument("--sort", metavar="COLUMN", help="sort by a column; -COLUMN reverses")
    _output(runs, TABLE_FORMATS)
    log = commands.add_parser(
        "log", help="show what a run printed", description="Show what was set for a run, how it "
        "ended, and what it printed.",
    )  # fmt: skip
    log.add_argument("run", metavar="RUN", help="a number of the sweep that was launched last, or "
                     "NAME/7 of another one; NAME/7.2 is the second attempt")  # fmt: skip
