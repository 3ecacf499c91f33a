"""Following calls, which is where most reads and declarations end."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..raw import UNKNOWN
from .chains import attribute, note_read
from .declarations import declare
from .expressions import composed
from .folding import formatted, joined, template_of
from .handlers import Walk, bulk_read, handles, pass_on, visit, visit_condition
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
    is_scope,
    is_text,
)

_CONSUMERS = frozenset(
    ["dict", "list", "tuple", "set", "frozenset", "sorted", "iter", "enumerate", "map", "filter"]
)
"""Builtins that read all keys of a scope."""


@handles(ast.Call)
def _call(walk: Walk, node: ast.Call) -> Value:
    walk.found.calls.add(node)
    function = visit(walk, node.func)
    if isinstance(function, AccessorOf):
        return _read(walk, function, node)
    note_read(walk, node.func, function, node.args[0] if node.args else None)
    # These treat their arguments differently: the truth of an accessor does not pass it on.
    if function is None and isinstance(node.func, ast.Name) and node.args:
        special = _BUILTINS.get(node.func.id)
        if special is not None and not walk.names.has(node.func.id):
            return special(walk, node)
    args = [pass_on(walk, arg) for arg in node.args]
    keywords = _keywords(walk, node)
    if isinstance(function, BoundMethod):
        return _method(walk, function, args, keywords)
    if isinstance(function, LibraryName):
        return _library_function(walk, function.name, args, keywords, node)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "from_scope":
        _from_scope(walk, args, keywords, node.lineno)  # of a subclass of Params, perhaps
    if any(map(is_scope, [*args, *keywords.values()])) and not _is_entered(node.func):
        walk.found.patterns.add(UNKNOWN)  # nobody knows what is read there
    if isinstance(function, ParamDecorator):
        return _decorated(walk, function, args)
    if isinstance(function, Definition):
        return Instance(function.names) if function.names is not None else None
    return _foreign(walk, node.func, args)


def _keywords(walk: Walk, node: ast.Call) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for keyword in node.keywords:
        value = pass_on(walk, keyword.value)
        if keyword.arg is None:
            bulk_read(walk, value)
        else:
            values[keyword.arg] = value
    return values


def _read(walk: Walk, accessor: AccessorOf, node: ast.Call) -> Value:
    """Follow `hp.scope.a(default)`."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    values = [pass_on(walk, value) for value in given]
    if given:
        walk.found.add_read(accessor, walk.function, given[0], values[0])
    else:
        walk.found.add_read(accessor, walk.function, required=True)
    return ValueOf(accessor.key, accessor.line)


def _getattr(walk: Walk, node: ast.Call) -> Value:
    owner = visit(walk, node.args[0])
    rest = [pass_on(walk, arg) for arg in node.args[1:]]
    name = rest[0] if rest else None
    if isinstance(owner, AccessorOf) or is_scope(owner):
        return attribute(owner, template_of(name), node.lineno)
    if isinstance(name, Constant) and isinstance(name.value, str):
        walk.references.add(name.value)
        walk.found.add_chain([name.value])
        return attribute(owner, name.value, node.lineno)
    return None


def _bool(walk: Walk, node: ast.Call) -> Value:
    for arg in node.args:
        visit_condition(walk, arg)
    return None


_BUILTINS: dict[str, Callable[[Walk, ast.Call], Value]] = {"getattr": _getattr, "bool": _bool}


def _method(
    walk: Walk, method: BoundMethod, args: list[Value], keywords: dict[str, Value]
) -> Value:
    owner, name = method
    if is_text(owner):
        if name == "format":
            return composed(walk, formatted(owner, args, keywords))
        return composed(walk, joined(owner, args[0])) if name == "join" and args else None
    if name in ("keys", "storage"):
        walk.found.patterns.add(UNKNOWN)
        return None
    return None if name == "frozen" else ScopeHandle()


def _library_function(
    walk: Walk, name: str, args: list[Value], keywords: dict[str, Value], node: ast.Call
) -> Value:
    if name == "scope":
        return ScopeHandle()
    if name == "param":
        return _param(walk, args)
    if name.endswith("Params.from_scope"):
        _from_scope(walk, args, keywords, node.lineno)
    return None


def _param(walk: Walk, args: list[Value]) -> Value:
    if not args or (isinstance(args[0], Constant) and args[0].value is None):
        return ParamDecorator(None)
    if isinstance(args[0], Definition):
        return _decorated(walk, ParamDecorator(None), args)
    return ParamDecorator(template_of(args[0]))


def _decorated(walk: Walk, decorator: ParamDecorator, args: list[Value]) -> Value:
    if args and isinstance(args[0], Definition):
        declare(walk, args[0], decorator.namespace)
        return args[0]
    if args and decorator.namespace is not None:  # nobody knows the parameters of what it is
        walk.found.patterns.add(f"{decorator.namespace}.{UNKNOWN}")
    return None


def _from_scope(walk: Walk, args: list[Value], keywords: dict[str, Value], line: int) -> None:
    """Note the reads of `Params.from_scope(scope, prefix)`: every key below the prefix."""
    texts = [value for value in args if is_text(value) or isinstance(value, ImportedName)]
    if "prefix" in keywords:
        texts = [keywords["prefix"]]
    elif len(args) > 1 and not texts:
        texts = [None]
    if not texts or (isinstance(texts[0], Constant) and texts[0].value == ""):
        walk.found.patterns.add(UNKNOWN)
    else:
        walk.found.add_escaped(AccessorOf(template_of(texts[0]), line), walk.function)


def _foreign(walk: Walk, function: ast.expr, args: list[Value]) -> Value:
    """Follow a call of something that is neither of this file nor of this library."""
    name = function.id if isinstance(function, ast.Name) else ""
    if isinstance(function, ast.Attribute):
        if _is_entered(function) and args and isinstance(args[0], ScopeHandle):
            return ScopeHandle()
        name = "dict" if function.attr in ("dumps", "dump") else ""
    if name in _CONSUMERS:
        for value in args:
            bulk_read(walk, value)
    return None


def _is_entered(function: ast.expr) -> bool:
    """Tell the method of an `ExitStack` that enters its argument."""
    return isinstance(function, ast.Attribute) and function.attr == "enter_context"
