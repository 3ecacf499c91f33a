"""Plain tables: columns aligned by what a terminal shows, cut where they would not fit."""

from __future__ import annotations

from collections.abc import Sequence

from ...exceptions import CONTROLS

_GAP = "  "
_DURATION = frozenset("0123456789.hms")
_MOST, _LEAST = 40, 12
"""Columns of a terminal that a cell of text has at most, and those that cutting leaves it."""


def laid_out(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
) -> list[str]:
    """Return the lines of a table; numbers are to the right and whole, texts may end in `…`.

    The last column takes the rest of the `width`, which None does not limit.
    """
    shown = [[_on_one_line(cell) for cell in row] for row in (head, *rows)]
    columns = list(zip(*shown, strict=True))
    right = [_is_of_numbers(column[1:]) for column in columns]
    widths = [max(map(text_width, column)) for column in columns]
    if width is not None:
        widths = _fitted(widths, right, width)
    return [
        _GAP.join(
            _padded(cell, size, to_right)
            for cell, size, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in shown
    ]


def _on_one_line(cell: str) -> str:
    return cell if cell.isprintable() else cell.translate(CONTROLS)


def _is_of_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(map(_is_number, filled))


def _is_number(cell: str) -> bool:
    if _DURATION.issuperset(cell):
        return True
    try:
        float(cell.partition(" ± ")[0])
    except ValueError:
        return False
    return True


def _fitted(widths: list[int], uncut: Sequence[bool], width: int) -> list[int]:
    """Return widths with which a line fits, as far as texts can be cut."""
    last = len(widths) - 1
    fitted = [
        size if is_uncut or index == last else min(size, _MOST)
        for index, (size, is_uncut) in enumerate(zip(widths, uncut, strict=True))
    ]
    texts = [index for index, is_uncut in enumerate(uncut) if not is_uncut]
    over = sum(fitted) + len(_GAP) * last - width
    while over > 0 and texts:
        widest = max(texts, key=lambda index: (fitted[index], index))
        if fitted[widest] <= _LEAST:
            break
        fitted[widest] -= 1
        over -= 1
    return fitted


def _padded(text: str, size: int, to_right: bool) -> str:
    own = text_width(text)
    if own > size:
        text = cut(text, size)
        own = text_width(text)
    space = " " * (size - own)
    return space + text if to_right else text + space


def cut(text: str, size: int) -> str:
    """Return as much of a text as fits, with `…` where something is missing."""
    if text_width(text) <= size:
        return text
    kept, used = [], 1  # for the mark
    for character in text:
        used += text_width(character)
        if used > size:
            break
        kept.append(character)
    return f"{''.join(kept)}…"


def text_width(text: str) -> int:
    """Return how many columns a terminal gives to a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(one) or one == "\u200d" else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )
