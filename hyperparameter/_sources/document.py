"""A configuration file: its values, and on which line each of them stands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._keys import did_you_mean
from ..exceptions import ConfigurationError
from .path import Path

MOST_BYTES = 32 * 1024 * 1024
_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json",
            ".jsonnet": "jsonnet", ".libsonnet": "jsonnet"}  # fmt: skip


class Document(NamedTuple):
    """What a file says.

    `lines` has the line of a value by its path, as far as the format tells.
    """

    values: dict[str, Any]
    lines: Mapping[Path, int]
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


def read_text(name: str) -> str:
    """Return the text of a file of at most 32 MiB."""
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"{name} cannot be read: {reason}.") from error
    if len(data) > MOST_BYTES:
        raise ConfigurationError(
            f"{name} is larger than {MOST_BYTES >> 20} MiB, which no configuration is: load the "
            "data in the program, and put its path here."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{name}:{line}: byte {data[error.start]:#04x} is not UTF-8. Save the file as UTF-8."
        ) from error
    if not text.strip():
        raise ConfigurationError(f"{name} is empty: a configuration is a mapping of names.")
    return text


def _parse(kind: str, text: str, name: str) -> tuple[Any, Mapping[Path, int]]:
    if kind == "yaml":
        from . import from_yaml

        return from_yaml.load(text, name)
    if kind == "toml":
        from . import from_toml

        return from_toml.load(text, name)
    if kind == "json":
        from . import from_json

        return from_json.load(text, name)
    from .._jsonnet import evaluate

    return evaluate(name), {}
