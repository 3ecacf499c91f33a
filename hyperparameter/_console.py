"""A program and its user: one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from .exceptions import UsageError

T = TypeVar("T")


class NotFound(UsageError):
    """What the user asks about does not exist: exit status 1."""


def run(program: str, body: Callable[[], T]) -> T:
    """Return what `body` returns; exit where its user has to know or to do something.

    2 for an error of use, 1 for what is not found, 130 for Ctrl-C, 141 where the reader of our
    output has gone.
    """
    try:
        result = body()
        sys.stdout.flush()  # here, where a reader that has gone can be told
        return result
    except UsageError as error:
        say(f"{program}: error: {error}")
        sys.exit(1 if isinstance(error, NotFound) else 2)
    except KeyboardInterrupt:
        say(f"{program}: interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # As in `| head`: what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def show(text: str) -> None:
    """Print what the user asked for, whatever the encoding of stdout can hold."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201  # the output


def say(message: str) -> None:
    """Print one line on stderr."""
    print(" ".join(message.splitlines()), file=sys.stderr)  # noqa: T201  # speaks to its user
