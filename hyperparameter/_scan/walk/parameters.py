"""The parameters of functions, as they are written."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_MOST_SOURCE = 200


class Parameter(NamedTuple):
    """A parameter or a field; `default` is None where it has none.

    `hint` is the annotation before it became a text; `doc` is the text behind a field.
    """

    name: str
    default: ast.expr | None
    annotation: str | None
    line: int
    is_factory: bool = False  # whether the default is made by calling it
    hint: ast.expr | None = None
    doc: str = ""


def docstring(node: ast.AST) -> str:
    body = getattr(node, "body", None)
    return text_of(body[0] if isinstance(body, list) and body else None)


def text_of(statement: ast.stmt | None) -> str:
    """Return a statement that is a text, as docstrings are, or an empty one."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else ""
    return ""


def parameters_of(node: FunctionNode, qualname: str, skip: int = 0) -> Iterator[Parameter]:
    """Yield the parameters of a function, without self and cls, and without the first `skip`."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    owner = qualname.rpartition(".")[0]  # a class, or a function with `<locals>`
    if owner and not owner.endswith("<locals>") and positional[:1]:
        skip = max(skip, int(positional[0].arg in ("self", "cls")))
    pairs = [*zip(positional, defaults, strict=True)][skip:]
    pairs += zip(args.kwonlyargs, args.kw_defaults, strict=True)
    for arg, default in pairs:
        kind = annotation_of(arg.annotation)
        yield Parameter(arg.arg, default, kind, arg.lineno, hint=arg.annotation)


def annotation_of(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
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
