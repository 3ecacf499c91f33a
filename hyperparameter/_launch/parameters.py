"""The options that the parameters of a function become."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Literal

from .._functions.signature import Signature
from .._values import annotations as annotation
from .._values.containers import SEQUENCES, is_mapping
from .._values.convert import is_enum
from .._values.structures import structure_of
from .options import REQUIRED, Kind, Option


def options_of(signature: Signature) -> list[Option]:
    """Return the options of a function's parameters, positional arguments first."""
    made = [
        option
        for name in signature.names
        for option in _options(
            f"{signature.namespace}.{name}",
            name,
            signature.hint(name),
            signature.default(name, REQUIRED),
        )
    ]
    return sorted(made, key=lambda option: bool(option.flags))


def _options(
    key: str, path: str, hint: object, default: object, owners: tuple[object, ...] = ()
) -> Iterator[Option]:
    """Yield the option of a parameter or of a field, then those of its own fields.

    `owners` are the structures around a field, innermost last: one inside itself has no end.
    """
    wanted = bare(type(default) if hint is None and is_given(default) else hint)
    kind = _kind(wanted)
    is_positional = default is REQUIRED and not owners and kind not in ("fields", "pairs")
    flags = () if is_positional else _flags(path)
    if flags or is_positional:
        yield Option(
            key, flags, "value" if is_positional and kind == "switch" else kind,
            _size(wanted, default), hint, default, _choices(wanted), _metavar(path, wanted, kind),
            owner=owners[-1] if owners else None, takes_names=_takes_names(wanted, default),
        )  # fmt: skip
    if kind == "fields" and wanted not in owners:
        for name, (inner, value) in _fields(wanted, default).items():
            yield from _options(f"{key}.{name}", f"{path}.{name}", inner, value, (*owners, wanted))


def is_given(default: object) -> bool:
    """Tell whether a default has a type to go by."""
    return default is not REQUIRED and default is not None  # by identity: == of arrays is an array


def _fields(wanted: object, default: object) -> dict[str, tuple[object, object]]:
    """Return the type and default of each field; an instance as `default` supplies its values."""
    structure = structure_of(wanted)
    assert structure is not None  # the kind says so
    known: Mapping[str, object] = {}
    if isinstance(default, structure.kind):
        structure = structure_of(type(default)) or structure  # a subclass has more fields
        known = structure.values_of(default)
    found = {}
    for name, field in structure.fields.items():
        value = REQUIRED if field.default is None else field.default()
        found[name] = (field.hint, known.get(name, value))
    return found


def bare(hint: object) -> object:
    """Return a type without `Annotated`, `NewType` and the None of `Optional`."""
    hint = annotation.bare(hint)
    if is_union(hint):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) == 1:
            return bare(members[0])
    return hint


def _kind(wanted: object) -> Kind:
    if wanted is bool:
        return "switch"
    if is_union(wanted):
        kinds = set(map(_kind, typing.get_args(wanted)))
        if "items" in kinds:
            return "items"
        return "pairs" if {"pairs", "fields"} & kinds else "value"
    if structure_of(wanted) is not None:
        return "fields"
    kind = typing.get_origin(wanted) or wanted
    if is_mapping(kind):
        return "pairs"
    if isinstance(kind, type) and kind in SEQUENCES:
        return "value" if _size(wanted) != 1 else "items"
    return "value"


def is_union(wanted: object) -> bool:
    return typing.get_origin(wanted) in (typing.Union, types.UnionType)


def _takes_names(wanted: object, default: object) -> bool:
    if wanted is None or wanted is type(None):
        return default is None
    return _kind(wanted) != "fields" and annotation.takes_names(wanted)


def _size(wanted: object, default: object = None) -> int:
    """Return how many words a tuple of fixed length takes, or one like it; else 1."""
    items = typing.get_args(wanted)
    if typing.get_origin(wanted) is tuple and Ellipsis not in items:
        return len(items)
    return len(default) if wanted is tuple and isinstance(default, tuple) and default else 1


def _choices(wanted: object) -> tuple[str, ...]:
    if typing.get_origin(wanted) is Literal:
        return tuple(map(str, typing.get_args(wanted)))
    if isinstance(wanted, type) and is_enum(wanted):
        return tuple(wanted.__members__)  # type: ignore[attr-defined]  # an enumeration
    items = typing.get_args(wanted)
    return _choices(items[0]) if _kind(wanted) == "items" and items else ()


def _metavar(path: str, wanted: object, kind: Kind) -> str:
    is_pairs = kind == "pairs" and not is_union(wanted)
    return "KEY=VALUE" if is_pairs else path.rpartition(".")[2].rstrip("_").upper()


def _flags(path: str) -> tuple[str, ...]:
    """Return the spellings: with dashes, as in Python, and without the `_` of `class_`."""
    spellings = (path.rstrip("_").replace("_", "-"), path.rstrip("_"), path)
    flags = dict.fromkeys(f"--{spelling}" for spelling in spellings if spelling)
    return tuple(flag for flag in flags if flag != "--help")
