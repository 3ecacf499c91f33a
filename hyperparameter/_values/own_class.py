"""Mappings of a class of their own, such as `defaultdict`: taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checking import mode


def emptied(value: object) -> dict[Any, Any] | None:
    """Return an empty mapping with all that a subclass of dict has beside its items, else None.

    One that cannot be copied and emptied, as frozen ones, has no such thing and becomes a dict.
    """
    if (
        mode.is_on
        or type(value) is dict
        or not isinstance(value, dict)
        or hasattr(type(value), "__hp_flat__")
    ):
        return None
    import copy  # which few programs need, and which would double the time of our import

    try:
        empty = copy.copy(value)
        empty.clear()
    except Exception:  # noqa: BLE001  # whatever a class of the user's does not allow
        return None
    return empty if type(empty) is type(value) and not empty else None


def filled(empty: dict[Any, Any], items: Mapping[Any, object]) -> dict[Any, Any]:
    """Return a new mapping that is like an empty one, with these items."""
    import copy

    made = copy.copy(empty)
    made.update(items)
    return made
