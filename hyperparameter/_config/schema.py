"""Configuration as an instance of a class, checked and converted field by field."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import repeat
from typing import Any, TypeVar, cast

from .._files.key_path import KeyPath
from .._values.annotations import converter
from .._values.convert import Unconvertible
from .._values.describe import show
from .._values.keys import did_you_mean, nest
from .._values.origin import resolve
from .._values.scalars import SCALARS_AND_TEXT
from .._values.secrets import is_secret
from .._values.untyped import UntypedText, plain
from ..exceptions import ConfigurationError
from .tree import Binding

T = TypeVar("T")


def build(schema: type[T], bindings: Mapping[str, Binding]) -> T:
    """Build an instance of the schema from these bindings.

    `ConfigurationError` for values that cannot be converted, unknown fields and missing ones: the
    key, its origin, and similar names.
    """
    values = nest({key: binding.value for key, binding in bindings.items()})
    for path, message in _unknown(schema, values, ()):
        raise _error(bindings, path, message)
    if hasattr(schema, "model_fields"):
        return _pydantic(schema, values, bindings)
    try:
        return cast("T", converter(schema)(values))
    except Unconvertible as error:
        raise _error(bindings, error.path, _reason(schema, error, values)) from None


def _reason(schema: type, error: Unconvertible, values: object) -> str:
    if error.reason:
        return error.reason
    key = ".".join(map(str, error.path))
    found = plain(_at(values, error.path))
    return f"{show(key, found)} cannot become the type that {schema.__name__} wants"


def _error(bindings: Mapping[str, Binding], path: KeyPath, message: str) -> ConfigurationError:
    key = ".".join(map(str, path))
    binding = _nearest(bindings, key)
    origin = resolve(binding.origin) if binding is not None else None
    place = f" ({origin})" if origin is not None else ""
    end = "" if message.endswith("?") else "."
    return ConfigurationError(
        f"{key or 'The configuration'}{place}: {message}{end}", key=key, origin=origin
    )


def _nearest(bindings: Mapping[str, Binding], key: str) -> Binding | None:
    """Return the binding of the key, of the list it is in, or else of one below it."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        found = bindings.get(".".join(parts[:depth]))
        if found is not None:
            return found
    return next((one for name, one in bindings.items() if name.startswith(f"{key}.")), None)


def _at(value: Any, path: KeyPath) -> object:
    for name in path:
        value = value[name]
    return value


def _unknown(hint: object, value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield the keys for which the hint's structures have no field, and a message for each."""
    fields = _fields(hint) if isinstance(value, Mapping) else None
    if fields is None or not isinstance(value, Mapping):
        for member, step, inner in _parts(hint, value):
            yield from _unknown(member, inner, (*path, *step))
        return
    for name, inner in value.items():
        if name in fields:
            yield from _unknown(fields[name], inner, (*path, name))
        else:
            owner = getattr(hint, "__name__", hint)
            near = did_you_mean(name, fields)
            yield (*path, name), f"no field {name!r} in {owner}.{near}".rstrip(".")


def _parts(hint: object, value: object) -> Iterator[tuple[object, KeyPath, object]]:
    """Yield the hints inside a generic one that apply, the step to the part, and the part."""
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        structures = [one for one in members if one not in _NO_STRUCTURES]
        if len(structures) == 1:  # of several, any may be meant
            yield structures[0], (), value
    elif origin is typing.Annotated:
        yield members[0], (), value
    elif isinstance(value, Mapping) and len(members) == 2:
        for name, inner in value.items():
            yield members[1], (name,), inner
    elif isinstance(value, (list, tuple)) and members:
        each = repeat(members[0]) if origin is not tuple or members[-1] is ... else members
        for index, (member, inner) in enumerate(zip(each, value, strict=False)):
            yield member, (index,), inner


_NO_STRUCTURES = SCALARS_AND_TEXT | {bytes}


def _fields(hint: Any) -> Mapping[str, object] | None:
    """Return the types of a structure's fields by their names in configuration, or None.

    Structures are recognized by attributes, because msgspec and pydantic may not be installed.
    """
    if hasattr(hint, "__struct_fields__"):
        hints = typing.get_type_hints(hint, include_extras=True)
        names = zip(hint.__struct_encode_fields__, hint.__struct_fields__, strict=True)
        return {name: hints[field] for name, field in names}
    if hasattr(hint, "model_fields"):
        if hint.model_config.get("extra") == "allow":
            return None
        fields = hint.model_fields.items()
        return {
            name: field.annotation
            for own, field in fields
            for name in (own, field.alias, field.validation_alias)
            if isinstance(name, str)
        }
    if typing.is_typeddict(hint) or (
        isinstance(hint, type) and hasattr(hint, "__dataclass_fields__")
    ):
        hints = typing.get_type_hints(hint)
        shown = getattr(hint, "__dataclass_fields__", None)
        return hints if shown is None else {n: hints[n] for n, f in shown.items() if f.init}
    return None


def _pydantic(schema: type[T], values: object, bindings: Mapping[str, Binding]) -> T:
    """Validate; if that fails, try again with untyped text as text in the fields that failed.

    pydantic does not say in advance whether a field wants 7 or "7".
    """
    from pydantic import ValidationError

    validate: Callable[[object], T] = schema.model_validate  # type: ignore[attr-defined]  # build checked
    try:
        return validate(_plain(values))
    except ValidationError as error:
        as_text = {tuple(problem["loc"]) for problem in error.errors(include_url=False)}
    try:
        return validate(_plain(values, as_text))
    except ValidationError as error:
        # The input may be a secret, so it is left out.
        problem = error.errors(include_url=False, include_input=False)[0]
        place = tuple(problem["loc"])
        is_hidden = is_secret(".".join(map(str, place)))  # a validator may quote what it refuses
        message = "the value does not pass its validation" if is_hidden else problem["msg"]
        raise _error(bindings, place, message) from None


def _plain(value: object, as_text: Collection[KeyPath] = (), path: KeyPath = ()) -> object:
    if isinstance(value, UntypedText):
        is_text = any(loc[: len(path)] == path for loc in as_text)
        return value.text if is_text else plain(value)
    if isinstance(value, dict):
        return {name: _plain(inner, as_text, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, as_text, (*path, index)) for index, inner in enumerate(value)]
    return value
