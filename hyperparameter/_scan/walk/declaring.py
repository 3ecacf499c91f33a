"""What functions and classes declare that `@hp.param` decorates."""

from __future__ import annotations

import ast

from .parameters import of_definition
from .values import Const, Definition, Value
from .walk import Walk, visit


def declare(walk: Walk, made: Definition, namespace: str | None) -> None:
    """Note what a decorated function or class declares."""
    bases = {name: walk.names.find(name) for name in _base_names(made.node)}
    classes = {**walk.names.module.known, **{k: v for k, v in bases.items() if v}}
    found = of_definition(made, classes)
    folded = {p.name: _folded(walk, p.default) for p in found[1] if p.default is not None}
    walk.found.declared(made, namespace or made.node.name, found, folded)


def _folded(walk: Walk, node: ast.expr) -> Value:
    """Return what a default is known to be; its reads have been noted at the definition."""
    if isinstance(node, ast.Constant):
        return Const(node.value)
    if isinstance(node, ast.Name):
        return walk.names.find(node.id)
    try:
        return Const(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return visit(walk, node)


def _base_names(node: ast.AST) -> list[str]:
    return [base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)]
