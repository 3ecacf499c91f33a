"""Mappings of a class of their own, such as `defaultdict`: taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

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


def is_copyable(value: object) -> TypeGuard[dict[Any, Any]]:
    """Tell a dict, of any class whose instances can be made anew."""
    return type(value) is dict or emptied(value) is not None


def like(value: object, items: dict[Any, Any]) -> dict[Any, Any]:
    """Return a mapping of the same class as a value, with all that it has beside its items."""
    empty = emptied(value)
    return items if empty is None else filled(empty, items)


def filled(empty: dict[Any, Any], items: Mapping[Any, object]) -> dict[Any, Any]:
    """Return a new mapping that is like an empty one, with these items."""
    import copy

    made = copy.copy(empty)
    made.update(items)
    return made
