"""Keys as a tree, a line for each namespace and for each leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._console import can_print

_MARKS = ("\N{FILE FOLDER}", "\N{PAGE FACING UP}")
_PLAIN_MARKS = ("+", "-")
"""The symbols of a namespace and of a leaf; the plain ones where a terminal has no others."""


def tree(
    keys: Iterable[str],
    leaves: Callable[[str, str], Iterable[str]],
    shown: Callable[[str], str],
    *,
    to_file: bool = False,
) -> list[str]:
    """Return the lines of a tree.

    `leaves` yields the lines of a key, of which it gets the last name too, without their symbol.
    `shown` says how a namespace is written.
    """
    section, leaf = _MARKS if to_file or can_print("".join(_MARKS)) else _PLAIN_MARKS
    lines = []
    # An explicit stack: the depth of user data must not reach the interpreter's.
    stack = [(0, name, node) for name, node in reversed(_nested(keys).items())]
    while stack:
        depth, name, node = stack.pop()
        indent = "  " * depth
        if isinstance(node, dict):
            lines.append(f"{indent}{section} {shown(name[:-1])}")
            stack += [(depth + 1, inner, below) for inner, below in reversed(node.items())]
        else:
            lines += [f"{indent}{leaf} {line}" for line in leaves(node, name)]
    return lines


def _nested(keys: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in keys:
        node = found
        *parents, name = key.split(".")
        for parent in parents:
            node = node.setdefault(f"{parent}.", {})  # a key may be a parameter and a namespace
        node[name] = key
    return found
