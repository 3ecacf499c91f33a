"""Following chains of attributes and items, such as `hp.scope.train["lr"]`."""

from __future__ import annotations

import ast

from ..._values.keys import PUBLIC_NAMES
from ..raw import UNKNOWN
from .defaults import is_mapping
from .folding import attribute_of_instance, item_of, template_of
from .handlers import Walk, handles, pass_on, visit
from .values import (
    AccessorOf,
    BoundMethod,
    Constant,
    Definition,
    ImportedName,
    Instance,
    LibraryName,
    ParamDecorator,
    ScopeHandle,
    Value,
    ValueOf,
    is_library_name,
    is_scope,
    is_text,
)

_KNOWN_OTHERWISE = (AccessorOf, BoundMethod, Definition, LibraryName, ParamDecorator, ScopeHandle)


@handles(ast.Name)
def _name(walk: Walk, node: ast.Name) -> Value:
    known = walk.names.find(node.id)
    if not isinstance(known, LibraryName):  # which is not a function of the program
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
            return None
    steps: list[ast.Attribute | ast.Subscript] = []
    base: ast.expr = node
    while isinstance(base, (ast.Attribute, ast.Subscript)):
        steps.append(base)
        base = base.value
    value = visit(walk, base)
    is_from_library = isinstance(value, (AccessorOf, ScopeHandle, LibraryName))
    words: list[str] = []
    step: ast.expr = base
    while steps:
        step = steps.pop()
        is_last = is_stored and not steps
        if isinstance(step, ast.Attribute):
            words.append(step.attr)
            value = None if is_last else attribute(value, step.attr, base.lineno)
        else:
            key = pass_on(walk, step.slice)
            if isinstance(key, Constant) and isinstance(key.value, str):
                words.append(key.value)
            value = None if is_last else _subscript(walk, value, key, base.lineno)
    if words and not is_from_library and not is_stored:
        walk.references.update(words)
        if isinstance(step, ast.Subscript) and not _is_annotation(base):
            note_read(walk, node, value)
    return value


def note_read(
    walk: Walk, node: ast.expr, value: Value, default: ast.expr | None = None, folded: Value = None
) -> None:
    """Note what a call or `|` reads, or an item: whatever object the chain starts at.

    That may be a scope that this file was given.  Toward a mapping all is read that is below.
    """
    words = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute):
            words.append(node.attr)
        else:
            words.append(template_of(visit(walk, node.slice)))
        node = node.value
    if words and not isinstance(value, _KNOWN_OTHERWISE):
        walk.found.add_chain(words[::-1])
        if default is not None and is_mapping(default, folded):
            walk.found.add_chain([*words[::-1], UNKNOWN])


def _is_annotation(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id in ("Literal", "Annotated")


def attribute(value: Value, name: str, line: int) -> Value:
    """Return what `value.name` is."""
    if isinstance(value, AccessorOf):
        return None if name[:2] == "__" else AccessorOf(f"{value.key}.{name}", value.line)
    if is_scope(value):
        is_method = name in PUBLIC_NAMES or name[:2] == "__"
        return BoundMethod(value, name) if is_method else AccessorOf(name, line)
    if isinstance(value, LibraryName):
        return LibraryName(f"{value.name}.{name}".lstrip("."))
    if isinstance(value, ImportedName):
        return ImportedName(f"{value.path}{'' if value.path[-1] == '.' else '.'}{name}")
    if isinstance(value, Instance):
        return attribute_of_instance(value.names, name)
    if isinstance(value, Definition) and value.names is not None:
        return value.names.member(name)
    if isinstance(value, Constant) and name == "value":
        return value  # of a member of an enum
    return BoundMethod(value, name) if is_text(value) else None


def _subscript(walk: Walk, value: Value, key: Value, line: int) -> Value:
    """Return what `value[key]` is."""
    if isinstance(value, AccessorOf):
        return AccessorOf(f"{value.key}.{template_of(key)}", value.line)
    if is_library_name(value, "scope"):
        return AccessorOf(template_of(key), line)
    if isinstance(value, ScopeHandle):
        walk.found.add_read(AccessorOf(template_of(key), line), walk.function, required=True)
        return ValueOf(template_of(key), line)
    return item_of(value, key)
