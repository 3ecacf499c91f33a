"""What all commands print alike: JSON, and the symbols of trees."""

from __future__ import annotations

import json

from .._console import can_print, print_output

MARKS = ("\N{FILE FOLDER}", "\N{PAGE FACING UP}")
PLAIN_MARKS = ("+", "-")
"""The symbols of a namespace and of a parameter; the plain ones where a terminal has no others."""


def as_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def print_json(document: object) -> None:
    """Print JSON; what a terminal cannot show, or would obey, is an escape of JSON."""
    text = as_json(document)
    if not can_print(text):
        text = json.dumps(document, indent=2, allow_nan=False).replace("\x7f", "\\u007f")
    print_output(text)
