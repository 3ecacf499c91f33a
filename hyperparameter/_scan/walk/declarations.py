"""What the functions and classes declare that `@hp.param` decorates."""

from __future__ import annotations

import ast
import re

from ..raw import RawFinding
from .class_bodies import declared_by
from .defaults import default_of_parameter, may_have_names
from .handlers import Walk, visit
from .parameters import Parameter
from .structures import structure_of
from .values import Constant, Definition, Value

_LEAVES = frozenset(
    """int float bool str bytes complex None Optional Union Literal Path PurePath Final Annotated
    list tuple set frozenset List Tuple Set FrozenSet Sequence Iterable typing t pathlib os
    PathLike collections abc np ndarray numpy""".split()  # noqa: SIM905  # a list would be a page
)
"""Names in annotations of parameters that have no keys below their own."""


def declare(walk: Walk, definition: Definition, namespace: str | None) -> None:
    """Note what a decorated function or class declares."""
    bases = {name: walk.names.find(name) for name in _base_names(definition.node)}
    classes = {**walk.names.module.known, **{k: v for k, v in bases.items() if v}}
    declared = declared_by(definition, classes)
    parameters = declared.parameters
    folded = {p.name: _folded(walk, p.default) for p in parameters if p.default is not None}
    walk.found.docs[definition.qualname] = declared.doc
    namespace = namespace or definition.node.name
    for parameter in parameters:
        value = folded.get(parameter.name)
        _declare_parameter(walk, parameter, value, namespace, definition.qualname)
    if declared.has_keywords:
        walk.found.keywords.add(namespace)


def _declare_parameter(
    walk: Walk, parameter: Parameter, value: Value, namespace: str, function: str
) -> None:
    key = f"{namespace}.{parameter.name}"
    default = default_of_parameter(parameter, value)
    structure, given = structure_of(walk, parameter)
    kind = parameter.annotation or default.type
    if not _is_leaf(parameter, kind, value):
        walk.found.patterns.add(f"{key}.*")
    walk.found.add(
        RawFinding(
            key, default.json, default.path, parameter.default is None, kind, parameter.line,
            function, namespace, "declared", structure, given,
        )
    )  # fmt: skip


def _is_leaf(parameter: Parameter, kind: str | None, value: Value) -> bool:
    """Tell whether no keys below that of the parameter can mean anything."""
    if kind is None:
        return parameter.default is not None and not may_have_names(parameter.default, value)
    bare = re.sub(r"""'[^']*'|"[^"]*\"""", "", kind)
    return _LEAVES.issuperset(re.findall(r"[^\W\d]\w*", bare))


def _folded(walk: Walk, node: ast.expr) -> Value:
    """Return what a default is known to be; its reads have been noted at the definition."""
    if isinstance(node, ast.Constant):
        return Constant(node.value)
    if isinstance(node, ast.Name):
        return walk.names.find(node.id)
    try:
        return Constant(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return visit(walk, node)


def _base_names(node: ast.AST) -> list[str]:
    return [base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)]
