"""Runs that differ only in what they never read are one run: the records tell.

A finished run stands for every other one that is set in the same way but for the keys that it has
not read.  That holds where what a run reads depends on its configuration alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b


class StandIns:
    """The finished runs by what they have read."""

    def __init__(self) -> None:
        # By what they have not read: there are far fewer of these sets than of runs.
        self._by_unread: dict[frozenset[str], dict[str, int]] = {}

    def find(self, parts: Mapping[str, str]) -> int | None:
        """Return the number of the first run that stands for one with these parts, if any does."""
        found = [
            number
            for unread, runs in self._by_unread.items()
            if (number := runs.get(digest_of_read(parts, unread))) is not None
        ]
        return min(found, default=None)

    def add(self, number: int, read: str, unread: Collection[str]) -> None:
        """Note a run that has finished, with the keys set for it that it has not read.

        `read` is the `digest_of_read` of the run.
        """
        self._by_unread.setdefault(frozenset(unread), {}).setdefault(read, number)


def digest_of_read(parts: Mapping[str, str], unread: Collection[str]) -> str:
    """Return a digest of what is set for a run, but for the keys that are not read."""
    rest = (f"{key}={one}" for key, one in sorted(parts.items()) if key not in unread)
    return blake2b("\0".join(rest).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
