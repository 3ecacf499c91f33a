"""A configuration file, parsed: its values and the line of each of them."""

from __future__ import annotations

import os
from typing import NamedTuple

from .._values.keys import did_you_mean
from .._values.untyped import UntypedText, plain
from ..exceptions import ConfigurationError
from .line_numbers import LineNumbers
from .problems import empty, not_a_mapping
from .text import FilePath, read_text

_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json",
            ".jsonnet": "jsonnet", ".libsonnet": "jsonnet"}  # fmt: skip


class Document(NamedTuple):
    """The content of a configuration file; `name` is its path as the user wrote it."""

    values: dict[str, object]
    lines: LineNumbers
    name: str


def read_document(path: FilePath) -> Document:
    """Read and parse a TOML, YAML, JSON or Jsonnet file; the extension tells the format.

    `ConfigurationError` names the file, the line if it is known, and what to do.
    """
    name = os.fspath(path)
    file_format = _format_of(name)
    text = read_text(name)
    values, lines = _parse(file_format, text, name)
    values = plain(values) if isinstance(values, UntypedText) else values
    if values is None:  # a YAML file of comments alone, or `null`
        raise empty(name)
    if not isinstance(values, dict):
        raise not_a_mapping(name, values)
    return Document(values, lines, name)


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


def _parse(file_format: str, text: str, name: str) -> tuple[object, LineNumbers]:
    # Imported on use: reading TOML should not import PyYAML.
    if file_format == "yaml":
        from .from_yaml import parse_yaml

        return parse_yaml(text, name)
    if file_format == "toml":
        from .from_toml import parse_toml

        return parse_toml(text, name)
    if file_format == "json":
        from .from_json import NotJson, parse_json

        try:
            return parse_json(text, name)
        except NotJson as error:
            raise NotJson(
                f"{error} If the file has comments, functions or trailing commas, it is Jsonnet: "
                "give it the extension .jsonnet."
            ) from error
    from .from_jsonnet import evaluate

    return evaluate(name), LineNumbers()
