"""Attachments for processes of this host: files in a private folder, which the workers read.

A file lives as long as its attachment: as long as the process that wrote the file, and in it a
scope that holds the value, or work that was submitted inside such a scope.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import math
import mmap
import os
import tempfile
import weakref
from io import BufferedReader

from .._collect.address import Medium
from .._private_folder import folder
from ..exceptions import CarrierError
from .attachments import Attachment, from_bytes, to_chunks
from .picklers import Picklers, of_loky, of_the_carrier

_MAPPED = 1024 * 1024  # a smaller file is read: a map keeps a descriptor, and some have 256
_MOST_MAPS = 32
_maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


class UnreadableFile(CarrierError):
    """The file of an attachment cannot be read here: `payload` is that of its message."""

    payload = b""


class Spool:
    """The store for messages to processes of this host."""

    medium: Medium = "host"
    most_bytes: float = 1024  # more fill a pipe, and the two ends wait for each other at every task

    @staticmethod
    def picklers() -> Picklers:
        return of_the_carrier()

    @staticmethod
    def keep(attachment: Attachment) -> str | bytes:
        """Return the path of the attachment's file; each process writes a file of its own.

        Where no file can be written, return what would be in it: then the message has it.
        """
        writer, path = attachment.places.get(Spool, (0, ""))
        # A forked child has its parent's places, but the parent deletes its files when it ends.
        # Cleaners of /tmp delete files that look old.
        if writer != os.getpid() or not os.path.exists(path):
            try:
                path = _write(attachment)
            except OSError:  # the disk is full, or nothing may be written anywhere
                return packed(attachment)
            attachment.places[Spool] = os.getpid(), path
        return str(path)

    @staticmethod
    def fetch(digest: bytes, place: str | bytes) -> Attachment:
        """Read the file; arrays over it are writable, and what is written stays in this process."""
        if isinstance(place, bytes):
            return from_bytes(digest, memoryview(bytearray(place)))
        try:
            with open(place, "rb") as file:
                data = _contents(file)
        except (OSError, ValueError) as error:  # ValueError for what cannot be a path
            raise UnreadableFile(
                f"An attachment of the submitted scope cannot be read: {_reason(error)} ({error}). "
                "Submit hp_dist.bind(function), which sends the whole scope in its message."
            ) from error
        return from_bytes(digest, data)


class LokySpool(Spool):
    """The store for workers of loky, which have another `__main__`."""

    @staticmethod
    def picklers() -> Picklers:
        return of_loky()


def packed(attachment: Attachment) -> bytes:
    """Return what is in the file of an attachment, as it is now: its buffers may change."""
    return b"".join(to_chunks(attachment))


@functools.cache
def without_files(store: type[Spool]) -> type[Spool]:
    """Return the store whose messages have in them what would be in files."""
    return type("WithoutFiles", (store,), {"keep": staticmethod(packed), "most_bytes": math.inf})


def _contents(file: BufferedReader) -> memoryview:
    size = os.fstat(file.fileno()).st_size
    if size >= _MAPPED and len(_maps) < _MOST_MAPS:
        # Pages that nobody writes to are shared by all workers.
        found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        _maps.add(found)
        return memoryview(found)
    contents = bytearray(size)
    file.readinto(contents)
    return memoryview(contents)


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return "this process may not read the files of the one that submitted the work"
    if number in (errno.EMFILE, errno.ENFILE):
        return "this process has too many open files"
    return (
        "the process that submitted the work has ended, or this one has other files: it runs on "
        "another host, in a container or in a chroot"
    )


def _write(attachment: Attachment) -> str:
    handle, path = tempfile.mkstemp(dir=folder())
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(to_chunks(attachment))
    except OSError:
        os.unlink(path)
        raise
    # Not at exit: the folder itself is removed then, after the children have ended.
    weakref.finalize(attachment, _remove, path, os.getpid()).atexit = False
    return path


def _remove(path: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child has the finalizer too, the file is its parent's
        with contextlib.suppress(FileNotFoundError):  # a cleaner of /tmp came first
            os.unlink(path)
