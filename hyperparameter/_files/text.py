"""A configuration file as text: whatever is wrong with it is one clear error."""

from __future__ import annotations

import os

from .._values.keys import did_you_mean
from ..exceptions import ConfigurationError

MOST_BYTES = 32 << 20


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file of at most 32 MiB; `ConfigurationError` where there is none."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"{name} does not exist.{_beside(name)} Relative paths start at {os.getcwd()}."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a null in the name
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{name!r:.500} cannot be read: {reason}. Give the path of a readable file."
        ) from None
    if len(data) > MOST_BYTES:
        raise ConfigurationError(
            f"{name} is larger than {MOST_BYTES >> 20} MiB, which no configuration is: load the "
            "data in the program, and put its path here."
        )
    return _decoded(name, data)


def _decoded(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{name}:{line}: byte {data[error.start]:#04x} is not UTF-8. Save the file as UTF-8, "
            "or give the path of the configuration file itself."
        ) from None
    if not text.strip():
        raise ConfigurationError(f"{name} is empty: a configuration is a mapping of names.")
    return text


def _beside(name: str) -> str:
    directory, base = os.path.split(name)
    try:
        return did_you_mean(base, os.listdir(directory or "."))
    except OSError:
        return f" The directory {directory} does not exist either."
