"""From a command line to a call: `hp.launch(main)`.

What the command line, the environment and files set becomes scopes, the strongest innermost, each
value with its origin; the function is then called and takes its arguments from there, like any
other reader.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .._console import with_exit_status
from .commands import discovered, signature_of

__all__ = ["launch", "run_cli"]


def launch(
    function: Callable[..., Any] | None = None,
    argv: Sequence[str] | None = None,
    *,
    env_prefix: str | None = None,
) -> Any:
    """Run a decorated function as a program and return its value.

    Without `function`, all decorated functions of the caller are commands; of one there is no need
    to name it.  Parameters without default are positionals, the others options.  `-D KEY=VALUE`
    sets any key, `-C FILE` reads files, and so are variables with `env_prefix`: `APP_TRAIN__LR` is
    `train.lr` for `"APP"`.  What is set becomes the baseline, so the program's threads see it too.

    An error of use prints one line and exits with 2, Ctrl-C with 130.  `ValueError` for a function
    that is not decorated, `RuntimeError` where there is none.
    """
    from .launcher import ANSWERED, Launcher

    launcher = Launcher(_functions(function, sys._getframe(1)), function is not None)
    status, result = with_exit_status(
        launcher.name, lambda: launcher.launch(_words(argv), env_prefix, os.environ, True)
    )
    if status or result is ANSWERED:
        sys.exit(status)
    return result


def run_cli(
    function: Callable[..., Any] | None = None,
    argv: Sequence[str] | None = None,
    *,
    env_prefix: str | None = None,
) -> Any:
    """Do what `launch` does without touching the process: no exit, no baseline.

    `UsageError` is raised for what the command line has wrong; `--help` and its like return None.
    """
    from .launcher import ANSWERED, Launcher

    launcher = Launcher(_functions(function, sys._getframe(1)), function is not None)
    result = launcher.launch(_words(argv), env_prefix, os.environ, False)
    return None if result is ANSWERED else result


def _functions(function: Callable[..., Any] | None, caller: Any) -> list[Callable[..., Any]]:
    if function is None:
        return discovered(caller.f_locals, caller.f_globals)
    signature_of(function)
    return [function]


def _words(argv: Sequence[str] | None) -> list[str]:
    return list(sys.argv[1:] if argv is None else argv)
