"""What a program tells its user: output, one-line messages and an exit status, no traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO, TypeVar

from .exceptions import CONTROLS, UsageError

T = TypeVar("T")
_WIDTH = 80
BOLD, DIM, RED, NAME, ERROR = "1", "2", "31", "36", "1;31"
"""Styles of a terminal: those of help, and of the word "error" before a message."""


class NotFound(UsageError):
    """Exit status 1: what the user asks for does not exist, or cannot be written."""

    exit_status = 1


def with_exit_status(
    program: str, body: Callable[[], T], before: Callable[[UsageError], None] = lambda _: None
) -> tuple[int, T | None]:
    """Call `body` and return the exit status of the program with the result.

    The status is 2 for a usage error or its `exit_status`, 130 for Ctrl-C, each with a line on
    stderr, and 141 if the reader of stdout has closed it.  `before` is called before the line of an
    error.
    """
    try:
        result = body()
        if sys.stdout is not None:
            sys.stdout.flush()  # a closed pipe must raise here, not when the interpreter exits
    except UsageError as error:
        before(error)
        print_message(str(error), program)
        return getattr(error, "exit_status", 2), None
    except KeyboardInterrupt:
        print_message(f"{program}: interrupted")
        return 130, None
    except BrokenPipeError:
        if not _stdout_is_closed():
            raise  # another pipe, which is the program's own matter
        _drop_output()  # as in `| head`
        return 141, None
    return 0, result


def _stdout_is_closed() -> bool:
    """Tell whether stdout is the pipe that is broken; assume it where that cannot be found out."""
    import select

    if not hasattr(select, "poll"):  # Windows
        return True
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in output.poll(0))


def print_output(text: str, *, styled: bool = False) -> None:
    """Print what the user asked for; `NotFound` if it cannot be written, as on a full disk.

    Characters that stdout cannot encode become escapes.  So do control characters, which could
    steer the terminal, unless `text` is `styled`.
    """
    with writing_output():
        print(text if styled else harmless(text, "\n"), flush=True)  # noqa: T201  # the output


@contextmanager
def writing_output() -> Iterator[None]:
    """Write to stdout in the body; `NotFound` if that fails, but for a reader who has closed it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_output()
        raise NotFound(f"cannot write to stdout: {error.strerror or error}.") from None


def print_message(message: str, program: str = "") -> None:
    """Print a message as one line on stderr, as an error of the `program` that is named."""
    line = harmless(message)
    if program:
        word = "error:"
        style = ERROR if wants_colour(sys.stderr, os.environ) else ""
        line = f"{harmless(program)}: {painted(word, style)} {line}"
    # Surrogates, as in names of files that are not UTF-8, would raise while an error is reported.
    print(line.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)  # noqa: T201


def can_print(text: str) -> bool:
    """Tell whether stdout shows this text as it is: without control characters, in its encoding."""
    if harmless(text, "\n") != text:
        return False
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def harmless(text: str, kept: str = "") -> str:
    """Return text with its control characters as escapes, but for those that are `kept`."""
    return text.translate({code: one for code, one in CONTROLS.items() if chr(code) not in kept})


def painted(text: str, style: str) -> str:
    """Return text in one of the styles of a terminal."""
    return f"\x1b[{style}m{text}\x1b[0m" if style else text


def wants_colour(stream: TextIO | None, env: Mapping[str, str]) -> bool:
    """Tell whether a stream is a terminal whose user has nothing against colours."""
    is_plain = env.get("TERM") == "dumb" or bool(env.get("NO_COLOR"))
    return stream is not None and not is_plain and stream.isatty()


def terminal_width(env: Mapping[str, str]) -> int:
    """Return the columns of the terminal that stdout is; 80 where it is none."""
    with suppress(KeyError, ValueError):
        if (columns := int(env["COLUMNS"])) > 0:
            return columns
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _WIDTH  # type: ignore[union-attr]  # None raises
    except (AttributeError, ValueError, OSError):
        return _WIDTH


def own_stream(stream: TextIO) -> TextIO:
    """Return a stream to where this one leads now, whatever is made of its descriptor later."""
    try:
        number = os.dup(stream.fileno())
    except (OSError, ValueError):  # a notebook, or a test
        return stream
    return open(number, "w", encoding=stream.encoding, errors="backslashreplace")


def close_own(own: TextIO, stream: TextIO | None) -> None:
    """Close what `own_stream` has made, also where what it leads to has gone."""
    if own is not stream:
        with suppress(OSError):
            own.close()


def _drop_output() -> None:
    """Discard what is still buffered: the interpreter would try to write it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
