"""Reads and overrides on their way from a worker to the records of its submission: as JSON."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .._values.describe import from_json, to_json
from .._values.keys import check
from .._values.origin import Origin, Process, RawOrigin, resolve, this_process
from .read import Places, RawRead, Read


def pack(read: RawRead | Read) -> list[object]:
    """Return a read as lists and scalars; its places are looked up, as nobody else can."""
    if isinstance(read, RawRead):
        read = read.resolved(Places())
    key, value, default, origin, default_used, reader, process, bulk = read
    return [
        key,
        to_json(value, in_transit=True),
        to_json(default, in_transit=True) if default is not value else True,
        None if origin is None else pack_origin(origin),
        default_used,
        reader,
        list(process),
        bulk,
        default is value,
    ]


def unpack(fields: Any) -> Read:
    """Return the read of `pack`; `TypeError`, `ValueError` or `LookupError` for anything else."""
    key, value, default, origin, default_used, reader, process, bulk, is_same = fields
    used = from_json(value)
    return Read(
        check(key),
        used,
        used if is_same else from_json(default),
        None if origin is None else unpack_origin(origin),
        bool(default_used),
        str(reader),
        Process.unpack(process),
        bool(bulk),
    )


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


def unpack_overrides(packed: Iterable[Any]) -> dict[str, Origin]:
    return {check(key): unpack_origin(origin) for key, origin in packed}


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


_MOST_ORIGINS = 1_000  # most keys are set in a few places
_origins: dict[object, Origin] = {}
