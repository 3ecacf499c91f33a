"""What all commands print alike: JSON, and the symbols of trees."""

from __future__ import annotations

import json

MARKS = ("\N{FILE FOLDER}", "\N{PAGE FACING UP}")
PLAIN_MARKS = ("+", "-")
"""The symbols of a namespace and of a parameter; the plain ones where a terminal has no others."""


def as_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
