"""Help texts from docstrings of any common style; only help imports the parser that this needs."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ABOUT_CODE = (
    r"(?:(?:Other |Keyword )?(?:Args|Arguments|Params|Parameters)|Attributes|Attrs|Raises|Except"
    r"|Exceptions|Returns?|Yields?|Receives|Warns)"
)
_HEADING = re.compile(rf"{_ABOUT_CODE}\s*:\s*")
_UNDERLINE = re.compile(r"(?:-{3,}|={3,})\s*")
_FIELD = re.compile(
    r"[:@](?:param|parameter|arg|argument|key|keyword|type|kwtype|ivar|cvar|var|vartype|raises?"
    r"|except|exception|returns?|rtype|yields?|ytype)\b[^:]*:"
)

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
    lines = _dedented(docstring)
    kept = list(_for_readers(lines))
    summary, _, details = "\n".join(kept).strip("\n").partition("\n\n")
    parameters = _parameters("\n".join(lines)) if len(kept) < len(lines) else {}
    return ParsedDocstring(_line(summary), parameters, details.strip("\n"))


def _parameters(text: str) -> dict[str, str]:
    import docstring_parser

    try:
        parsed = docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return {}
    return {one.arg_name.lstrip("*"): _with_items(one.description) for one in parsed.params}


def _dedented(docstring: str) -> list[str]:
    """Return the lines without the indentation that all but the first share."""
    first, *rest = docstring.expandtabs().splitlines() or [""]
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    if _HEADING.fullmatch(first.strip()):  # whose lines are indented below it
        margin = max(0, margin - 4)
    return [first.strip(), *(line[margin:].rstrip() for line in rest)]


def _for_readers(lines: list[str]) -> Iterator[str]:
    """Yield the lines but those of sections, and of fields, about what is passed or returned."""
    skips, skips_block = False, False
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if _UNDERLINE.fullmatch(following) and line.strip():  # a section in the style of numpy
            skips = skips_block = _HEADING.fullmatch(f"{line}:") is not None
            if not skips:
                yield f"{line}:"
        elif _UNDERLINE.fullmatch(line) and index and lines[index - 1].strip():
            continue
        elif not skips_block:
            if line[:1].strip():  # what begins at the margin ends a section
                skips = bool(_HEADING.fullmatch(line) or _FIELD.match(line))
            if not skips:
                yield line


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
