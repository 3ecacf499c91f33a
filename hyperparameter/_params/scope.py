"""Between the nested dict of a `Params` and the flat keys of a scope, origins included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._scopes import ambient, lookup
from .._scopes.handle import state_of
from .._scopes.scope import scope, scope_of
from .._scopes.snapshot import Layer, Snapshot
from .._scopes.whole import whole
from .._values.convert import NOTHING, Unset
from .._values.hints import anything
from .._values.keys import flatten, prefixes
from .._values.origin import RawOrigin, outside_site
from .._values.spelling import names_in
from .._values.structures import structure_of
from .._values.untyped import Untyped, is_null, may_be_mapping
from .merge import copied
from .origins import Origins, typed


def scope_from(params: Mapping[str, object], origins: Origins, history: str, prefix: str) -> scope:
    """Return a scope of `params`, whose paths begin with `history`, under `prefix`."""
    start = f"{prefix}." if prefix else ""
    below, names, kinds = flatten({prefix: params} if prefix else params)
    values, listed = {}, {}
    for key, value in below.items():
        path = f"{history}{key.removeprefix(start)}"
        text = origins.written(path, value)
        values[key] = text or copied(value)  # its readers must not see it consumed
        listed[key] = origins[path]
    return scope_of(Layer(values, origins.default, listed, names=names, kinds=kinds))


def values_below(given: scope | None, prefix: str) -> tuple[dict[str, Any], Origins, str]:
    """Return what `given`, or the active scope, has below `prefix`: nested, origins, history."""
    state = ambient.current() if given is None else state_of(given)
    snapshot, start = state.snapshot, f"{prefix}." if prefix else ""
    flat = {key: value for key, value in snapshot.flat().items() if key.startswith(start)}
    state.record.note_shown([prefix, *flat])  # a plain dict has them from here on
    single = {key for key in [*flat, prefix] if _is_single(snapshot.find(key))}
    beside = [key for key in flat if any(above in single for above in prefixes([key]))]
    listed = {key: snapshot.origin_of(key) for key in flat}
    texts: dict[str, Untyped] = {}
    nested = _joined(_without(snapshot, {prefix, *beside} & {*single, *beside}), prefix, texts)
    for key in beside:
        value = typed(flat[key], key, texts)
        _put(nested, key.removeprefix(start), value)
    return nested, Origins(outside_site(), listed, texts), start


def _is_single(found: tuple[object, RawOrigin] | None) -> bool:
    """Tell a value that no names below it can be a part of: both are kept, side by side."""
    if found is None or found[0] is None or may_be_mapping(found[0]) or is_null(found[0]):
        return False
    return structure_of(type(found[0])) is None


def _without(snapshot: Snapshot, keys: set[str]) -> Snapshot:
    if not keys:
        return snapshot
    layers = [
        layer._replace(values={k: v for k, v in layer.values.items() if k not in keys})
        for layer in snapshot.layers
    ]
    return Snapshot(tuple(layers), len(layers))


def _joined(snapshot: Snapshot, prefix: str, texts: dict[str, Untyped]) -> dict[str, Any]:
    """Return the names at a key and below it, with each value as readers get it."""
    found = whole(snapshot, prefix)
    if found is None:
        return {}
    typed(found.value, prefix, texts)
    try:
        names = names_in(lookup.typed(prefix, found, anything, NOTHING))
    except Unset:
        return {}
    return dict(names or {})


def _put(nested: dict[str, Any], key: str, value: object) -> None:
    """Put a value beside the one that is above its key."""
    head, _, rest = key.partition(".")
    while rest:
        if isinstance(nested.get(head), dict):
            _put(nested[head], rest, value)
            return
        name, _, rest = rest.partition(".")
        head = f"{head}.{name}"
    nested[key] = value
