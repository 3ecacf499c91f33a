"""Where a worker tells what it reads: the records that were open where its work was submitted.

A process that submits work has a mailbox, a file which the processes of its host append to, and
in a Ray cluster also a collector, an actor.  Records are known by ids, which travel with the work.
"""

import os
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

from hyperparameter._engine_interface import Record


class Destination(NamedTuple):
    """A process that has records: its mailbox, its collector, and the ids of the records."""

    mailbox: str
    collector: str
    records: tuple[str, ...]


Address = tuple[Destination, ...]


Medium = Literal["host", "cluster", "any"]
"""How far work may go: to processes of this host, to workers of a cluster, or nobody knows."""


def this_submitter() -> str:
    """Return what tells this process from all others that submit work."""
    return submitter_of((TOKEN, os.getpid()))


def submitter_of(process: tuple[bytes, int]) -> str:
    """Return what tells a process from all others: a token of its own or an ancestor's, its pid."""
    token, pid = process
    return f"{token.hex()}-{pid}"


def id_of(record: Record) -> str:
    """Return the id that a record of this process has in other processes."""
    known = _ids.get(record)
    if known is None:
        known = _ids[record] = os.urandom(6).hex()
        _records[known] = record
        record.was_sent = True
    return known


def new_awaited_id() -> str:
    """Return the id of a process that is started, which stands among those of records."""
    return f"process-{os.urandom(6).hex()}"


def with_awaited(address: Address, awaited: str) -> Address:
    """Return the address as a process takes it along: whatever it tells there names it, too."""
    if not awaited or not address:
        return address
    first, *others = address
    return first._replace(records=(*first.records, awaited)), *others


def is_known(record: Record) -> bool:
    """Tell whether a record has an id already."""
    return record in _ids


def record_of(known: str) -> Record | None:
    """Return the record with an id, None when nobody has it any more."""
    return _records.get(known)


def records_at(address: Address) -> list[Record]:
    """Return the records of this process that an address names."""
    found = [record_of(known) for destination in address for known in destination.records]
    return [record for record in found if record is not None]


def own_records() -> list[Record]:
    """Return the records of this process that have been told to others."""
    return list(_records.values())


def forget_ids() -> None:
    """Forget all ids: in a forked child they are its parent's."""
    _ids.clear()
    _records.clear()


TOKEN = os.urandom(8)
"""Tells this process, and with the pid those forked from it, from all others."""

_ids: WeakKeyDictionary[Record, str] = WeakKeyDictionary()
_records: WeakValueDictionary[str, Record] = WeakValueDictionary()
