"""Between the nested dict of a `Params` and the flat keys of a scope, places included."""

from __future__ import annotations

from typing import Any

from .._scopes import ambient
from .._scopes.scope import scope, scope_of
from .._scopes.snapshot import Layer
from .._values.keys import flatten, nest
from .._values.origin import outside_site
from .._values.untyped import plain
from .merge import copied
from .origins import Origins


def scope_from(params: dict[str, Any], origins: Origins, history: str, prefix: str) -> scope:
    """Return a scope of `params`, whose paths begin with `history`, under `prefix`."""
    start = f"{prefix}." if prefix else ""
    values, places = {}, {}
    for key, value in flatten(params).items():
        values[f"{start}{key}"] = copied(value)  # its readers must not see it consumed
        places[f"{start}{key}"] = origins[f"{history}{key}"]
    return scope_of(Layer(flatten(values), origins.default, places))


def visible(given: scope | None, prefix: str) -> tuple[dict[str, Any], Origins, str]:
    """Return what `given`, or the active scope, shows below `prefix`: nested, places, history."""
    state = ambient.current() if given is None else given.__hp_state__()
    start = f"{prefix}." if prefix else ""
    found = state.snapshot.below(prefix) if prefix else state.snapshot.flat()
    places = {f"{start}{key}": state.snapshot.origin_of(f"{start}{key}") for key in found}
    here = outside_site()
    state.record.note_bulk(prefix, here)
    return nest({key: plain(value) for key, value in found.items()}), Origins(here, places), start
