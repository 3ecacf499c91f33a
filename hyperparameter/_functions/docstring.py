"""Help texts out of docstrings of any common style; imported for help alone."""

from __future__ import annotations

from typing import NamedTuple


class ParsedDocstring(NamedTuple):
    """The first paragraph of a docstring, those that follow, and what each parameter is."""

    summary: str
    parameters: dict[str, str]
    details: tuple[str, ...] = ()


def parse_docstring(docstring: str | None) -> ParsedDocstring:
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
