"""Following definitions: imports, functions, classes, and with them whole modules."""

from __future__ import annotations

import ast

from .declarations import declare
from .handlers import FunctionBody, Walk, handles, pass_on, visit_body
from .names import bind
from .parameters import FunctionNode, all_arguments, docstring
from .structures import note_structure
from .values import (
    Definition,
    ImportedName,
    Instance,
    LibraryName,
    Names,
    ParamDecorator,
    ScopeHandle,
    Value,
    is_library_name,
)

_LIBRARY = "hyperparameter"
_STAR = ("scope", "param", "Params")  # the names that matter here of `import *`


def follow(tree: ast.Module) -> Walk:
    """Follow a file: the module first, then the bodies of functions, when all names are known."""
    walk = Walk()
    walk.found.docs[walk.function] = docstring(tree)
    visit_body(walk, tree.body)
    for body in walk.later:  # grows by the functions inside functions
        walk.names, walk.function, walk.references = body.names, body.qualname, body.references
        walk.found.docs.setdefault(body.qualname, docstring(body.node))
        visit_body(walk, body.node.body)
    return walk


@handles(ast.Import)
def _import(walk: Walk, node: ast.Import) -> Value:
    for alias in node.names:
        root = alias.name.partition(".")[0]
        if alias.asname is None:
            bind(walk, root, LibraryName("") if root == _LIBRARY else ImportedName(root))
        else:
            name = alias.name.removeprefix(_LIBRARY).lstrip(".") if root == _LIBRARY else None
            bind(
                walk, alias.asname, ImportedName(alias.name) if name is None else LibraryName(name)
            )
    return None


@handles(ast.ImportFrom)
def _import_from(walk: Walk, node: ast.ImportFrom) -> Value:
    module = f"{'.' * node.level}{node.module or ''}"
    is_library = module.partition(".")[0] == _LIBRARY
    for alias in node.names:
        name = alias.asname or alias.name
        if name != alias.name:
            walk.found.references.setdefault(name, set()).add(alias.name)
        if alias.name == "*":
            for known in _STAR if is_library else ():
                bind(walk, known, LibraryName(known))
        elif is_library:
            bind(walk, name, LibraryName(alias.name))
        elif alias.name == "hp":  # a module of the program's own that passes the library on
            bind(walk, name, LibraryName(""))
        else:
            dot = "" if module.endswith(".") else "."
            bind(walk, name, ImportedName(f"{module}{dot}{alias.name}"))
    return None


@handles(ast.FunctionDef, ast.AsyncFunctionDef)
def _function(walk: Walk, node: FunctionNode) -> Value:
    definition = Definition(node, _qualname(walk, node.name), None)
    walk.references.add(node.name)
    references = walk.found.references.setdefault(definition.qualname, set())
    outer, walk.references = walk.references, references
    known = _arguments(walk, node.args)
    if node.returns is not None:
        pass_on(walk, node.returns)
    _decorate(walk, node, definition)
    walk.references = outer
    names = walk.names.for_function()
    if walk.names.kind == "class" and not _is_static(node):
        first = [*node.args.posonlyargs, *node.args.args][:1]
        known.update((arg.arg, Instance(walk.names)) for arg in first)  # self, or cls
    names.known.update(known)
    walk.later.append(FunctionBody(node, definition.qualname, names, references))
    return None


def _arguments(walk: Walk, args: ast.arguments) -> dict[str, Value]:
    """Follow defaults and annotations; return what the names are in the body."""
    for default in (*args.defaults, *filter(None, args.kw_defaults)):
        pass_on(walk, default)
    known: dict[str, Value] = {}
    for arg in all_arguments(args):
        annotation = None if arg.annotation is None else pass_on(walk, arg.annotation)
        known[arg.arg] = ScopeHandle() if is_library_name(annotation, "scope") else None
    return known


@handles(ast.ClassDef)
def _class(walk: Walk, node: ast.ClassDef) -> Value:
    names = Names("class", walk.names)
    definition = Definition(node, _qualname(walk, node.name), names)
    walk.references.add(node.name)
    outer = walk.names, walk.function, walk.references
    walk.references = walk.found.references.setdefault(definition.qualname, set())
    for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
        known = pass_on(walk, base)
        if isinstance(known, Definition) and known.names is not None:
            names.bases.append(known.names)
    walk.names, walk.function = names, definition.qualname
    walk.found.docs[definition.qualname] = docstring(node)
    visit_body(walk, node.body)
    note_structure(walk, definition, walk.found.docs[definition.qualname])
    walk.names, walk.function, _ = outer
    _decorate(walk, node, definition)
    walk.references = outer[2]
    return None


def _decorate(walk: Walk, node: FunctionNode | ast.ClassDef, definition: Definition) -> None:
    bind(walk, node.name, definition)
    for expression in reversed(node.decorator_list):
        value = pass_on(walk, expression)
        if is_library_name(value, "param"):
            declare(walk, definition, None)
        elif isinstance(value, ParamDecorator):
            declare(walk, definition, value.namespace)


def _qualname(walk: Walk, name: str) -> str:
    if walk.names.kind == "module":
        return name
    if walk.names.kind == "class":
        return f"{walk.function}.{name}"
    return f"{walk.function}.<locals>.{name}"


def _is_static(node: FunctionNode) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
