"""Between the nested dict of a `Params` and the flat keys of a scope, origins included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._scopes import ambient
from .._scopes.scope import scope, scope_of
from .._scopes.snapshot import Layer
from .._values.keys import flatten, nest
from .._values.origin import outside_site
from .._values.untyped import Untyped
from .merge import copied
from .origins import Origins, typed


def scope_from(params: Mapping[str, object], origins: Origins, history: str, prefix: str) -> scope:
    """Return a scope of `params`, whose paths begin with `history`, under `prefix`."""
    start = f"{prefix}." if prefix else ""
    below, names = flatten({prefix: params} if prefix else params)
    values, listed = {}, {}
    for key, value in below.items():
        path = f"{history}{key.removeprefix(start)}"
        text = origins.written(path, value)
        values[key] = text or copied(value)  # its readers must not see it consumed
        listed[key] = origins[path]
    return scope_of(Layer(values, origins.default, listed, names=names))


def values_below(given: scope | None, prefix: str) -> tuple[dict[str, Any], Origins, str]:
    """Return what `given`, or the active scope, has below `prefix`: nested, origins, history."""
    state = ambient.current() if given is None else given.__hp_state__()
    start = f"{prefix}." if prefix else ""
    found = state.snapshot.below(prefix) if prefix else state.snapshot.flat()
    listed = {f"{start}{key}": state.snapshot.origin_of(f"{start}{key}") for key in found}
    here = outside_site()
    texts: dict[str, Untyped] = {}
    values = {key: typed(value, f"{start}{key}", texts) for key, value in found.items()}
    return nest(values), Origins(here, listed, texts), start
