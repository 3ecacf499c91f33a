"""A program and its user: one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from typing import TypeVar

from .exceptions import UsageError

T = TypeVar("T")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class NotFound(UsageError):
    """What the user asks about does not exist: exit status 1."""


def with_exit_status(program: str, body: Callable[[], T]) -> tuple[int, T | None]:
    """Return the exit status of `body` and what it returned.

    2 for an error of use, 1 for what is not found, 130 for Ctrl-C, 141 where the reader of our
    output has gone: each but the last is told in one line.
    """
    try:
        result = body()
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a reader that has gone can be told
    except UsageError as error:
        print_message(f"{program}: error: {error}")
        return 1 if isinstance(error, NotFound) else 2, None
    except KeyboardInterrupt:
        print_message(f"{program}: interrupted")
        return 130, None
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        _drop_output()  # as in `| head`
        return 141, None
    return 0, result


def _nobody_reads() -> bool:
    """Tell whether it is our output that is broken, and no pipe of the program's own."""
    import select

    if not hasattr(select, "poll"):
        return True
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in output.poll(0))


def print_output(text: str, *, styled: bool = False) -> None:
    """Print what the user asked for; `NotFound` where there is no room for it.

    What the encoding of stdout lacks is written as an escape, and so are characters that would
    steer the terminal, unless `text` is `styled`.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text if styled else _harmless(text), flush=True)  # noqa: T201  # the output
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_output()
        raise NotFound(f"cannot write: {error.strerror or error}.") from None


def print_message(message: str) -> None:
    """Print one line on stderr."""
    line = _harmless(" ".join(message.splitlines()))
    print(line.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)  # noqa: T201


def can_print(text: str) -> bool:
    """Tell whether the encoding of stdout has these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _harmless(text: str) -> str:
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], text)


def _drop_output() -> None:
    """Send what is still buffered nowhere; at exit it would be tried once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
