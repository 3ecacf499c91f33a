"""Following statements: what names are bound to, and what is certain of that."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .calls import Calls
from .values import (  # fmt: skip
    UNKNOWN,
    Access,
    Const,
    Handle,
    Instance,
    Items,
    Ours,
    Ref,
    Text,
    Value,
    concatenated,
    same,
)

_AT_ONCE = (Const, Text, Ref, Access)


class Statements(Calls):
    """Follows statements in their order."""

    def _body(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def _branch(self, *bodies: Sequence[ast.stmt]) -> None:
        """Follow statements of which one part runs; what they bind differently is unknown after."""
        names, before = self.names, self.names.known
        ends = []
        for body in bodies:
            names.known = dict(before)
            self._body(body)
            ends.append(names.known)
        names.known = dict(before)
        for name in dict.fromkeys(name for end in ends for name in end):
            names.known[name] = self._one_of([end[name] for end in ends if name in end])

    def _one_of(self, values: list[Value]) -> Value:
        """Return what a name is that was bound to one of `values`."""
        if all(same(values[0], value) for value in values):
            return values[0]
        for value in values:
            if isinstance(value, (Ours, Handle)):
                return value  # the rest is what stands in where it is missing
            if isinstance(value, Access):
                self.found.below.update((value.key, f"{value.key}.*"))
        return Text(UNKNOWN)

    def bind(self, name: str, value: Value) -> None:
        names = self.names.shared.get(name, self.names)
        if names.kind == "module" and isinstance(value, Access):
            self.found.below.update((value.key, f"{value.key}.*"))  # others may import it
        if isinstance(value, Const) and isinstance(value.value, list):
            value = None  # it may grow
        if name in self.names.shared and name in names.known:
            value = self._one_of([names.known[name], value])
        names.known[name] = value

    def _Expr(self, node: ast.Expr) -> Value:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)
        return None

    def _Assign(self, node: ast.Assign) -> Value:
        single = node.targets[0] if len(node.targets) == 1 else None
        outer = self.unit
        if self.names.kind == "module" and isinstance(single, ast.Name):
            self.unit = self.found.names.setdefault(single.id, set())
        value = self.visit(node.value)
        for target in node.targets:
            self._assign(target, value)
        self.unit = outer
        return None

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, None)
        else:
            if isinstance(value, Access):
                self.found.escaped(value, self.function)
            self._store(target, value)

    def _unpack(self, targets: list[ast.expr], value: Value) -> None:
        values: Sequence[Value] = [None] * len(targets)
        if isinstance(value, Items) and len(value.values) == len(targets):
            values = value.values
        plain = value.value if isinstance(value, Const) else None
        if isinstance(plain, (list, tuple)) and len(plain) == len(targets):
            values = [Const(part) for part in plain]
        for target, part in zip(targets, values, strict=True):
            self._assign(target, part)

    def _store(self, target: ast.expr, value: Value) -> None:
        """Follow an assignment to an attribute or an item, which for a scope is a write."""
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            owner = self.names.find(target.value.id)
            if isinstance(owner, Instance):
                old = owner.names.known.get(target.attr)
                owner.names.known[target.attr] = value if old is None or same(old, value) else None
        self.chain(target, stored=True)

    def _AnnAssign(self, node: ast.AnnAssign) -> Value:
        self.use(node.annotation)
        if node.value is not None:
            self._assign(node.target, self.visit(node.value))
        return None

    def _AugAssign(self, node: ast.AugAssign) -> Value:
        value = self.use(node.value)
        old = self.chain(node.target) if not isinstance(node.target, ast.Name) else None
        if isinstance(node.target, ast.Name):
            old = self.names.find(node.target.id)
            is_sum = isinstance(node.op, ast.Add)
            self.bind(node.target.id, concatenated(old, value) if is_sum else None)
        elif isinstance(old, Access):
            self.found.read(old, self.function)
        return None

    def _Delete(self, node: ast.Delete) -> Value:
        for target in node.targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                self.chain(target, stored=True)
        return None

    def _If(self, node: ast.If) -> Value:
        self.truth(node.test)
        self._branch(node.body, node.orelse)
        return None

    def _While(self, node: ast.While) -> Value:
        self._doubt(node.body)
        self.truth(node.test)
        self._branch(node.body, ())
        self._branch(node.orelse, ())
        return None

    def _Assert(self, node: ast.Assert) -> Value:
        self.truth(node.test)
        if node.msg is not None:
            self.use(node.msg)
        return None

    def _For(self, node: ast.For | ast.AsyncFor) -> Value:
        self.bulk(self.use(node.iter))
        self.forget(node.target)
        self._doubt(node.body)
        self._branch(node.body, ())
        self._branch(node.orelse, ())
        return None

    _AsyncFor = _For

    def _doubt(self, body: Sequence[ast.stmt]) -> None:
        """Forget what a loop's body binds anew: at its beginning the names may be either."""
        lost = [n for n, value in self.names.known.items() if isinstance(value, _AT_ONCE)]
        if lost:
            for name in _bound_in(body).intersection(lost):
                self.names.known[name] = None

    def _Try(self, node: ast.Try) -> Value:
        self._branch(node.body, ())
        for handler in node.handlers:
            if handler.type is not None:
                self.use(handler.type)
            if handler.name:
                self.names.known[handler.name] = None
            self._branch(handler.body, ())
        self._branch(node.orelse, ())
        self._body(node.finalbody)
        return None

    _TryStar = _Try

    def _With(self, node: ast.With | ast.AsyncWith) -> Value:
        for entered in node.items:
            value = self.use(entered.context_expr)
            if entered.optional_vars is not None:
                self._assign(entered.optional_vars, value if isinstance(value, Handle) else None)
        self._body(node.body)
        return None

    _AsyncWith = _With

    def _Match(self, node: ast.Match) -> Value:
        self.use(node.subject)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.names.known[name] = None
            self.visit(case.pattern)
            if case.guard is not None:
                self.truth(case.guard)
            self._branch(case.body, ())
        return None

    def _Global(self, node: ast.Global) -> Value:
        self.names.shared.update(dict.fromkeys(node.names, self.names.module))
        return None

    def _Nonlocal(self, node: ast.Nonlocal) -> Value:
        for name in node.names:
            level = self.names.outer
            while level is not None and name not in level.known:
                level = level.outer
            if level is not None:
                self.names.shared[name] = level
        return None


def _bound_in(body: Sequence[ast.AST]) -> set[str]:
    """Return the names that statements bind, those inside of them included."""
    bound: set[str] = set()
    waiting = list(body)
    while waiting:
        statement = waiting.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(statement, field, ())
        for field in ("target", "targets", "items"):
            target = getattr(statement, field, None)
            for one in target if isinstance(target, list) else [target] if target else ():
                if isinstance(one, ast.Name):
                    bound.add(one.id)
                elif isinstance(one, ast.AST):
                    bound.update(node.id for node in ast.walk(one) if isinstance(node, ast.Name))
    return bound
