"""Parts for processes on this host: files in a private folder, mapped where they arrive.

A file lives as long as its part: as long as a scope that holds the value, or work that was
submitted in it, is alive in the process that wrote it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
import weakref
from typing import Any

from .._private_folder import folder
from ..exceptions import CarrierError
from .attachments import Part, from_bytes, to_chunks


class Spool:
    """The store of parcels for processes on this host."""

    most_bytes: float = 1024  # more fill a pipe, and the two ends wait for each other at every task

    @staticmethod
    def keep(part: Part) -> str:
        """Return the path of the part's file; this process writes one of its own."""
        writer, path = part.places.get(Spool, (0, ""))
        if writer != os.getpid() or not os.path.exists(path):  # cleaners of /tmp exist
            path = _write(part)
            part.places[Spool] = os.getpid(), path
        return str(path)

    @staticmethod
    def fetch(digest: bytes, place: Any) -> Part:
        """Map the file; arrays over it are writable, what is written stays in this process."""
        try:
            with open(place, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as error:
            raise CarrierError(
                f"A part of the carried scope is missing ({error}): the process that submitted "
                "the work has ended, or it is on another host. hp_dist.bind takes all of a scope "
                "along."
            ) from error
        return from_bytes(digest, memoryview(data))


def _write(part: Part) -> str:
    handle, path = tempfile.mkstemp(dir=folder())
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(to_chunks(part))
    except OSError as error:
        os.unlink(path)
        raise CarrierError(
            f"A part of the scope, {part.size} bytes, cannot be written to {path}: {error}."
        ) from error
    weakref.finalize(part, _remove, path, os.getpid()).atexit = False
    return path


def _remove(path: str, pid: int) -> None:
    if os.getpid() == pid:
        with contextlib.suppress(FileNotFoundError):  # a cleaner was here
            os.unlink(path)
