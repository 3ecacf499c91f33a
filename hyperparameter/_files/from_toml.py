"""TOML with the line of each key: `tomllib` gives the values, a second look the lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from .._values.keys import MAX_DEPTH
from ..exceptions import ConfigurationError
from .lines import Lines
from .path import Path

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|\n|[\[\]{}=.]'
    r"|[^\s\[\]{}=.\"'#]+",
    re.DOTALL,
)
_OPEN, _CLOSED = frozenset("[{"), frozenset("]}")


def load(text: str, name: str) -> tuple[Any, Lines]:
    """Return the values of a TOML text and the line of each statement's key."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = place[1] if place and place[1] else text.rstrip().count("\n") + 1  # at the end
        raise ConfigurationError(f"{name}:{line}: {_PLACE.sub('', str(error))}.") from error
    except ValueError as error:  # a number of too many digits, a date that is none
        raise ConfigurationError(f"{name}: {error}.") from error
    except RecursionError:
        message = f"{name} is nested deeper than {MAX_DEPTH} levels."
        raise ConfigurationError(message) from None
    return values, _lines(text)


def _lines(text: str) -> Lines:
    lines = Lines()
    counts: dict[Path, int] = {}  # of the tables in arrays of tables
    table: Path = ()
    for line, header, names in _statements(text):
        if header:
            table = path = _in_arrays(names, counts, is_item=header == 2)
        else:
            path = (*table, *names)
        around = lines
        for part in path:
            around.at.setdefault(part, line)
            around = around.below(part)
    return lines


def _in_arrays(names: list[str], counts: dict[Path, int], is_item: bool) -> Path:
    """Return the path that a header means: in an array of tables, its last one so far."""
    path: Path = ()
    for index, name in enumerate(names):
        path = (*path, name)
        if is_item and index == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _statements(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the line, the number of brackets and the names of each header and key."""
    line, depth, brackets = 1, 0, 0
    names: list[str] | None = []  # None: in the value
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":  # noqa: S105  # no password
            if brackets and names:
                yield line, brackets, names
            line += 1
            if not depth:
                names, brackets = [], 0
        elif names is None:
            depth += (token in _OPEN) - (token in _CLOSED)
            line += token.count("\n")
        elif token == "=":  # noqa: S105
            yield line, 0, names
            names = None
        elif token == "[":  # noqa: S105
            brackets += 1
        elif token[0] not in "#.]":
            names.append(_name(token))
    if brackets and names:
        yield line, brackets, names


def _name(token: str) -> str:
    if token[0] == "'" or (token[0] == '"' and "\\" not in token):
        return token[1:-1]
    if token[0] == '"':
        (name,) = tomllib.loads(f"{token} = 0")
        return name
    return token
