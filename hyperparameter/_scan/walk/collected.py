"""What a walk through one file has found so far, in terms of that file alone."""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple

from ..._values.describe import Description, describe, to_json
from . import parameters
from .folding import template
from .values import Access, Const, Definition, Ref, Value

MODULE = "<module>"
_KEY = re.compile(r"[^\s.]+(?:\.[^\s.]+)*")
_REF = re.compile("\0[^\0]*\0|\1[^\1]*\1")
_MOST_TEXT = 200
_MOST_INT = 1 << 60
_SIMPLE = frozenset(
    """int float bool str bytes complex None Optional Union Literal Path PurePath Final Annotated
    list tuple set frozenset List Tuple Set FrozenSet Sequence Iterable typing t pathlib os
    PathLike collections abc np ndarray numpy""".split()  # noqa: SIM905  # a list would be a page
)
"""Names in annotations of parameters that have no keys below their own."""


class Raw(NamedTuple):
    """A finding whose texts may refer to other modules; all of it is JSON.

    `default` is None for none, or a list of what `to_json` gives for it.  With `ref`, the
    default is what another module has under that path, and `default` is its source.
    """

    key: str
    default: list[Any] | None
    ref: str
    required: bool
    type: str | None
    line: int
    function: str
    namespace: str
    kind: str


class Collected:
    """Findings, and what tells which other keys a file may mean.

    `names` has, for each function, class and assigned name, the names that it refers to.
    """

    def __init__(self) -> None:
        self.raw: dict[Raw, None] = {}
        self.texts: set[str] = set()
        self.chains: set[str] = set()
        self.below: set[str] = set()  # patterns that are no parameters
        self.names: dict[str, set[str]] = {}
        self.docs: dict[str, str] = {}

    def text(self, value: str) -> None:
        """Note a text of the program that may be a key."""
        if len(value) <= _MOST_TEXT and _KEY.fullmatch(value):
            self.texts.add(value)

    def pattern(self, template: str) -> None:
        """Note a text with unknown parts that may be a key: with a whole segment that is known."""
        pattern = _REF.sub("*", template)
        if any(segment.isidentifier() for segment in pattern.split(".")) and "." in pattern:
            self.text(pattern)

    def read(
        self, access: Access, function: str, default: ast.expr | None = None, value: Value = None,
        *, required: bool = False,
    ) -> None:  # fmt: skip
        """Note that a key is read, toward the default that `default` is and `value` folds to."""
        shown, ref, kind = _default(default, value)
        namespace = access.key.rpartition(".")[0]
        self._add(
            Raw(access.key, shown, ref, required, kind, access.line, function, namespace, "read")
        )
        if isinstance(value, Const) and isinstance(value.value, dict):
            self._add_below(access, function)

    def escaped(self, access: Access, function: str) -> None:
        """Note a key that anything may be read of: itself, and whatever is below."""
        self.read(access, function)
        self._add_below(access, function)

    def _add_below(self, access: Access, function: str) -> None:
        key = f"{access.key}.*"
        self._add(Raw(key, None, "", False, None, access.line, function, access.key, "read"))

    def declared(
        self, made: Definition, namespace: str, found: tuple[str, list[parameters.Parameter]],
        folded: dict[str, Value],
    ) -> None:  # fmt: skip
        """Note the parameters of a decorated definition; `folded` has what is known of defaults."""
        self.docs[made.qualname] = found[0]
        for parameter in found[1]:
            key = f"{namespace}.{parameter.name}"
            shown, ref, kind = _default(parameter.default, folded.get(parameter.name))
            if parameter.factory and parameter.default is not None:
                shown, ref, kind = _call_of(parameter.default)
            required = parameter.default is None
            kind = parameter.annotation or kind
            if not _is_leaf(parameter, kind):
                self.below.add(f"{key}.*")
            self._add(
                Raw(
                    key,
                    shown,
                    ref,
                    required,
                    kind,
                    parameter.line,
                    made.qualname,
                    namespace,
                    "declared",
                )
            )

    def _add(self, raw: Raw) -> None:
        self.raw[raw if raw.default is None else raw._replace(default=_Hashable(raw.default))] = (
            None
        )


class _Hashable(list[Any]):
    def __hash__(self) -> int:  # type: ignore[override]  # never changed once it is here
        return hash(repr(self))


def _default(node: ast.expr | None, value: Value) -> tuple[list[Any] | None, str, str | None]:
    """Return a default in JSON, the path of what it refers to, and the type of a literal one."""
    if node is None:
        return None, "", None
    if isinstance(value, Const) and isinstance(
        value.value, (str, int, float, tuple, list, dict, type(None))
    ):
        kind = None if value.value is None else type(value.value).__name__
        return [_plain(value.value)], "", kind
    if isinstance(value, Const) and isinstance(node, ast.Constant):
        return [to_json(Description(parameters.source(node)))], "", type(value.value).__name__
    path = value.path if isinstance(value, Ref) else ""
    return [to_json(Description(parameters.source(node)))], path, None


def _plain(value: Any) -> Any:
    """Return a literal in JSON; most are small, and need no description."""
    if type(value) in (bool, type(None)) or (type(value) is str and len(value) < _MOST_TEXT):
        return value
    if type(value) is int and abs(value) < _MOST_INT:
        return value
    return to_json(describe("", value))


def _call_of(factory: ast.expr) -> tuple[list[Any], str, str | None]:
    if isinstance(factory, ast.Lambda):
        return [to_json(Description(parameters.source(factory.body)))], "", None
    return [to_json(Description(f"{parameters.source(factory)}()"))], "", None


def _is_leaf(parameter: parameters.Parameter, kind: str | None) -> bool:
    """Tell whether no keys below that of the parameter can mean anything."""
    if kind is None:
        return parameter.default is None or isinstance(parameter.default, (ast.Constant, ast.Name))
    bare = re.sub(r"""'[^']*'|"[^"]*\"""", "", kind)
    return _SIMPLE.issuperset(re.findall(r"[^\W\d]\w*", bare))


def constants(known: dict[str, Value]) -> dict[str, list[Any]]:
    """Return what other modules may fold of these names, as JSON: [value] or [None, template]."""
    folded: dict[str, list[Any]] = {}
    for name, value in known.items():
        if isinstance(value, Const) and isinstance(
            value.value, (str, int, float, tuple, list, dict, type(None))
        ):
            folded[name] = [_plain(value.value)]
        elif (parts := template(value)) != "*":
            folded[name] = [None, parts]
    return folded
