"""SQLite as a store uses it: opened with suspicion, and its errors as messages."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from ..._console import NotFound
from ...exceptions import UsageError
from .file_system import network_file_system
from .names import FILE
from .schema import APPLICATION, NAMES, TABLES, VERSION

_BUSY_SECONDS = 10
_COPIES = 5  # of a file that may be written meanwhile
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_SCHEMA)  # fmt: skip
_KEEP = "Nothing was changed in it. Restore it from a copy, or start a sweep of another name."


class Damaged(UsageError):
    """A file that is not a store, or not a whole one."""


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the errors of SQLite into messages."""
    try:
        yield
    except sqlite3.Error as error:
        _explain(path, error)


@contextmanager
def decoded(path: str) -> Iterator[None]:
    """Turn the errors of SQLite, and of what is in a damaged store, into messages."""
    try:
        with explained(path):
            yield
    except zlib.error as error:
        raise Damaged(f"{path} is damaged: {error}. {_KEEP}") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Damaged(f"{path} is damaged: {error!r:.200}. {_KEEP}") from error


def _explain(path: str, error: sqlite3.Error) -> NoReturn:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        raise NotFound(f"{path}: the disk is full. What had finished is kept: make space, then "
                       "--resume.") from error  # fmt: skip
    if code == sqlite3.SQLITE_IOERR:
        raise NotFound(f"{path}: it could not be read or written ({error}). The disk may be full "
                       "or gone. What had finished is kept.") from error  # fmt: skip
    if code in _DAMAGED:
        raise Damaged(
            f"{path} is damaged, or not the store of a sweep: {error}. {_KEEP}"
        ) from error
    if code == sqlite3.SQLITE_BUSY:
        raise UsageError(f"{path}: another program has locked it. Close that one.") from error
    raise UsageError(f"{path}: {error}.") from error


@contextmanager
def writing_files(path: str) -> Iterator[None]:
    """Turn the errors of writing files beside the database into messages."""
    try:
        yield
    except OSError as error:
        raise NotFound(f"{error.filename or path}: {error.strerror or error}. What had finished is "
                       "kept: --resume continues.") from error  # fmt: skip


def make(folder: str, sweep: tuple[object, ...]) -> None:
    """Make a store that has its name only when it is complete; `UsageError` if there is one."""
    path = os.path.join(folder, FILE)
    unfinished = f"{path}.{os.getpid()}.part"
    with explained(path), writing_files(path):
        try:
            made = sqlite3.connect(unfinished, isolation_level=None)
            try:
                made.execute("PRAGMA journal_mode = WAL")
                made.execute(f"PRAGMA application_id = {APPLICATION}")
                made.execute(f"PRAGMA user_version = {VERSION}")
                made.executescript(f"BEGIN; {TABLES} COMMIT;")
                made.execute("INSERT INTO sweep VALUES (?, ?, ?, ?, ?, ?)", sweep)
            finally:
                made.close()
            os.link(unfinished, path)
        except FileExistsError:
            raise UsageError(f"{path} exists: the sweep has begun. Resume it with --resume, or "
                             "give another --name.") from None  # fmt: skip
        finally:
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(unfinished + ending)


def open_for_writing(folder: str) -> sqlite3.Connection:
    """Open a store as its launcher, after a look at all of its pages."""
    path = check_exists(folder)
    with explained(path):
        opened = _connected(path, "rw")
        try:
            _check(path, opened)
            found = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise Damaged(f"{path} is damaged: {found}. {_KEEP}")
            mode = opened.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            # A killed process loses nothing of what it has committed so; only a power cut may.
            # Without WAL the same could damage the file.
            opened.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
        except BaseException:
            opened.close()
            raise
        return opened


def open_for_reading(folder: str) -> sqlite3.Connection:
    """Open a store beside its launcher; a copy, where the system lets nobody read beside it."""
    path = check_exists(folder)
    with explained(path):
        if network_file_system(folder) is None and os.access(folder, os.W_OK):
            opened = _connected(path, "ro")
        else:
            opened = _copied(path)
        try:
            _check(path, opened)
        except BaseException:
            opened.close()
            raise
        return opened


def check_exists(folder: str) -> str:
    """Return the file of a store; an error says what is there instead."""
    path = os.path.join(folder, FILE)
    if not os.path.exists(path):
        raise NotFound(f"{folder}: no sweep is there: {path} does not exist.")
    if not os.path.isfile(path):
        raise Damaged(f"{path} is not a file. {_KEEP}")
    if not os.access(path, os.R_OK):
        raise NotFound(f"{path}: permission denied.")
    return path


def _connected(path: str, mode: str) -> sqlite3.Connection:
    from urllib.parse import quote

    # The URL says that no file is to be made.  The launcher may be iterated by another thread.
    url = f"file:{quote(os.fsencode(os.path.abspath(path)))}?mode={mode}"
    return sqlite3.connect(
        url, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False
    )


def _check(path: str, opened: sqlite3.Connection) -> None:
    version = opened.execute("PRAGMA user_version").fetchone()[0]
    if opened.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise Damaged(f"{path} is not the store of a sweep. {_KEEP}")
    if version > VERSION:
        raise UsageError(f"{path} is of version {version}, and this library reads version "
                         f"{VERSION}. Upgrade hyperparameter-dist to read it.")  # fmt: skip
    if 1 <= version < VERSION:
        raise UsageError(f"{path} is of version {version}, and this library reads version "
                         f"{VERSION}. Run the sweep again, under another name.")  # fmt: skip
    if version < 1:
        raise Damaged(f"{path} is damaged: its version is {version}. {_KEEP}")
    tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
    if missing := [name for name in NAMES if name not in tables]:
        raise Damaged(f"{path} is damaged: it has no table {', '.join(missing)}. {_KEEP}")


def _copied(path: str) -> sqlite3.Connection:
    """Open a copy in memory of a store that cannot be shared: read-only, or on a network.

    SQLite would need a file beside it for what readers and the writer tell each other.
    """
    import tempfile

    for _ in range(_COPIES):
        with tempfile.TemporaryDirectory(prefix="hp-store-") as folder:
            if not _copy_files(path, os.path.join(folder, FILE)):
                continue
            found = _connected(os.path.join(folder, FILE), "rw")
            kept = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            try:
                found.backup(kept)
            finally:
                found.close()
            return kept
    raise UsageError(f"{path} has changed whenever it was read. Try again.")


def _copy_files(path: str, copy: str) -> bool:
    """Copy a database and what is not in it yet; tell whether it stayed as it was meanwhile."""
    import shutil

    before = os.stat(path)
    shutil.copyfile(path, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    after = os.stat(path)
    return (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
