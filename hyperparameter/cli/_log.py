"""`hp log`: what a run was, how it ended, and what it printed."""

import argparse
import codecs
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

from .._console import (
    NotFound,
    harmless,
    print_message,
    print_output,
    wants_colour,
    writing_output,
)
from .._sweeps.store import names
from .._sweeps.store.rows import Row
from .._sweeps.store.stored import Stored
from .._sweeps.tables.columns import short_duration
from .._sweeps.tables.table import log_file
from ..exceptions import UsageError

_RUN = re.compile(
    r"(?:(?P<sweep>.*)/)?(?P<number>[0-9]{1,12})(?:\.(?P<attempt>[0-9]{1,6}))?", re.DOTALL
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CHUNK = 1 << 16


class Named(NamedTuple):
    """A run as users name it: `7`, `NAME/7`, or `NAME/7.2` for its second attempt."""

    sweep: str | None
    number: int
    attempt: int | None


def named(word: str) -> Named | None:
    """Return the run that a word names, None for a word of another form."""
    found = _RUN.fullmatch(word)
    if found is None:
        return None
    attempt = found["attempt"]
    return Named(found["sweep"], int(found["number"]), None if attempt is None else int(attempt))


def log(args: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Print a run, then its output."""
    run = named(args.run)
    if run is None:
        raise UsageError(
            f"{args.run!r}: not a run. Give its number, as 7, or with its sweep, as NAME/7."
        )
    folder = names.find(run.sweep)
    with Stored.read(folder) as store:
        row = attempt_of(store, run)
        lines = _about(store, row, folder)
    print_output("\n".join([*map(harmless, lines), ""]), styled=True)
    _print_output_of(row, folder, environ)


def attempt_of(store: Stored, run: Named) -> Row:
    """Return the attempt of a run that is asked for, the last one by default."""
    if run.attempt is None:
        return store.row(run.number)
    attempts = store.attempts(run.number)
    for row in attempts:
        if row.attempt == run.attempt:
            return row
    last = f"had {attempts[-1].attempt}" if attempts else "not begun"
    raise NotFound(f"{run.number}.{run.attempt}: no such attempt. Run {run.number} has {last}.")


# -- about a run ------------------------------------------------------------------------------


def _about(store: Stored, row: Row, folder: str) -> list[str]:
    attempts = store.attempts(row.number)
    is_last = not attempts or row.attempt == attempts[-1].attempt
    lines = [f"Run {row.number} of {store.sweep.name}: {_state(row, attempts)}"]
    lines += [f"  {key}={text}" for key, text in row.typed.items()]
    if row.repeat is not None:
        lines.append(f"  repeat {row.repeat}")
    if row.results and row.state in ("done", "same") and is_last:
        lines.append(f"  returned {', '.join(_results(row))}")
    if row.unread:
        lines.append(f"  never read: {', '.join(row.unread)}")
    if not row.attempt:
        return lines
    lines += _where(row)
    others = [one for one in attempts if is_last and one.attempt != row.attempt]
    lines += [f"  attempt {one.attempt} {one.ending} {one.problem}".rstrip() for one in others]
    if row.log:
        lines.append(f"  log: {log_file(row, folder)}")
    return [*lines, *_error(row, store.traceback(row.number, row.attempt))]


def _state(row: Row, attempts: list[Row]) -> str:
    if row.same_as is not None:
        return f"not run, the same as run {row.same_as} but for what that never read"
    if len(attempts) < 2:
        return row.state
    is_last = row.attempt == attempts[-1].attempt
    state = row.state if is_last else row.ending
    return f"{state}, attempt {row.attempt} of {attempts[-1].attempt}"


def _results(row: Row) -> Iterator[str]:
    for name, value in row.results.items():
        yield repr(value) if name == "result" and len(row.results) == 1 else f"{name}={value!r}"


def _where(row: Row) -> list[str]:
    from datetime import UTC, datetime

    words = []
    if row.started is not None:
        when = datetime.fromtimestamp(row.started, UTC)
        words.append(f"started {when.isoformat(timespec='seconds')}")
    if row.host:
        words.append(f"on {row.host}:{row.pid}" if row.pid else f"on {row.host}")
    if row.seconds is not None:
        words.append(f"for {short_duration(row.seconds)}")
    return [f"  {' '.join(words)}"] if words else []


def _error(row: Row, traceback: str) -> list[str]:
    if traceback:
        return ["", *traceback.rstrip("\n").split("\n")]
    if row.problem or row.ending not in ("", "returned"):
        return ["", f"{row.ending or row.state}: {row.problem}".removesuffix(": ")]
    return []


# -- the output of a run ----------------------------------------------------------------------


def _print_output_of(row: Row, folder: str, environ: Mapping[str, str]) -> None:
    path = log_file(row, folder)
    if not path:
        if row.attempt:
            print_message(f"hp: no output of run {row.number} was kept.")
        return
    try:
        file = _opened(path)
    except OSError as error:
        print_message(f"hp: {path}: {error.strerror}. The output of run {row.number} is not there.")
        return
    with file, writing_output():
        if sys.stdout.isatty():
            _print_to_terminal(file, has_colours=wants_colour(sys.stdout, environ))
        else:
            _copy(file)


def _opened(path: str) -> BinaryIO:
    """Open a log; `OSError` for a pipe or device, which might never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a file")
    return open(handle, "rb")


def _copy(file: BinaryIO) -> None:
    """Write the bytes as they are: another program gets what the run has printed."""
    sys.stdout.flush()
    while chunk := file.read(_CHUNK):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _print_to_terminal(file: BinaryIO, *, has_colours: bool) -> None:
    """Print what a terminal may obey, and the rest as escapes.

    Those are the ends of lines, tabs and colours.  Other sequences could move the cursor over what
    has been printed, change the title or type into the shell.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    while line := file.readline(_CHUNK):
        sys.stdout.write(shown(decoder.decode(line), has_colours))
    rest = decoder.decode(b"", final=True)
    sys.stdout.write(f"{rest}\x1b[0m" if has_colours else rest)
    sys.stdout.flush()


def shown(text: str, has_colours: bool) -> str:
    """Return a line of a log for a terminal."""
    text = text.replace("\r\n", "\n")
    if not has_colours:
        return harmless(_COLOUR.sub("", text), "\n\t\r")
    parts, end = [], 0
    for found in _COLOUR.finditer(text):
        parts += [harmless(text[end : found.start()], "\n\t\r"), found[0]]
        end = found.end()
    return "".join([*parts, harmless(text[end:], "\n\t\r")])
