"""What names are bound to, and how much of that is certain after branches and loops."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..raw import UNKNOWN
from .handlers import Walk, visit_body
from .values import (
    AccessorOf,
    Constant,
    ImportedName,
    LibraryName,
    PartialText,
    ScopeHandle,
    Value,
    is_same,
)

# Scopes and instances stay known: to forget one would lose the reads of it.
_FORGOTTEN_IN_LOOPS = (Constant, PartialText, ImportedName, AccessorOf)


def bind(walk: Walk, name: str, value: Value) -> None:
    """Bind a name here, or further out where `global` or `nonlocal` says so."""
    names = walk.names.shared.get(name, walk.names)
    if names.kind == "module":
        note_lost(walk, value)  # others may import it
    if isinstance(value, Constant) and isinstance(value.value, list):
        value = None  # it may grow
    if name in walk.names.shared and name in names.known:
        value = _one_of(walk, [names.known[name], value])
    names.known[name] = value


def forget(walk: Walk, target: ast.expr) -> None:
    """Note that nothing is known of the names in a target."""
    for node in (target,) if isinstance(target, ast.Name) else ast.walk(target):
        if isinstance(node, ast.Name):
            walk.names.known[node.id] = None


def visit_branches(walk: Walk, *bodies: Sequence[ast.stmt]) -> None:
    """Follow bodies of which one runs; what they bind differently is unknown afterwards."""
    names, before = walk.names, walk.names.known
    ends = []
    for body in bodies:
        names.known = dict(before)
        visit_body(walk, body)
        ends.append(names.known)
    names.known = dict(before)
    for name in dict.fromkeys(name for end in ends for name in end):
        names.known[name] = _one_of(walk, [end[name] for end in ends if name in end])


def _one_of(walk: Walk, values: list[Value]) -> Value:
    """Return what is known of a name that was bound to one of `values`."""
    if all(is_same(values[0], value) for value in values):
        return values[0]
    for value in values:
        if isinstance(value, (LibraryName, ScopeHandle)):
            return value  # the others stand in for it, as `None` does in `except ImportError`
        note_lost(walk, value)
    return PartialText(UNKNOWN)


def note_lost(walk: Walk, value: Value) -> None:
    """Note an accessor that is read under a name of which too little is known to follow it."""
    if isinstance(value, AccessorOf):
        walk.found.patterns.update((value.key, f"{value.key}.*"))


def forget_rebound(walk: Walk, body: Sequence[ast.stmt]) -> None:
    """Forget the names that a loop's body binds anew: where it begins, they may be either."""
    known = walk.names.known
    lost = [name for name, value in known.items() if isinstance(value, _FORGOTTEN_IN_LOOPS)]
    if lost:
        for name in _bound_in(body).intersection(lost):
            note_lost(walk, known[name])
            known[name] = None


def _bound_in(body: Sequence[ast.AST]) -> set[str]:
    """Return the names that statements and those inside of them bind."""
    bound: set[str] = set()
    waiting = list(body)
    while waiting:
        statement = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(statement, field, ())
        for field in ("target", "targets", "items"):
            target = getattr(statement, field, None)
            for one in target if isinstance(target, list) else [target] if target else ():
                if isinstance(one, ast.Name):
                    bound.add(one.id)
                elif isinstance(one, ast.AST):
                    bound.update(node.id for node in ast.walk(one) if isinstance(node, ast.Name))
    return bound
