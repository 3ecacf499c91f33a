"""Source files loaded once, and scanned where they may use the library."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from . import modules
from .cache import ScanCache, digest_of
from .library_use import may_use_library
from .raw import FileScan

_CHUNK = 1 << 18
_MOST_CHUNKS = 64  # 16 MiB: no source is as large, and the memory must hold its syntax tree


class SourceFiles:
    """Loads and scans files; `problems` has a line for each that could not be."""

    def __init__(self, cache: ScanCache | None) -> None:
        self.problems: list[str] = []
        self._cache = cache
        self._loaded: dict[str, bytes] = {}

    def load(self, file: str, *, may_lack: bool = False) -> bytes:
        """Return the bytes of a file, none where it cannot be loaded, which is a problem.

        With `may_lack` it is not a problem if the file does not exist.
        """
        if file not in self._loaded:
            try:
                self._loaded[file] = _bytes(file)
            except OSError as error:
                if not (may_lack and isinstance(error, FileNotFoundError)):
                    self.problems.append(f"{file}:1: {error.strerror or error}")
                self._loaded[file] = b""
        return self._loaded[file]

    def scan(self, file: str, *, may_lack: bool = False, every: bool = False) -> FileScan | None:
        """Return the scan of a file that may use the library, or of `every` file, else None.

        A file that cannot be parsed is a problem.  `may_lack` is as in `load`.
        """
        data = self.load(file, may_lack=may_lack)
        if not every and not may_use_library(data):
            return None
        one = self._scan(data)
        if one.problem:
            self.problems.append(f"{file}:{one.line}: {one.problem}")
            return None
        return one

    def scan_any(self, file: str) -> FileScan | None:
        """Return the scan of a file whether or not it uses the library, None if it has none."""
        one = self._scan(self.load(file, may_lack=True))
        return None if one.problem else one

    def _scan(self, data: bytes) -> FileScan:
        digest = digest_of(data)
        one = None if self._cache is None else self._cache.get(digest)
        if one is None:
            from .source import scan  # all that parses: with a cache most runs do without

            one = scan(data)
            if self._cache is not None:
                self._cache.put(digest, one)
        return one

    def imported_names(self, file: str) -> set[str]:
        return modules.imported_names(self.load(file))

    def users_in(self, package: str) -> list[str]:
        """Return the files of an installed package that may use the library."""
        try:
            # Installers write a package's folder anew, and the folder that it is in.
            paths = (os.path.dirname(package), package)
            signature = [os.stat(path).st_mtime_ns for path in paths]
        except OSError:
            return []
        users = None if self._cache is None else self._cache.users(package, signature)
        if users is None:
            is_folder = os.path.isdir(package)
            inside = modules.files_below(package, []) if is_folder else [package]
            users = [file for file in inside if may_use_library(_bytes_or_none(file))]
            if self._cache is not None:
                self._cache.put_users(package, signature, users)
        return users

    def save(self) -> None:
        if self._cache is not None:
            self._cache.save()


def any_mentions_library(files: Iterable[str]) -> bool:
    """Tell whether one of these files has the library's name in it, which is quickly seen."""
    return any(b"hyperparameter" in _bytes_or_none(file) for file in files)


def _bytes_or_none(file: str) -> bytes:
    try:
        return _bytes(file)
    except OSError:
        return b""


def _bytes(file: str) -> bytes:
    # Half the time that a file object takes, and there may be ten thousand files.  A pipe or a
    # device would make us wait or read for ever.
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("is not a regular file")
        parts = [os.read(descriptor, _CHUNK)]
        while len(parts[-1]) == _CHUNK:
            if len(parts) > _MOST_CHUNKS:
                raise OSError(f"is larger than {_MOST_CHUNKS * _CHUNK >> 20} MiB")
            parts.append(os.read(descriptor, _CHUNK))
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)
