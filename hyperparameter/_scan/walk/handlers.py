"""One walk through a file, and the table of the handlers that follow its nodes.

A handler is a function `(walk, node) -> Value` that follows one kind of node: it notes in
`walk.found` what the node declares or reads, and returns what the node is known to be.
"""

import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from ..raw import UNKNOWN
from .collector import MODULE, Collector
from .parameters import FunctionNode
from .values import AccessorOf, Names, Value, ValueOf, is_scope


class FunctionBody(NamedTuple):
    """The body of a function; it is followed when all names of the module are known."""

    node: FunctionNode
    qualname: str
    names: Names
    references: set[str]


class Walk:
    """What a walk through a file has found, and the place where it is."""

    __slots__ = ("found", "function", "later", "names", "references")

    def __init__(self) -> None:
        self.found = Collector()
        self.names = Names("module")  # in force at this place
        self.function = MODULE  # the qualified name of the function or class that is followed
        self.references: set[str] = set()  # the names that it refers to
        self.later: list[FunctionBody] = []


# Any: a table cannot say in types that each handler takes the kind of node it is entered for.
Handler = Callable[[Walk, Any], Value]
H = TypeVar("H", bound=Handler)

HANDLERS: dict[type[ast.AST], Handler] = {}


def handles(*kinds: type[ast.AST]) -> Callable[[H], H]:
    """Register a function as the handler of nodes of these types."""

    def enter(handler: H) -> H:
        HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return enter


def visit(walk: Walk, node: ast.AST) -> Value:
    """Follow a node and return what it is known to be."""
    # One look into a dictionary for each node: a chain of tests would take most of a walk's time.
    handler: Handler = HANDLERS.get(type(node), _visit_parts)
    return handler(walk, node)


def visit_body(walk: Walk, statements: Sequence[ast.stmt]) -> None:
    for statement in statements:
        visit(walk, statement)


def _visit_parts(walk: Walk, node: ast.AST) -> Value:
    """Follow all parts of a node that has no handler: their values may end up anywhere."""
    for name in node._fields:
        child = getattr(node, name, None)
        if isinstance(child, ast.AST):
            pass_on(walk, child)
        elif isinstance(child, list):
            for one in child:
                if isinstance(one, ast.AST):
                    pass_on(walk, one)
    return None


def pass_on(walk: Walk, node: ast.AST) -> Value:
    """Follow a node whose value may go anywhere: an accessor may be read under any longer key."""
    value = visit(walk, node)
    if isinstance(value, AccessorOf):
        walk.found.add_escaped(value, walk.function)
    return value


def visit_condition(walk: Walk, node: ast.expr) -> Value:
    """Follow an expression whose truth is asked for; a missing parameter is false."""
    value = visit(walk, node)
    if isinstance(value, AccessorOf):
        walk.found.add_truth(value, walk.function)
    return value


def bulk_read(walk: Walk, value: Value) -> None:
    """Note that everything in `value` is read: in a scope, or in the value of a key."""
    if is_scope(value):
        walk.found.patterns.add(UNKNOWN)
    elif isinstance(value, ValueOf):
        walk.found.add_escaped(AccessorOf(value.key, value.line), walk.function)
