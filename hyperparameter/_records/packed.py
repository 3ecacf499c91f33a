"""Reads and overrides on their way from a worker to the records of its submission: as JSON."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .._values.described_json import from_json, to_json
from .._values.keys import check
from .._values.origin import Origin, Process, RawOrigin, resolve, this_process
from .read import Places, RawRead, Read


def pack(reads: Iterable[RawRead | Read]) -> list[object]:
    """Return reads as lists and scalars; their places are looked up, as nobody else can.

    What many of them have in common is there once: origin, reader, process.
    """
    places = Places()
    groups: dict[object, list[object]] = {}
    for read in reads:
        common = _common(read)
        group = groups.get(common)
        if group is None:
            group = groups[common] = _packed_common(read, places)
        row = [read.key, packed := _pack_value(read.value)]
        has_own = read.default is not read.value
        if has_own or read.written is not None:
            row.append(_pack_value(read.default) if has_own else packed)
        if read.written is not None:
            row.append(_pack_value(read.written))
        group.append(row)
    return list(groups.values())


def _common(read: RawRead | Read) -> object:
    """Return what is the same for reads that have the same origin, reader and process."""
    if isinstance(read, Read):
        return read[3:-1]
    _, _, _, origin, site, process, bulk, _ = read
    # Of code the identity, as to hash it is to go through all of it; the reads keep it alive.
    place = (id(origin[0]), origin[1]) if type(origin) is tuple else id(origin)
    return place, id(site[0]), site[1], id(process), bulk


def _packed_common(read: RawRead | Read, places: Places) -> list[object]:
    found = read.resolved(places) if isinstance(read, RawRead) else read
    packed = None if found.origin is None else pack_origin(found.origin)
    return [packed, found.default_used, found.reader, list(found.process), found.bulk]


def _pack_value(value: object) -> object:
    return value if type(value) in _PLAIN else to_json(value, in_transit=True)


def unpack(groups: Any) -> list[Read]:
    """Return the reads of `pack`; `TypeError`, `ValueError` or `LookupError` for anything else."""
    reads = []
    for packed, used, reader, process, bulk, *rows in groups:
        origin = None if packed is None else unpack_origin(packed)
        common = origin, bool(used), str(reader), Process.unpack(process), bool(bulk)
        for key, packed_value, *more in rows:
            value = from_json(packed_value)
            default = from_json(more[0]) if more else value
            written = from_json(more[1]) if len(more) > 1 else None
            reads.append(Read(check(key), value, default, *common, written))
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
