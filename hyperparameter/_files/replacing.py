"""Files that are replaced as a whole: whoever is killed while it writes leaves the old one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from errno import EBUSY

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
        with open(unfinished, "x", encoding="utf-8"):
            pass
    except PermissionError:
        _write(target, parts)
        return
    try:
        _write(unfinished, parts)
        with suppress(FileNotFoundError):
            os.chmod(unfinished, os.stat(target).st_mode & 0o777)
        _rename(unfinished, target)
    finally:
        with suppress(OSError):
            os.unlink(unfinished)


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
