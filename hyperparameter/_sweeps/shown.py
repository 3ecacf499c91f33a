"""Cells, numbers and times as people read them."""

from .._console import harmless
from .._values.describe import show
from .._values.untyped import UntypedText
from .run import Cell


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
    """Return a value as it is seen at a glance: six digits of a float."""
    return number_text(value) if isinstance(value, float) else full_text(value)


def result_text(value: object) -> str:
    """Return a number, text or truth of a result as tables have it, on one line."""
    return short_text("", value) if isinstance(value, str) else cell_text(value)


def short_text(key: str, value: object) -> str:
    """Return a value for a line: text without quotes where it is one word."""
    if isinstance(value, UntypedText):
        value = value.text
    if isinstance(value, bool):
        return cell_text(value)
    shown = show(key, value)
    if isinstance(value, str) and shown == repr(value) and value.isprintable():
        return value if value and " " not in value else shown
    return shown
