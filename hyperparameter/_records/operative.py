"""Values as they may be written to be read again: without secrets, which are named instead."""

from __future__ import annotations

from typing import Any

from .._values.describe import Masked, below, has_secrets

LEFT_OUT = object()


def without_secrets(key: str, value: object, left_out: list[str]) -> Any:
    """Return a described value without its secrets, or `LEFT_OUT`; their keys join `left_out`.

    A list is left out as a whole: without one item, it would be another list.
    """
    if isinstance(value, Masked) or (isinstance(value, (list, tuple)) and has_secrets(value)):
        left_out.append(key)
        return LEFT_OUT
    if not isinstance(value, dict) or not value:
        return value
    parts = {n: without_secrets(below(key, n), item, left_out) for n, item in value.items()}
    kept = {name: item for name, item in parts.items() if item is not LEFT_OUT}
    return kept or LEFT_OUT
