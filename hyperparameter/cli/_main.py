"""The command line of `hp`."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from .._console import print_message, print_output, with_exit_status
from .._distribution import CONFLICT, is_intact, version
from .._entry_points import Offers
from .._values.keys import did_you_mean
from ..exceptions import UsageError
from ._parser import COMMANDS, OTHER_COMMANDS, parser

Command = Callable[[Sequence[str]], int]
"""Takes the words behind its name, and returns the exit status."""
_OFFERED = Offers(
    "hyperparameter.commands", "a command", {"submit": "hp_dist._jobs.command:submit"}
)


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    search: Sequence[str] | None = None,
) -> int:
    """Run `hp` and return its exit status: 0, 1 for `NotFound`, 2 for a usage error.

    The status of `diff` and `replay` is 1 where something differs.  Packages are searched in the
    folders of `search`, by default `sys.path`.
    """
    if argv is None:
        gc.disable()  # the process ends before a collection would pay
    words = list(sys.argv[1:] if argv is None else argv)
    env = os.environ if environ is None else environ
    folders = sys.path if search is None else search
    status, answer = with_exit_status("hp", lambda: _run(words, env, folders))
    return status or answer or 0


def _run(words: list[str], environ: Mapping[str, str], search: Sequence[str]) -> int:
    if not words:
        raise UsageError(
            "no command given. Use ls, desc, show, diff, replay, runs, log or submit. "
            "See hp --help."
        )
    if words[0][:1] != "-" and words[0] not in COMMANDS:
        command = cast("Command | None", _OFFERED.find(words[0], words[0]))
        if command is None:
            near = did_you_mean(words[0], (*COMMANDS, *OTHER_COMMANDS))
            raise UsageError(f"{words[0]!r}: unknown command.{near} See hp --help.")
        gc.enable()  # it may run for hours
        return command(words[1:])
    made = parser()
    try:
        args = made.parse_args(_joined(words))
    except SystemExit:  # help has been shown
        return 0
    if args.version:
        _show_version()
        return 0
    return _answered(args, environ, search)


def _answered(args: argparse.Namespace, environ: Mapping[str, str], search: Sequence[str]) -> int:
    """Answer, and return the exit status; each command imports what it needs itself."""
    if args.command in ("show", "diff"):
        from . import _records

        return _records.diff(args) if args.command == "diff" else _records.show(args)
    if args.command == "replay":
        from ._replay import replay

        return replay(args)
    if args.command == "runs":
        from ._runs import runs

        runs(args, environ)
    elif args.command == "log":
        from ._log import log

        log(args, environ)
    else:
        from . import _listing

        is_one = args.command in ("desc", "describe")
        (_listing.describe if is_one else _listing.listing)(args, environ, search)
    return 0


def _joined(words: list[str]) -> list[str]:
    """Return the words with `--sort -loss` as one, which argparse takes for two options."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort" and word[:1] == "-":
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _show_version() -> None:
    print_output(f"hp {version() or '(not installed)'}")
    if not is_intact():  # else its import has warned
        print_message(f"hp: warning: {CONFLICT}")
