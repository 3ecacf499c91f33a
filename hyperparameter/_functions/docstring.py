"""Help texts from docstrings of any common style; only help imports the parser that this needs."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_PARAMETERS = ("Args", "Arguments", "Params", "Parameters")
_HEADINGS = {
    *_PARAMETERS, *(f"{kind} {name}" for kind in ("Other", "Keyword") for name in _PARAMETERS),
    "Attributes", "Attrs", "Raises", "Except", "Exceptions", "Return", "Returns", "Yield", "Yields",
    "Receives", "Warns",
}  # fmt: skip
_FIELDS = {
    "param", "parameter", "arg", "argument", "key", "keyword", "type", "kwtype", "ivar", "cvar",
    "var", "vartype", "raise", "raises", "except", "exception", "return", "returns", "rtype",
    "yield", "yields", "ytype",
}  # fmt: skip
_UNDERLINE = re.compile(r"(?:-{3,}|={3,})\s*")
_FIELD = re.compile(r"[:@](\w+)[^:]*:")

ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
"""The beginning of an item of a list, up to its text."""


class ParsedDocstring(NamedTuple):
    """The parts of a docstring.

    `summary` is its first paragraph, `parameters` has the text of each (a line, and
    one for each item of a list), and `details` is the rest
    for readers of help, as it is written: without sections about what is passed or returned.
    """

    summary: str
    parameters: dict[str, str]
    details: str = ""


def parse_docstring(docstring: str | None) -> ParsedDocstring:
    """Return the parts of a docstring; one that cannot be parsed has no texts of parameters."""
    if not docstring:
        return ParsedDocstring("", {})
    parts = list(_parts(_dedented(docstring)))
    for_readers = "\n".join(line for line, style in parts if not style)
    summary, _, details = for_readers.strip("\n").partition("\n\n")
    return ParsedDocstring(_line(summary), _parameters(parts), details.strip("\n"))


def _parameters(parts: list[tuple[str, str]]) -> dict[str, str]:
    styles = dict.fromkeys(style for _, style in parts if style)
    if not styles:
        return {}
    import docstring_parser

    found: dict[str, str] = {}
    for style in styles:
        # Left to find the style by itself, it takes other text for fields, as ":func:" in a line.
        # It dedents the lines but the first, so that one is empty.
        text = "\n".join(["", *(line for line, of in parts if of == style)])
        with suppress(docstring_parser.ParseError, IndexError):  # the latter of a field of no name
            for one in docstring_parser.parse(text, docstring_parser.DocstringStyle[style]).params:
                for name in one.arg_name.split(","):  # one text may be of several
                    found[name.strip().lstrip("\\*")] = _with_items(one.description)
    return found


def _dedented(docstring: str) -> list[str]:
    """Return the lines without the indentation that all but the first share."""
    first, *rest = docstring.expandtabs().splitlines() or [""]
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    if _is_heading(first.strip()):  # whose lines are indented below it
        margin = max(0, margin - 4)
    return [first.strip(), *(line[margin:].rstrip() for line in rest)]


def _parts(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines, each with the style of the section or field about parameters that it is in.

    It is the parser's name of that style, or empty for a line that is for readers.
    """
    style = previous = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.strip() and _UNDERLINE.fullmatch(following):
            style = "NUMPYDOC" if _is_heading(f"{line}:") else ""
            yield line if style else f"{line}:", style
        elif style == "NUMPYDOC":
            yield line, style
        elif not (_UNDERLINE.fullmatch(line) and previous.strip()):
            begun = _style_begun(line)
            goes_on = style in ("REST", "EPYDOC") and previous.strip()  # up to an empty line
            if begun or (line[:1].strip() and not goes_on):  # at the margin, a section ends
                style = begun
            yield line, style
        previous = line


def _style_begun(line: str) -> str:
    if _is_heading(line):
        return "GOOGLE"
    field = _FIELD.match(line)
    if field is None or field[1] not in _FIELDS:
        return ""
    return "REST" if line.startswith(":") else "EPYDOC"


def _is_heading(line: str) -> bool:
    """Tell whether a line is the heading of a section about what is passed or returned."""
    text = line.rstrip()
    return text.endswith(":") and text[:-1].rstrip() in _HEADINGS


def _with_items(text: str | None) -> str:
    """Return text on one line, and each item of a list in it on one of its own."""
    parts: list[list[str]] = [[]]
    for line in (text or "").splitlines():
        if ITEM.match(line) or (len(parts) > 1 and not line.strip()):
            parts.append([])
        parts[-1].append(line)
    return "\n".join(filter(None, (_line(" ".join(part)) for part in parts)))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
