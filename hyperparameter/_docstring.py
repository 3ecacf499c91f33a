"""Help texts out of docstrings of any common style; imported for help alone."""

from __future__ import annotations

from typing import NamedTuple


class Help(NamedTuple):
    """The first paragraph of a docstring and the description of each parameter."""

    summary: str
    parameters: dict[str, str]


def parse(docstring: str | None) -> Help:
    if not docstring:
        return Help("", {})
    import docstring_parser

    try:
        parsed = docstring_parser.parse(docstring)
    except docstring_parser.ParseError:
        return Help(docstring.strip().partition("\n\n")[0], {})
    parameters = {p.arg_name.lstrip("*"): _line(p.description) for p in parsed.params}
    return Help(_line(parsed.short_description), parameters)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
