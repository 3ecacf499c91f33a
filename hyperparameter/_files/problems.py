"""Errors that every format can have, worded once."""

from __future__ import annotations

from .._values.keys import MAX_DEPTH
from .._values.untyped import UntypedText
from ..exceptions import ConfigurationError


def empty(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: the file is empty. It must contain a mapping of keys to values."
    )


def not_a_mapping(name: str, value: object) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: the top level must be a mapping of keys to values, not {type(value).__name__}."
    )


def not_text(place: str, key: UntypedText) -> str:
    """Return what is wrong with a number, a bool or null as a name at the top of YAML."""
    return f"{place}: the key {key.text} is not text. Put it in quotes."


def set_twice(name: str, line: int, key: str, first: int) -> ConfigurationError:
    return ConfigurationError(
        f"{name}:{line}: the key {key!r:.80} is set twice, first on line {first}. "
        "Remove one of them."
    )


def too_deep(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: the file is nested more than {MAX_DEPTH} levels deep. Make it flatter."
    )
