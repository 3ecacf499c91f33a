"""Following what binds names for others: imports, functions, classes, and so whole modules."""

from __future__ import annotations

import ast
from collections.abc import Callable

from .calls import all_arguments
from .collected import Collected
from .names import Names
from .parameters import Function, docstring
from .statements import Statements
from .values import Decorator, Definition, Handle, Instance, Ours, Ref, Value, is_ours

_OURS = "hyperparameter"
_STAR = ("scope", "param", "Params")


class Definitions(Statements):
    """Follows a file: first the module, then the bodies of functions, when all names are known."""

    def __init__(self, found: Collected) -> None:
        super().__init__(found)
        self._later: list[Callable[[], None]] = []

    def module(self, tree: ast.Module) -> None:
        self.found.docs[self.function] = docstring(tree)
        self._body(tree.body)
        for body in self._later:  # grows by the functions inside functions
            body()
        self._later.clear()  # which refers to this

    def _Import(self, node: ast.Import) -> Value:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            if alias.asname is None:
                self.bind(root, Ours("") if root == _OURS else Ref(root))
            else:
                name = alias.name.removeprefix(_OURS).lstrip(".") if root == _OURS else None
                self.bind(alias.asname, Ref(alias.name) if name is None else Ours(name))
        return None

    def _ImportFrom(self, node: ast.ImportFrom) -> Value:
        module = f"{'.' * node.level}{node.module or ''}"
        from_us = module.partition(".")[0] == _OURS
        for alias in node.names:
            name = alias.asname or alias.name
            if name != alias.name:
                self.found.names.setdefault(name, set()).add(alias.name)
            if alias.name == "*":
                for known in _STAR if from_us else ():
                    self.bind(known, Ours(known))
            elif from_us:
                self.bind(name, Ours(alias.name))
            elif alias.name == "hp":
                self.bind(name, Ours(""))
            else:
                dot = "" if module.endswith(".") else "."
                self.bind(name, Ref(f"{module}{dot}{alias.name}"))
        return None

    def _FunctionDef(self, node: Function) -> Value:
        made = Definition(node, self._qualname(node.name), None)
        self.unit.add(node.name)
        unit = self.found.names.setdefault(made.qualname, set())
        outer, self.unit = self.unit, unit
        known = self._arguments(node.args)
        if node.returns is not None:
            self.use(node.returns)
        self._decorate(node, made)
        self.unit = outer
        names = self.names.for_function()
        if self.names.kind == "class" and not _is_static(node):
            first = [*node.args.posonlyargs, *node.args.args][:1]
            known.update((arg.arg, Instance(self.names)) for arg in first)
        names.known.update(known)
        self._later.append(lambda: self._function_body(node, made.qualname, names, unit))
        return None

    _AsyncFunctionDef = _FunctionDef

    def _arguments(self, args: ast.arguments) -> dict[str, Value]:
        """Follow defaults and annotations; return what the names are in the body."""
        for default in (*args.defaults, *filter(None, args.kw_defaults)):
            self.use(default)
        known: dict[str, Value] = {}
        for arg in all_arguments(args):
            kind = None if arg.annotation is None else self.use(arg.annotation)
            known[arg.arg] = Handle() if is_ours(kind, "scope") else None
        return known

    def _function_body(self, node: Function, qualname: str, names: Names, unit: set[str]) -> None:
        self.names, self.function, self.unit = names, qualname, unit
        self.found.docs.setdefault(qualname, docstring(node))
        self._body(node.body)

    def _ClassDef(self, node: ast.ClassDef) -> Value:
        names = Names("class", self.names)
        made = Definition(node, self._qualname(node.name), names)
        self.unit.add(node.name)
        outer = self.names, self.function, self.unit
        self.unit = self.found.names.setdefault(made.qualname, set())
        for base in (*node.bases, *(k.value for k in node.keywords)):
            known = self.use(base)
            if isinstance(known, Definition) and known.names is not None:
                names.bases.append(known.names)
        self.names, self.function = names, made.qualname
        self.found.docs[made.qualname] = docstring(node)
        self._body(node.body)
        self.names, self.function, _ = outer
        self._decorate(node, made)
        self.unit = outer[2]
        return None

    def _decorate(self, node: Function | ast.ClassDef, made: Definition) -> None:
        self.bind(node.name, made)
        for expression in reversed(node.decorator_list):
            value = self.use(expression)
            if is_ours(value, "param"):
                self.declare(made, None)
            elif isinstance(value, Decorator):
                self.declare(made, value.namespace)

    def _qualname(self, name: str) -> str:
        if self.names.kind == "module":
            return name
        return (
            f"{self.function}.{name}"
            if self.names.kind == "class"
            else (f"{self.function}.<locals>.{name}")
        )


def _is_static(node: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
