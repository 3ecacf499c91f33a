"""Described values as JSON, from which they are read back exactly."""

from __future__ import annotations

import math

from .describe import Description, Landed, Masked, Spelled, Unrestored
from .json_marks import Readers, checked, needs_items, pairs_of, unmarked
from .untyped import (
    REMOVED,
    Blank,
    EmptyVariable,
    Layered,
    ScalarText,
    Untyped,
    UntypedText,
    UntypedTree,
)


def to_json(value: object, *, in_transit: bool = False) -> object:
    """Return what a described value is in JSON; `from_json` undoes it exactly.

    Between processes of one program, `in_transit`, secrets have the digests that tell them apart.
    """
    if isinstance(value, Masked):
        unkeyed = [value.digest, False] if in_transit and not value.is_keyed else [None]
        return {"$secret": [str(value), *([value.digest] if value.is_keyed else unkeyed)]}
    if isinstance(value, Spelled):
        mark = "$spelled" if type(value) is Spelled else "$unrestored"
        return {mark: [str(value), to_json(value.data, in_transit=in_transit)]}
    if isinstance(value, Description):
        return {"$text": str(value)}
    if isinstance(value, Landed):
        return {"$name": [str(value), to_json(value.data)]}
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
    if isinstance(value, Untyped) or value is REMOVED:
        return _untyped_to_json(value, in_transit)
    return value


def _untyped_to_json(value: object, in_transit: bool) -> object:
    """Return what a source wrote, as a record has it beside the value that was made of it."""
    if isinstance(value, UntypedText):
        inner: list[object] = [_KINDS[type(value)], value.text]
        if isinstance(value, EmptyVariable):
            inner.append(to_json(value.lower, in_transit=in_transit))
        return {"$untyped": inner}
    if isinstance(value, Layered):
        each = [value.whole, value.parts]
        each += [] if value.displaced is value.whole else [value.displaced]
        return {"$over": [to_json(one, in_transit=in_transit) for one in each]}
    if isinstance(value, UntypedTree):
        return {"$tree": to_json(value.value, in_transit=in_transit)}
    return _GONE


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


def _spelled_from(inner: object, kind: type[Spelled] = Spelled) -> Spelled:
    words, data = checked(inner, list)
    return kind(checked(words, str), from_json(data))


def _landed_from(inner: object) -> Landed:
    written, data = checked(inner, list)
    return Landed(checked(written, str), from_json(data))


def _untyped_from(inner: object) -> UntypedText:
    kind, text, *lower = checked(inner, list)
    made = _OF_KIND[checked(kind, str)]
    return made(checked(text, str), *map(from_json, lower))


def _layered_from(inner: object) -> Layered:
    whole, parts, *displaced = map(from_json, checked(inner, list))
    return Layered(whole, checked(parts, UntypedTree), *displaced)


def _tree_from(inner: object) -> UntypedTree:
    found = from_json(inner)
    return UntypedTree(found if isinstance(found, list) else checked(found, dict))


_KINDS = {UntypedText: "text", ScalarText: "scalar", Blank: "blank", EmptyVariable: "variable"}
_OF_KIND = {name: kind for kind, name in _KINDS.items()}
_GONE = {"$removed": True}

_READERS: Readers = {
    "$untyped": _untyped_from,
    "$over": _layered_from,
    "$tree": _tree_from,
    "$removed": lambda _: REMOVED,
    "$secret": _masked_from,
    "$spelled": _spelled_from,
    "$unrestored": lambda inner: _spelled_from(inner, Unrestored),
    "$name": _landed_from,
    "$text": lambda inner: Description(checked(inner, str)),
    "$float": lambda inner: float(checked(inner, str)),
    "$tuple": lambda inner: tuple(from_json(item) for item in checked(inner, list)),
    "$items": lambda inner: {from_json(key): from_json(item) for key, item in pairs_of(inner)},
}
