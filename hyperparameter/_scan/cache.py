"""What files had when they were last scanned, by a digest of their bytes.

One file for each program or directory that is scanned.  It is a shortcut and nothing else: where
it cannot be read or written, or is damaged, the files are scanned again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from .source import Scanned
from .walk.collected import Raw

_FORMAT = 2  # to be raised with every change of what a scan finds
_VERSION = f"{_FORMAT} {sys.version_info[0]}.{sys.version_info[1]}".encode()


class Cache:
    """The scans of `root`, a program or a directory, kept in a file in `folder`."""

    def __init__(self, folder: str, root: str) -> None:
        name = blake2b(os.path.abspath(root).encode(errors="surrogateescape"), digest_size=16)
        self.path = os.path.join(folder, f"{name.hexdigest()}.scan")
        self._old: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        self._is_read = False

    def get(self, digest: str) -> Scanned | None:
        if not self._is_read:
            self._old, self._is_read = self._read(), True
        entry = self._used.get(digest) or self._old.get(digest)
        if entry is None:
            return None
        self._used[digest] = entry
        return Scanned(*entry)._replace(found=[Raw(*raw) for raw in entry[2]])

    def put(self, digest: str, scanned: Scanned) -> None:
        self._used[digest] = scanned

    def verdict(self, package: str, signature: list[int]) -> list[str] | None:
        """Return which files of an installed package may use us, if it is as it was then."""
        kept = self.get_raw(f"package {package}")
        return kept[1] if kept is not None and kept[0] == signature else None

    def judge(self, package: str, signature: list[int], files: list[str]) -> None:
        self._used[f"package {package}"] = [signature, files]

    def get_raw(self, name: str) -> Any:
        if not self._is_read:
            self._old, self._is_read = self._read(), True
        if name in self._old:
            self._used[name] = self._old[name]
        return self._used.get(name)

    def save(self) -> None:
        """Keep what this scan has used, if that is not what was kept before."""
        if self._used.keys() == self._old.keys() and not self._has_new():
            return
        beside = f"{self.path}.{os.getpid()}"
        with suppress(OSError, ValueError):  # a cache that cannot be written is none
            body = json.dumps(self._used, separators=(",", ":")).encode()
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            try:
                with open(beside, "wb") as file:
                    file.write(_seal(body) + b"\n" + body)
                os.replace(beside, self.path)
            except OSError:
                os.unlink(beside)

    def _has_new(self) -> bool:
        return any(entry is not self._old.get(name) for name, entry in self._used.items())

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError, RecursionError):
            with open(self.path, "rb") as file:
                seal, _, body = file.read().partition(b"\n")
            if seal == _seal(body):
                kept: dict[str, Any] = json.loads(body)
                return kept
        return {}


def digest_of(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def cache_for(root: str, environ: Mapping[str, str]) -> Cache | None:
    """Return the cache of a program or folder, None where there is no home for it.

    It is kept in `$XDG_CACHE_HOME/hyperparameter` or `~/.cache/hyperparameter`.
    """
    base, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(home, ".cache")
    return Cache(os.path.join(base, "hyperparameter"), root) if os.path.isabs(base) else None


def _seal(body: bytes) -> bytes:
    """Return the first line of a cache with this body: of another version, another line."""
    return b"hyperparameter-scan " + blake2b(_VERSION + body, digest_size=16).hexdigest().encode()
