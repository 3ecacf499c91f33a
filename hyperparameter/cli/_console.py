"""What a command says to its user, and how it ends where nobody listens."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

INTERRUPTED, NOBODY_READS = 130, 141


class Failure(Exception):
    """Ends the command with one line on stderr; `status` is 1 for not found, 2 for use."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def say(message: str) -> None:
    """Write one line to stderr."""
    line = " ".join(message.splitlines())
    print(f"hp: {line}".encode("utf-8", "backslashreplace").decode(), file=sys.stderr)  # noqa: T201


def put(text: str) -> None:
    """Write to stdout; what its encoding lacks is written as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(text)  # noqa: T201  # a command speaks to its user


def can_show(text: str) -> bool:
    """Tell whether the encoding of stdout has these characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def exit_status(run: Callable[[], int]) -> int:
    """Run a command and return its exit status; whatever goes wrong on purpose is one line."""
    try:
        status = run()
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a reader that has gone can be told
    except Failure as failure:
        say(f"error: {failure}")
        return failure.status
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as in `| head`; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return status
