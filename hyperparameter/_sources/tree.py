"""Configuration as a tree: nested mappings whose leaves know where they were set.

A dotted name is the same as nesting.  Later sources win, mapping by mapping; anything else, lists
too, is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .. import _keys
from .._files.document import Document
from .._files.path import Path
from .._origin import Origin, Source, resolve
from ..exceptions import ConfigurationError, InvalidKey

_new = tuple.__new__  # half the price of a NamedTuple's own, and paid for every key


class Setting(NamedTuple):
    """A leaf: its value, where it was set, and the one that it took the place of."""

    value: Any
    origin: Source
    shadowed: Setting | None = None


Tree = dict[str, Any]
"""Names to `Setting`s and further trees."""


def of_document(document: Document) -> Tree:
    """Return the values of a file, each with its line."""
    values, lines, name = document

    def origin(path: Path) -> Origin:
        line = lines.get(path)
        return _new(Origin, ("file", name if line is None else f"{name}:{line}", None))

    return of_mapping(values, origin)


def of_mapping(values: Mapping[Any, Any], origin: Callable[[Path], Source]) -> Tree:
    """Return a mapping as a tree; `origin` tells where the value at a path was set."""
    tree: Tree = {}
    _fill(tree, values, (), origin)
    return tree


def _fill(
    tree: Tree, values: Mapping[Any, Any], path: Path, origin: Callable[[Path], Source]
) -> None:
    if len(path) > _keys.MAX_DEPTH:
        raise ConfigurationError(
            f"{_shown(origin(path))}: nested deeper than {_keys.MAX_DEPTH} levels, or in itself."
        )
    for name, value in values.items():
        here = (*path, name)
        if isinstance(value, (dict, Mapping)) and value:
            _fill(_branch(tree, name, origin(here)), value, here, origin)
        elif name in _keys.KNOWN and name not in tree and "." not in name:
            tree[name] = _new(Setting, (value, origin(here), None))
        else:
            _put(tree, name, Setting(value, origin(here)))


def _branch(node: Tree, name: Any, origin: Source) -> Tree:
    for part in _parts(name, origin):
        node = node.setdefault(part, {})
        if isinstance(node, Setting):
            raise ConfigurationError(
                f"{_shown(origin)}: {part!r} is a mapping here, "
                f"and a value at {_shown(node.origin)}.",
                key=name,
                origin=origin,
            )
    return node


def _put(node: Tree, name: Any, setting: Setting) -> None:
    *parents, last = _parts(name, setting.origin)
    node = _branch(node, ".".join(parents), setting.origin) if parents else node
    if last in node:
        known = next(settings({last: node[last]}))[1]
        raise _twice(name, setting.origin, known.origin)
    node[last] = setting


def _parts(name: Any, origin: Source) -> list[str]:
    try:
        return _keys.check(name).split(".")
    except InvalidKey as error:
        raise ConfigurationError(f"{_shown(origin)}: {error}", origin=origin) from None


def _twice(name: str, origin: Source, other: Source) -> ConfigurationError:
    message = f"{_shown(origin)}: {name!r} is there twice, first at {_shown(other)}."
    return ConfigurationError(message, key=name, origin=origin)


def _shown(origin: Source) -> str:
    return resolve(origin).location


def merged(lower: Tree, upper: Tree) -> Tree:
    """Return what both say, `upper` where they differ; neither is changed."""
    result = dict(lower)
    for name, value in upper.items():
        below = result.get(name)
        result[name] = _over(below, value) if below is not None else value
    return result


def _over(lower: Tree | Setting, upper: Tree | Setting) -> Tree | Setting:
    if isinstance(upper, dict):
        return merged(lower, upper) if isinstance(lower, dict) else upper
    if isinstance(lower, dict):
        return lower if upper.value == {} and isinstance(upper.value, Mapping) else upper
    return upper._replace(shadowed=lower)


def settings(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Setting]]:
    """Yield each dotted key with its setting."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Setting):
            yield key, value
        else:
            yield from settings(value, key)
