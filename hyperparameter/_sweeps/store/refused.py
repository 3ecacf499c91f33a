"""The store of a launch that may be refused, which then leaves nothing behind.

Else an empty sweep would be the one that was launched last, and that `--resume` continues.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from ...exceptions import UsageError
from .names import FILE
from .store import Store


@contextmanager
def closing(store: Store, *, is_new: bool, folders: Iterable[str] = ()) -> Iterator[Store]:
    """Close a store in the end; `UsageError` before any run has begun takes the launch back.

    `folders` are those that a launch makes in that of the sweep.
    """
    try:
        yield store
    except UsageError:
        if not _has_begun(store):
            take_back(store)
            if is_new:
                _remove(store.folder, folders)
        raise
    finally:
        store.close()


def _has_begun(store: Store) -> bool:
    """Tell whether a run has changed its state in this launch."""
    with store._transaction() as execute:
        changed = "SELECT 1 FROM transitions WHERE launch = ? LIMIT 1"
        return execute(changed, store._launch).fetchone() is not None


def take_back(store: Store) -> None:
    """Close a store in which a launch has done nothing, as if there had been none."""
    with store._transaction() as execute:
        execute("DELETE FROM launches WHERE id = ?", store._launch)
    store._launch = None
    store._database.close()
    store._lock.take_back()


def _remove(folder: str, folders: Iterable[str]) -> None:
    with suppress(OSError):  # what else is in them is not ours, and keeps them there
        os.unlink(os.path.join(folder, FILE))
        for name in folders:
            os.rmdir(os.path.join(folder, name))
        os.rmdir(folder)
        os.rmdir(os.path.dirname(folder))
