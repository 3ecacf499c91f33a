"""Following expressions: what each is known to be, and what it reads on the way."""

from __future__ import annotations

import ast

from .binding import bind, forget
from .folding import concatenated, either, percent, template, text
from .parameters import all_arguments
from .values import Access, Const, Items, ReadOf, Text, Value, is_scope, is_text
from .walk import Walk, bulk_read, handles, pass_on, visit, visit_condition


@handles(ast.Constant)
def _constant(walk: Walk, node: ast.Constant) -> Value:
    if isinstance(node.value, str):
        walk.found.text(node.value)
    return Const(node.value)


@handles(ast.BinOp)
def _operation(walk: Walk, node: ast.BinOp) -> Value:
    left = visit(walk, node.left)
    right = pass_on(walk, node.right)
    if isinstance(left, Access):
        if isinstance(node.op, ast.BitOr):
            walk.found.read(left, walk.function, node.right, right)
            return ReadOf(left.key, left.line)
        walk.found.escaped(left, walk.function)
    if isinstance(node.op, ast.Add):
        return composed(walk, concatenated(left, right))
    if isinstance(node.op, ast.Mod) and is_text(left):
        return composed(walk, percent(left, right))
    return None


def composed(walk: Walk, value: Value) -> Value:
    """Note a text that is put together, since it may be a key; return it."""
    if isinstance(value, Text):
        walk.found.pattern(value.template)
    return value


@handles(ast.UnaryOp)
def _signed_or_negated(walk: Walk, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        visit_condition(walk, node.operand)
        return None
    value = pass_on(walk, node.operand)
    if isinstance(value, Const) and type(value.value) in (int, float, complex):
        if isinstance(node.op, ast.USub):
            return Const(-value.value)
        if isinstance(node.op, ast.UAdd):
            return value
    return None


@handles(ast.BoolOp)
def _and_or(walk: Walk, node: ast.BoolOp) -> Value:
    return either(*(visit_condition(walk, part) for part in node.values))


@handles(ast.IfExp)
def _conditional(walk: Walk, node: ast.IfExp) -> Value:
    visit_condition(walk, node.test)
    return either(pass_on(walk, node.body), pass_on(walk, node.orelse))


@handles(ast.Compare)
def _comparison(walk: Walk, node: ast.Compare) -> Value:
    left = visit(walk, node.left)
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = visit(walk, comparator)
        if isinstance(operator, (ast.In, ast.NotIn)) and is_scope(right):
            walk.found.read(Access(template(left), node.lineno), walk.function)
        for side in (left, right):
            if isinstance(side, Access):
                walk.found.read(side, walk.function)
        left = right if not isinstance(right, Access) else None
    return None


@handles(ast.JoinedStr)
def _f_string(walk: Walk, node: ast.JoinedStr) -> Value:
    parts = [visit(walk, part) for part in node.values]
    return composed(walk, text("".join(template(part) for part in parts)))


@handles(ast.FormattedValue)
def _f_string_field(walk: Walk, node: ast.FormattedValue) -> Value:
    value = pass_on(walk, node.value)
    if node.format_spec is not None:
        visit(walk, node.format_spec)
        return None
    return value if node.conversion in (-1, ord("s")) else None


@handles(ast.List, ast.Tuple)
def _sequence(walk: Walk, node: ast.List | ast.Tuple) -> Value:
    values = tuple(pass_on(walk, part) for part in node.elts)
    if all(isinstance(value, Const) for value in values):
        plain = [value.value for value in values if isinstance(value, Const)]
        return Const(plain if isinstance(node, ast.List) else tuple(plain))
    return Items(values)


@handles(ast.Dict)
def _mapping(walk: Walk, node: ast.Dict) -> Value:
    known: dict[object, object] | None = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        key = None if key_node is None else pass_on(walk, key_node)
        value = pass_on(walk, value_node)
        if key_node is None:
            bulk_read(walk, value)
        if known is not None and isinstance(key, Const) and isinstance(value, Const):
            try:
                known[key.value] = value.value
            except TypeError:
                known = None
        else:
            known = None
    return None if known is None else Const(known)


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
