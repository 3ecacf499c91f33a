"""The parameters of functions and classes, as they are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from .values import Definition, Value

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_MOST_SOURCE = 200
_MOST_BASES = 20  # a class may be bound to the name of its own base


class Parameter(NamedTuple):
    """A parameter; `default` is None where it has none."""

    name: str
    default: ast.expr | None
    annotation: str | None
    line: int
    is_factory: bool = False  # whether the default is made by calling it


def parameters_of(definition: Definition, classes: dict[str, Value]) -> tuple[str, list[Parameter]]:
    """Return the docstring and the parameters of a decorated definition, without self and cls.

    `classes` has those of this file by the names under which a class may inherit from them.
    """
    if not isinstance(definition.node, ast.ClassDef):
        return docstring(definition.node), list(_of_function(definition.node, definition.qualname))
    return _of_class(definition.node, classes, _MOST_BASES)


def docstring(node: ast.AST) -> str:
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        value = first.value.value
        return value if isinstance(value, str) else ""
    return ""


def _of_function(node: FunctionNode, qualname: str, skip: int = 0) -> Iterator[Parameter]:
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    owner = qualname.rpartition(".")[0]  # a class, or a function with `<locals>`
    if owner and not owner.endswith("<locals>") and positional[:1]:
        skip = max(skip, int(positional[0].arg in ("self", "cls")))
    pairs = [*zip(positional, defaults, strict=True)][skip:]
    pairs += zip(args.kwonlyargs, args.kw_defaults, strict=True)
    for arg, default in pairs:
        yield Parameter(arg.arg, default, annotation_of(arg.annotation), arg.lineno)


def _of_class(
    node: ast.ClassDef, classes: dict[str, Value], depth: int
) -> tuple[str, list[Parameter]]:
    doc = docstring(node)
    for name in ("__init__", "__new__"):
        for statement in node.body:
            if isinstance(statement, FunctionNode) and statement.name == name:
                doc = doc or docstring(statement)  # of a class that has none itself
                return doc, list(_of_function(statement, name, skip=1))
    inherited: dict[str, Parameter] = {}
    for base in node.bases:
        known = classes.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(known, Definition) and isinstance(known.node, ast.ClassDef) and depth:
            inherited = {p.name: p for p in _of_class(known.node, classes, depth - 1)[1]}
            break
    if _has_fields(node):
        inherited |= {p.name: p for p in _fields(node)}
    return doc, list(inherited.values())


def _has_fields(node: ast.ClassDef) -> bool:
    """Tell a dataclass or a named tuple."""
    marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(_last(mark) == "dataclass" for mark in marks) or any(
        _last(base) == "NamedTuple" for base in node.bases
    )


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _fields(node: ast.ClassDef) -> Iterator[Parameter]:
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        kind = annotation_of(statement.annotation)
        if kind is None or "ClassVar" in kind or "KW_ONLY" in kind:
            continue
        plain = Parameter(statement.target.id, statement.value, kind, statement.lineno)
        parameter = _field(plain, statement.value)
        if parameter is not None:
            yield parameter


def _field(plain: Parameter, value: ast.expr | None) -> Parameter | None:
    """Return a field as `dataclasses.field(...)` describes it, None if it is not a parameter."""
    if not isinstance(value, ast.Call) or _last(value.func) != "field":
        return plain
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    init = given.get("init")
    if isinstance(init, ast.Constant) and init.value is False:
        return None
    if "default_factory" in given:
        return plain._replace(default=given["default_factory"], is_factory=True)
    return plain._replace(default=given.get("default"))


def annotation_of(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return unparsed(node)


def unparsed(node: ast.expr) -> str:
    """Return an expression as text on one line, cut where it is long."""
    if isinstance(node, ast.Name):  # most annotations, and `ast.unparse` is slow
        return node.id
    shown = " ".join(ast.unparse(node).split())
    return shown if len(shown) <= _MOST_SOURCE else f"{shown[: _MOST_SOURCE - 3]}..."


def all_arguments(args: ast.arguments) -> list[ast.arg]:
    """Return the arguments of a function or lambda, `*args` and `**kwargs` last."""
    variadic = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *variadic]
