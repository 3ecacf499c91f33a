"""What a command says to its user, and how it ends where nobody listens."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable

INTERRUPTED, NOBODY_READS = 130, 141
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Failure(Exception):
    """Ends the command with one line on stderr; `status` is 1 for not found, 2 for use."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def say(message: str) -> None:
    """Write one line to stderr."""
    line = _without_controls(" ".join(message.splitlines()))
    print(f"hp: {line}".encode("utf-8", "backslashreplace").decode(), file=sys.stderr)  # noqa: T201


def put(text: str) -> None:
    """Write to stdout; what its encoding lacks is written as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(_without_controls(text))  # noqa: T201  # a command speaks to its user


def _without_controls(text: str) -> str:
    """Spell out characters that would steer the terminal: sources may have any."""
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], text)


def can_show(text: str) -> bool:
    """Tell whether the encoding of stdout has these characters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _drop_output() -> None:
    """Send what is still buffered nowhere; at exit it would be tried once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        _drop_output()  # the reader has gone, as in `| head`
        return NOBODY_READS
    except OSError as error:
        _drop_output()
        say(f"error: {error.strerror or error}.")
        return 1
    return status
