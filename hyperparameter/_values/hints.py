"""Toward an annotation: one walk over what a hint is made of, one converter for each hint.

Scalars follow `rules`, structures `structures`; this file knows containers, unions and what only
stands for another hint.  A converter gets the value and what is below it, an instance or a mapping
whose parts stay where the value says nothing; it returns the value of the wanted type or raises
`Unconvertible`.
"""

from __future__ import annotations

import collections
import collections.abc
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, Literal, TypeVar, Union

from .convert import Unconvertible, is_enum
from .keys import did_you_mean
from .rules import Rule, rule_of, to_str, written
from .structures import UNKNOWN, Structure, structure_of
from .untyped import Digits, Untyped, UntypedText, UntypedTree, plain

NOTHING: Any = object()
"""What is below a value where nothing is."""

Converter = Callable[[object, object], object]

_MOST_KEPT = 1024
_kept: dict[int, tuple[object, Converter]] = {}


def converter(hint: object) -> Converter:
    """Return the function that converts toward `hint`."""
    # By identity, with the hint kept beside it: `list[A | B] == list[B | A]`, and some have no hash.
    known = _kept.get(id(hint))
    if known is not None and known[0] is hint:
        return known[1]
    made = _made(hint)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[id(hint)] = hint, made
    return made


def _made(hint: Any) -> Converter:
    stands_for = _stands_for(hint)
    if stands_for is not hint:
        return converter(stands_for)
    if hint in (UNKNOWN, Any, object, None, type(None)):
        return _none if hint in (None, type(None)) else _anything
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is Literal:
        return _literal(args)
    kind = hint if origin is None else origin
    if isinstance(kind, type):
        found = _of_class(hint, kind, args)
        if found is not None:
            return found
    return _opaque(hint, kind)


def _stands_for(hint: Any) -> Any:
    """Return the hint that one stands for which only says more about it, or names it."""
    origin = typing.get_origin(hint)
    if origin in (typing.Annotated, typing.Final, typing.ClassVar, typing.Required):
        return typing.get_args(hint)[0]
    if origin is typing.NotRequired:
        return typing.get_args(hint)[0]
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    if isinstance(hint, TypeVar):
        if hint.__constraints__:
            return Union[hint.__constraints__]
        return Any if hint.__bound__ is None else hint.__bound__
    if type(hint).__name__ == "TypeAliasType":  # PEP 695
        return hint.__value__
    if type(origin).__name__ == "TypeAliasType":  # a generic one, with its parameters
        return origin.__value__[typing.get_args(hint)]
    return hint


def _of_class(hint: Any, kind: type, args: tuple[Any, ...]) -> Converter | None:
    rule = rule_of(kind)
    if rule is not None:
        return _scalar(*rule)
    if is_enum(kind):
        return _enum(kind)
    if issubclass(kind, PathLike):
        return _path(kind)
    structure = structure_of(hint)
    if structure is not None:
        return lambda value, below: _structured(structure, value, below)
    if kind in _SEQUENCES:
        return _sequence(kind, args)
    if kind in _MAPPINGS:
        return _mapping(_MAPPINGS[kind], *(args or (Any, Any)))
    return None


def _scalar(rule: Rule, wanted: str) -> Converter:
    def convert(value: object, _: object) -> object:
        if value is None:
            raise Unconvertible(wanted=wanted, value=value)
        try:
            return rule(value)
        except Unconvertible:
            raise Unconvertible(wanted=wanted, value=value) from None

    return convert


def _anything(value: object, below: object) -> object:
    """Return the value without a wanted type; a mapping joins the one below it."""
    found = plain(value)
    if isinstance(found, dict) and isinstance(below, dict):
        return {**below, **found}
    return found


def _none(value: object, _: object) -> None:
    if value is not None and not is_null(value):
        raise Unconvertible(wanted="null", value=value)


def is_null(value: object) -> bool:
    """Tell text without a type that means None where the type has it."""
    return type(value) is UntypedText and plain(value) is None


def _opaque(hint: object, kind: object) -> Converter:
    """Return what a hint gets that is not understood: typed values pass, text never does."""

    def convert(value: object, _: object) -> object:
        wanted = f"of type {name_of(hint)}, which cannot be made of text"
        if isinstance(value, Untyped):
            raise Unconvertible(wanted=wanted, value=value)
        try:
            fits = not isinstance(kind, type) or isinstance(value, kind)
        except TypeError:  # a protocol that cannot be asked
            fits = True
        if not fits or (isinstance(value, str) and not isinstance(kind, type)):
            raise Unconvertible(wanted=wanted, value=value)
        return value

    return convert


def name_of(hint: object) -> str:
    if hint is None or hint is type(None):
        return "None"
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")


def _path(kind: type) -> Converter:
    def convert(value: object, _: object) -> object:
        if isinstance(value, PathLike):
            return value
        try:
            text = to_str(value)
        except Unconvertible:
            raise Unconvertible(wanted="a path", value=value) from None
        from pathlib import Path

        return Path(text) if kind is PathLike else kind(text)

    return convert


def _enum(kind: Any) -> Converter:
    members = kind.__members__
    is_flag = any(base.__name__ == "Flag" for base in kind.__mro__)

    def convert(value: object, _: object) -> object:
        if isinstance(value, kind):
            return value
        text = value.text if isinstance(value, UntypedText) else value
        is_text = isinstance(text, str)
        # Text is a name first: that is how people write members.  A typed value is a value first.
        if isinstance(value, UntypedText) and text in members:
            return members[text]
        for candidate in (text, plain(value)) if isinstance(value, UntypedText) else (value,):
            try:
                return kind(candidate)
            except (ValueError, TypeError):
                continue
        if is_text and text in members:
            return members[text]
        if is_flag and isinstance(text, str) and "|" in text:
            names = [name.strip() for name in text.split("|")]
            if all(name in members for name in names):
                made = kind(0)
                for name in names:
                    made |= members[name]
                return made
        raise Unconvertible(wanted=_one_of([*members], text), value=value)

    return convert


def _literal(choices: tuple[object, ...]) -> Converter:
    def convert(value: object, _: object) -> object:
        candidates = [value]
        if isinstance(value, UntypedText):
            candidates = [value.text, plain(value)]
        for candidate in candidates:
            for choice in choices:
                if type(choice) is type(candidate) and choice == candidate:
                    return choice
        if isinstance(value, (str, UntypedText)):  # an enum's member by its name
            for choice in choices:
                if is_enum(type(choice)) and choice.name == written(value):  # type: ignore[attr-defined]  # an enum
                    return choice
        shown = [getattr(choice, "name", choice) for choice in choices]
        raise Unconvertible(wanted=_one_of(shown, candidates[0]), value=value)

    return convert


def _one_of(choices: Iterable[object], given: object) -> str:
    texts = [str(choice) for choice in choices]
    return f"one of {', '.join(texts)}{did_you_mean(str(given), texts).replace(' Did', '; did', 1)}"


_SEQUENCES: dict[object, Callable[[list[object]], object]] = {
    list: list, tuple: tuple, set: set, frozenset: frozenset, collections.deque: collections.deque,
    collections.abc.Sequence: list, collections.abc.MutableSequence: list,
    collections.abc.Iterable: list, collections.abc.Collection: list,
    collections.abc.Set: set, collections.abc.MutableSet: set,
}  # fmt: skip
_MAPPINGS: dict[object, Callable[[dict[object, object]], object]] = {
    dict: dict, collections.OrderedDict: collections.OrderedDict,
    collections.abc.Mapping: dict, collections.abc.MutableMapping: dict,
}  # fmt: skip
_GIVEN = (list, tuple, set, frozenset, collections.deque)


def _sequence(kind: Any, args: tuple[Any, ...]) -> Converter:
    build = _SEQUENCES[kind]
    if kind is tuple and args and (len(args) != 2 or args[1] is not Ellipsis):
        return _fixed_tuple([converter(arg) for arg in args if arg != ()])
    to_item = converter(args[0] if args else Any)

    def convert(value: object, _: object) -> object:
        items = _items(value)
        made = [part(to_item, item, index) for index, item in enumerate(items)]
        if isinstance(value, kind) and all(map(_same, made, items)):
            return value  # the very one that was given
        try:
            return build(made)
        except TypeError as error:  # an item of a set without a hash
            raise Unconvertible(str(error), value=value) from None

    return convert


def _same(one: object, other: object) -> bool:
    return one is other


def _fixed_tuple(to_items: list[Converter]) -> Converter:
    def convert(value: object, _: object) -> object:
        items = _items(value)
        if len(items) != len(to_items):
            reason = f"{len(to_items)} items are wanted, {len(items)} were given"
            raise Unconvertible(reason, value=value)
        made = tuple(
            part(to_item, item, index)
            for index, (to_item, item) in enumerate(zip(to_items, items, strict=True))
        )
        return value if type(value) is tuple and all(map(_same, made, items)) else made

    return convert


def _items(value: object) -> list[object]:
    found = parts_of(value)
    if isinstance(found, _GIVEN):
        return list(found)
    raise Unconvertible(wanted="a list", value=value)


def parts_of(value: object) -> object:
    """Return the list or mapping that a value is, or that text is as JSON; else the value."""
    if isinstance(value, UntypedTree):
        return value.value
    if isinstance(value, (str, UntypedText)):
        text = written(value).strip()
        if text[:1] not in ("[", "{"):
            return None
        import json

        try:
            return json.loads(text, parse_float=Digits)
        except (ValueError, RecursionError):
            return None
    return value


def _mapping(build: Callable[[dict[object, object]], object], key: Any, item: Any) -> Converter:
    to_key, to_item = converter(key), converter(item)

    def convert(value: object, below: object) -> object:
        given = names_of(value)
        made: dict[object, object] = dict(below) if isinstance(below, Mapping) else {}
        new: set[object] = set()
        for name, one in given.items():
            typed = part(to_key, UntypedText(name) if isinstance(name, str) else name, name)
            if typed in new:
                raise Unconvertible(f"two of its names are {typed!r:.80}", value=value)
            new.add(typed)
            made[typed] = part(to_item, one, name, made.get(typed, NOTHING))
        return build(made)

    return convert


def names_of(value: object) -> Mapping[Any, object]:
    """Return the mapping that a value is; `Unconvertible` for anything else."""
    found: Any = parts_of(value)
    if isinstance(found, Mapping):
        return found
    if found is not None and hasattr(type(found), "keys") and not isinstance(found, type):
        return {name: found[name] for name in found.keys()}  # noqa: SIM118  # keys, but no Mapping
    raise Unconvertible(wanted="a mapping", value=value)


def part(convert: Converter, value: object, where: object, below: object = NOTHING) -> object:
    """Convert a part of a value; an error says which part."""
    try:
        return convert(value, below)
    except Unconvertible as error:
        raise error.inside(where) from None


def _structured(structure: Structure, value: object, below: object) -> object:
    """Return an instance: of the fields that are given, and of what is below for the others."""
    if structure.is_instance(value):
        return value
    given = names_of(value)
    if isinstance(below, structure.kind) and structure.kind is not dict:
        own = structure_of(type(below))  # a default may be of a subclass, with more fields
        structure = structure if own is None or type(below) is structure.kind else own
    unknown = [name for name in given if name not in structure.fields]
    if unknown and not structure.extra:
        near = did_you_mean(str(unknown[0]), structure.fields)
        raise Unconvertible(f"{structure.name} has no field {unknown[0]!r}.{near}", value=value)
    has_below = structure.is_instance(below)
    known = structure.values_of(below) if has_below else {}
    if not has_below:
        missing = [n for n, f in structure.fields.items() if f.required and n not in given]
        if missing:
            raise Unconvertible(f"field {missing[0]!r} of {structure.name} is missing", value=value)
    parts = {
        name: part(_of_field(structure, name), one, name, known.get(name, NOTHING))
        for name, one in given.items()
    }
    try:
        return structure.replace(below, parts) if has_below else structure.make(parts)
    except (TypeError, ValueError) as error:  # what the class itself checks
        raise Unconvertible(str(error), value=value) from error


def _of_field(structure: Structure, name: str) -> Converter:
    """Return the converter of a field, below whose value its own default is."""
    field = structure.fields.get(name)
    if field is None:
        return _anything  # one more name of a model that takes any
    convert, default = converter(field.hint), field.default

    def over_default(value: object, below: object) -> object:
        if below is NOTHING and default is not None and not isinstance(value, UntypedText):
            below = default()
        if value is None and below is None:
            return None
        return convert(value, below)

    return over_default


def _union(hints: tuple[Any, ...]) -> Converter:
    """Return the converter of a union: the member that a value is exactly, or else the first."""
    from .unions import to_union

    return lambda value, below: to_union(value, hints, below)
