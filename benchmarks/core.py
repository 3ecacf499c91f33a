"""The core rows: reads, scopes, decorated calls, import, command line, size."""

from __future__ import annotations

from collections.abc import Iterator

import calls
import opening
import reading
import size
import starting
from table import Figures, Row


def rows(peers: Figures) -> Iterator[Row]:
    """Yield the core rows; `peers` is what `peers.py` prints."""
    yield from reading.rows(peers)
    yield from opening.rows()
    yield from calls.rows()
    yield from starting.rows()
    yield from size.rows()
