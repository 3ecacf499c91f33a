"""From sources to bindings, and from bindings to layers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._files.document import read_document
from .._files.text import FilePath
from .._scopes.snapshot import Layer, Snapshot
from .._values.assignment import parse_assignment
from .._values.origin import Origin, RawOrigin
from .._values.untyped import EmptyVariable, UntypedText
from ..exceptions import ConfigurationError, InvalidKey
from .bindings import Binding, Bindings, of_document, of_mapping, set_twice
from .interpolation import interpolated
from .view import View, as_snapshot

ConfigSource = FilePath | Mapping[str, object]
Overrides = Mapping[str, object] | Iterable[str]


class Loaded(NamedTuple):
    """What each source writes, the weakest first, and the keys that references took."""

    sources: list[Bindings]
    referenced: frozenset[str]


def load(
    sources: ConfigSource | Iterable[ConfigSource],
    overrides: Overrides | None,
    env_prefix: str | None,
    env: Mapping[str, str],
    here: RawOrigin,
    *,
    above: Iterable[Layer] = (),
) -> Loaded:
    """Return what the sources write: later ones win, then the environment, then overrides.

    `here` is the origin of mappings and overrides; the layers `above` win over all, the last one
    over the others.
    """
    found = [_bindings(source, here) for source in _each(sources)]
    if env_prefix is not None:
        found.append(from_environment(env_prefix, env))
    if overrides is not None:
        found.extend(_overrides(overrides, here))
    found.extend(map(_of_layer, above))
    return Loaded(*interpolated(found, env))


def from_environment(prefix: str, env: Mapping[str, str]) -> Bindings:
    """Return the variables with this prefix; `__` in a name is a dot, case does not matter."""
    start = prefix if prefix.endswith("_") or not prefix else f"{prefix}_"
    found: Bindings = {}
    for name in sorted(env):  # the error for a key that is set twice must not depend on the order
        if name.startswith(start) and name != start:
            origin = Origin("env", f"${name}")
            key = name[len(start) :].lower().replace("__", ".")
            value = UntypedText(env[name]) if env[name] else EmptyVariable()
            for one, binding in of_mapping({key: value}, origin).items():
                if one in found:
                    raise set_twice(one, origin, found[one].origin)
                found[one] = binding
    return found


def layers(loaded: Loaded, here: RawOrigin) -> Snapshot:
    """Return a layer for each source, later ones over the others."""
    sources = loaded.sources
    return as_snapshot(View(sources).sources if len(sources) > 1 else sources, here)


def _each(sources: ConfigSource | Iterable[ConfigSource]) -> Iterable[ConfigSource]:
    if isinstance(sources, (str, os.PathLike, Mapping)):
        return [sources]
    if isinstance(sources, Iterable):
        return sources
    raise TypeError(
        f"hp.config takes a path, a mapping or several of them, not {type(sources).__name__}."
    )


def _bindings(source: ConfigSource, here: RawOrigin) -> Bindings:
    if isinstance(source, Mapping):
        return of_mapping(source, here)
    if isinstance(source, (str, os.PathLike)):
        return of_document(read_document(source))
    raise TypeError(
        f"Each source of hp.config must be a path or a mapping, not {type(source).__name__}."
    )


def _overrides(overrides: Overrides, here: RawOrigin) -> list[Bindings]:
    if isinstance(overrides, Mapping):
        return [of_mapping(overrides, here)]
    if not isinstance(overrides, Iterable):
        raise TypeError(
            f"overrides must be a mapping or texts KEY=VALUE, not {type(overrides).__name__}."
        )
    found: list[Bindings] = [{}]
    for text in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(text, str):
            raise TypeError(f"An override must be text KEY=VALUE, not {type(text).__name__}.")
        try:
            key, value = parse_assignment(text)
        except InvalidKey as error:
            raise ConfigurationError(f"overrides: {error}", key=error.key) from None
        # If two write the same, the later one wins: it is a source of its own.
        if any(f"{one}.".startswith(f"{key}.") or key.startswith(f"{one}.") for one in found[-1]):
            found.append({})
        found[-1][key] = Binding(value, here)
    return found


def _of_layer(layer: Layer) -> Bindings:
    return {
        key: Binding(value, layer.origin_of(key), layer.names.get(key))
        for key, value in layer.values.items()
    }
