"""What differs between records: the values of each key, and where they came from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .._values.describe import Masked, Spelled, has_secrets, told_apart
from .._values.described_json import to_json
from .read import Read

Reads = Mapping[str, Sequence[Read]]
"""The reads of each key; none of a key that was not read."""


class Difference(NamedTuple):
    """A key that a record has otherwise than the first one.

    `changes` says how, for each further record: `value`, `origin`, `added`, `gone`, or nothing
    where it is as in the first; `reads` has what each record has.
    """

    key: str
    changes: list[str]
    reads: list[Sequence[Read]]


class Compared(NamedTuple):
    """What differs, how many keys do not, and the secrets of which nothing tells."""

    differences: list[Difference]
    same: int
    unknown: list[str]


def by_key(reads: Iterable[Read]) -> dict[str, list[Read]]:
    found: dict[str, list[Read]] = {}
    for read in reads:
        found.setdefault(read.key, []).append(read)
    return found


def without(reads: Reads, ignored: Sequence[str]) -> Reads:
    """Return the reads of the keys that fit none of the patterns: `log.*`."""
    return {
        key: one
        for key, one in reads.items()
        if not any(fnmatchcase(key, pattern) for pattern in ignored)
    }


def compared(records: Sequence[Reads]) -> Compared:
    """Compare records with the first of them."""
    differences, same, unknown = [], 0, []
    for key in dict.fromkeys(key for one in records for key in one):
        each = [one.get(key, ()) for one in records]
        changes = [change_of(each[0], other) for other in each[1:]]
        hides = any(_hides(read) for reads in each for read in reads)
        if hides and all(each):
            unknown.append(key)
        elif any(changes):
            differences.append(Difference(key, changes, each))
        else:
            same += 1
    return Compared(differences, same, unknown)


def change_of(first: Sequence[Read], other: Sequence[Read]) -> str:
    """Return how what a record has of a key differs from what the first one has."""
    if not first or not other:
        return "" if not first and not other else "gone" if first else "added"
    if values_of(first) != values_of(other):
        return "value"
    return "origin" if _origins(first) != _origins(other) else ""


def values_of(reads: Iterable[Read]) -> set[str]:
    """Return the different values of reads, as text that tells them apart."""
    return {f"{type(read.value).__name__} {told_apart(read.value)}" for read in reads}


def _origins(reads: Iterable[Read]) -> set[tuple[str, str]]:
    """Return where values come from: not the line, which moves, nor the process, which is new."""
    return {
        ("default", "") if one is None else (one.kind, re.sub(r":\d+$", "", one.location))
        for one in (read.origin for read in reads)
    }


def _hides(read: Read) -> bool:
    """Tell a secret without a digest: another value of it would look the same."""
    return has_secrets(read.value) and not _has_digests(read.value)


def _has_digests(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_has_digests, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_has_digests, value))
    if isinstance(value, Spelled):
        return _has_digests(value.data)
    return not isinstance(value, Masked) or bool(value.digest)


def plain(read: Read) -> dict[str, object]:
    """Return a read for JSON, its values spelled as in the file of a record."""
    return {
        "value": to_json(read.value),
        "default": to_json(read.default),
        "default_used": read.default_used,
        "origin": None if read.origin is None else str(read.origin),
        "reader": read.reader,
        "host": read.process.host,
        "pid": read.process.pid,
        "bulk": read.bulk,
    }
