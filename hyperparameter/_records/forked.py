"""Whether children have read something that the program has forked by itself.

They tell nobody what it is, unless `hp_dist` has them tell it; but the record of their parent must
not be taken for complete.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._scopes import ambient
from .read import RawRead, Read
from .record import Record

if TYPE_CHECKING:
    from mmap import mmap


class _Untold(Record):
    """Stands in a forked child for what tells another process: it says that there was a read."""

    def __init__(self, flags: tuple[mmap, ...]) -> None:
        super().__init__()
        self.flags = flags

    def take(self, key: str, identity: object, read: Read | RawRead) -> bool:
        for flag in self.flags:
            flag[0] = 1
        return super().take(key, identity, read)


def _share_flags() -> None:
    """Give each open record a byte that the child and this process both see."""
    from mmap import mmap

    for record in ambient.records():
        if isinstance(record, Record) and record.read_in_child is None:
            record.read_in_child = mmap(-1, 1)


def _begin_child() -> None:
    for record in ambient.records():
        if isinstance(record, Record) and record.read_in_child is not None:
            if record.forward is None or isinstance(record.forward, _Untold):
                known = () if record.forward is None else record.forward.flags
                record.forward = _Untold((record.read_in_child, *known))
            record.read_in_child = None  # it was the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_share_flags, after_in_child=_begin_child)
