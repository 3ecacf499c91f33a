"""What is known of an expression without running it, and the names that are known."""

import ast
from typing import NamedTuple


class Constant(NamedTuple):
    """A literal, or what folds to one."""

    value: object


class PartialText(NamedTuple):
    """A text of which parts are unknown: `folding` says how a template is written."""

    template: str


class PartialSequence(NamedTuple):
    """A list or tuple with an item that is not a literal."""

    values: "tuple[Value, ...]"


class ImportedName(NamedTuple):
    """Something imported: `package.module.NAME`, with leading dots where that is relative."""

    path: str


class LibraryName(NamedTuple):
    """Something of this library by its public name; empty for the package itself."""

    name: str


class ScopeHandle(NamedTuple):
    """A scope that has been opened."""


class AccessorOf(NamedTuple):
    """The accessor of a key, before anybody reads it."""

    key: str
    line: int


class ValueOf(NamedTuple):
    """The value that reading a key gave."""

    key: str
    line: int


class BoundMethod(NamedTuple):
    """A method of a scope or of a text, before it is called."""

    owner: "Value"
    name: str


class ParamDecorator(NamedTuple):
    """The result of `hp.param("namespace")`; without one, the decorated name is the namespace."""

    namespace: str | None


class Definition(NamedTuple):
    """A function or class of this file; `names` are those in the body of a class."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    qualname: str
    names: "Names | None"


class Instance(NamedTuple):
    """An object whose class is in this file."""

    names: "Names"


# None is what nothing is known of.
Value = (
    Constant | PartialText | PartialSequence | ImportedName | LibraryName | ScopeHandle
    | AccessorOf | ValueOf | BoundMethod | ParamDecorator | Definition | Instance | None
)  # fmt: skip


class Names:
    """The names of a module, class or function; others are looked up in `outer`."""

    __slots__ = ("bases", "kind", "known", "outer", "shared")

    def __init__(self, kind: str, outer: "Names | None" = None) -> None:
        self.kind = kind  # "module", "class" or "function"
        self.outer = outer
        self.known: dict[str, Value] = {}
        self.bases: list[Names] = []
        self.shared: dict[str, Names] = {}  # those that `global` and `nonlocal` declare

    def find(self, name: str) -> Value:
        level: Names | None = self
        while level is not None:
            if name in level.known:
                return level.known[name]
            level = level.outer
        return None

    def has(self, name: str) -> bool:
        level: Names | None = self
        while level is not None:
            if name in level.known:
                return True
            level = level.outer
        return False

    def member(self, name: str, depth: int = 20) -> Value:
        """Return what a class has by this name, or else one of its bases."""
        if name in self.known or depth == 0:  # deeper than any real hierarchy
            return self.known.get(name)
        for base in self.bases:
            found = base.member(name, depth - 1)
            if found is not None:
                return found
        return None

    def for_function(self) -> "Names":
        """Return new names for a function defined here; as in Python, it does not see classes'."""
        level = self
        while level.kind == "class" and level.outer is not None:
            level = level.outer
        return Names("function", level)

    @property
    def module(self) -> "Names":
        level = self
        while level.outer is not None:
            level = level.outer
        return level


def is_library_name(value: Value, name: str) -> bool:
    return isinstance(value, LibraryName) and value.name == name


def is_scope(value: Value) -> bool:
    """Tell a scope that has been opened, and `hp.scope`, which stands for the active one."""
    return isinstance(value, ScopeHandle) or is_library_name(value, "scope")


def is_text(value: Value) -> bool:
    return isinstance(value, PartialText) or (
        isinstance(value, Constant) and isinstance(value.value, str)
    )


def is_same(one: Value, other: Value) -> bool:
    # Named tuples of different types are equal where their fields are.
    return type(one) is type(other) and one == other
