"""A configuration file, parsed: its values and the line of each of them."""

import os
import re
import sys
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple, TextIO

from .._values.keys import did_you_mean
from .._values.untyped import UntypedText, plain
from ..exceptions import ConfigurationError
from .line_numbers import LineNumbers
from .problems import empty, not_a_mapping
from .text import FilePath, check_exists, decoded, read_text

_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json",
            ".jsonnet": "jsonnet", ".libsonnet": "jsonnet"}  # fmt: skip


STANDARD_INPUT = "<stdin>"
# How the first line of TOML begins: a header, or a key and a sign that YAML has behind text alone.
_TOML = re.compile(r"""\[|(?:[\w.\s-]|"[^"]*"|'[^']*')+=""")


class Document(NamedTuple):
    """The content of a configuration file; `name` is its path as the user wrote it.

    `anchored` are the names at its top that other parts of it refer to, as YAML has anchors.
    """

    values: dict[str, object]
    lines: LineNumbers
    name: str
    anchored: frozenset[object] = frozenset()


class _Parsed(NamedTuple):
    values: object
    lines: LineNumbers
    anchored: frozenset[object] = frozenset()


def read_document(path: FilePath, *, may_be_empty: bool = False) -> Document:
    """Read and parse a TOML, YAML, JSON or Jsonnet file; the extension tells the format.

    `ConfigurationError` names the file, the line if it is known, and what to do.
    """
    name = os.fspath(path)
    check_exists(name)  # before its name is looked at: `base` may be meant for `base.yaml`
    file_format = _format_of(name)
    text = read_text(name, may_be_empty=may_be_empty)
    if not text.strip():
        return Document({}, LineNumbers(), name)
    return _document(name, _parse(file_format, text, name), may_be_empty)


@lru_cache(maxsize=1)  # a pipe brings its text once, and it may be needed twice
def _all_of(stream: TextIO) -> str:
    return decoded(STANDARD_INPUT, stream.buffer.read())


def read_standard_input() -> Document:
    """Read and parse what a pipe brings: JSON, TOML or YAML, which the text itself tells apart."""
    text = _all_of(sys.stdin) if sys.stdin else ""
    if not text.strip():
        return Document({}, LineNumbers(), STANDARD_INPUT)
    return _document(STANDARD_INPUT, _parse_any(text), True)


def parse_document(file_format: str, text: str, name: str) -> Document:
    """Parse a text of a format, as if it were the content of a file of this name."""
    return _document(name, _parse(file_format, text, name), True)


def _parse_any(text: str) -> _Parsed:
    """Parse text by how it begins, or else as YAML: {lr: 3} is short for a shell, [1, 2] a list."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and line[0] != "#"), "")
    other = "toml" if _TOML.match(first) else "yaml"
    kind = "json" if text.lstrip()[:1] == "{" else other
    try:
        return _parse(kind, text, STANDARD_INPUT)
    except ConfigurationError as error:
        if first[0] in "{[":
            with suppress(ConfigurationError):
                return _parse("yaml", text, STANDARD_INPUT)
        raise error from None


def _document(name: str, parsed: _Parsed, may_be_empty: bool) -> Document:
    values, lines, anchored = parsed
    values = plain(values) if isinstance(values, UntypedText) else values
    if values is None and may_be_empty:  # a YAML file of comments alone, or `null`
        return Document({}, LineNumbers(), name)
    if values is None:
        raise empty(name)
    if not isinstance(values, dict):
        raise not_a_mapping(name, values)
    return Document(values, lines, name, anchored)


def _format_of(name: str) -> str:
    extension = os.path.splitext(name)[1].lower()
    if extension in _FORMATS:
        return _FORMATS[extension]
    *others, last = _FORMATS
    advice = f"Use {', '.join(others)} or {last}."
    if not extension:
        raise ConfigurationError(
            f"{name}: the file name has no extension, so the format is unknown. {advice}"
        )
    raise ConfigurationError(
        f"{name}: the extension {extension!r} is unknown."
        f"{did_you_mean(extension, _FORMATS)} {advice}"
    )


def _parse(file_format: str, text: str, name: str) -> _Parsed:
    # Imported on use: reading TOML should not import PyYAML.
    if file_format == "yaml":
        from .from_yaml import parse_with_anchors

        return _Parsed(*parse_with_anchors(text, name))
    if file_format == "toml":
        from .from_toml import parse_toml

        return _Parsed(*parse_toml(text, name))
    if file_format == "json":
        from .from_json import NotJson, parse_json

        try:
            return _Parsed(*parse_json(text, name))
        except NotJson as error:
            advice = (
                "If the file has comments, functions or trailing commas, it is Jsonnet: give it "
                "the extension .jsonnet."
            )
            if error.is_lines:
                advice = (
                    "A file of configuration has one value, and JSON lines have many: put the line "
                    "that is meant into a file of its own."
                )
            raise NotJson(f"{error} {advice}") from error
    from .from_jsonnet import evaluate

    return _Parsed(evaluate(name), LineNumbers())
