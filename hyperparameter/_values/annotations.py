"""What an annotation is: what it only stands for, and what may be given for it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any, TypeVar, Union

from .containers import SEQUENCES, is_mapping
from .convert import is_enum
from .fields import UNKNOWN
from .rules import rule_of
from .structures import structure_of

_NO_HINT = (UNKNOWN, Any, object)


def takes_none(hint: Any) -> bool:
    """Tell a hint that has None."""
    return hint is None or type(None) in members_of(hint)


def takes_any_text(hint: Any) -> bool:
    return hint is str or (isinstance(hint, type) and issubclass(hint, (str, PathLike)))


def takes_names(hint: Any) -> bool:
    """Tell whether a value of this type may be given as keys below its own."""
    hint = bare(hint)
    if is_any(hint):
        return True
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return any(map(takes_names, args))
    kind = hint if origin is None else origin
    if not isinstance(kind, type):
        return False
    if is_mapping(kind) or structure_of(hint) is not None:
        return True
    is_scalar = rule_of(kind) or is_enum(kind) or kind in SEQUENCES or issubclass(kind, PathLike)
    return not is_scalar and kind is not type(None)


def bare(hint: Any) -> Any:
    """Return the hint that one stands for which only says more about it, or names it."""
    while True:
        inner = _stands_for(hint)
        if inner is hint:
            return hint
        hint = inner


def _stands_for(hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Annotated, typing.Final, typing.ClassVar, typing.Required):
        return typing.get_args(hint)[0]
    if origin is typing.NotRequired:
        return typing.get_args(hint)[0]
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    if isinstance(hint, TypeVar):
        if hint.__constraints__:
            return Union[hint.__constraints__]  # noqa: UP007  # a tuple of them
        return Any if hint.__bound__ is None else hint.__bound__
    if hint is typing.LiteralString:
        return str
    # By name, so that we need not import what has it.
    if type(hint).__name__ == "InitVar" and type(hint).__module__ == "dataclasses":
        return hint.type
    if type(hint).__name__ == "TypeAliasType":  # PEP 695
        return hint.__value__
    if type(origin).__name__ == "TypeAliasType":  # a generic one, with its parameters
        return origin.__value__[typing.get_args(hint)]
    return hint


def is_any(hint: object) -> bool:
    return any(hint is one for one in _NO_HINT)  # by identity: == of some hints is an array


def members_of(hint: Any) -> list[Any]:
    hint = bare(hint)
    if typing.get_origin(hint) in (Union, types.UnionType):
        return [one for arg in typing.get_args(hint) for one in members_of(arg)]
    return [type(None) if hint is None else hint]


def hints_below(hint: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield what a name may be below a hint, as it is spelt there, with its own hint."""
    for member in map(bare, members_of(hint)):
        structure, args = structure_of(member), typing.get_args(member)
        if structure is not None:
            field = name if name in structure.fields else name.replace("-", "_")
            if field in structure.fields:
                yield field, structure.fields[field].hint
        elif is_mapping(typing.get_origin(member)) and len(args) == 2:
            yield name, args[1]


def or_of_default(hint: Any, default: object) -> Any:
    """Return a hint, or the type of the default where it says nothing; None says nothing either."""
    if hint is not None and not is_any(hint):
        return hint
    return Any if default is None else type(default)


def has_mapping(hint: Any, names: Sequence[str]) -> bool:
    """Tell whether what may be at these names below a hint is a mapping, None, or of no type."""
    members = [one for one in members_of(hint) if one is not type(None)]
    if names:
        inner = [below for one in members for _, below in hints_below(one, names[0])]
        if inner:
            return all(has_mapping(below, names[1:]) for below in inner)
    kinds = [typing.get_origin(one) or one for one in members]
    return bool(kinds) and all(is_any(kind) or is_mapping(kind) for kind in kinds)


def name_of(hint: object) -> str:
    """Return an annotation as it is written."""
    if hint is None or hint is type(None):
        return "None"
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")


def tuple_items(hint: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the types of a tuple's first items, that of any number of others, of the last.

    The second has one type, or none where the length is fixed.  `*tuple[str, ...]` is one of the
    items, too (PEP 646).
    """
    args = typing.get_args(hint)
    if args[1:] == (Ellipsis,):
        return [], [args[0]], []
    found: list[Any] = []
    others: list[Any] = []
    at = 0
    for arg in args:
        first, between, last = ([arg], [], []) if not _is_unpacked(arg) else _items_inside(arg)
        found += first
        if between:
            others, at = between, len(found)
        found += last
    return (found[:at], others, found[at:]) if others else (found, [], [])


def _is_unpacked(arg: Any) -> bool:
    return typing.get_origin(arg) is typing.Unpack or getattr(arg, "__unpacked__", False) is True


def _items_inside(arg: Any) -> tuple[list[Any], list[Any], list[Any]]:
    inner = typing.get_args(arg)[0] if typing.get_origin(arg) is typing.Unpack else arg
    if typing.get_origin(inner) is not tuple:  # a TypeVarTuple
        return [], [Any], []
    return tuple_items(inner)


def keyword_hint(hint: Any, name: str) -> Any:
    """Return the type of a keyword by the annotation of `**kwargs`; `UNKNOWN` if it has no such."""
    known = keywords_of(hint)
    return known.get(name, UNKNOWN) if known else hint


def keywords_of(hint: Any) -> dict[str, Any]:
    """Return the keywords that `**kwargs: Unpack[...]` names (PEP 692), each with its type."""
    if typing.get_origin(hint) is not typing.Unpack:
        return {}
    structure = structure_of(typing.get_args(hint)[0])
    return {} if structure is None else {k: one.hint for k, one in structure.fields.items()}
