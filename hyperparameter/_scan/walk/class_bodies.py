"""The parameters of classes: those of an initializer, or the fields of a structure."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .parameters import (
    FunctionNode,
    Parameter,
    annotation_of,
    docstring,
    parameters_of,
    text_of,
)
from .values import Definition, Value

_MOST_BASES = 20  # a class may be bound to the name of its own base
_MARKS = frozenset(["dataclass", "define", "frozen", "mutable", "s", "attrs"])
_BASES = frozenset(["TypedDict", "BaseModel", "BaseSettings", "Struct"])
_FIELD_MAKERS = frozenset(["field", "Field", "ib", "attrib"])
_FACTORIES = ("default_factory", "factory")


class Declared(NamedTuple):
    """What a definition declares: its parameters, without self and cls, and `**kwargs`."""

    doc: str
    parameters: list[Parameter]
    has_keywords: bool = False


def declared_by(definition: Definition, classes: dict[str, Value]) -> Declared:
    """Return what a decorated definition declares.

    `classes` has those of this file by the names under which a class may inherit from them.
    """
    node = definition.node
    if isinstance(node, ast.ClassDef):
        return _of_class(node, classes, _MOST_BASES)
    found = list(parameters_of(node, definition.qualname))
    return Declared(docstring(node), found, node.args.kwarg is not None)


def _of_class(node: ast.ClassDef, classes: dict[str, Value], depth: int) -> Declared:
    doc = docstring(node)
    for name in ("__init__", "__new__"):
        makers = _makers(node.body, name)
        if makers:
            doc = doc or docstring(makers[-1])  # of a class that has none itself
            found: dict[str, Parameter] = {}
            for maker in makers:  # of which one runs
                for parameter in parameters_of(maker, name, skip=1):
                    found.setdefault(parameter.name, parameter)
            has_keywords = any(maker.args.kwarg is not None for maker in makers)
            return Declared(doc, list(found.values()), has_keywords)
    inherited: dict[str, Parameter] = {}
    has_keywords = False
    for base in node.bases:
        known = classes.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(known, Definition) and isinstance(known.node, ast.ClassDef) and depth:
            above = _of_class(known.node, classes, depth - 1)
            inherited, has_keywords = {p.name: p for p in above.parameters}, above.has_keywords
            break
    if kind_of(node):
        inherited |= {p.name: p for p in fields_of(node)}
    return Declared(doc, list(inherited.values()), has_keywords)


def _makers(body: Sequence[ast.stmt], name: str) -> list[FunctionNode]:
    """Return the functions of which one is what a class body binds to `name`.

    A later one takes the place of those before it; in branches, each may be the one.
    """
    found: list[FunctionNode] = []
    for statement in body:
        if isinstance(statement, FunctionNode):
            if statement.name == name and not _is_overload(statement):
                found = [statement]
        else:
            found += [one for part in branches(statement) for one in _makers(part, name)]
    return found


def _is_overload(node: FunctionNode) -> bool:
    return any(calls(mark, frozenset(["overload"])) for mark in node.decorator_list)


def branches(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yield the bodies inside a statement that may run, each for itself."""
    if isinstance(statement, ast.If) and calls(statement.test, frozenset(["TYPE_CHECKING"])):
        yield statement.orelse
        return
    if isinstance(statement, (ast.ClassDef, FunctionNode)):
        return
    for field in ("body", "orelse", "finalbody"):
        yield getattr(statement, field, ())
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def kind_of(node: ast.ClassDef) -> str:
    """Return how a class becomes a structure: "marked" by itself, "base" with its subclasses.

    Empty where it does not, unless one of its bases makes it one.
    """
    if any(calls(base, _BASES) for base in node.bases):
        return "base"
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    is_marked = any(calls(mark, _MARKS) for mark in marks)
    named = any(calls(base, frozenset(["NamedTuple"])) for base in node.bases)
    return "marked" if is_marked or named else ""


def calls(node: ast.expr, names: frozenset[str]) -> bool:
    """Tell whether an expression ends in one of these names."""
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in names


def fields_of(node: ast.ClassDef) -> list[Parameter]:
    """Return the fields that the body of a structure annotates."""
    found: dict[str, Parameter] = {}
    for parameter in _fields(node.body):
        found[parameter.name] = parameter
    return list(found.values())


def _fields(body: Sequence[ast.stmt]) -> Iterator[Parameter]:
    for statement, following in zip(body, [*body[1:], None], strict=False):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            for part in branches(statement):
                yield from _fields(part)
            continue
        kind = annotation_of(statement.annotation)
        if kind is None or "ClassVar" in kind or "KW_ONLY" in kind:
            continue
        plain = Parameter(
            statement.target.id, statement.value, kind, statement.lineno,
            hint=statement.annotation, doc=text_of(following),
        )  # fmt: skip
        parameter = _field(plain, statement.value)
        if parameter is not None:
            yield parameter


def _field(plain: Parameter, value: ast.expr | None) -> Parameter | None:
    """Return a field as a call of `field(...)` describes it, None if it is not a parameter."""
    if not isinstance(value, ast.Call) or not calls(value.func, _FIELD_MAKERS):
        return plain
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    init = given.get("init")
    if isinstance(init, ast.Constant) and init.value is False:
        return None
    for name in _FACTORIES:
        if name in given:
            return plain._replace(default=given[name], is_factory=True)
    first = value.args[0] if value.args else None
    if isinstance(first, ast.Constant) and first.value is Ellipsis:
        first = None
    return plain._replace(default=given.get("default", first))
