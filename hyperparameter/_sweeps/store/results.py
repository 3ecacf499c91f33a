"""Results as a store keeps them: small ones in the database, large ones and pickles in files."""

from __future__ import annotations

import json
import os

from ..run import Result
from ..work.summary import summary_of

FOLDER = "results"
_MOST_INLINE = 64 << 10


def summary_in_store(result: Result, file: str | None) -> str:
    """Return the summary that came with a result, or else that of its JSON or of its file."""
    if result.summary:
        return result.summary
    if result.kind == "json":
        return summary_of(json.loads(result.data))
    return summary_of(file)


def write_large(folder: str, name: str, result: Result) -> str | None:
    """Write what does not belong into the database; return the file, None if it does belong."""
    if result.kind == "json" and len(result.data) <= _MOST_INLINE:
        return None
    file = os.path.join(FOLDER, f"{name}.{'json' if result.kind == 'json' else 'pkl'}")
    _write_bytes(os.path.join(folder, file), result.data)
    return file


def _write_bytes(path: str, data: bytes) -> None:
    """Write a file that has its name only when it is complete."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    unfinished = f"{path}.{os.getpid()}.part"
    try:
        with open(unfinished, "wb") as file:
            file.write(data)
        os.replace(unfinished, path)
    except BaseException:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise
