"""Defaults and constants as a scan keeps them: in JSON, or as the source that computes them."""

import ast
from typing import NamedTuple

from ..._values.describe import Description, describe
from ..._values.described_json import to_json
from ..raw import UNKNOWN
from .folding import is_partly_known, template_of
from .parameters import Parameter, unparsed
from .values import Constant, ImportedName, PartialSequence, Value

_MOST_TEXT, _MOST_INT = 200, 1 << 60  # far below where `describe` shortens
_PLAIN = (str, int, float, tuple, list, dict, type(None))
_WITHOUT_NAMES = (
    ast.Compare, ast.GeneratorExp, ast.JoinedStr, ast.Lambda, ast.List, ast.ListComp, ast.Set,
    ast.SetComp, ast.Tuple, ast.UnaryOp,
)  # fmt: skip


class Default(NamedTuple):
    """A default in JSON: None where there is none, otherwise a list of one item.

    With `path`, the default is what another module has under that path, and `json` has its source.
    """

    json: list[object] | None = None
    path: str = ""
    type: str | None = None


def default_of(node: ast.expr | None, value: Value) -> Default:
    """Return the default that `node` is and `value` folds to."""
    if node is None:
        return Default()
    if isinstance(value, Constant) and isinstance(value.value, _PLAIN):
        kind = None if value.value is None else type(value.value).__name__
        return Default([_plain(value.value)], type=kind)
    is_literal = isinstance(node, ast.Constant)  # bytes, complex or an ellipsis
    kind = type(value.value).__name__ if is_literal and isinstance(value, Constant) else None
    path = value.path if isinstance(value, ImportedName) else ""
    return Default(_source(unparsed(node)), path, kind)


def may_have_names(node: ast.expr, value: Value) -> bool:
    """Tell whether a default may be a mapping or a structure, or None, which takes the keys below.

    `value` is what it folds to; what a default is that only the run computes, nobody knows.
    """
    if isinstance(value, Constant):
        return value.value is None or is_mapping(node, value)
    if isinstance(value, PartialSequence) or is_partly_known(value):
        return False
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr)
    return not isinstance(node, _WITHOUT_NAMES)


def is_mapping(node: ast.expr, value: Value) -> bool:
    """Tell whether a default certainly is a mapping."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "dict"
    is_literal = isinstance(value, Constant) and isinstance(value.value, dict)
    return is_literal or isinstance(node, (ast.Dict, ast.DictComp))


def default_of_parameter(parameter: Parameter, value: Value) -> Default:
    """Return the default of a parameter, which for a factory is what a call of it computes."""
    if not parameter.is_factory or parameter.default is None:
        return default_of(parameter.default, value)
    if isinstance(parameter.default, ast.Lambda):
        return Default(_source(unparsed(parameter.default.body)))
    return Default(_source(f"{unparsed(parameter.default)}()"))


def constants_of(known: dict[str, Value]) -> dict[str, list[object]]:
    """Return what other modules may fold of these names, as JSON: [value] or [None, template]."""
    folded: dict[str, list[object]] = {}
    for name, value in known.items():
        if isinstance(value, Constant) and isinstance(value.value, _PLAIN):
            folded[name] = [_plain(value.value)]
        elif (template := template_of(value)) != UNKNOWN:
            folded[name] = [None, template]
    return folded


def _source(text: str) -> list[object]:
    return [to_json(Description(text))]


def _plain(value: object) -> object:
    """Return a literal in JSON."""
    # Most literals are small ones that `describe` would return as they are, but later.
    if type(value) in (bool, type(None)) or (type(value) is str and len(value) < _MOST_TEXT):
        return value
    if type(value) is int and abs(value) < _MOST_INT:
        return value
    return to_json(describe("", value))
