"""Files that are replaced as a whole: whoever is killed while it writes leaves the old one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from errno import EBUSY
from typing import TextIO

from .text import FilePath


def write_whole(path: FilePath, parts: Iterable[str]) -> None:
    """Write the parts of a text into a new file, which takes the name when it is complete.

    Pipes and devices are written to, and so is a file in a folder that takes no new one.
    """
    target = os.path.realpath(path)  # the file that a link names is replaced, not the link
    if os.path.exists(path) and not os.path.isfile(path):
        _write(os.fspath(path), parts)
        return
    folder, name = os.path.split(target)
    # A name of its own for each writer, cut because names of files have a limit.
    unfinished = os.path.join(folder, f".{name[:100]}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        file = _new(folder, unfinished)
    except PermissionError:
        _write(target, parts)
        return
    try:
        with file:
            file.writelines(parts)
            file.flush()
            if not os.path.exists(unfinished):
                _name(file, unfinished)
        with suppress(FileNotFoundError):
            os.chmod(unfinished, os.stat(target).st_mode & 0o777)
        _rename(unfinished, target)
    finally:
        with suppress(OSError):
            os.unlink(unfinished)


def _new(folder: str, path: str) -> TextIO:
    """Open a new file, without a name where the system can do that.

    Nothing is left of such a file when its process is killed.
    """
    if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
        with suppress(OSError):  # a file system that cannot, as that of another host
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
            return open(handle, "w+", encoding="utf-8")
    return open(path, "x", encoding="utf-8")


def _name(file: TextIO, path: str) -> None:
    """Give a name to a file that has none."""
    handle = file.fileno()
    try:
        # With a folder, which an absolute path makes meaningless, Python follows the link in /proc.
        os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)
    except OSError:  # a system that forbids it
        file.seek(0)
        with open(path, "x", encoding="utf-8") as named:
            named.writelines(file)


def _write(path: str, parts: Iterable[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(parts)


def _rename(unfinished: str, target: str) -> None:
    try:
        os.replace(unfinished, target)
    except OSError as error:
        if error.errno != EBUSY:  # a file that is mounted by itself, as into a container
            raise
        with open(unfinished, encoding="utf-8") as file:
            _write(target, file)
