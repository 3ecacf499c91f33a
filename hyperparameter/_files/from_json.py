"""JSON with the line of each key: `json` gives the values, a second look the lines."""

from __future__ import annotations

import json
import re
from typing import Any

from .._keys import MAX_DEPTH
from ..exceptions import ConfigurationError
from .path import Path

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|\n|[^\s"{}\[\],:]+', re.DOTALL)


class NotJson(ConfigurationError):
    """A text that is no JSON; it may be Jsonnet."""


def load(text: str, name: str) -> tuple[Any, dict[Path, int]]:
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


def _lines(text: str, name: str) -> dict[Path, int]:
    """Return the line of each key in a text that is JSON; a key that comes twice is an error."""
    lines: dict[Path, int] = {}
    line, expects_key = 1, False
    path: list[Any] = []  # of the innermost value; None stands for a key that is yet to come
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == "\n":
            line += 1
        elif first in "{[":
            expects_key = first == "{"
            path.append(None if expects_key else 0)
            if len(path) > MAX_DEPTH:
                raise _too_deep(name)
        elif first in "}]":
            path.pop()
        elif first == ",":
            expects_key = not isinstance(path[-1], int)
            path[-1] = None if expects_key else path[-1] + 1
        elif expects_key:
            path[-1] = json.loads(token) if "\\" in token else token[1:-1]
            expects_key = False
            key = tuple(path)
            if key in lines:
                raise ConfigurationError(
                    f"{name}:{line}: {path[-1]!r:.80} is there twice, first in line {lines[key]}."
                )
            lines[key] = line
    return lines


def _too_deep(name: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is nested deeper than {MAX_DEPTH} levels.")
