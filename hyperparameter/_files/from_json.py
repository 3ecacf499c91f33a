"""JSON with the line of each key: `json` gives the values, a second look the lines."""

from __future__ import annotations

import json
import re
from typing import Any

from .._values.keys import MAX_DEPTH
from ..exceptions import ConfigurationError
from .lines import Lines

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|\n|[^\s"{}\[\],:]+', re.DOTALL)


class NotJson(ConfigurationError):
    """A text that is no JSON; it may be Jsonnet."""


def load(text: str, name: str) -> tuple[Any, Lines]:
    """Return the values of a JSON text, and the lines of those in objects."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotJson(
            f"{name}:{error.lineno}: {error.msg} (column {error.colno}). A file with comments, "
            "functions or trailing commas is Jsonnet: name it .jsonnet."
        ) from error
    except ValueError as error:  # a number of too many digits
        raise ConfigurationError(f"{name}: {error}.") from error
    except RecursionError:
        raise _too_deep(name) from None
    return values, _lines(text, name)


def _lines(text: str, name: str) -> Lines:
    """Return the line of each key in a text that is JSON; a key that comes twice is an error."""
    around = Lines()  # whose only part is the whole
    key: Any = ""
    lines, line, expects_key = around, 1, False
    outer: list[tuple[Lines, Any]] = []  # and the key there, of each value that is open
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == "\n":
            line += 1
        elif first in "{[":
            outer.append((lines, key))
            if len(outer) > MAX_DEPTH:
                raise _too_deep(name)
            lines, expects_key = lines.below(key), first == "{"
            key = "" if expects_key else 0
        elif first in "}]":
            lines, key = outer.pop()
        elif first == ",":
            expects_key = not isinstance(key, int)
            key = "" if expects_key else key + 1
        elif expects_key:
            key = json.loads(token) if "\\" in token else token[1:-1]
            expects_key = False
            if key in lines.at:
                raise ConfigurationError(
                    f"{name}:{line}: {key!r:.80} is there twice, first in line {lines.at[key]}."
                )
            lines.at[key] = line
    return around.below("")


def _too_deep(name: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is nested deeper than {MAX_DEPTH} levels.")
