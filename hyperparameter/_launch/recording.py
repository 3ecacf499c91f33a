"""The record of a run: whose it is, and the file that `--record` names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from .._records.ending import finish
from .._records.record import Record, process_record, record
from .._termination import Terminated
from ..exceptions import UsageError
from .commands import Function
from .invocation import Invocation

if TYPE_CHECKING:
    from .._records.masks import Masks


@contextmanager
def recorded(
    function: Function, invocation: Invocation, argv: Sequence[str], whole_process: bool
) -> Iterator[tuple[Record, Masks | None]]:
    """Record a run; the record is written where `--record` says, however the run ends.

    What the masks are told of the run's secrets is in no text of the record; where none is
    written, there are no masks.  `whole_process` uses the record of the process: reads of other
    threads do not reach a record of this context.
    """
    path = invocation.record
    check_writable(path)
    with nullcontext(process_record()) if whole_process else record() as rec:
        if path is None:
            yield rec, None
        else:
            with _saved(rec, path, function, invocation, argv) as masks:
                yield rec, masks


@contextmanager
def _saved(
    rec: Record, path: str, function: Function, invocation: Invocation, argv: Sequence[str]
) -> Iterator[Masks]:
    from .run_facts import RunFacts, masks_for, now  # most runs write no record

    started, masks = now(), masks_for(invocation)
    place = os.path.abspath(path)  # the program may go elsewhere

    def save(error: BaseException | None) -> None:
        finish(rec, error)
        rec.run = RunFacts(argv, masks, started, error).run(function)
        _completely(lambda: rec.save(place))

    try:
        yield masks
    except BaseException as error:
        with suppress(OSError):  # the user must see what ended the run
            save(error)
        raise
    try:
        save(None)
    except OSError as error:
        raise UsageError(f"--record {path!r}: {error.strerror}.") from error


def _completely(save: Callable[[], None]) -> None:
    """Save even if SIGTERM or Ctrl-C arrives meanwhile; a second one of those ends the process."""
    try:
        save()
    except (Terminated, KeyboardInterrupt):
        save()
        raise


def check_writable(path: str | None) -> None:
    """Raise `UsageError` before the run, not after hours of it, if its record has no place."""
    if path is None:
        return
    if not _is_file_name(path):
        raise UsageError(f"--record {path!r}: this cannot be the name of a file.")
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise UsageError(f"--record {path!r}: this is a directory. Give the name of a file.")
    if not os.path.isdir(folder):
        raise UsageError(f"--record {path!r}: the directory {folder!r} does not exist. Create it.")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise UsageError(f"--record {path!r}: permission denied.")


def _is_file_name(path: str) -> bool:
    try:
        return bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half of a pair of surrogates
        return False
