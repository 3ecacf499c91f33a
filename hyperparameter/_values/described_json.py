"""Described values as JSON, from which they are read back exactly."""

from __future__ import annotations

import math

from .describe import Description, Masked, Spelled
from .json_marks import Readers, checked, needs_items, pairs_of, unmarked


def to_json(value: object, *, in_transit: bool = False) -> object:
    """Return what a described value is in JSON; `from_json` undoes it exactly.

    Between processes of one program, `in_transit`, secrets have the digests that tell them apart.
    """
    if isinstance(value, Masked):
        unkeyed = [value.digest, False] if in_transit and not value.is_keyed else [None]
        return {"$secret": [str(value), *([value.digest] if value.is_keyed else unkeyed)]}
    if isinstance(value, Spelled):
        return {"$spelled": [str(value), to_json(value.data, in_transit=in_transit)]}
    if isinstance(value, Description):
        return {"$text": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, tuple):
        return {"$tuple": [to_json(item, in_transit=in_transit) for item in value]}
    if isinstance(value, list):
        return [to_json(item, in_transit=in_transit) for item in value]
    if isinstance(value, dict):
        items = [
            (to_json(key), to_json(item, in_transit=in_transit)) for key, item in value.items()
        ]
        return {"$items": list(map(list, items))} if needs_items(value) else dict(items)
    return value


def from_json(value: object) -> object:
    """Return the described value; `TypeError` or `ValueError` for what `to_json` never gives."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = unmarked(value, _READERS)
    if found is not value:
        return found
    return {key: from_json(item) for key, item in value.items()}


def _masked_from(inner: object) -> Masked:
    shown, digest, *rest = checked(inner, list)
    if rest:  # in transit
        return Masked(checked(shown, str), checked(digest, str))
    is_keyed = digest is not None
    return Masked(checked(shown, str), checked(digest, str) if is_keyed else "", is_keyed)


def _spelled_from(inner: object) -> Spelled:
    words, data = checked(inner, list)
    return Spelled(checked(words, str), from_json(data))


_READERS: Readers = {
    "$secret": _masked_from,
    "$spelled": _spelled_from,
    "$text": lambda inner: Description(checked(inner, str)),
    "$float": lambda inner: float(checked(inner, str)),
    "$tuple": lambda inner: tuple(from_json(item) for item in checked(inner, list)),
    "$items": lambda inner: {from_json(key): from_json(item) for key, item in pairs_of(inner)},
}
