"""Results: what a table shows of them, and the files of those that are large or pickles."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..._values.describe import show
from ..._values.masking import MASK
from ..._values.secrets import is_number, is_secret
from ..run import Result

FOLDER = "results"
_MOST_INLINE = 64 << 10
_MOST_NAMES, _MOST_TEXT = 100, 200
_MOST_BITS = 1990  # 600 digits, which every interpreter converts, whatever its limit is set to
WHOLE = "result"
"""The column of a result that is not a mapping."""


def summary_of(value: object) -> str:
    """Return as JSON what a table shows of a result: numbers and short texts by name.

    Names inside of others are joined by dots.  A value that is not a mapping is called `result`.
    """
    found: dict[str, object] = {}
    _add(found, "", value)
    return json.dumps(found, separators=(",", ":"))


def _add(found: dict[str, object], name: str, value: object) -> None:
    if isinstance(value, Mapping) and name.count(".") < 8:
        for inner, one in list(value.items())[:_MOST_NAMES]:
            _add(found, f"{name}.{inner}" if name else str(inner), one)
    elif len(found) < _MOST_NAMES:
        found[name or WHOLE] = _shown(name, value)


def _shown(name: str, value: object) -> object:
    """Return a scalar of any library as JSON has it, other values in short words."""
    if name and is_secret(name, value):
        return MASK
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _MOST_TEXT else f"{value[:_MOST_TEXT]}…"
    if is_number(value):
        return _number(value)
    return show(name, value)


def _number(value: Any) -> object:
    try:
        item = getattr(value, "item", None)  # of the scalars of numpy, torch and others
        value = item() if callable(item) else value
        if isinstance(value, (bool, float)):
            return bool(value) if isinstance(value, bool) else float(value)
        if not hasattr(type(value), "__index__"):
            return float(value)
        whole = int(value)
        return whole if whole.bit_length() <= _MOST_BITS else show("", whole)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # complex ones, or a tensor
        return show("", value)


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
    write_bytes(os.path.join(folder, file), result.data)
    return file


def write_bytes(path: str, data: bytes) -> None:
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
