"""What is left of a layer that is joined with one above it, besides its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.containers import takes_place
from .._values.keys import prefixes
from .._values.untyped import REMOVED
from .markers import DELETED

Names = tuple[str, ...]


def kept_names(
    names: Mapping[str, Names], lower: Mapping[str, object], upper: Mapping[str, object]
) -> dict[str, Names]:
    """Return the names of keys, without those of mappings that a value above takes the place of."""
    gone = [key for key in names.keys() & upper.keys() if is_mapping(key, lower)]
    return {key: one for key, one in names.items() if key not in gone} if gone else {**names}


def is_mapping(key: str, values: Mapping[str, object]) -> bool:
    """Tell whether a key with names in a layer was written as a mapping: it has no value there."""
    value = values.get(key, REMOVED)  # what the mapping has taken the place of
    return value is REMOVED or value is DELETED


def kept_kinds(
    kinds: Mapping[str, dict[Any, Any]], upper: Mapping[str, object]
) -> dict[str, dict[Any, Any]]:
    """Return the kinds of mappings, without those that a value above takes the place of."""
    taken = {k for k, one in upper.items() if one is not DELETED and takes_place(one)}
    return {k: one for k, one in kinds.items() if taken.isdisjoint({k, *prefixes([k])})}
