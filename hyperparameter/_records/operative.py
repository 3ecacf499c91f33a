"""The operative configuration: what a record says was used, as values to be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .kept import NO_DATA, data_of


def operative(values: Iterable[tuple[str, object]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data of described values by key, and why which others are left out.

    What is a part of the value of a key above is there already.
    """
    left_out: dict[str, str] = {}
    flat = {key: data_of(key, value, left_out) for key, value in values}
    flat = {key: value for key, value in flat.items() if value is not NO_DATA}
    if any(type(value) is dict for value in flat.values()):
        flat = {key: value for key, value in flat.items() if not _is_part(key, flat)}
    return flat, left_out


def _is_part(key: str, flat: Mapping[str, object]) -> bool:
    end = key.rfind(".")
    while end > 0:
        if isinstance(above := flat.get(key[:end]), dict) and _has(above, key[end + 1 :]):
            return True
        end = key.rfind(".", 0, end)
    return False


def _has(mapping: Mapping[Any, object], rest: str) -> bool:
    """Tell whether a mapping has something at a flat key, whichever dots belong to its names."""
    if rest in mapping:
        return True
    end = rest.find(".")
    while end > 0:
        inner = mapping.get(rest[:end])
        if isinstance(inner, dict) and _has(inner, rest[end + 1 :]):
            return True
        end = rest.find(".", end + 1)
    return False
