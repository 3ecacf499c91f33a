"""The text of a configuration file; whatever is wrong with the file is one clear error."""

from __future__ import annotations

import os

from .._values.keys import nearest
from ..exceptions import ConfigurationError
from .problems import empty

FilePath = str | os.PathLike[str]

_ALIKE = 0.5
MOST_BYTES = 32 << 20
"""More than any configuration needs; a data file given by mistake must not fill the memory."""


def read_text(path: FilePath, *, may_be_empty: bool = False) -> str:
    """Return the text of a UTF-8 file of at most 32 MiB, without its byte order mark.

    `ConfigurationError` if the file is missing, unreadable, too large, not UTF-8, or empty where it
    may not be.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)  # one byte more shows that a file is too large
    except FileNotFoundError:
        raise _missing(name) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{name!r:.500} cannot be read: {reason}. Give the path of a readable file."
        ) from None
    if len(data) > MOST_BYTES:
        raise ConfigurationError(
            f"{name}: the file is larger than {MOST_BYTES >> 20} MiB, the limit for a "
            "configuration. Load large data in your program, and put its path in the file."
        )
    text = decoded(name, data)
    if not text.strip() and not may_be_empty:
        raise empty(name)
    return text


def check_exists(name: str) -> None:
    """Raise `ConfigurationError` for a file that does not exist, and for a directory."""
    if os.path.isdir(name):
        raise ConfigurationError(f"{name}: this is a directory. Give the path of a file.")
    if not os.path.exists(name) and "\0" not in name:
        raise _missing(name)


def _missing(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: the file does not exist.{similar(name)} Relative paths start at {os.getcwd()}."
    )


def decoded(name: str, data: bytes) -> str:
    """Return the text of UTF-8 data without its byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{name}:{line}: byte {data[error.start]:#04x} is not UTF-8. Save the file as UTF-8, "
            "or check that it is the file you meant."
        ) from None


def similar(name: str) -> str:
    """Return a suggestion of files in the same directory, to follow a sentence."""
    directory, base = os.path.split(name)
    try:
        names = os.listdir(directory or ".")
    except OSError:
        return f" The directory {directory} does not exist either."
    found = sorted(one for one in names if _stem(one) == _stem(base))
    if not found:
        by_word = {one.replace(".", " "): one for one in names}  # for `nearest`, dots part names
        near = [by_word[word] for word in nearest(base.replace(".", " "), by_word)]
        found = [one for one in near if _is_alike(_stem(one), _stem(base))]
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _is_alike(one: str, other: str) -> bool:
    """Tell whether names are alike without their extensions, which many share."""
    from difflib import SequenceMatcher

    return (
        SequenceMatcher(None, one.lower(), other.lower()).ratio() >= _ALIKE
    )  # `sdg` and `sgd` are
