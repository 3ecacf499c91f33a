"""Configuration as an instance of a class, checked and converted field by field."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence

from .._scopes.whole import whole
from .._values.annotations import members_of
from .._values.convert import NOTHING, Unconvertible
from .._values.describe import show
from .._values.fields import Structure
from .._values.hints import anything, over, structured
from .._values.origin import Origin, RawOrigin, resolve
from .._values.secrets import is_secret
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


def as_dict(sources: Sequence[Bindings]) -> dict[object, object]:
    """Return what the sources say as plain nested dicts."""
    found = whole(as_snapshot(View(sources).sources, _NOWHERE), "")
    value = {} if found is None else anything(found.value, NOTHING)
    assert isinstance(value, dict)  # the whole of keys
    return value


def build(structure: Structure, sources: Sequence[Bindings], section: str = "") -> object:
    """Return an instance of what the sources say in a section, by the names in it.

    `ConfigurationError` for values that cannot be converted, unknown fields and missing ones: the
    key, its origin, and similar names.
    """
    view = View(sources)
    found = whole(as_snapshot(view.sources, _NOWHERE), "")
    value = UntypedTree({}) if found is None else found.value
    try:
        return over(lambda given, below: structured(structure, given, below), value, NOTHING)
    except Unconvertible as error:
        raise _error(view.bindings, error, section) from None


def _error(bindings: Bindings, error: Unconvertible, section: str) -> ConfigurationError:
    """Return the error with the key that it is about and where that was set, in one line."""
    inside = ".".join(map(str, error.path))
    found = _nearest(bindings, inside)
    key = ".".join(filter(None, [section, inside]))
    origin = None if found is None else resolve(found)
    place = f" ({origin})" if origin is not None else ""
    problem = _problem(key, error)
    end = "" if problem.endswith(("?", ".")) else "."
    return ConfigurationError(
        f"{key or 'The configuration'}{place}: {problem}{end}",
        key=key,
        value=show(key, error.value),
        origin=origin,
    )


def _problem(key: str, error: Unconvertible) -> str:
    shown = show(key, error.value)
    if not error.reason:
        return f"{shown} is not {error.wanted or 'what is wanted here'}"
    # What a class itself says may hold any of its values.
    if isinstance(error.value, (Mapping, UntypedTree)) and error.__cause__ is not None:
        names = error.value if isinstance(error.value, Mapping) else error.value.value
        if any(is_secret(str(name)) for name in names):
            return "the class refuses these values"
    return " ".join(error.reason.split())


def _nearest(bindings: Bindings, key: str) -> RawOrigin | None:
    """Return where the key was set, the list that it is in, or else one below it."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        found = bindings.get(".".join(parts[:depth]))
        if found is not None:
            return found.origin
    return next((one.origin for name, one in bindings.items() if name.startswith(f"{key}.")), None)
