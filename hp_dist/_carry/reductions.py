"""How multiprocessing sends values of some types, and which of them no message can have.

A descriptor is a number that means another file in another process.  As an argument of a task,
multiprocessing hands it over itself, to one process and once.  A message may be opened by several
workers, or by none.  Only what a process takes along when it is spawned, it alone gets.
"""

from __future__ import annotations

import copyreg
import functools
import os
import pickle
from collections import ChainMap
from collections.abc import Callable, Mapping
from multiprocessing import resource_sharer
from multiprocessing.connection import Connection
from multiprocessing.context import get_spawning_popen
from multiprocessing.reduction import ForkingPickler
from socket import socket
from typing import Any, NoReturn

Reducer = Callable[[Any], Any]
Reducers = dict[type, Reducer]

# Methods, partials and views of mappings are written at least as faithfully without them, and
# the shared memory of a tensor can be opened once.
_LEFT_OUT = ("multiprocessing.managers", "multiprocessing.reduction", "torch.")


class OpenedOnce(pickle.PicklingError):
    """A value has a descriptor, which several workers cannot get."""


def table_of(kind: type[pickle.Pickler], *, is_of_multiprocessing: bool) -> Reducers:
    """Return the dispatch table of a pickler of this kind, with what it needs besides its own."""
    table = _tables.get(kind)
    if table is None or table.copies != table.sources:
        # Merged and kept, because pickle asks it for each object, and most messages are small.
        table = _tables[kind] = _Table(kind, is_of_multiprocessing)
    return table.merged


class _Table:
    """The tables of a kind of pickler as one, until somebody registers a reducer in one of them."""

    def __init__(self, kind: type[pickle.Pickler], is_of_multiprocessing: bool) -> None:
        own = getattr(kind, "dispatch_table", None)
        maps = own.maps if isinstance(own, ChainMap) else [copyreg.dispatch_table]
        registered: Reducers = {}
        if is_of_multiprocessing:
            registered = ForkingPickler._extra_reducers  # type: ignore[attr-defined]  # of `register`
        self.sources: list[Mapping[type, Reducer]] = [*maps, registered]
        self.copies = [dict(source) for source in self.sources]
        self.merged: Reducers = {}
        for each in reversed(maps):
            self.merged |= each
        self.merged |= {at: reduce for at, reduce in registered.items() if _is_used(reduce)}
        for at in Connection, socket:
            self.merged[at] = functools.partial(_handed_over, registered.get(at))
        if hasattr(resource_sharer, "DupFd"):  # not on Windows
            self.merged[resource_sharer.DupFd] = _refuse_shared


def _is_used(reduce: Reducer) -> bool:
    return not str(getattr(reduce, "__module__", "")).startswith(_LEFT_OUT)


def _handed_over(reduce: Reducer | None, value: object) -> object:
    if reduce is None or get_spawning_popen() is None:
        _refuse(value)
    return reduce(value)


def _refuse(value: object) -> NoReturn:
    raise OpenedOnce(f"a {type(value).__name__} is open in this process alone")


def _refuse_shared(descriptor: Any) -> NoReturn:
    os.close(descriptor.detach())  # or it would be kept open here for whoever asks for it
    _refuse(descriptor)


_tables: dict[type[pickle.Pickler], _Table] = {}
