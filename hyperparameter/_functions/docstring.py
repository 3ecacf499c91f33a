"""Help texts from docstrings of any common style; only help imports the parser that this needs."""

from __future__ import annotations

from typing import NamedTuple


class ParsedDocstring(NamedTuple):
    """The first paragraph of a docstring, the texts of its parameters, its further paragraphs."""

    summary: str
    parameters: dict[str, str]
    details: tuple[str, ...] = ()


def parse_docstring(docstring: str | None) -> ParsedDocstring:
    """Return the parts of a docstring; one that cannot be parsed has a summary alone."""
    if not docstring:
        return ParsedDocstring("", {})
    import docstring_parser

    try:
        parsed = docstring_parser.parse(docstring)
    except docstring_parser.ParseError:
        return ParsedDocstring(docstring.strip().partition("\n\n")[0], {})
    parameters = {p.arg_name.lstrip("*"): _line(p.description) for p in parsed.params}
    apart = "\n\n" if parsed.blank_after_short_description else "\n"
    text = apart.join(filter(None, [parsed.short_description, parsed.long_description]))
    summary, *details = [_line(paragraph) for paragraph in text.split("\n\n")] or [""]
    return ParsedDocstring(summary, parameters, tuple(filter(None, details)))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
