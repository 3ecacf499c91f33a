"""Configuration as a tree: nested mappings whose leaves know where they were set.

A dotted name is the same as nesting.  Later sources win, mapping by mapping; anything else, lists
too, is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .._files.document import Document
from .._files.line_numbers import LineNumbers as Lines
from .._values import keys
from .._values.origin import Source, resolve
from ..exceptions import ConfigurationError, InvalidKey

_new = tuple.__new__  # half the price of a NamedTuple's own, and paid for every key


class Setting(NamedTuple):
    """A leaf: its value, where it was set, and the one that it took the place of."""

    value: Any
    origin: Source
    shadowed: Setting | None = None


Tree = dict[str, Any]
"""Names to `Setting`s and further trees."""

_LEAVES = frozenset([str, int, float, bool, type(None), list])  # told from mappings at once
_NO_LINES = Lines()


def of_document(document: Document) -> Tree:
    """Return the values of a file, each with its line or that of what it is in."""
    values, lines, name = document
    tree: Tree = {}
    _fill(tree, values, lines, lambda line: (name, line))
    return tree


def of_mapping(values: Mapping[Any, Any], origin: Source) -> Tree:
    """Return a mapping that was set in one place as a tree."""
    tree: Tree = {}
    add(tree, values, origin)
    return tree


def add(tree: Tree, values: Mapping[Any, Any], origin: Source) -> None:
    """Add a mapping to a tree; `ConfigurationError` where a name is there already."""
    _fill(tree, values, _NO_LINES, lambda _: origin)


def _fill(
    tree: Tree,
    values: Mapping[Any, Any],
    lines: Lines,
    origin: Callable[[int], Source],
    around: tuple[int, int] = (0, 0),
) -> None:
    """Add `values`; `origin` tells where a line is, `around` on which they begin, and how deep."""
    line, depth = around
    if depth > keys.MAX_DEPTH:
        raise ConfigurationError(
            f"{_shown(origin(line))}: nested deeper than {keys.MAX_DEPTH} levels, or in itself."
        )
    known, line_of = keys.KNOWN, lines.at.get
    for name, value in values.items():
        at = line_of(name, line)
        here = origin(at)
        if type(value) not in _LEAVES and isinstance(value, Mapping) and value:
            inside = lines.inside.get(name, _NO_LINES)
            _fill(_branch(tree, name, here), value, inside, origin, (at, depth + 1))
        elif name in known and name not in tree and "." not in name:
            tree[name] = _new(Setting, (value, here, None))
        else:
            _put(tree, name, Setting(value, here))


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
        return keys.check(name).split(".")
    except InvalidKey as error:
        raise ConfigurationError(f"{_shown(origin)}: {error}", origin=origin) from None


def _twice(name: str, origin: Source, other: Source) -> ConfigurationError:
    message = f"{_shown(origin)}: {name!r} is there twice, first at {_shown(other)}."
    return ConfigurationError(message, key=name, origin=origin)


def _shown(origin: Source) -> str:
    return resolve(origin).location


def merged(lower: Tree, upper: Tree, prefix: str = "") -> Tree:
    """Return what both say, `upper` where they differ; neither is changed."""
    result = dict(lower)
    for name, value in upper.items():
        below = result.get(name)
        result[name] = value if below is None else _over(below, value, f"{prefix}{name}")
    return result


def _over(lower: Tree | Setting, upper: Tree | Setting, key: str) -> Tree | Setting:
    if isinstance(upper, dict):
        if isinstance(lower, dict):
            return merged(lower, upper, f"{key}.")
        _check_is_no_part(lower, upper, key)
        return upper
    if isinstance(lower, dict):
        return lower if upper.value == {} and isinstance(upper.value, Mapping) else upper
    return upper._replace(shadowed=lower)


def _check_is_no_part(lower: Setting, upper: Tree, key: str) -> None:
    """Refuse to put a mapping such as `{"0": ...}` in the place of a list."""
    if not isinstance(lower.value, (list, tuple)):
        return
    for name, setting in settings(upper, key):
        if name[len(key) + 1 :].partition(".")[0].removeprefix("-").isdecimal():
            raise ConfigurationError(
                f"{_shown(setting.origin)}: {name!r} would change a part of the list at "
                f"{_shown(lower.origin)}. Lists are replaced as a whole: set {key!r}.",
                key=name,
                origin=resolve(setting.origin),
            )


def settings(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Setting]]:
    """Yield each dotted key with its setting."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else name
        if type(value) is dict:
            yield from settings(value, key)
        else:
            yield key, value
