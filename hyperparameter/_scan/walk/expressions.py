"""Following expressions: what each is known to be, and what it reads on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .collected import MODULE, Collected
from .names import Names
from .values import (  # fmt: skip
    UNKNOWN,
    Access,
    Const,
    Definition,
    Handle,
    Instance,
    Items,
    Method,
    Ours,
    ReadOf,
    Ref,
    Text,
    Value,
    concatenated,
    either,
    is_ours,
    is_scope,
    is_text,
    item,
    member,
    own,
    percent,
    template,
    text,
)

METHODS = frozenset(["keys", "storage", "update", "clear", "empty", "current", "frozen", "init"])
"""The public names of scopes: as a first segment these are no parameters."""


class Expressions:
    """Follows the expressions of one file; what it finds goes to `found`.

    `visit` returns what an expression is known to be.  `use` is for where that goes anywhere: an
    accessor that gets there may be read under any longer key.
    """

    def __init__(self, found: Collected) -> None:
        self.found = found
        self.names = Names("module")
        self.function = MODULE
        self.unit: set[str] = set()  # the names that the function or class refers to
        self._handlers: dict[type, Callable[[Any, Any], Value]] = {}

    def visit(self, node: ast.AST) -> Value:
        kind = type(node)
        if kind not in self._handlers:
            of_class = type(self)  # functions, not bound methods: those would be cycles
            self._handlers[kind] = getattr(of_class, f"_{kind.__name__}", of_class._any)
        return self._handlers[kind](self, node)

    def use(self, node: ast.AST) -> Value:
        value = self.visit(node)
        if isinstance(value, Access):
            self.found.escaped(value, self.function)
        return value

    def _any(self, node: ast.AST) -> Value:
        for name in node._fields:
            child = getattr(node, name, None)
            if isinstance(child, ast.AST):
                self.use(child)
            elif isinstance(child, list):
                for one in child:
                    if isinstance(one, ast.AST):
                        self.use(one)
        return None

    def truth(self, node: ast.expr) -> Value:
        """Follow an expression whose truth is asked for; a missing parameter is false."""
        value = self.visit(node)
        if isinstance(value, Access):
            self.found.read(value, self.function, ast.Constant(False), Const(False))
        return value

    def bulk(self, value: Value) -> None:
        """Note that all there is in `value` goes somewhere: a scope, or the value of a key."""
        if is_scope(value):
            self.found.below.add(UNKNOWN)
        elif isinstance(value, ReadOf):
            self.found.escaped(Access(value.key, value.line), self.function)

    def _Return(self, node: ast.Return) -> Value:
        if node.value is not None:
            self.use(node.value)
        return None

    def _Constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, str):
            self.found.text(node.value)
        return Const(node.value)

    def _Name(self, node: ast.Name) -> Value:
        known: Value = self.names.find(node.id)
        if not isinstance(known, Ours):  # of which no function of the program is a part
            self.unit.add(node.id)
        return known

    def _Attribute(self, node: ast.Attribute) -> Value:
        return self.chain(node)

    def _Subscript(self, node: ast.Subscript) -> Value:
        return self.chain(node)

    def chain(self, node: ast.expr, *, stored: bool = False) -> Value:
        """Follow `base.name[key]...`; with `stored` the last step is assigned to, not read."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and not stored:
            owner = self._Name(node.value)  # most chains are as short as this
            if owner is None:
                self.unit.add(node.attr)
                self.found.chains.add(node.attr)
                return None
        steps: list[ast.Attribute | ast.Subscript] = []
        base: ast.expr = node
        while isinstance(base, (ast.Attribute, ast.Subscript)):
            steps.append(base)
            base = base.value
        value = self.visit(base)
        is_ours = isinstance(value, (Access, Handle, Ours))
        words: list[str] = []
        while steps:
            step = steps.pop()
            last = stored and not steps
            if isinstance(step, ast.Attribute):
                words.append(step.attr)
                value = None if last else self.attribute(value, step.attr, base.lineno)
            else:
                key = self.use(step.slice)
                if isinstance(key, Const) and isinstance(key.value, str):
                    words.append(key.value)
                value = None if last else self.subscript(value, key, base.lineno)
        if words and not is_ours and not stored:
            self.unit.update(words)
            self.found.chains.add(".".join(words))
        return value

    def attribute(self, value: Value, name: str, line: int) -> Value:
        """Return what `value.name` is."""
        if isinstance(value, Access):
            return None if name[:2] == "__" else Access(f"{value.key}.{name}", value.line)
        if is_scope(value):
            is_method = name in METHODS or name[:2] == "__"
            return Method(value, name) if is_method else Access(name, line)
        if isinstance(value, Ours):
            return Ours(f"{value.name}.{name}".lstrip("."))
        if isinstance(value, Ref):
            return Ref(f"{value.path}{'' if value.path[-1] == '.' else '.'}{name}")
        if isinstance(value, Instance):
            return own(value.names, name)
        if isinstance(value, Definition) and value.names is not None:
            return member(value.names, name)
        if isinstance(value, Const) and name == "value":
            return value  # of a member of an enum
        return Method(value, name) if is_text(value) else None

    def subscript(self, value: Value, key: Value, line: int) -> Value:
        """Return what `value[key]` is."""
        if isinstance(value, Access):
            return Access(f"{value.key}.{template(key)}", value.line)
        if is_ours(value, "scope"):
            return Access(template(key), line)
        if isinstance(value, Handle):
            self.found.read(Access(template(key), line), self.function, required=True)
            return ReadOf(template(key), line)
        return item(value, key)

    def _BinOp(self, node: ast.BinOp) -> Value:
        left = self.visit(node.left)
        right = self.use(node.right)
        if isinstance(left, Access):
            if isinstance(node.op, ast.BitOr):
                self.found.read(left, self.function, node.right, right)
                return ReadOf(left.key, left.line)
            self.found.escaped(left, self.function)
        if isinstance(node.op, ast.Add):
            return self.built(concatenated(left, right))
        if isinstance(node.op, ast.Mod) and is_text(left):
            return self.built(percent(left, right))
        return None

    def _UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            self.truth(node.operand)
            return None
        value = self.use(node.operand)
        if isinstance(value, Const) and type(value.value) in (int, float, complex):
            if isinstance(node.op, ast.USub):
                return Const(-value.value)
            if isinstance(node.op, ast.UAdd):
                return value
        return None

    def _BoolOp(self, node: ast.BoolOp) -> Value:
        return either(*(self.truth(part) for part in node.values))

    def _IfExp(self, node: ast.IfExp) -> Value:
        self.truth(node.test)
        return either(self.use(node.body), self.use(node.orelse))

    def _Compare(self, node: ast.Compare) -> Value:
        left = self.visit(node.left)
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.visit(comparator)
            if isinstance(operator, (ast.In, ast.NotIn)) and is_scope(right):
                self.found.read(Access(template(left), node.lineno), self.function)
            for side in (left, right):
                if isinstance(side, Access):
                    self.found.read(side, self.function)
            left = right if not isinstance(right, Access) else None
        return None

    def _JoinedStr(self, node: ast.JoinedStr) -> Value:
        parts = [self.visit(part) for part in node.values]
        folded = text("".join(template(part) for part in parts))
        return self.built(folded)

    def built(self, value: Value) -> Value:
        """Note a text that is put together: it may be a key; return it."""
        if isinstance(value, Text):
            self.found.pattern(value.template)
        return value

    def _FormattedValue(self, node: ast.FormattedValue) -> Value:
        value = self.use(node.value)
        if node.format_spec is not None:
            self.visit(node.format_spec)
            return None
        return value if node.conversion in (-1, 115) else None

    def _List(self, node: ast.List | ast.Tuple) -> Value:
        values = tuple(self.use(part) for part in node.elts)
        if all(isinstance(value, Const) for value in values):
            plain = [value.value for value in values if isinstance(value, Const)]
            return Const(plain if isinstance(node, ast.List) else tuple(plain))
        return Items(values)

    _Tuple = _List

    def _Dict(self, node: ast.Dict) -> Value:
        known: dict[Any, Any] | None = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = None if key_node is None else self.use(key_node)
            value = self.use(value_node)
            if key_node is None:
                self.bulk(value)
            if known is not None and isinstance(key, Const) and isinstance(value, Const):
                try:
                    known[key.value] = value.value
                except TypeError:
                    known = None
            else:
                known = None
        return None if known is None else Const(known)

    def _Starred(self, node: ast.Starred) -> Value:
        self.bulk(self.use(node.value))
        return None

    def _NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.visit(node.value)
        self.bind(node.target.id, value)
        return value

    def bind(self, name: str, value: Value) -> None:
        raise NotImplementedError
