"""Following expressions: what each is known to be, and what it reads on the way."""

from __future__ import annotations

import ast

from .chains import note_read
from .folding import concatenated, either_of, percent_formatted, template_of, text_of
from .handlers import Walk, bulk_read, handles, pass_on, visit, visit_condition
from .names import bind, forget, note_lost
from .parameters import all_arguments
from .values import (
    AccessorOf,
    Constant,
    PartialSequence,
    PartialText,
    Value,
    ValueOf,
    is_scope,
    is_text,
)


@handles(ast.Constant)
def _constant(walk: Walk, node: ast.Constant) -> Value:
    if isinstance(node.value, str):
        walk.found.add_text(node.value)
    return Constant(node.value)


@handles(ast.BinOp)
def _operation(walk: Walk, node: ast.BinOp) -> Value:
    left = visit(walk, node.left)
    right = pass_on(walk, node.right)
    if isinstance(left, AccessorOf):
        if isinstance(node.op, ast.BitOr):
            walk.found.add_read(left, walk.function, node.right, right)
            return ValueOf(left.key, left.line)
        walk.found.add_escaped(left, walk.function)
    elif isinstance(node.op, ast.BitOr):
        note_read(walk, node.left, left, node.right, right)
    if isinstance(node.op, ast.Add):
        return composed(walk, concatenated(left, right))
    if isinstance(node.op, ast.Mod) and is_text(left):
        return composed(walk, percent_formatted(left, right))
    return None


def composed(walk: Walk, value: Value) -> Value:
    """Note a text that is put together, since it may be a key; return it."""
    if isinstance(value, PartialText):
        walk.found.add_template(value.template)
    return value


@handles(ast.UnaryOp)
def _signed_or_negated(walk: Walk, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        visit_condition(walk, node.operand)
        return None
    value = pass_on(walk, node.operand)
    number = value.value if isinstance(value, Constant) else None
    if isinstance(number, (int, float, complex)) and not isinstance(number, bool):
        if isinstance(node.op, ast.USub):
            return Constant(-number)
        if isinstance(node.op, ast.UAdd):
            return value
    return None


@handles(ast.BoolOp)
def _and_or(walk: Walk, node: ast.BoolOp) -> Value:
    values = [visit_condition(walk, part) for part in node.values]
    value = either_of(*values)
    if value is None:
        for one in values:
            note_lost(walk, one)
    return value


@handles(ast.IfExp)
def _conditional(walk: Walk, node: ast.IfExp) -> Value:
    visit_condition(walk, node.test)
    return either_of(pass_on(walk, node.body), pass_on(walk, node.orelse))


@handles(ast.Compare)
def _comparison(walk: Walk, node: ast.Compare) -> Value:
    left = visit(walk, node.left)
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = visit(walk, comparator)
        if isinstance(operator, (ast.In, ast.NotIn)) and is_scope(right):
            walk.found.add_read(AccessorOf(template_of(left), node.lineno), walk.function)
        for side in (left, right):
            if isinstance(side, AccessorOf):
                walk.found.add_read(side, walk.function)
        left = right if not isinstance(right, AccessorOf) else None  # it has been read
    return None


@handles(ast.JoinedStr)
def _f_string(walk: Walk, node: ast.JoinedStr) -> Value:
    parts = [visit(walk, part) for part in node.values]
    return composed(walk, text_of("".join(template_of(part) for part in parts)))


@handles(ast.FormattedValue)
def _f_string_field(walk: Walk, node: ast.FormattedValue) -> Value:
    value = pass_on(walk, node.value)
    if node.format_spec is not None:
        visit(walk, node.format_spec)
        return None
    return value if node.conversion in (-1, ord("s")) else None  # -1: without a conversion


@handles(ast.List, ast.Tuple)
def _sequence(walk: Walk, node: ast.List | ast.Tuple) -> Value:
    values = tuple(pass_on(walk, part) for part in node.elts)
    if all(isinstance(value, Constant) for value in values):
        plain = [value.value for value in values if isinstance(value, Constant)]
        return Constant(plain if isinstance(node, ast.List) else tuple(plain))
    return PartialSequence(values)


@handles(ast.Dict)
def _mapping(walk: Walk, node: ast.Dict) -> Value:
    known: dict[object, object] | None = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        key = None if key_node is None else pass_on(walk, key_node)
        value = pass_on(walk, value_node)
        if key_node is None:
            bulk_read(walk, value)
        if known is not None and isinstance(key, Constant) and isinstance(value, Constant):
            try:
                known[key.value] = value.value
            except TypeError:  # a key without a hash
                known = None
        else:
            known = None
    return None if known is None else Constant(known)


@handles(ast.Starred)
def _starred(walk: Walk, node: ast.Starred) -> Value:
    bulk_read(walk, pass_on(walk, node.value))
    return None


@handles(ast.NamedExpr)
def _walrus(walk: Walk, node: ast.NamedExpr) -> Value:
    value = visit(walk, node.value)
    bind(walk, node.target.id, value)
    return value


@handles(ast.Lambda)
def _lambda(walk: Walk, node: ast.Lambda) -> Value:
    for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
        pass_on(walk, default)
    outer, walk.names = walk.names, walk.names.for_function()
    for arg in all_arguments(node.args):
        walk.names.known[arg.arg] = None
    pass_on(walk, node.body)
    walk.names = outer
    return None


@handles(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
def _comprehension(
    walk: Walk, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
) -> Value:
    outer, walk.names = walk.names, walk.names.for_function()
    for generator in node.generators:
        bulk_read(walk, pass_on(walk, generator.iter))
        forget(walk, generator.target)
        for test in generator.ifs:
            visit_condition(walk, test)
    for field in ("key", "value", "elt"):
        part = getattr(node, field, None)
        if part is not None:
            pass_on(walk, part)
    walk.names = outer
    return None
