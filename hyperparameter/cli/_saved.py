"""Records by name: of files, and of the runs of a sweep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .._records.file import parse
from .._records.record import Record
from ..exceptions import ConfigurationError, UsageError


def load(name: str) -> Record:
    """Return a saved record; `UsageError` for what is not one or cannot be read."""
    text = _in_store(name)
    try:
        if text is None:
            return Record.load(name)
        data = text.encode("utf-8", "surrogatepass")
        return Record._of(name, lambda: parse(name, data))
    except ConfigurationError as error:
        raise UsageError(str(error)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{name}: {reason}. Give the file of a record.") from None


@contextmanager
def as_file(name: str) -> Iterator[str]:
    """Give the path of a record, in a file that is made for it where it is in a store."""
    import tempfile

    text = _in_store(name)
    if text is None:
        yield os.path.abspath(name)
        return
    with tempfile.TemporaryDirectory(prefix="hp-record-") as folder:
        path = os.path.join(folder, f"{name.strip(os.sep).replace(os.sep, '-')}.json")
        with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        yield path


def _in_store(name: str) -> str | None:
    """Return the record of a run that is called so; None for the name of a file.

    An existing file takes precedence, as `./7`, over run 7.
    """
    from ._log import attempt_of, named

    run = None if "\0" in name or os.path.exists(name) else named(name)
    if run is None:
        return None
    from .._sweeps.store import names
    from .._sweeps.store.stored import Stored

    with Stored.read(names.find(run.sweep)) as store:
        row = attempt_of(store, run)
        row = row if row.same_as is None else store.row(row.same_as)
        text = store.record(row.number, row.attempt)
    if text is None:
        raise UsageError(f"{name}: run {row.number} has no record: it is {row.state}. hp log "
                         f"{name} shows what is known of it.")  # fmt: skip
    return text
