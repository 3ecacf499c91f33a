"""A configuration file: its values, and on which line each of them stands."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from .._values.keys import did_you_mean
from ..exceptions import ConfigurationError
from .lines import Lines
from .text import read_text

_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json",
            ".jsonnet": "jsonnet", ".libsonnet": "jsonnet"}  # fmt: skip


class Document(NamedTuple):
    """What a file says, and on which lines."""

    values: dict[str, Any]
    lines: Lines
    name: str


def read(path: str | os.PathLike[str]) -> Document:
    """Read a TOML, YAML, JSON or Jsonnet file, by its extension.

    `ConfigurationError` names the file, the line where one is known, and what to do.
    """
    name = os.fspath(path)
    kind = format_of(name)
    text = read_text(name)
    values, lines = _parse(kind, text, name)
    if not isinstance(values, dict):
        found = "is empty" if values is None else f"has a {type(values).__name__} at its top"
        raise ConfigurationError(f"{name} {found}: a configuration is a mapping of names.")
    return Document(values, lines, name)


def format_of(name: str) -> str:
    """Return the format that the extension stands for."""
    extension = os.path.splitext(name)[1].lower()
    if extension not in _FORMATS:
        raise ConfigurationError(
            f"{name}: {f'extension {extension!r} is not known' if extension else 'no extension'}, "
            f"so its format is not either.{did_you_mean(extension, _FORMATS)} "
            f"Known are {', '.join(_FORMATS)}."
        )
    return _FORMATS[extension]


def _parse(kind: str, text: str, name: str) -> tuple[Any, Lines]:
    if kind == "yaml":
        from . import from_yaml

        return from_yaml.load(text, name)
    if kind == "toml":
        from . import from_toml

        return from_toml.load(text, name)
    if kind == "json":
        from . import from_json

        return from_json.load(text, name)
    from .from_jsonnet import evaluate

    return evaluate(name), Lines()
