"""The command line of `hp`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence

from .._console import print_message, print_output, with_exit_status
from .._distribution import CONFLICT, is_intact, version
from .._values.keys import did_you_mean
from ..exceptions import UsageError
from ._commands import find
from ._parser import COMMANDS, OTHER_COMMANDS, parser


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
            "no command given. Use ls, desc, show, diff, replay or submit. See hp --help."
        )
    if words[0][:1] != "-" and words[0] not in COMMANDS:
        command = find(words[0])
        if command is None:
            near = did_you_mean(words[0], (*COMMANDS, *OTHER_COMMANDS))
            raise UsageError(f"{words[0]!r}: unknown command.{near} See hp --help.")
        gc.enable()  # it may run for hours
        return command(words[1:])
    made = parser()
    try:
        args = made.parse_args(words)
    except SystemExit:  # help has been shown
        return 0
    if args.version:
        _show_version()
        return 0
    # Each imports what it needs: `show` needs no scan, and `ls` no records.
    if args.command in ("show", "diff"):
        from . import _records

        return _records.diff(args) if args.command == "diff" else _records.show(args)
    if args.command == "replay":
        from ._replay import replay

        return replay(args)
    from . import _listing

    answer = _listing.describe if args.command in ("desc", "describe") else _listing.listing
    answer(args, environ, search)
    return 0


def _show_version() -> None:
    print_output(f"hp {version() or '(not installed)'}")
    if not is_intact():  # else its import has warned
        print_message(f"hp: warning: {CONFLICT}")
