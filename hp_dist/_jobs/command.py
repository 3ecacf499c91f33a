"""The command line of `hp submit`."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from typing import NoReturn

from hyperparameter._engine_interface import print_message
from hyperparameter.exceptions import UsageError

from .arguments import check_shown
from .following import Following
from .package import Package, pack
from .scope import JobScope
from .server import JobServer

_ADDRESSES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")  # in the order of `ray job submit`
_MOST_SHOWN = 5
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)  # it becomes part of names of files


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See {self.prog} --help.")


def submit(words: Sequence[str]) -> int:
    """Run `hp submit` with these words and return its exit status, which is that of the job."""
    try:
        args = _parser().parse_args(words)
    except SystemExit:  # help has been shown
        return 0
    return run(args, os.environ)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Check everything that can be checked here, then submit the job and follow it."""
    name = args.name or f"{_word(args.script)}-{secrets.token_hex(4)}"
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"--name {name!r:.120}: a name has letters, digits, '.', '_' and '-', 100 at most, "
            "and begins with a letter or digit."
        )
    check_shown(args.arguments)
    option, address = _address(args.address, env)
    scope = JobScope.inherited(env)
    with tempfile.TemporaryDirectory(prefix="hp-submit-") as scratch:
        package = pack(args.working_dir or os.curdir, args.script, scope.files, scratch)
        server = JobServer.connect(address, option)
        # In the place of the shell, so that Ray sees the signal that ends it.
        entrypoint = shlex.join(["exec", "python", package.script, *args.arguments])
        server.submit(name, entrypoint, package.file, scope.variables)
    print_message(f"hp: job {name} is submitted to {address}, with {_told(package)}.")
    following = Following(server, name)
    return following.detach() if args.detach else following.follow()


def _parser() -> _Parser:
    parser = _Parser(
        prog="hp submit",
        allow_abbrev=False,
        usage="hp submit [--address URL] [--wait | --detach] [--working-dir FOLDER] [--name NAME] "
        "SCRIPT [ARGUMENT ...]",
        description="Run a Python script as a job on a Ray cluster. The folder is sent along, and "
        "the scope in $HYPERPARAMETER_SCOPE. The output of the job is shown as it comes; the "
        "exit status is that of the script.",
        epilog="Left out of the folder: .git, environments, __pycache__, sweeps, and what "
        ".gitignore and .rayignore name. RAY_AUTH_MODE=token with RAY_AUTH_TOKEN_PATH or "
        "RAY_AUTH_TOKEN sends the token of the cluster. Ctrl-C asks whether to stop the job; "
        "without a terminal the job continues.",
    )  # fmt: skip
    parser.add_argument(
        "--address", metavar="URL", help="the dashboard of the cluster, http://HOST:8265 (default: "
        "$RAY_API_SERVER_ADDRESS, else $RAY_ADDRESS)",
    )  # fmt: skip
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument(
        "--wait", action="store_true", help="show the output until the job has ended (default)"
    )
    waiting.add_argument(
        "--detach", action="store_true", help="print the name of the job and do not wait for it"
    )
    parser.add_argument(
        "--working-dir", metavar="FOLDER", help="the folder that is sent and that the script runs "
        "in (default: the current folder)",
    )  # fmt: skip
    parser.add_argument(
        "--name", metavar="NAME", help="the submission ID of the job (default: a new one)"
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file in the folder")
    rest = parser.add_argument(
        "arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="for the script, as it is"
    )
    rest.required = False  # it would be named beside a SCRIPT that is missing
    return parser


def _word(script: str) -> str:
    """Return what of the name of the script may be in the name of a job."""
    stem = os.path.splitext(os.path.basename(script))[0]
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40] or "job"


def _address(option: str | None, env: Mapping[str, str]) -> tuple[str, str]:
    """Return how the address was given, and the address."""
    given = [("--address", option), *((f"${name}", env.get(name)) for name in _ADDRESSES)]
    for source, address in given:
        if address:
            return source, address.rstrip("/")
    raise UsageError(
        "no address given. Name the dashboard of the cluster: --address http://HOST:8265."
    )


def _told(package: Package) -> str:
    shown = package.left_out[:_MOST_SHOWN]
    if more := len(package.left_out) - len(shown):
        shown.append(f"{more} more")
    left_out = f"; left out: {', '.join(shown)}" if shown else ""
    files = "1 file" if package.files == 1 else f"{package.files} files"
    return f"{files} of {package.folder} ({package.size}{left_out})"
