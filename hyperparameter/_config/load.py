"""From sources to bindings, and from bindings to layers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from .._files.document import read_document
from .._files.text import FilePath
from .._scopes.snapshot import Layer, Snapshot
from .._values.assignment import parse_assignment
from .._values.keys import flatten
from .._values.origin import Origin, RawOrigin
from .._values.untyped import UntypedText
from ..exceptions import ConfigurationError, InvalidKey
from .interpolation import interpolated
from .tree import Binding, BindingTree, add, merged, tree_of_document, tree_of_mapping

ConfigSource = FilePath | Mapping[str, object]
Overrides = Mapping[str, object] | Iterable[str]


def load(
    sources: ConfigSource | Iterable[ConfigSource],
    overrides: Overrides | None,
    env_prefix: str | None,
    env: Mapping[str, str],
    here: RawOrigin,
    *,
    above: Iterable[Layer] = (),
) -> dict[str, Binding]:
    """Return the bindings by dotted key: later sources win, then the environment, then overrides.

    `here` is the origin of mappings and overrides; the layers `above` win over all, the last one
    over the others.
    """
    trees = [_tree(source, here) for source in _each(sources)]
    if env_prefix is not None:
        trees.append(from_environment(env_prefix, env))
    if overrides is not None:
        trees.append(_tree_of_overrides(overrides, here))
    trees.extend(_tree_of_layer(layer) for layer in above)
    tree: BindingTree = {}
    for upper in trees:
        tree = merged(tree, upper)
    return interpolated(tree, env)


def from_environment(prefix: str, env: Mapping[str, str]) -> BindingTree:
    """Return the variables with this prefix; `__` in a name is a dot, case does not matter."""
    start = prefix if prefix.endswith("_") or not prefix else f"{prefix}_"
    tree: BindingTree = {}
    for name in sorted(env):  # the error for a key that is set twice must not depend on the order
        if name.startswith(start) and name != start:
            key = name[len(start) :].lower().replace("__", ".")
            add(tree, {key: UntypedText(env[name])}, Origin("env", f"${name}"))
    return tree


def layers(bindings: Mapping[str, Binding], here: RawOrigin) -> Layer | Snapshot:
    """Return the bindings as layers; those that they shadow are in the layers below."""
    current = dict(_flat(bindings))
    found: list[Layer] = []
    while current or not found:
        values = {key: binding.value for key, binding in current.items()}
        origins = {key: binding.origin for key, binding in current.items()}
        found.append(Layer(values, here, origins))
        current = {
            key: binding.shadowed
            for key, binding in current.items()
            if binding.shadowed is not None
        }
    return found[0] if len(found) == 1 else Snapshot(tuple(found), len(found))


def _each(sources: ConfigSource | Iterable[ConfigSource]) -> Iterable[ConfigSource]:
    if isinstance(sources, (str, os.PathLike, Mapping)):
        return [sources]
    if isinstance(sources, Iterable):
        return sources
    raise TypeError(
        f"hp.config takes a path, a mapping or several of them, not {type(sources).__name__}."
    )


def _tree(source: ConfigSource, here: RawOrigin) -> BindingTree:
    if isinstance(source, Mapping):
        return tree_of_mapping(source, here)
    if isinstance(source, (str, os.PathLike)):
        return tree_of_document(read_document(source))
    raise TypeError(
        f"Each source of hp.config must be a path or a mapping, not {type(source).__name__}."
    )


def _tree_of_overrides(overrides: Overrides, here: RawOrigin) -> BindingTree:
    if isinstance(overrides, Mapping):
        return tree_of_mapping(overrides, here)
    if not isinstance(overrides, Iterable):
        raise TypeError(
            f"overrides must be a mapping or texts KEY=VALUE, not {type(overrides).__name__}."
        )
    tree: BindingTree = {}
    for text in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(text, str):
            raise TypeError(f"An override must be text KEY=VALUE, not {type(text).__name__}.")
        try:
            key, value = parse_assignment(text)
        except InvalidKey as error:
            raise ConfigurationError(f"overrides: {error}", key=error.key) from None
        # One tree for each override: if two set the same key, the later one wins.
        tree = merged(tree, tree_of_mapping({key: value}, here))
    return tree


def _tree_of_layer(layer: Layer) -> BindingTree:
    tree: BindingTree = {}
    for key, value in layer.values.items():
        add(tree, {key: value}, layer.origin_of(key))
    return tree


def _flat(bindings: Mapping[str, Binding]) -> Iterator[tuple[str, Binding]]:
    """Yield the bindings by key; a mapping, from a reference, becomes one for each key in it."""
    for key, binding in bindings.items():
        if type(binding.value) is dict and binding.value:
            for name, value in flatten(binding.value, key).values.items():
                yield name, Binding(value, binding.origin)
        else:
            yield key, binding
