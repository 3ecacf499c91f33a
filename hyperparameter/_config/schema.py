"""Configuration as an instance of a class, checked and converted field by field."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Sequence

from .._scopes.refusal import refusal
from .._scopes.whole import Whole, whole
from .._values.annotations import members_of
from .._values.convert import NOTHING, Converter, Unconvertible, Unset
from .._values.declared import ABSENT, Declarations, Declared, default_of_field
from .._values.describe import show
from .._values.fields import Structure
from .._values.hints import anything, structured
from .._values.layered import over
from .._values.origin import Origin
from .._values.structures import annotated_class, structure_of
from .._values.untyped import UntypedTree
from ..exceptions import ConfigurationError
from .bindings import Bindings
from .view import View, as_snapshot

_NOWHERE = Origin("code", "")


def structure_for(schema: object) -> Structure:
    """Return what is known of a schema; `TypeError` for one that has no fields."""
    kind = typing.get_origin(schema) or schema
    if isinstance(kind, type):
        found = structure_of(schema) or annotated_class(kind)
        if found is not None:
            return found
    shown = f"the class {kind.__name__}" if isinstance(kind, type) else f"{show('', schema)}"
    raise TypeError(
        f"schema is {shown}, which has no annotated fields. Pass a class that has some: a "
        "dataclass, a NamedTuple, a TypedDict, an attrs class, a msgspec.Struct, a pydantic model "
        "or a plain class."
    )


def keys_of(structure: Structure, section: str) -> Iterator[str]:
    """Yield the keys of the fields of a structure, and of the structures in it."""
    waiting: list[tuple[str, Structure, tuple[object, ...]]] = [(section, structure, ())]
    while waiting:
        key, one, around = waiting.pop()
        for name, field in one.fields.items():
            inner = f"{key}.{name}" if key else name
            yield inner
            for below in map(structure_of, members_of(field.hint)):
                if below is not None and below.kind not in around:  # one inside itself has no end
                    waiting.append((inner, below, (*around, one.kind)))


class FieldDeclarations:
    """The fields of a schema in a section, and what `others` declare beside them."""

    def __init__(self, structure: Structure, section: str, others: Declarations) -> None:
        self._structure = structure
        self._start = f"{section}." if section else ""
        self._others = others

    def keys(self) -> Iterable[str]:
        own = keys_of(self._structure, self._start.rstrip("."))
        return {*own, *self._others.keys()}

    def defaults_of(self, key: str, /) -> list[Declared]:
        if key.startswith(self._start):
            names = key.removeprefix(self._start).split(".")
            default = default_of_field(self._structure, names)
            if default is not ABSENT:
                place = Origin("default", self._structure.name)
                return [Declared(f"{self._start}{names[0]}", default, place)]
        return self._others.defaults_of(key)


def as_dict(sources: Sequence[Bindings]) -> dict[object, object]:
    """Return what the sources say as plain nested dicts."""
    value = _read(sources, "", anything)
    assert isinstance(value, dict)  # the whole of keys
    return value


def build(structure: Structure, sources: Sequence[Bindings], section: str = "") -> object:
    """Return an instance of what the sources say in a section, by the names in it.

    `ConfigurationError` for values that cannot be converted, unknown fields and missing ones: the
    key, its origin, and similar names.
    """

    def convert(value: object, below: object) -> object:
        return over(lambda given, under: structured(structure, given, under), value, below)

    return _read(sources, section, convert)


def _read(sources: Sequence[Bindings], section: str, convert: Converter) -> object:
    found = whole(as_snapshot(View(sources).sources, _NOWHERE), "")
    if found is None:
        found = Whole(UntypedTree({}), _NOWHERE, {})
    try:
        return _converted(convert, found.value)
    except Unconvertible as error:
        if section:
            error.path = (*section.split("."), *error.path)
            found.origins = {f"{section}.{key}": at for key, at in found.origins.items()}
        raise refusal(ConfigurationError, "", found, error) from None


def _converted(convert: Converter, value: object) -> object:
    try:
        return convert(value, NOTHING)
    except Unset:  # by variables that are empty
        return convert(UntypedTree({}), NOTHING)
