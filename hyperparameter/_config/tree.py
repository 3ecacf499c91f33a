"""Configuration as a tree: nested mappings whose leaves know where they were set.

A dotted name means the same as nesting.  Later sources win, mapping by mapping; any other value,
a list too, is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from .._files.document import Document
from .._files.line_numbers import LineNumbers
from .._values import keys
from .._values.origin import RawOrigin, resolve
from .._values.scalars import SCALARS_AND_TEXT
from ..exceptions import ConfigurationError, InvalidKey

# Takes half the time of Binding(...), and a file makes one for every key.
_new = tuple.__new__


class Binding(NamedTuple):
    """A leaf of the tree: a value, where it was set, and the binding that it took the place of."""

    value: object
    origin: RawOrigin
    shadowed: Binding | None = None


BindingTree: TypeAlias = "dict[str, Binding | BindingTree]"

# The types of most values: knowing them saves the slow check whether a value is a Mapping.
_LEAVES = SCALARS_AND_TEXT | {list}
_NO_LINES = LineNumbers()


def tree_of_document(document: Document) -> BindingTree:
    """Return the values of a file, each with its line or that of the value around it."""
    values, lines, name = document
    tree: BindingTree = {}
    _fill(tree, values, lines, lambda line: (name, line))
    return tree


def tree_of_mapping(values: Mapping[str, object], origin: RawOrigin) -> BindingTree:
    """Return the values of a mapping that was written in one place."""
    tree: BindingTree = {}
    add(tree, values, origin)
    return tree


def add(tree: BindingTree, values: Mapping[str, object], origin: RawOrigin) -> None:
    """Add a mapping to a tree; `ConfigurationError` if a key is in it already."""
    _fill(tree, values, _NO_LINES, lambda _: origin)


def _fill(
    tree: BindingTree,
    values: Mapping[str, object],
    lines: LineNumbers,
    origin: Callable[[int], RawOrigin],
    around: tuple[int, int] = (0, 0),
) -> None:
    """Add `values` to a tree.

    `origin` turns a line into an origin; `around` is the line on which the mapping begins, and
    its depth.
    """
    line, depth = around
    if depth > keys.MAX_DEPTH:
        problem = (
            f"the mapping is nested more than {keys.MAX_DEPTH} levels deep, or contains itself."
        )
        raise _error(origin(line), problem)
    known, line_of = keys.KNOWN, lines.at.get
    for name, value in values.items():
        at = line_of(name, line)
        here = origin(at)
        if type(value) not in _LEAVES and isinstance(value, Mapping) and value:
            inside = lines.inside.get(name, _NO_LINES)
            branch = _branch(tree, _parts(name, here), here)
            _fill(branch, value, inside, origin, (at, depth + 1))
        elif name in known and name not in tree and "." not in name:  # nothing left to check
            tree[name] = _new(Binding, (value, here, None))
        else:
            _put(tree, name, Binding(value, here))


def _branch(tree: BindingTree, parts: list[str], origin: RawOrigin) -> BindingTree:
    """Return the mapping at these names, which is created if necessary."""
    node = tree
    for part in parts:
        below = node.setdefault(part, {})
        if isinstance(below, Binding):
            other = resolve(below.origin).location
            raise _error(
                origin,
                f"the key {part!r} is a mapping here, but a value at {other}. Remove one of them.",
                ".".join(parts),
            )
        node = below
    return node


def _put(tree: BindingTree, name: str, binding: Binding) -> None:
    *parents, last = _parts(name, binding.origin)
    node = _branch(tree, parents, binding.origin)
    if last in node:
        _, known = next(flat_bindings({last: node[last]}))
        first = resolve(known.origin).location
        problem = f"the key {name!r} is set twice, first at {first}. Remove one of them."
        raise _error(binding.origin, problem, name)
    node[last] = binding


def _parts(name: object, origin: RawOrigin) -> list[str]:
    try:
        return keys.check(name).split(".")
    except InvalidKey as error:
        raise _error(origin, str(error)) from None


def _error(origin: RawOrigin, problem: str, key: str | None = None) -> ConfigurationError:
    place = resolve(origin)  # an error must pickle, which code objects do not
    return ConfigurationError(f"{place.location}: {problem}", key=key, origin=place)


def merged(lower: BindingTree, upper: BindingTree, prefix: str = "") -> BindingTree:
    """Return a new tree of both; where they differ, `upper` wins."""
    result: BindingTree = dict(lower)
    for name, value in upper.items():
        below = result.get(name)
        result[name] = value if below is None else _over(below, value, f"{prefix}{name}")
    return result


def _over(
    lower: BindingTree | Binding, upper: BindingTree | Binding, key: str
) -> BindingTree | Binding:
    if isinstance(upper, dict):
        if isinstance(lower, dict):
            return merged(lower, upper, f"{key}.")
        _check_no_list_item(lower, upper, key)
        return upper
    if isinstance(lower, dict):
        return lower if upper.value == {} and isinstance(upper.value, Mapping) else upper
    return upper._replace(shadowed=lower)


def _check_no_list_item(lower: Binding, upper: BindingTree, key: str) -> None:
    """Refuse to put a mapping such as `{"0": ...}` in the place of a list."""
    if not isinstance(lower.value, (list, tuple)):
        return
    for name, binding in flat_bindings(upper, key):
        if name[len(key) + 1 :].partition(".")[0].removeprefix("-").isdecimal():
            raise _error(
                binding.origin,
                f"{name!r} would change an item of the list at {resolve(lower.origin).location}. "
                f"A list is replaced as a whole: set {key!r}.",
                name,
            )


def flat_bindings(tree: BindingTree, prefix: str = "") -> Iterator[tuple[str, Binding]]:
    """Yield each dotted key with its binding."""
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Binding):
            yield key, value
        else:
            yield from flat_bindings(value, key)
