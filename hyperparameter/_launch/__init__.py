"""From a command line to a call: `hp.launch(main)`.

The command line becomes scopes, options over `-D`, each value with its origin; the function is
then called without arguments and takes them from there, like any other reader.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from .._record import Record, process_record, record
from .._scope import scope, scope_of
from .._signature import Signature
from ..exceptions import ConversionError, InvalidKey, MissingParameter, UsageError

if TYPE_CHECKING:
    from ._parser import CommandLine

__all__ = ["launch", "run_cli"]


def launch(function: Callable[..., Any], argv: Sequence[str] | None = None) -> Any:
    """Run a decorated function as a program and return its value.

    Parameters without default are positionals, the others options; `-D KEY=VALUE` sets any key.
    What the command line sets becomes the baseline, so the program's threads see it too.
    An error of use prints one line and exits with 2, Ctrl-C with 130.
    """
    program = _program()
    try:
        line = _parse(function, argv, program)
        result = None if line is None else _run(function, line, program, freeze=True)
        sys.stdout.flush()  # here, where a reader that has gone can be told
    except UsageError as error:
        _say(f"{program}: error: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        _say(f"{program}: interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone, as in `| head`; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    if line is None:
        sys.exit(0)
    return result


def run_cli(function: Callable[..., Any], argv: Sequence[str] | None = None) -> Any:
    """Do what `launch` does without touching the process: no exit, no baseline.

    `UsageError` is raised for what the command line has wrong; `--help` returns None.
    """
    program = _program()
    line = _parse(function, argv, program)
    return None if line is None else _run(function, line, program, freeze=False)


def _parse(
    function: Callable[..., Any], argv: Sequence[str] | None, program: str
) -> CommandLine | None:
    """Return what the command line sets, None when it asked for help and got it."""
    from ._parser import Leave, parse

    signature = getattr(function, "__hp_signature__", None)
    if not isinstance(signature, Signature):
        raise ValueError(
            f"launch takes a function decorated with @hp.param, not {function!r}. Decorate it."
        )
    try:
        return parse(signature, list(sys.argv[1:] if argv is None else argv), program)
    except Leave:
        return None


def _run(function: Callable[..., Any], line: CommandLine, program: str, freeze: bool) -> Any:
    # A program's threads read into the record of the process, not into one of this context.
    with nullcontext(process_record()) if freeze else record() as rec, _scopes(line):
        if freeze:
            scope.frozen()
        try:
            result = _call(function)
        except (ConversionError, MissingParameter, InvalidKey) as error:
            if line.sets(error.key):
                raise UsageError(str(error), key=error.key, origin=error.origin) from error
            raise
    _report(rec, line, program)
    return result


def _scopes(line: CommandLine) -> ExitStack:
    stack = ExitStack()
    for layer in (line.defines, line.options):
        stack.enter_context(scope_of(layer))
    return stack


def _call(function: Callable[..., Any]) -> Any:
    result = function()
    if hasattr(result, "__await__"):
        import asyncio

        return asyncio.run(_awaited(result))
    return result


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def _report(rec: Record, line: CommandLine, program: str) -> None:
    for unused in rec.unused():
        if line.sets(unused.key):
            _say(f"{program}: {unused}")


def _program() -> str:
    return os.path.basename(sys.argv[0]) or "program"


def _say(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201  # a program speaks to its user
