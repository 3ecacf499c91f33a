"""Cells, numbers and times as people read them."""

import json

from .._console import harmless
from .._values.describe import describe, has_secrets, show
from .._values.spelling import Unwritable, spelled
from .._values.untyped import Untyped, UntypedText, is_bare, plain
from .run import Cell

_MOST = 200  # characters of a value in a line


def overrides(cell: Cell) -> str:
    """Return the values of a cell as one line, its secrets masked."""
    found = [f"{key}={short_text(key, value)}" for key, value in cell.values.items()]
    if cell.repeat is not None:
        found.append(f"(repeat {cell.repeat})")
    return harmless(" ".join(found)) or "(nothing set)"


def number_text(value: float) -> str:
    return f"{value:.6g}"


def duration_text(seconds: float) -> str:
    """Return a time as people say it, in at most two units."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, below, smaller in (
        ("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)
    ):  # fmt: skip
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def full_text(value: object) -> str:
    """Return a value with all its digits; a value that is missing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def cell_text(value: object) -> str:
    """Return a value as it is seen at a glance: six digits of a float, text as it is typed."""
    if isinstance(value, str):
        return typed_text("", value)
    return number_text(value) if isinstance(value, float) else full_text(value)


def result_text(value: object) -> str:
    """Return a number, text or truth of a result as tables have it, on one line, not long."""
    is_long = isinstance(value, str) or (type(value) is int and abs(value) >= 10**_MOST)
    return short_text("", value) if is_long else cell_text(value)


def typed_text(key: str, value: object) -> str:
    """Return how a user would type a value; words that describe it, where nobody could.

    Text that would be read as something else is in double quotes, so that `1` and `"1"` differ.
    """
    if isinstance(value, UntypedText):
        return value.text
    if type(value) is str:
        return value if _is_plain(value) else _quoted(value)
    try:
        found = spelled(plain(value) if isinstance(value, Untyped) else value)
    except Unwritable:
        return show(key, value)
    if isinstance(found, str):
        return found
    if isinstance(found, float):
        return repr(found)
    try:
        return json.dumps(found, ensure_ascii=False)
    except (TypeError, ValueError):  # dates, which files have and JSON has not
        return str(found)


def short_text(key: str, value: object) -> str:
    """Return a value for a line: as it is typed, not long, in quotes if it has blanks."""
    text = value.text if isinstance(value, UntypedText) else value
    if has_secrets(describe(key, value)):
        return show(key, value)
    typed = typed_text(key, value) or '""'
    if isinstance(text, str) and " " in typed and not typed.startswith(('"', "[", "{")):
        typed = _quoted(typed)
    return typed if len(typed) <= _MOST else f"{typed[: _MOST - 1]}…"


def _is_plain(text: str) -> bool:
    """Tell text that nobody takes for anything else."""
    is_infinite = text.lower().lstrip("+-") in {"nan", "inf", "infinity"}
    return bool(text) and is_bare(text) and text == text.strip() and not is_infinite


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
