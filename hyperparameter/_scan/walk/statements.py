"""Following statements in their order."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .chains import note_read, visit_chain
from .folding import concatenated
from .handlers import Walk, bulk_read, handles, pass_on, visit, visit_body, visit_condition
from .names import bind, forget, forget_rebound, visit_branches
from .values import AccessorOf, Constant, Instance, PartialSequence, ScopeHandle, Value, is_same


@handles(ast.Expr)
def _expression(walk: Walk, node: ast.Expr) -> Value:
    if not isinstance(node.value, ast.Constant):  # a docstring is not a key
        visit(walk, node.value)
    return None


@handles(ast.Return)
def _return(walk: Walk, node: ast.Return) -> Value:
    if node.value is not None:
        pass_on(walk, node.value)
    return None


@handles(ast.Assign)
def _assignment(walk: Walk, node: ast.Assign) -> Value:
    single = node.targets[0] if len(node.targets) == 1 else None
    outer = walk.references
    if walk.names.kind == "module" and isinstance(single, ast.Name):
        # Whoever refers to a table of functions by its name may call them all.
        walk.references = walk.found.references.setdefault(single.id, set())
    value = visit(walk, node.value)
    for target in node.targets:
        _assign(walk, target, value)
    walk.references = outer
    return None


def _assign(walk: Walk, target: ast.expr, value: Value) -> None:
    if isinstance(target, ast.Name):
        bind(walk, target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(walk, target.elts, value)
    elif isinstance(target, ast.Starred):
        _assign(walk, target.value, None)
    elif isinstance(target, (ast.Attribute, ast.Subscript)):
        if isinstance(value, AccessorOf):
            walk.found.add_escaped(value, walk.function)
        _store(walk, target, value)


def _unpack(walk: Walk, targets: list[ast.expr], value: Value) -> None:
    values: Sequence[Value] = [None] * len(targets)
    if isinstance(value, PartialSequence) and len(value.values) == len(targets):
        values = value.values
    plain = value.value if isinstance(value, Constant) else None
    if isinstance(plain, (list, tuple)) and len(plain) == len(targets):
        values = [Constant(part) for part in plain]
    for target, part in zip(targets, values, strict=True):
        _assign(walk, target, part)


def _store(walk: Walk, target: ast.Attribute | ast.Subscript, value: Value) -> None:
    """Follow an assignment to an attribute or an item, which for a scope is a write."""
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        owner = walk.names.find(target.value.id)
        if isinstance(owner, Instance):
            old = owner.names.known.get(target.attr)  # from another method, perhaps
            owner.names.known[target.attr] = value if old is None or is_same(old, value) else None
    visit_chain(walk, target, is_stored=True)


@handles(ast.AnnAssign)
def _annotated_assignment(walk: Walk, node: ast.AnnAssign) -> Value:
    pass_on(walk, node.annotation)
    if node.value is not None:
        _assign(walk, node.target, visit(walk, node.value))
    return None


@handles(ast.AugAssign)
def _augmented_assignment(walk: Walk, node: ast.AugAssign) -> Value:
    value = pass_on(walk, node.value)
    old: Value = None
    if isinstance(node.target, ast.Name):
        old = walk.names.find(node.target.id)
        is_sum = isinstance(node.op, ast.Add)
        bind(walk, node.target.id, concatenated(old, value) if is_sum else None)
    else:
        old = visit_chain(walk, node.target)
    if not isinstance(node.op, ast.BitOr):
        if isinstance(old, AccessorOf):
            walk.found.add_read(old, walk.function)
    elif isinstance(old, AccessorOf):
        walk.found.add_read(old, walk.function, node.value, value)
    else:
        note_read(walk, node.target, old, node.value, value)
    return None


@handles(ast.Delete)
def _deletion(walk: Walk, node: ast.Delete) -> Value:
    for target in node.targets:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            visit_chain(walk, target, is_stored=True)
    return None


@handles(ast.If)
def _if(walk: Walk, node: ast.If) -> Value:
    visit_condition(walk, node.test)
    visit_branches(walk, node.body, node.orelse)
    return None


@handles(ast.While)
def _while(walk: Walk, node: ast.While) -> Value:
    forget_rebound(walk, node.body)
    visit_condition(walk, node.test)
    visit_branches(walk, node.body, ())  # the body may not run at all
    visit_branches(walk, node.orelse, ())
    return None


@handles(ast.For, ast.AsyncFor)
def _for(walk: Walk, node: ast.For | ast.AsyncFor) -> Value:
    bulk_read(walk, pass_on(walk, node.iter))
    forget(walk, node.target)
    forget_rebound(walk, node.body)
    visit_branches(walk, node.body, ())
    visit_branches(walk, node.orelse, ())
    return None


@handles(ast.Try, ast.TryStar)
def _try(walk: Walk, node: ast.Try | ast.TryStar) -> Value:
    # Each part but the last may run or not: an exception may come at any place.
    visit_branches(walk, node.body, ())
    for handler in node.handlers:
        if handler.type is not None:
            pass_on(walk, handler.type)
        if handler.name:
            walk.names.known[handler.name] = None
        visit_branches(walk, handler.body, ())
    visit_branches(walk, node.orelse, ())
    visit_body(walk, node.finalbody)
    return None


@handles(ast.With, ast.AsyncWith)
def _with(walk: Walk, node: ast.With | ast.AsyncWith) -> Value:
    for entered in node.items:
        value = pass_on(walk, entered.context_expr)
        if entered.optional_vars is not None:
            _assign(walk, entered.optional_vars, value if isinstance(value, ScopeHandle) else None)
    visit_body(walk, node.body)
    return None


@handles(ast.Match)
def _match(walk: Walk, node: ast.Match) -> Value:
    pass_on(walk, node.subject)
    for case in node.cases:
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)  # what it captures
            if isinstance(name, str):
                walk.names.known[name] = None
        visit(walk, case.pattern)
        if case.guard is not None:
            visit_condition(walk, case.guard)
        visit_branches(walk, case.body, ())
    return None


@handles(ast.Assert)
def _assert(walk: Walk, node: ast.Assert) -> Value:
    visit_condition(walk, node.test)
    if node.msg is not None:
        pass_on(walk, node.msg)
    return None


@handles(ast.Global)
def _global(walk: Walk, node: ast.Global) -> Value:
    walk.names.shared.update(dict.fromkeys(node.names, walk.names.module))
    return None


@handles(ast.Nonlocal)
def _nonlocal(walk: Walk, node: ast.Nonlocal) -> Value:
    for name in node.names:
        level = walk.names.outer
        while level is not None and name not in level.known:
            level = level.outer
        if level is not None:
            walk.names.shared[name] = level
    return None
