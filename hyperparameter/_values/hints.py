"""Toward an annotation: one walk over what a hint is made of, one converter for each hint.

Scalars follow `rules`, structures `structures`, containers, choices and unions the modules of
their names; this one knows what each hint is, and what only stands for another hint.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from contextlib import suppress
from os import PathLike
from typing import Any, Literal, Union

from .annotations import bare, is_any, members_of, tuple_items
from .by_identity import by_identity
from .checking import UNSEEN, is_unmade, kind_of, made, mode, stand_in
from .containers import (
    SEQUENCES,
    check_named_once,
    is_mapping,
    mapping,
    names_of,
    names_written,
    parts_of,
    sequence,
    tuple_of,
)
from .convert import NOTHING, Converter, Unconvertible, Unset, is_enum, part
from .default_again import or_below, or_made
from .fields import UNKNOWN, Field, Structure
from .keys import did_you_mean, is_key
from .layered import layered, under
from .leaves import none, opaque, path, scalar
from .rules import rule_of, to_number
from .secrets import is_secret
from .structures import of_instance, structure_of
from .untyped import (
    INFINITE,
    REMOVED,
    Blank,
    EmptyVariable,
    Layered,
    Untyped,
    UntypedText,
    UntypedTree,
    is_nan,
    is_null,
    may_be_mapping,
    plain,
)


@by_identity
def converter(hint: Any) -> Converter:
    """Return the function that converts toward `hint`."""
    stands_for = bare(hint)
    if stands_for is not hint:
        return converter(stands_for)
    if is_any(hint):
        return anything
    if hint is None or hint is type(None):
        return none
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return layered(_union(args))
    if origin is Literal:
        from .choices import literal

        return literal(args)
    kind = hint if origin is None else origin
    if isinstance(kind, type):
        found = _of_class(hint, kind, args)
        if found is not None:
            return found
    if type(hint).__name__ == "Validated":  # of whose module most programs have no need
        from .validated import validated

        return validated(hint)
    return layered(_of_instance(opaque(hint, kind)))


@by_identity
def nullable(hint: object) -> Converter:
    """Return the converter toward `hint` or None."""
    return layered(_union((hint, None)))


def is_opaque(kind: type) -> bool:
    """Tell a class that nothing can be converted to."""
    return not is_any(kind) and kind is not type(None) and _of_class(kind, kind, ()) is None


def _of_class(hint: Any, kind: type, args: tuple[Any, ...]) -> Converter | None:
    rule = rule_of(kind)
    if rule is not None:
        return scalar(*rule)
    if is_enum(kind):
        from .choices import enum

        return enum(kind)
    if issubclass(kind, PathLike):
        return path(kind)
    structure = structure_of(hint)
    if structure is not None:
        return layered(lambda value, below: structured(structure, value, below))
    is_bare = hint is tuple or hint is typing.Tuple  # noqa: UP006  # the old spelling
    if kind is tuple and not is_bare and args[1:] != (Ellipsis,):
        return tuple_of(*([converter(one) for one in part] for part in tuple_items(hint)))
    if kind in SEQUENCES:
        return sequence(kind, converter(args[0] if args else Any))
    if is_mapping(kind):
        key, item = args if len(args) == 2 else (Any, Any)
        to_key = None if is_any(bare(key)) else converter(key)
        return layered(mapping(kind, to_key, or_below(converter(item))))
    return None


def _union(hints: tuple[Any, ...]) -> Converter:
    from .unions import to_union  # many programs have none

    members = [one for hint in hints for one in members_of(hint)]
    return lambda value, below: to_union(value, members, below, converter)


def anything(value: object, below: object = NOTHING) -> object:
    """Return the value without a wanted type; a mapping joins the mapping or instance below it."""
    if type(value) is Layered:
        whole = REMOVED if value.whole is REMOVED else under(anything, value, below)
        # A name may have a value and names below it: then the value is what is read.
        is_nothing = whole is None or whole is NOTHING or whole is REMOVED
        takes = is_nothing or isinstance(whole, Mapping) or structure_of(type(whole))
        return anything(value.parts, whole) if takes else whole
    if type(value) is EmptyVariable:
        raise Unconvertible(wanted="a value", value=value)
    found = parts_of(value) if isinstance(value, (UntypedText, UntypedTree)) else value
    if not isinstance(found, dict):
        if found is None and isinstance(value, UntypedText):
            check_named_once(value)
        return plain(value)
    structure = structure_of(kind_of(below))
    if structure is not None and structure.kind is not dict:
        return structured(structure, found, below)
    joins = isinstance(below, Mapping) and all(map(is_key, found))
    if joins and not found:
        return below
    if found is value and not (joins and below):
        return value  # the very one that was given
    return _joined(value if isinstance(value, UntypedTree) else found, below)


_joined = mapping(dict, None, anything)


def _of_instance(refuse: Converter) -> Converter:
    """Return the converter toward a class that only an instance has fields of, as a base class."""

    def convert(value: object, below: object) -> object:
        structure = structure_of(kind_of(below))
        given = parts_of(value) if isinstance(value, Untyped) else value
        if structure is None or structure.kind is dict or not isinstance(given, dict):
            return refuse(value, below)
        return refuse(structured(structure, given, below), below)

    return convert


def structured(structure: Structure, value: object, below: object) -> object:
    """Return an instance: of the fields that are given, and of what is below for the others."""
    if structure.is_instance(value):
        return value
    given = names_of(value)
    if isinstance(below, structure.kind) and structure.kind is not dict:
        structure = of_instance(structure, kind_of(below))
    allowed = given if structure.extra else structure.fields
    given = {n: one for n, one in given.items() if n in allowed or not _is_empty(one)}
    has_below = isinstance(below, structure.kind)
    _check_names(structure, given, value, is_whole=not has_below, is_unseen=below is UNSEEN)
    known = structure.values_of(below) if has_below else {}
    parts: dict[str, object] = {}
    is_set = not given
    for name, one in given.items():
        with suppress(Unset):
            if one is not REMOVED:
                field = structure.fields.get(name)  # a model may take more names
                convert = anything if field is None else _of_field(field)
                parts[name] = part(convert, one, name, known.get(name, NOTHING))
            is_set = is_set or has_below or one is not REMOVED
    if not is_set:
        raise Unset
    if len(parts) < len(given) and not has_below and below is not UNSEEN:  # empty variables
        _check_complete(structure, parts, value)
    if mode.is_on and structure.kind is not dict:  # a TypedDict makes plain dicts
        return UNSEEN if below is UNSEEN else stand_in(structure, {**known, **parts})
    try:
        return structure.replace(below, parts) if has_below else structure.make(parts)
    except (TypeError, ValueError) as error:  # what the class itself checks
        raise refused(error, [*known, *given], value) from error


def refused(error: Exception, names: Iterable[object], value: object = None) -> Unconvertible:
    """Return the error of values that a class with these fields has refused itself."""
    from .structure_kinds import said_by

    # What the class says may hold any of its values.
    has_secret = any(is_secret(str(name)) for name in names)
    place, said = said_by(error)
    return Unconvertible(
        "the class refuses these values" if has_secret else said, place, value=value
    )


def _check_names(
    structure: Structure,
    given: Mapping[Any, object],
    value: object,
    *,
    is_whole: bool,
    is_unseen: bool,
) -> None:
    """Refuse names that no field has, and a whole that lacks a field."""
    if is_unseen:
        return
    unknown = [name for name in given if name not in structure.fields]
    if unknown and not structure.extra:
        near = did_you_mean(str(unknown[0]), structure.fields)
        reason = f"{structure.name} has no field {unknown[0]!r}.{near}"
        raise Unconvertible(reason, (unknown[0],), value=given[unknown[0]])
    if is_whole:
        _check_complete(structure, given, value)


def _check_complete(structure: Structure, given: Mapping[Any, object], value: object) -> None:
    """Refuse a whole that lacks a field."""
    if mode.may_lack:
        return
    missing = [n for n, f in structure.fields.items() if f.required and n not in given]
    if missing:
        raise Unconvertible(f"field {missing[0]!r} of {structure.name} is missing", value=value)


def _is_empty(value: object) -> bool:
    """Tell a section that sets nothing, whatever it is called."""
    names = names_written(value)
    return type(value) is Blank or (names is not None and all(map(_is_empty, names.values())))


def _of_field(field: Field) -> Converter:
    """Return the converter of a field, below whose value its own default is."""
    convert = nullable(field.hint) if field.is_none else converter(field.hint)

    def over_default(value: object, below: object) -> object:
        if below is NOTHING and field.default is not None and may_be_mapping(value):
            below = made(field.default)
        if field.hint is UNKNOWN:
            return by_default(made(field.default) if field.default else NOTHING)(value, below)
        return or_made(convert, value, below, field.default)

    return over_default


def by_default(default: object) -> Converter:
    """Return the converter toward the type of `default`, where no annotation says what is wanted.

    None asks for nothing, and no number is changed into another one.
    """
    if default is NOTHING or default is UNKNOWN or is_unmade(default):
        return anything
    if default is None:
        return lambda value, below: None if is_null(value) else anything(value, below)
    kind = type(default)
    convert = converter(kind)
    is_number = kind in (int, float)

    def toward_default(value: object, below: object) -> object:
        if value is None or (is_number and _is_other_number(value)):
            return value
        try:
            return convert(value, below)
        except Unconvertible:
            # A number stays what it is where the type of the default cannot hold it.
            if is_number and (number := _number(value)) is not None:
                return number
            if isinstance(value, (str, Untyped)) or not is_opaque(kind):
                raise
            return value  # an object that stands in for another one

    return toward_default


def _is_other_number(value: object) -> bool:
    """Tell a number that is not an int: of Python, or of a library, whose types mean something."""
    if isinstance(value, (int, str, Untyped)):
        return False
    return isinstance(value, float) or _number(value) is not None


def _number(value: object) -> object:
    """Return the finite number that a value is, None for anything else."""
    try:
        number = to_number(value)
    except Unconvertible:
        return None
    is_finite = not isinstance(number, float) or not (number in INFINITE or is_nan(number))
    return number if is_finite else None
