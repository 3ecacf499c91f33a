"""The fields of structures: dataclasses, named tuples, and the like of other libraries.

A parameter that takes a structure has a key for each of its fields.  The class may be in another
file, so a file by itself only notes its structures and refers to those of others by name.
"""

import ast
from collections.abc import Iterator

from ..raw import Given, RawField
from .class_bodies import calls, fields_of, kind_of
from .defaults import Default, default_of, default_of_parameter
from .handlers import Walk
from .parameters import Parameter
from .values import Constant, Definition, ImportedName, Value

_WRAPPERS = frozenset(["Optional", "Annotated", "Final", "Required", "NotRequired", "ReadOnly",
                       "InitVar", "Union"])  # fmt: skip
_BUILTINS = frozenset(["bool", "bytes", "dict", "float", "int", "list", "object", "str", "tuple"])
_LITERALS = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)


def note_structure(walk: Walk, definition: Definition, doc: str) -> None:
    """Note a class that may be a structure."""
    node = definition.node
    assert isinstance(node, ast.ClassDef)
    kind = kind_of(node)
    if not kind and not node.bases:
        return
    bases = [reference(walk, base) for base in node.bases]
    fields = [_raw(walk, field) for field in fields_of(node)]
    walk.found.structures[definition.qualname] = [kind, doc, bases, fields]


def _raw(walk: Walk, field: Parameter) -> RawField:
    value = None if field.default is None else _literal(walk, field.default)
    default = default_of_parameter(field, value)
    structure, given = structure_of(walk, field)
    return RawField(
        field.name, default.json, default.path, field.default is None,
        field.annotation or default.type, field.line, field.doc, structure, given,
    )  # fmt: skip


def structure_of(walk: Walk, parameter: Parameter) -> tuple[str, Given | None]:
    """Return references to the structures that a parameter may take, and what its default says.

    Of several, with `|` between them, that of the default comes first: what it says is of this one.
    They are empty where there can be none; None is said of fields that nobody knows.
    """
    made = _call_of(parameter)
    named = references(walk, parameter.hint) if parameter.hint is not None else []
    found = [name for name in named if name not in _BUILTINS]
    if named and not found:  # most are, so nobody need look for them
        return "", None
    name = reference(walk, made.func) if made is not None else ""
    if made is not None and (name in found or not found):
        return "|".join(dict.fromkeys([name, *found])), _given(walk, made)
    default = parameter.default
    is_factory = parameter.is_factory and default is not None
    if is_factory and default is not None and (name := reference(walk, default)) in found:
        return "|".join(dict.fromkeys([name, *found])), {}
    is_known = default is None or (isinstance(default, ast.Constant) and not is_factory)
    return "|".join(found), {} if is_known else None


def _call_of(parameter: Parameter) -> ast.Call | None:
    """Return the call that makes the default."""
    default = parameter.default
    if parameter.is_factory and isinstance(default, ast.Lambda):
        default = default.body
    elif parameter.is_factory and isinstance(default, (ast.Name, ast.Attribute)):
        return None
    return default if isinstance(default, ast.Call) else None


def _given(walk: Walk, made: ast.Call) -> Given | None:
    """Return what a call says of the fields of the structure that it makes."""
    given: Given = {}
    for index, arg in enumerate(made.args):
        if isinstance(arg, ast.Starred):
            return None
        given[str(index)] = _given_value(walk, arg)
    for keyword in made.keywords:
        if keyword.arg is None:
            return None
        given[keyword.arg] = _given_value(walk, keyword.value)
    return given


def _given_value(walk: Walk, node: ast.expr) -> list[object]:
    default: Default = default_of(node, _literal(walk, node))
    inside = _given(walk, node) if isinstance(node, ast.Call) else None
    return [default.json, default.path, inside]


def _literal(walk: Walk, node: ast.expr) -> Value:
    """Return what a default is known to be, without following it: it has been followed before."""
    if isinstance(node, ast.Name):
        return walk.names.find(node.id)
    try:
        return Constant(ast.literal_eval(node))
    except _LITERALS:
        return None


def reference(walk: Walk, node: ast.expr) -> str:
    """Return the class that an annotation or a callee names: here, or by its path elsewhere.

    Empty where that is none, or one of several.
    """
    named = references(walk, node)
    return named[0] if len(named) == 1 else ""


def references(walk: Walk, node: ast.expr) -> list[str]:
    """Return all the classes that an annotation names, each once."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return references(walk, ast.parse(node.value.strip(), mode="eval").body)
        except _LITERALS:
            return []
    if isinstance(node, (ast.BinOp, ast.Subscript)):
        return list(dict.fromkeys(n for one in _members(node) for n in references(walk, one)))
    path = _dotted(node)
    known = walk.names.find(path[0]) if path else None
    if isinstance(known, Definition):
        return [".".join([known.qualname, *path[1:]])]
    if isinstance(known, ImportedName):
        dot = "" if known.path[-1:] == "." and path[1:] else "."
        return [dot.join([known.path, *path[1:]]) if path[1:] else known.path]
    return [".".join(path)] if path and known is None else []


def _members(node: ast.BinOp | ast.Subscript) -> Iterator[ast.expr]:
    """Yield the types of a union, the type inside of `Annotated`, or the one that has arguments."""
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif calls(node.value, _WRAPPERS):
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        yield from inside if calls(node.value, frozenset(["Union"])) else inside[:1]
    else:
        yield node.value


def _dotted(node: ast.expr) -> list[str]:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []
