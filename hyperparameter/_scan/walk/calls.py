"""Following calls, which is where most reads end."""

from __future__ import annotations

import ast

from .expressions import Expressions
from .parameters import of_definition
from .values import (  # fmt: skip
    UNKNOWN,
    Access,
    Const,
    Decorator,
    Definition,
    Handle,
    Instance,
    Method,
    Ours,
    ReadOf,
    Ref,
    Value,
    formatted,
    is_scope,
    is_text,
    joined,
    template,
)

_CONSUMERS = frozenset(
    ["dict", "list", "tuple", "set", "frozenset", "sorted", "iter", "enumerate", "map", "filter"]
)
"""Builtins that ask a scope for all its keys."""


class Calls(Expressions):
    """Follows calls, and what comprehensions and lambdas bind for themselves."""

    def _Call(self, node: ast.Call) -> Value:
        function = self.visit(node.func)
        if isinstance(function, Access):
            return self._read(function, node)
        if (
            isinstance(node.func, ast.Name)
            and function is None
            and not self.names.has(node.func.id)
        ):
            special = {"getattr": self._getattr, "bool": self._bool}.get(node.func.id)
            if special is not None and node.args:
                return special(node)
        args = [self.use(arg) for arg in node.args]
        keywords = self._keywords(node)
        if isinstance(function, Method):
            return self._method(function, args, keywords)
        if isinstance(function, Ours):
            return self._ours(function.name, args, keywords, node)
        if isinstance(function, Decorator):
            return self._decorated(function, args)
        if isinstance(function, Definition):
            return Instance(function.names) if function.names is not None else None
        return self._foreign(node.func, args)

    def _keywords(self, node: ast.Call) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.use(keyword.value)
            if keyword.arg is None:
                self.bulk(value)
            else:
                values[keyword.arg] = value
        return values

    def _read(self, access: Access, node: ast.Call) -> Value:
        """Follow `hp.scope.a(default)`."""
        given = [*node.args, *(k.value for k in node.keywords)]
        values = [self.use(value) for value in given]
        if given:
            self.found.read(access, self.function, given[0], values[0])
        else:
            self.found.read(access, self.function, required=True)
        return ReadOf(access.key, access.line)

    def _getattr(self, node: ast.Call) -> Value:
        owner = self.visit(node.args[0])
        rest = [self.use(arg) for arg in node.args[1:]]
        name = rest[0] if rest else None
        if isinstance(owner, Access) or is_scope(owner):
            return self.attribute(owner, template(name), node.lineno)
        if isinstance(name, Const) and isinstance(name.value, str):
            self.unit.add(name.value)
            return self.attribute(owner, name.value, node.lineno)
        return None

    def _bool(self, node: ast.Call) -> Value:
        for arg in node.args:
            self.truth(arg)
        return None

    def _method(self, method: Method, args: list[Value], keywords: dict[str, Value]) -> Value:
        owner, name = method
        if is_text(owner):
            if name == "format":
                return self.built(formatted(owner, args, keywords))
            return self.built(joined(owner, args[0])) if name == "join" and args else None
        if name in ("keys", "storage"):
            self.found.below.add(UNKNOWN)
            return None
        return None if name == "frozen" else Handle()

    def _ours(
        self, name: str, args: list[Value], keywords: dict[str, Value], node: ast.Call
    ) -> Value:
        if name == "scope":
            return Handle()
        if name == "param":
            return self._param(args)
        if name.endswith("Params.from_scope"):
            self._from_scope(args, keywords, node.lineno)
        return None

    def _param(self, args: list[Value]) -> Value:
        if not args or (isinstance(args[0], Const) and args[0].value is None):
            return Decorator(None)
        if isinstance(args[0], Definition):
            return self._decorated(Decorator(None), args)
        return Decorator(template(args[0]))

    def _from_scope(self, args: list[Value], keywords: dict[str, Value], line: int) -> None:
        """Note what `Params.from_scope(scope, prefix)` reads: all there is below the prefix."""
        texts = [value for value in args if is_text(value) or isinstance(value, Ref)]
        if "prefix" in keywords:
            texts = [keywords["prefix"]]
        elif len(args) > 1 and not texts:
            texts = [None]
        if not texts or (isinstance(texts[0], Const) and texts[0].value == ""):
            self.found.below.add(UNKNOWN)
        else:
            self.found.escaped(Access(template(texts[0]), line), self.function)

    def _decorated(self, decorator: Decorator, args: list[Value]) -> Value:
        if args and isinstance(args[0], Definition):
            self.declare(args[0], decorator.namespace)
            return args[0]
        return None

    def declare(self, made: Definition, namespace: str | None) -> None:
        """Note what a decorated function or class declares."""
        bases = {name: self.names.find(name) for name in _base_names(made.node)}
        names = {**self.names.module.known, **{k: v for k, v in bases.items() if v}}
        found = of_definition(made, names)
        folded = {p.name: self._folded(p.default) for p in found[1] if p.default is not None}
        self.found.declared(made, namespace or made.node.name, found, folded)

    def _folded(self, node: ast.expr) -> Value:
        """Return what a default is known to be; the walk notes its reads."""
        if isinstance(node, ast.Constant):
            return Const(node.value)
        if isinstance(node, ast.Name):
            known: Value = self.names.find(node.id)
            return known
        try:
            return Const(ast.literal_eval(node))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return self.visit(node)

    def _foreign(self, function: ast.expr, args: list[Value]) -> Value:
        name = function.id if isinstance(function, ast.Name) else ""
        if isinstance(function, ast.Attribute):
            if function.attr == "enter_context" and args and isinstance(args[0], Handle):
                return Handle()
            name = "dict" if function.attr in ("dumps", "dump") else ""
        if name in _CONSUMERS:
            for value in args:
                self.bulk(value)
        return None

    def _Lambda(self, node: ast.Lambda) -> Value:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.use(default)
        outer, self.names = self.names, self.names.for_function()
        for arg in all_arguments(node.args):
            self.names.known[arg.arg] = None
        self.use(node.body)
        self.names = outer
        return None

    def _comprehension_of(self, node: ast.AST) -> Value:
        outer, self.names = self.names, self.names.for_function()
        for generator in node.generators:  # type: ignore[attr-defined]  # all comprehensions
            self.bulk(self.use(generator.iter))
            self.forget(generator.target)
            for test in generator.ifs:
                self.truth(test)
        for field in ("key", "value", "elt"):
            part = getattr(node, field, None)
            if part is not None:
                self.use(part)
        self.names = outer
        return None

    _ListComp = _SetComp = _DictComp = _GeneratorExp = _comprehension_of

    def forget(self, target: ast.expr) -> None:
        """Bind the names in a target to what nobody knows."""
        for node in (target,) if isinstance(target, ast.Name) else ast.walk(target):
            if isinstance(node, ast.Name):
                self.names.known[node.id] = None


def all_arguments(args: ast.arguments) -> list[ast.arg]:
    variadic = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *variadic]


def _base_names(node: ast.AST) -> list[str]:
    return [base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)]
