"""Following chains of attributes and items, such as `hp.scope.train["lr"]`."""

from __future__ import annotations

import ast

from .folding import item, own, template
from .values import (  # fmt: skip
    Access,
    Const,
    Definition,
    Handle,
    Instance,
    Method,
    Ours,
    ReadOf,
    Ref,
    Value,
    is_ours,
    is_scope,
    is_text,
)
from .walk import Walk, handles, pass_on, visit

METHODS = frozenset(["keys", "storage", "update", "clear", "empty", "current", "frozen", "init"])
"""The public names of scopes: as a first segment these are no parameters."""


@handles(ast.Name)
def _name(walk: Walk, node: ast.Name) -> Value:
    known = walk.names.find(node.id)
    if not isinstance(known, Ours):  # of which no function of the program is a part
        walk.references.add(node.id)
    return known


@handles(ast.Attribute, ast.Subscript)
def visit_chain(
    walk: Walk, node: ast.Attribute | ast.Subscript, *, is_stored: bool = False
) -> Value:
    """Follow `base.name[key]...`; with `is_stored` the last step is assigned to, not read."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and not is_stored:
        owner = _name(walk, node.value)  # most chains are as short as this
        if owner is None:
            walk.references.add(node.attr)
            walk.found.chains.add(node.attr)
            return None
    steps: list[ast.Attribute | ast.Subscript] = []
    base: ast.expr = node
    while isinstance(base, (ast.Attribute, ast.Subscript)):
        steps.append(base)
        base = base.value
    value = visit(walk, base)
    is_ours = isinstance(value, (Access, Handle, Ours))
    words: list[str] = []
    while steps:
        step = steps.pop()
        is_last = is_stored and not steps
        if isinstance(step, ast.Attribute):
            words.append(step.attr)
            value = None if is_last else attribute(value, step.attr, base.lineno)
        else:
            key = pass_on(walk, step.slice)
            if isinstance(key, Const) and isinstance(key.value, str):
                words.append(key.value)
            value = None if is_last else _subscript(walk, value, key, base.lineno)
    if words and not is_ours and not is_stored:
        walk.references.update(words)
        walk.found.chains.add(".".join(words))
    return value


def attribute(value: Value, name: str, line: int) -> Value:
    """Return what `value.name` is."""
    if isinstance(value, Access):
        return None if name[:2] == "__" else Access(f"{value.key}.{name}", value.line)
    if is_scope(value):
        is_method = name in METHODS or name[:2] == "__"
        return Method(value, name) if is_method else Access(name, line)
    if isinstance(value, Ours):
        return Ours(f"{value.name}.{name}".lstrip("."))
    if isinstance(value, Ref):
        return Ref(f"{value.path}{'' if value.path[-1] == '.' else '.'}{name}")
    if isinstance(value, Instance):
        return own(value.names, name)
    if isinstance(value, Definition) and value.names is not None:
        return value.names.member(name)
    if isinstance(value, Const) and name == "value":
        return value  # of a member of an enum
    return Method(value, name) if is_text(value) else None


def _subscript(walk: Walk, value: Value, key: Value, line: int) -> Value:
    """Return what `value[key]` is."""
    if isinstance(value, Access):
        return Access(f"{value.key}.{template(key)}", value.line)
    if is_ours(value, "scope"):
        return Access(template(key), line)
    if isinstance(value, Handle):
        walk.found.read(Access(template(key), line), walk.function, required=True)
        return ReadOf(template(key), line)
    return item(value, key)
