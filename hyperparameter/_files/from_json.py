"""JSON with line numbers.

`json` keeps no positions, and a parser written in Python would take far longer than its scanner
in C.  So `json` parses the text, and a second pass looks for the keys alone: it can rely on
valid JSON, and all it has to tell apart are strings, brackets, commas and line ends.
"""

from __future__ import annotations

import json
import re

from .._values.json_text import loads
from .._values.keys import MAX_DEPTH
from ..exceptions import ConfigurationError
from .key_path import Part
from .line_numbers import LineNumbers
from .problems import set_twice, too_deep

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"'  # a whole string, so that brackets inside it are skipped
    r"|[{}\[\],]"
    r"|\n"
    r'|[^\s"{}\[\],:]+',  # a number, true, false or null
    re.DOTALL,
)


class NotJson(ConfigurationError):
    """A text that is not JSON; it may still be Jsonnet.

    `is_lines` tells that one value follows another, which JSON lines have.
    """

    is_lines = False


def parse_json(text: str, name: str) -> tuple[object, LineNumbers]:
    """Return the value of a JSON text, and the lines of all keys in it.

    Numbers and booleans keep their spelling, and an int may have any number of digits.
    """
    try:
        values = loads(text)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}"
        problem = NotJson(f"{place}: {error.msg} (column {error.colno}).")
        problem.is_lines = error.msg == "Extra data" and text[error.pos] in "{["
        raise problem from error
    except RecursionError:
        raise too_deep(name) from None
    return values, _find_lines(text, name)


def _find_lines(text: str, name: str) -> LineNumbers:
    """Return the line of each key in valid JSON; a key that is set twice is an error."""
    root = LineNumbers()  # its only part, named "", is the whole text
    key: Part = ""
    lines, line, expects_key = root, 1, False
    outer: list[tuple[LineNumbers, Part]] = []  # where each open bracket is
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == "\n":
            line += 1
        elif first in "{[":
            outer.append((lines, key))
            if len(outer) > MAX_DEPTH:
                raise too_deep(name)
            lines, expects_key = lines.below(key), first == "{"
            key = "" if expects_key else 0
        elif first in "}]":
            lines, key = outer.pop()
        elif first == ",":
            # In a list, an empty object before the comma has left the expectation of a key behind.
            expects_key = not isinstance(key, int)
            key = "" if isinstance(key, str) else key + 1
        elif expects_key:
            found: str = json.loads(token) if "\\" in token else token[1:-1]
            if found in lines.at:  # json.loads silently keeps the last one
                raise set_twice(name, line, found, lines.at[found])
            lines.at[found] = line
            key, expects_key = found, False
    return root.below("")
