"""A page of help as text: columns, paragraphs and colours for a terminal of some width."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .._console import BOLD, DIM, NAME, RED, harmless, painted
from .._functions.docstring import ITEM

_MOST_LEFT = 34  # columns for flags, as many as --optimizer.momentum FLOAT takes
_NARROW = 60  # from here down the text of an option is below it
_LEAST_WIDTH = 40
_CODE = re.compile(r"\s+|>>> |\$ |\||```|~~~")
_FENCE = re.compile(r"\s*(?:```|~~~)")


class Row(NamedTuple):
    """An option or a command with its help; `notes` are default, place and the like.

    A list in the text has a line for each item.
    """

    left: str
    text: str = ""
    notes: tuple[str, ...] = ()


class Section(NamedTuple):
    """A title with rows of two columns below it; a text, or a list of `names`, may follow it."""

    title: str
    rows: list[Row]
    text: str = ""
    names: tuple[str, ...] = ()


class Page(NamedTuple):
    """All that `--help` shows, before it is laid out; `details` is text as its author wrote it."""

    usage: str
    summary: str
    details: str
    sections: list[Section]


class _Word(NamedTuple):
    text: str
    style: str = ""


def render(page: Page, width: int, colour: bool) -> str:
    """Return the page as text of at most `width` columns, as far as its words allow."""
    layout = _Layout(max(_LEAST_WIDTH, width), colour)
    sections = [section for section in page.sections if section.rows or section.names]
    column = layout.column(row for section in sections for row in section.rows)
    usage = [_Word("usage:", BOLD), *_words(page.usage)]
    blocks = [
        layout.lines(usage, hanging=7),
        layout.lines(_words(page.summary)),
        "\n".join(layout.flow(page.details)).strip("\n").split("\n"),
        *(layout.section(section, column) for section in sections),
    ]
    return "\n\n".join(text for lines in blocks if (text := "\n".join(lines)))


def _words(text: str, style: str = "") -> list[_Word]:
    return [_Word(harmless(word), style) for word in text.split()]


class _Layout:
    def __init__(self, width: int, colour: bool) -> None:
        self._width = width
        self._colour = colour

    def column(self, rows: Iterable[Row]) -> int:
        """Return where the right column begins: behind all of the left ones that are not long."""
        if self._width < _NARROW:
            return 6
        widths = [columns(row.left) + 4 for row in rows]
        return max((width for width in widths if width <= _MOST_LEFT), default=_MOST_LEFT)

    def section(self, section: Section, column: int) -> list[str]:
        title = _words(f"{section.title}:", BOLD)
        names = [_Word(f"{harmless(name)},") for name in section.names]
        if names:
            names[-1] = _Word(names[-1].text[:-1])
        lines = self.lines([*title, *_words(section.text), *names], hanging=2)
        return [*lines, *(line for row in section.rows for line in self._row(row, column))]

    def _row(self, row: Row, column: int) -> Iterator[str]:
        left = self.lines(_styled(row.left), indent=2, hanging=4)
        notes = [_Word(note, RED if note == REQUIRED_NOTE else DIM) for note in row.notes]
        noted = [one for note in notes for one in self._note(note, column)]
        first, *items = row.text.split("\n")
        lines = self.lines([*_words(first), *([] if items else noted)], column, column)
        for item in items:
            marker = ITEM.match(item)
            lines += self.lines(_words(item), column, column + len(marker[0] if marker else ""))
        lines += self.lines(noted, column, column) if items else []
        if lines and len(left) == 1 and columns(row.left) + 4 <= column:
            gap = " " * (column - columns(row.left) - 2)
            yield f"{left[0]}{gap}{lines.pop(0)[column:]}"
        else:
            yield from left
        yield from lines

    def _note(self, note: _Word, column: int) -> list[_Word]:
        """Return a note as one word where it fits into a line."""
        text = harmless(note.text)
        fits = columns(text) <= self._width - column
        return [_Word(text, note.style)] if fits else _words(note.text, note.style)

    def lines(self, words: list[_Word], indent: int = 0, hanging: int = 0) -> list[str]:
        """Return words in lines, all but the first with `hanging` blanks before them."""
        lines: list[list[_Word]] = []
        left = 0
        for word in self._broken(words, max(indent, hanging)):
            size = columns(word.text)
            if not lines or size + 1 > left:
                left = self._width - (hanging if lines else indent) + 1
                lines.append([])
            lines[-1].append(word)
            left -= size + 1
        starts = [" " * indent, *[" " * hanging] * len(lines)]
        return [start + self._painted(line) for start, line in zip(starts, lines, strict=False)]

    def _broken(self, words: list[_Word], indent: int) -> Iterator[_Word]:
        """Yield the words; of wide characters, which no blanks separate, parts that fit."""
        room = max(2, self._width - indent)
        for word in words:
            if columns(word.text) <= room or columns(word.text) == len(word.text):
                yield word
                continue
            part = ""
            for character in word.text:
                if columns(part + character) > room:
                    yield _Word(part, word.style)
                    part = ""
                part += character
            yield _Word(part, word.style)

    def _painted(self, line: list[_Word]) -> str:
        if not self._colour:
            return " ".join(word.text for word in line)
        return " ".join(painted(word.text, word.style) for word in line)

    def flow(self, text: str) -> Iterator[str]:
        """Yield the lines of a docstring: paragraphs and items filled, code as it is written."""
        paragraph: list[_Word] = []
        indent = hanging = 0
        as_written = fenced = False
        for line in [*harmless(text, "\n").splitlines(), ""]:
            item = ITEM.match(line)
            goes_on = paragraph and not item and line.strip() and (not hanging or line[0] == " ")
            if goes_on and not fenced and not (not hanging and _CODE.match(line)):
                paragraph += _words(line)
                continue
            yield from self.lines(paragraph, indent, hanging)
            paragraph, as_written = [], as_written and bool(line.strip())
            is_fence = _FENCE.match(line) is not None
            if not line.strip():
                hanging = 0
                yield ""
            elif fenced or is_fence or as_written or (_CODE.match(line) and not item):
                as_written = True
                blanks = len(line) - len(line.lstrip())
                words = [_Word(line.strip())] if columns(line) <= self._width else _words(line)
                yield from self.lines(words, blanks, blanks)
            else:
                indent = len(line) - len(line.lstrip())
                hanging = len(item[0]) if item else 0
                paragraph = _words(line)
            fenced = fenced != is_fence


REQUIRED_NOTE = "[required]"


def _styled(left: str) -> list[_Word]:
    """Return the words of a left column, the names in it in their colour."""
    words = _words(left)
    return [_Word(word.text, NAME if index == 0 or word.text[0] == "-" else "")
            for index, word in enumerate(words)]  # fmt: skip


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)
