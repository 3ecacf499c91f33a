"""What the scans of files gave, kept by a digest of their bytes.

There is one file for each program or directory that is scanned.  It saves time and nothing else:
where it cannot be read or written, or is damaged, the files are scanned again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .raw import FileScan, RawFinding

try:
    from _blake2 import blake2b
except ImportError:  # hashlib's, which loads OpenSSL first: a twentieth of the time of --help
    from hashlib import blake2b

_FORMAT = 10  # to be raised with every change of what a scan finds, or of how it is kept
# What can be parsed depends on the version of Python.
_VERSION = f"{_FORMAT} {sys.version_info[0]}.{sys.version_info[1]}".encode()


class ScanCache:
    """The scans of `root`, a program or a directory, kept in a file in `folder`."""

    def __init__(self, folder: str, root: str) -> None:
        name = blake2b(os.path.abspath(root).encode(errors="surrogateescape"), digest_size=16)
        self.path = os.path.join(folder, f"{name.hexdigest()}.scan")
        self._loaded: dict[str, list[Any]] | None = None
        # Only what this run uses is kept, so that old versions of files do not pile up.
        self._used: dict[str, list[Any] | FileScan] = {}

    def get(self, digest: str) -> FileScan | None:
        entry = self._entry(digest)
        if entry is None:
            return None
        return FileScan(*entry)._replace(findings=[RawFinding(*raw) for raw in entry[2]])

    def put(self, digest: str, scan: FileScan) -> None:
        self._used[digest] = scan

    def users(self, package: str, signature: list[int]) -> list[str] | None:
        """Return which files of an installed package may use the library, if it has not changed."""
        entry = self._entry(f"package {package}")
        if not isinstance(entry, list) or entry[0] != signature:
            return None
        files: list[str] = entry[1]
        return files

    def put_users(self, package: str, signature: list[int], files: list[str]) -> None:
        self._used[f"package {package}"] = [signature, files]

    def _entry(self, name: str) -> list[Any] | FileScan | None:
        if name not in self._used and name in self._kept():
            self._used[name] = self._kept()[name]
        return self._used.get(name)

    def save(self) -> None:
        """Write what this run has used, if the file has anything else."""
        kept = self._loaded or {}
        if self._used.keys() == kept.keys() and all(
            entry is kept[name] for name, entry in self._used.items()
        ):
            return
        # Renamed into place: two programs may save at the same time.
        beside = f"{self.path}.{os.getpid()}"
        with suppress(OSError, ValueError):  # without a cache the next scan takes longer
            body = json.dumps(self._used, separators=(",", ":")).encode()
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            try:
                with open(beside, "wb") as file:
                    file.write(_seal(body) + b"\n" + body)
                os.replace(beside, self.path)
            except OSError:
                os.unlink(beside)

    def _kept(self) -> dict[str, list[Any]]:
        if self._loaded is None:
            self._loaded = _load(self.path)
        return self._loaded


def _load(path: str) -> dict[str, list[Any]]:
    with suppress(OSError, ValueError, RecursionError):
        with open(path, "rb") as file:
            seal, _, body = file.read().partition(b"\n")
        if seal == _seal(body):
            kept: dict[str, list[Any]] = json.loads(body)
            return kept
    return {}


def _seal(body: bytes) -> bytes:
    """Return the first line of a file with this body, which no other version would write."""
    return b"hyperparameter-scan " + blake2b(_VERSION + body, digest_size=16).hexdigest().encode()


def digest_of(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def cache_for(root: str, environ: Mapping[str, str]) -> ScanCache | None:
    """Return the cache of a program or folder, None where it has no home.

    It is kept in `$XDG_CACHE_HOME/hyperparameter` or `~/.cache/hyperparameter`.
    """
    base, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(home, ".cache")
    return ScanCache(os.path.join(base, "hyperparameter"), root) if os.path.isabs(base) else None
