"""Reads and overrides on their way from a worker to the records of its submission: as JSON."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from .._values.described_json import from_json, to_json
from .._values.keys import check
from .._values.origin import Origin, Process, RawOrigin, resolve, this_process
from .read import Places, RawRead, Read


class Packing:
    """Reads on their way, as they come: what many have in common is there once.

    They are not kept, but one of each group, and most become a few items of a list: a worker that
    makes thousands of objects, and keeps them until it sends, collects garbage most of the time.
    """

    def __init__(self) -> None:
        self._groups: dict[object, _Group] = {}

    def add(self, read: RawRead | Read) -> None:
        key, value, default, written = read[0], read[1], read[2], read[-1]
        has_own = default is not value
        common = _common(read, has_own)
        group = self._groups.get(common)
        if group is None:  # in one step: a finalizer may run here, and read
            group = self._groups.setdefault(common, (read, has_own, [], []))
        _, _, plain, rows = group
        if written is not None:
            rows.append(plain := [_pack_value(written)])
        value = value if type(value) in _PLAIN else _pack_value(value)
        if has_own:
            plain += key, value, default if type(default) in _PLAIN else _pack_value(default)
        else:
            plain += key, value

    def packed(self) -> list[object]:
        """Return lists and scalars; places are looked up, as nobody else can."""
        places = Places()
        return [
            [*_packed_common(read, places), has_own, plain, *rows]
            for read, has_own, plain, rows in self._groups.values()
        ]


def pack(reads: Iterable[RawRead | Read]) -> list[object]:
    """Return reads as lists and scalars."""
    packing = Packing()
    for read in reads:
        packing.add(read)
    return packing.packed()


_Group = tuple[RawRead | Read, bool, list[object], list[object]]
"""The first of some reads that have the same origin, reader and process; whether their defaults are
others than their values; keys, values and such defaults in turn; and rows of the same, behind what
their values were made of."""


def _common(read: RawRead | Read, has_own: bool) -> object:
    """Return what is the same for reads that have the same origin, reader and process."""
    if isinstance(read, Read):
        return has_own, read[3:-1]
    _, _, _, origin, site, process, bulk, _ = read
    # Of code the identity, as to hash it is to go through all of it; the group keeps it alive.
    if type(origin) is tuple:
        return has_own, id(origin[0]), origin[1], id(site[0]), site[1], id(process), bulk
    return has_own, id(origin), id(site[0]), site[1], id(process), bulk


def _packed_common(read: RawRead | Read, places: Places) -> list[object]:
    found = read.resolved(places) if isinstance(read, RawRead) else read
    packed = None if found.origin is None else pack_origin(found.origin)
    return [packed, found.default_used, found.reader, list(found.process), found.bulk]


def _pack_value(value: object) -> object:
    kind = type(value)
    if kind in _PLAIN or (kind is float and isfinite(value)):  # type: ignore[arg-type]  # a float
        return value
    return to_json(value, in_transit=True)


def unpack(groups: Any) -> list[Read]:
    """Return the reads of `pack`; `TypeError`, `ValueError` or `LookupError` for anything else."""
    reads = []
    for packed, used, reader, process, bulk, has_own, plain, *rows in groups:
        origin = None if packed is None else unpack_origin(packed)
        common = origin, bool(used), str(reader), Process.unpack(process), bool(bulk)
        size = 3 if has_own else 2
        if len(plain) % size:
            raise ValueError(f"{len(plain)} items cannot be rows of {size}")
        unwritten = ([None, *plain[at : at + size]] for at in range(0, len(plain), size))
        for written, key, packed_value, *own in (*unwritten, *rows):
            value = from_json(packed_value)
            default = from_json(own[0]) if has_own else value
            reads.append(Read(check(key), value, default, *common, from_json(written)))
    return reads


def pack_origin(origin: RawOrigin) -> list[object]:
    """Return an origin that names the process where it is, so that it can be told elsewhere."""
    found = resolve(origin)
    if found.process is None:
        found = found._replace(process=this_process())
    return found.pack()


def unpack_origin(packed: Any) -> Origin:
    """Return the origin of `pack_origin` as this process calls it."""
    kind, place, process = packed
    known = kind, place, *process, os.getpid()
    origin = _origins.get(known)
    if origin is None:
        origin = Origin.unpack(packed)
        if origin.process == this_process():
            origin = origin._replace(process=None)
        if len(_origins) >= _MOST_ORIGINS:
            _origins.clear()
        _origins[known] = origin
    return origin


def unpack_overrides(packed: Iterable[Any]) -> list[tuple[str, Origin]]:
    return [(check(key), unpack_origin(origin)) for key, origin in packed]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Let the collector rest: it would go through all that is read, again and again.

    There is no garbage in it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_PLAIN = frozenset([str, int, bool, type(None)])  # and not their subclasses, as secrets are
_MOST_ORIGINS = 1_000  # most keys are set in a few places
_origins: dict[object, Origin] = {}
