"""What is known of an expression without running it, and the names that are known."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple


class Const(NamedTuple):
    """A literal, or what folds to one."""

    value: Any


class Text(NamedTuple):
    """A text of which parts are unknown."""

    template: str


class Ref(NamedTuple):
    """Something imported: `package.module.NAME`, with leading dots where that is relative."""

    path: str


class Items(NamedTuple):
    """A list or tuple that is no literal."""

    values: tuple[Value, ...]


class Ours(NamedTuple):
    """Something of this library by its public name; empty for the module."""

    name: str


class Handle(NamedTuple):
    """A scope that has been opened."""


class Access(NamedTuple):
    """An accessor that nobody has read yet."""

    key: str
    line: int


class ReadOf(NamedTuple):
    """The value that reading a key gave."""

    key: str
    line: int


class Method(NamedTuple):
    """A method of a scope or of a text, before it is called."""

    owner: Value
    name: str


class Decorator(NamedTuple):
    """What `hp.param("namespace")` gives; no namespace stands for the name of what it decorates."""

    namespace: str | None


class Definition(NamedTuple):
    """A function or class of this file; `names` are those in the body of a class."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    qualname: str
    names: Names | None


class Instance(NamedTuple):
    """An object whose class is in this file."""

    names: Names


Value = (
    Const | Text | Ref | Items | Ours | Handle | Access | ReadOf | Method | Decorator
    | Definition | Instance | None
)  # fmt: skip

UNKNOWN = "*"


class Names:
    """One level of names; `outer` is where those that are not here are looked up."""

    __slots__ = ("bases", "kind", "known", "outer", "shared")

    def __init__(self, kind: str, outer: Names | None = None) -> None:
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
        """Return what a class or its bases have by this name."""
        if name in self.known or depth == 0:
            return self.known.get(name)
        for base in self.bases:
            found = base.member(name, depth - 1)
            if found is not None:
                return found
        return None

    def for_function(self) -> Names:
        """Return new names for a function that is defined here; class bodies are skipped."""
        level = self
        while level.kind == "class" and level.outer is not None:
            level = level.outer
        return Names("function", level)

    @property
    def module(self) -> Names:
        level = self
        while level.outer is not None:
            level = level.outer
        return level


def is_ours(value: Value, name: str) -> bool:
    return isinstance(value, Ours) and value.name == name


def is_scope(value: Value) -> bool:
    """Tell a scope that has been opened, and `hp.scope`, which stands for the one active."""
    return isinstance(value, Handle) or is_ours(value, "scope")


def same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def is_text(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))
