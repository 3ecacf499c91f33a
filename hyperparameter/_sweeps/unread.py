"""Keys that were set for the runs of a sweep, and that none of them has read."""

from __future__ import annotations

from collections.abc import Sequence

from .._records.file import parse
from .._values.keys import did_you_mean
from .store.rows import Row
from .store.stored import Stored

_MOST_RECORDS = 1000  # which take a fifth of a second or so


def unread_by_all(stored: Stored, rows: Sequence[Row]) -> dict[str, str]:
    """Return the keys that no finished run has read, if the records tell, with a hint to each."""
    done = [row for row in rows if row.state == "done"]
    known = [set(row.unread) for row in done if row.unread is not None]
    if not known or len(known) < len(done):
        return {}
    unread = sorted(set.intersection(*known))
    read = _read_by(stored, done) if unread else set()
    return {key: did_you_mean(key, read) for key in unread}


def _read_by(stored: Stored, rows: Sequence[Row]) -> set[str]:
    """Return the keys that runs have read: a key may be read with some values of others alone."""
    found: set[str] = set()
    for row in rows[:: len(rows) // _MOST_RECORDS + 1]:
        text = stored.record(row.number, row.attempt)
        if text is not None:
            saved = parse(stored.folder, text.encode("utf-8", "surrogatepass"))
            found.update(read.key for read in saved.reads)
    return found
