"""Attachments for processes of this host: files in a private folder, mapped by the workers.

A file lives as long as its attachment: as long as the process that wrote the file, and in it a
scope that holds the value, or work that was submitted inside such a scope.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
import weakref

from .._private_folder import folder
from ..exceptions import CarrierError
from .attachments import Attachment, from_bytes, to_chunks
from .picklers import Picklers, of_the_carrier


class Spool:
    """The store for messages to processes of this host."""

    most_bytes: float = 1024  # more fill a pipe, and the two ends wait for each other at every task

    @staticmethod
    def picklers() -> Picklers:
        return of_the_carrier()

    @staticmethod
    def keep(attachment: Attachment) -> str:
        """Return the path of the attachment's file; each process writes a file of its own."""
        writer, path = attachment.places.get(Spool, (0, ""))
        # A forked child has its parent's places, but the parent deletes its files when it ends.
        # Cleaners of /tmp delete files that look old.
        if writer != os.getpid() or not os.path.exists(path):
            path = _write(attachment)
            attachment.places[Spool] = os.getpid(), path
        return str(path)

    @staticmethod
    def fetch(digest: bytes, place: str) -> Attachment:
        """Map the file; arrays over it are writable, and what is written stays in this process."""
        try:
            with open(place, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as error:
            raise CarrierError(
                f"An attachment of the submitted scope cannot be read ({error}): the process that "
                "submitted the work has ended, or runs on another host. Submit "
                "hp_dist.bind(function), which sends the whole scope in its message."
            ) from error
        return from_bytes(digest, memoryview(data))


def _write(attachment: Attachment) -> str:
    handle, path = tempfile.mkstemp(dir=folder())
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(to_chunks(attachment))
    except OSError as error:
        os.unlink(path)
        raise CarrierError(
            f"An attachment of the scope, {attachment.size} bytes, cannot be written to {path}: "
            f"{error}. Free some space, or set TMPDIR to a folder that has it."
        ) from error
    # Not at exit: the folder itself is removed then, after the children have ended.
    weakref.finalize(attachment, _remove, path, os.getpid()).atexit = False
    return path


def _remove(path: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child has the finalizer too, the file is its parent's
        with contextlib.suppress(FileNotFoundError):  # a cleaner of /tmp came first
            os.unlink(path)
