"""From sources to settings, and from settings to layers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._files.document import read_document as read
from .._scopes.snapshot import Layer, Snapshot
from .._values.convert import UntypedText
from .._values.keys import flatten
from .._values.origin import Origin, Source
from ..exceptions import ConfigurationError
from .interpolation import interpolated
from .tree import Setting, Tree, add, merged, of_document, of_mapping

File = str | os.PathLike[str]
One = File | Mapping[str, Any]
Overrides = Mapping[str, Any] | Iterable[str]


def load(
    source: One | Iterable[One],
    overrides: Overrides | None,
    env_prefix: str | None,
    env: Mapping[str, str],
    here: Source,
    *,
    above: Iterable[Layer] = (),
) -> dict[str, Setting]:
    """Return the settings by dotted key: later sources win, then the environment, then overrides.

    `here` is the origin of what no file says; the layers `above` win over all, the last one most.
    """
    trees = [_tree(one, here) for one in _each(source)]
    if env_prefix is not None:
        trees.append(from_environment(env_prefix, env))
    if overrides is not None:
        trees.append(_overriding(overrides, here))
    trees.extend(_of_layer(layer) for layer in above)
    tree: Tree = {}
    for one in trees:
        tree = merged(tree, one)
    return interpolated(tree, env)


def from_environment(prefix: str, env: Mapping[str, str]) -> Tree:
    """Return the variables with this prefix; `__` in a name is a dot, case does not matter."""
    start = prefix if prefix.endswith("_") or not prefix else f"{prefix}_"
    tree: Tree = {}
    for name in sorted(env):
        if name.startswith(start) and name != start:
            key = name[len(start) :].lower().replace("__", ".")
            add(tree, {key: UntypedText(env[name])}, Origin("env", f"${name}"))
    return tree


def _each(source: One | Iterable[One]) -> Iterable[One]:
    if isinstance(source, (str, os.PathLike, Mapping)):
        return [source]
    if isinstance(source, Iterable):
        return source
    raise TypeError(
        f"A configuration is a path, a mapping or several, not {type(source).__name__}."
    )


def _tree(source: One, here: Source) -> Tree:
    if isinstance(source, Mapping):
        return of_mapping(source, here)
    if isinstance(source, (str, os.PathLike)):
        return of_document(read(source))
    raise TypeError(f"A configuration is a path or a mapping, not {type(source).__name__}.")


def _overriding(overrides: Overrides, here: Source) -> Tree:
    if isinstance(overrides, Mapping):
        return of_mapping(overrides, here)
    if not isinstance(overrides, Iterable):
        raise TypeError(f"Overrides are a mapping or texts, not {type(overrides).__name__}.")
    tree: Tree = {}
    for text in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(text, str):
            raise TypeError(f"An override is a text KEY=VALUE, not {type(text).__name__}.")
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigurationError(f"Override {text!r:.200} has no '='. Write it as KEY=VALUE.")
        tree = merged(tree, of_mapping({key.strip(): UntypedText(value)}, here))
    return tree


def _of_layer(layer: Layer) -> Tree:
    tree: Tree = {}
    for key, value in layer.values.items():
        add(tree, {key: value}, layer.origin_of(key))
    return tree


def layers(settings: Mapping[str, Setting], here: Source) -> Layer | Snapshot:
    """Return the settings as layers: what each took the place of lies below it."""
    current = dict(_flat(settings))
    found: list[Layer] = []
    while current or not found:
        values = {key: setting.value for key, setting in current.items()}
        origins = {key: setting.origin for key, setting in current.items()}
        found.append(Layer(values, here, origins))
        current = {key: one.shadowed for key, one in current.items() if one.shadowed is not None}
    return found[0] if len(found) == 1 else Snapshot(tuple(found), len(found))


def _flat(settings: Mapping[str, Setting]) -> Iterator[tuple[str, Setting]]:
    """Yield the settings by key: of a mapping that a reference stands for, there are many."""
    for key, setting in settings.items():
        if type(setting.value) is dict and setting.value:
            for name, value in flatten(setting.value, key).items():
                yield name, Setting(value, setting.origin)
        else:
            yield key, setting
