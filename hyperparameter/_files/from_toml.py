"""TOML with line numbers.

`tomllib` keeps no positions, so it parses the text, and a second pass looks for headers, keys and
ints.  It can rely on valid TOML; other values are skipped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from .._values.json_text import with_words
from .._values.untyped import ScalarText
from ..exceptions import ConfigurationError
from .key_path import KeyPath
from .line_numbers import LineNumbers
from .problems import too_deep

# tomllib gives the position only in the text of its error.
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'  # a multi-line string may end with two quotes of its own
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"  # a whole comment, so that brackets and quotes in it are skipped
    r"|\n"
    r"|[\[\]{}=.]"
    r"|[^\s\[\]{}=.\"'#]+",  # a bare key, or a piece of a value
    re.DOTALL,
)
# An int that Python spells otherwise, between commas.
_SPELLED_INT = re.compile(
    r"(?<![^,])(?:0x\w+|0o\w+|0b\w+|[+-]?[0-9]+(?:_[0-9]+)+|\+[0-9]+|-0)(?![^,])", re.ASCII
)
_KEY_ENDS = re.compile(r"[ \t]*[=.]")
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")


def parse_toml(text: str, name: str) -> tuple[object, LineNumbers]:
    """Return the values of a TOML text, and the line of each statement's key.

    Numbers and booleans keep their spelling.
    """
    try:
        values = tomllib.loads(text, parse_float=ScalarText)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = place[1] if place and place[1] else text.rstrip().count("\n") + 1  # at the end
        raise ConfigurationError(f"{name}:{line}: {_PLACE.sub('', str(error))}.") from error
    except ValueError as error:  # an int of too many digits, a date that does not exist
        raise ConfigurationError(f"{name}: {error}.") from error
    except RecursionError:
        raise too_deep(name) from None
    ints: list[tuple[int, int]] = []
    lines = _find_lines(text, ints)
    return with_words(_with_ints(text, ints) if ints else values), lines


def _with_ints(text: str, places: list[tuple[int, int]]) -> object:
    """Return the values of a text in which the ints at some places keep their spelling.

    `tomllib` asks for the meaning of floats alone, so each of them is written as one.
    """
    mark = "0.0e"
    while mark in text:  # until no float of the text itself begins like it
        mark += "0"
    spelled: dict[str, str] = {}
    pieces, position = [], 0
    for start, end in places:
        number = f"{mark}{len(spelled)}"
        spelled[number] = text[start:end]
        pieces += [text[position:start], number]
        position = end
    marked = "".join([*pieces, text[position:]])
    return tomllib.loads(marked, parse_float=lambda one: ScalarText(spelled.get(one, one)))


def _find_lines(text: str, ints: list[tuple[int, int]]) -> LineNumbers:
    """Return the line of each key, and note where ints are that Python would spell otherwise."""
    root = LineNumbers()
    last_items: dict[KeyPath, int] = {}  # of each array of tables, the index of its last one
    table: KeyPath = ()
    for line, brackets, names in _statements(text, ints):
        if brackets:
            table = path = _path_of_header(names, last_items, is_item=brackets == 2)
        else:
            path = (*table, *names)
        lines = root
        for part in path:
            lines.at.setdefault(part, line)
            lines = lines.below(part)
    return root


def _path_of_header(names: list[str], last_items: dict[KeyPath, int], is_item: bool) -> KeyPath:
    """Return the path that a header means: through an array of tables, that of its last one."""
    path: KeyPath = ()
    for index, name in enumerate(names):
        path = (*path, name)
        if is_item and index == len(names) - 1:
            last_items[path] = last_items.get(path, -1) + 1
        if path in last_items:
            path = (*path, last_items[path])
    return path


def _statements(text: str, ints: list[tuple[int, int]]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the line, the number of opening brackets and the names of each header and key.

    A key has no brackets, a table has one, an item of an array of tables has two.
    """
    line, depth, brackets = 1, 0, 0
    names: list[str] | None = []  # None: in the value
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":  # noqa: S105  # a line end is not a password
            if brackets and names:
                yield line, brackets, names
            line += 1
            if not depth:
                names, brackets = [], 0
        elif names is None:
            depth += (token in _OPENING) - (token in _CLOSING)
            line += token.count("\n")
            ints.extend(_ints_in(text, match))
        elif token == "=":  # noqa: S105  # not a password either
            yield line, 0, names
            names = None
        elif token == "[":  # noqa: S105  # not a password either
            brackets += 1
        elif token[0] not in "#.]":
            names.append(_unquoted(token))
    if brackets and names:
        yield line, brackets, names


def _ints_in(text: str, token: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of ints with a spelling of their own; `1_0` in a key or a float is none."""
    start = token.start()
    if text[start] in "\"'#" or text[start - 1 : start] == ".":
        return
    for found in _SPELLED_INT.finditer(token[0]):
        if not _KEY_ENDS.match(text, start + found.end()):
            yield start + found.start(), start + found.end()


def _unquoted(token: str) -> str:
    if token[0] == "'" or (token[0] == '"' and "\\" not in token):
        return token[1:-1]
    if token[0] == '"':  # tomllib knows the escapes
        (name,) = tomllib.loads(f"{token} = 0")
        return name
    return token
