"""Files read once and scanned where they may use us."""

from __future__ import annotations

import os
from collections.abc import Iterable

from . import modules
from .cache import Cache, digest_of
from .source import Scanned, may_use_us, scan

_CHUNK = 1 << 18


class Files:
    """Reads and scans files; `problems` has a line for each that could not be."""

    def __init__(self, cache: Cache | None) -> None:
        self.problems: list[str] = []
        self._cache = cache
        self._read: dict[str, bytes] = {}

    def read(self, file: str, *, may_lack: bool = False) -> bytes:
        """Return the bytes of a file, none where it cannot be read."""
        if file not in self._read:
            try:
                self._read[file] = _bytes(file)
            except OSError as error:
                if not (may_lack and isinstance(error, FileNotFoundError)):
                    self.problems.append(f"{file}:1: {error.strerror or error}")
                self._read[file] = b""
        return self._read[file]

    def scan(self, file: str, *, may_lack: bool = False) -> Scanned | None:
        """Return what a file has, None where it cannot be parsed or has nothing to do with us.

        With `may_lack` it is no problem that there is no such file.
        """
        data = self.read(file, may_lack=may_lack)
        if not may_use_us(data):
            return None
        one = self._scanned(data)
        if one.problem:
            self.problems.append(f"{file}:{one.line}: {one.problem}")
            return None
        return one

    def scan_any(self, file: str) -> Scanned | None:
        """Return what a file has that may have nothing to do with us; it can be no problem."""
        one = self._scanned(self.read(file, may_lack=True))
        return None if one.problem else one

    def _scanned(self, data: bytes) -> Scanned:
        digest = digest_of(data)
        one = None if self._cache is None else self._cache.get(digest)
        if one is None:
            one = scan(data)
            if self._cache is not None:
                self._cache.put(digest, one)
        return one

    def imports(self, file: str) -> set[str]:
        return modules.imports(self.read(file))

    def users_in(self, root: str) -> list[str]:
        """Return the files of an installed package that may use us."""
        try:
            signature = [os.stat(p).st_mtime_ns for p in (os.path.dirname(root), root)]
        except OSError:
            return []
        known = None if self._cache is None else self._cache.verdict(root, signature)
        if known is None:
            inside = modules.walk(root, []) if os.path.isdir(root) else [root]
            known = [file for file in inside if may_use_us(_bytes_or_none(file))]
            if self._cache is not None:
                self._cache.judge(root, signature, known)
        return known

    def save(self) -> None:
        if self._cache is not None:
            self._cache.save()


def _bytes(file: str) -> bytes:
    """Return what a file has; twice as quick as a file object, and there may be ten thousand."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        parts = [os.read(descriptor, _CHUNK)]
        while len(parts[-1]) == _CHUNK:
            parts.append(os.read(descriptor, _CHUNK))
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def any_mentions_us(files: Iterable[str]) -> bool:
    """Tell whether one of these files has our name in it: the quickest look there is."""
    return any(b"hyperparameter" in _bytes_or_none(file) for file in files)


def _bytes_or_none(file: str) -> bytes:
    try:
        return _bytes(file)
    except OSError:
        return b""
