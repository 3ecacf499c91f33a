"""Classes with fields, of whatever kind: what their fields are, and how they are made and changed.

This is the one place that says what a dataclass is, an attrs class, a NamedTuple, a TypedDict, a
msgspec struct or a pydantic model.
"""

from __future__ import annotations

import typing

from .by_identity import by_identity
from .fields import Field, Structure, bound_variables, constant, field_hints, is_free, mark_of


@by_identity
def structure_of(hint: object) -> Structure | None:
    """Return what is known of a class with fields, generic ones with their parameters bound."""
    origin = typing.get_origin(hint)
    kind = hint if origin is None else origin
    if not isinstance(kind, type):
        return None
    mark = mark_of(kind)
    if mark is None:
        return None
    from .structure_kinds import KINDS  # many programs have no such class

    return KINDS[mark](kind, bound_variables(hint))


def of_instance(structure: Structure, kind: type) -> Structure:
    """Return what is known of an instance of this class where the structure is wanted.

    A subclass may have more fields.  What its type variables stand for, the structure knows.
    """
    own = None if kind is structure.kind else structure_of(kind)
    if own is None:
        return structure
    fields = {
        name: Field(known.hint, one.default, known.attribute, known.metadata)
        if is_free(one.hint) and (known := structure.fields.get(name))
        else one
        for name, one in own.fields.items()
    }
    return Structure(
        own.name, own.kind, fields, own.make, own.replace, extra=own.extra, raw=own.raw
    )


def annotated_class(kind: type) -> Structure | None:
    """Return a plain class with annotations as a structure: its attributes are the fields."""
    hints = field_hints(kind, {})
    fields = {
        name: Field(hint, constant(getattr(kind, name)) if hasattr(kind, name) else None, name)
        for name, hint in hints.items()
        if typing.get_origin(hint) is not typing.ClassVar and hint is not typing.ClassVar
    }

    def change(instance: object, values: dict[str, object]) -> object:
        for name, value in values.items():
            setattr(instance, name, value)
        return instance

    def make(values: dict[str, object]) -> object:
        return kind(**values) if _takes_keywords(kind) else change(kind(), values)

    return Structure(kind.__name__, kind, fields, make, change) if fields else None


def _takes_keywords(kind: type) -> bool:
    return vars(object)["__init__"] is not getattr(kind, "__init__")  # noqa: B009  # mypy
