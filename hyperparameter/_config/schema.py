"""Configuration as an instance of a class, checked and converted field by field."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

from .._files.key_path import KeyPath as Path
from .._values.annotations import converter
from .._values.convert import Unconvertible, UntypedText, plain
from .._values.describe import show
from .._values.keys import did_you_mean, nest
from .._values.origin import resolve
from ..exceptions import ConfigurationError
from .tree import Setting


def build(schema: Any, settings: Mapping[str, Setting]) -> Any:
    """Return the schema's instance of these settings.

    `ConfigurationError` for what cannot be converted, unknown fields and missing ones: the key,
    its origin, and the near names.
    """
    values = nest({key: setting.value for key, setting in settings.items()})
    for path, message in _unknown(schema, values, ()):
        raise _error(settings, path, message)
    if hasattr(schema, "model_fields"):
        return _pydantic(schema, values, settings)
    try:
        return converter(schema)(values)
    except Unconvertible as error:
        raise _error(settings, error.path, _reason(schema, error, values)) from None


def _reason(schema: Any, error: Unconvertible, values: Any) -> str:
    if error.reason:
        return error.reason
    found = _at(values, error.path)
    key = ".".join(map(str, error.path))
    return f"{show(key, plain(found))} cannot become what {schema.__name__} wants"


def _error(settings: Mapping[str, Setting], path: Path, message: str) -> ConfigurationError:
    key = ".".join(map(str, path))
    setting = _nearest(settings, key)
    origin = resolve(setting.origin) if setting is not None else None
    place = f" ({origin})" if origin is not None else ""
    end = "" if message.endswith("?") else "."
    return ConfigurationError(
        f"{key or 'The configuration'}{place}: {message}{end}", key=key, origin=origin
    )


def _nearest(settings: Mapping[str, Setting], key: str) -> Setting | None:
    """Return the setting at the key, of the list it is in, or else one below it."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        found = settings.get(".".join(parts[:depth]))
        if found is not None:
            return found
    return next((one for name, one in settings.items() if name.startswith(f"{key}.")), None)


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def _unknown(hint: Any, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the keys that no field of the hint's structures has, and a message for each."""
    fields = _fields(hint) if isinstance(value, Mapping) else None
    if fields is None:
        for member, step, inner in _parts(hint, value):
            yield from _unknown(member, inner, (*path, *step))
        return
    for name, inner in value.items():
        if name in fields:
            yield from _unknown(fields[name], inner, (*path, name))
        else:
            near = did_you_mean(name, fields)
            yield (*path, name), f"no field {name!r} in {hint.__name__}.{near}".rstrip(".")


def _parts(hint: Any, value: Any) -> Iterator[tuple[Any, Path, Any]]:
    """Yield the hints inside a generic one, where they apply, and to what."""
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        structures = [one for one in members if one not in _SCALARS]
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


_SCALARS = (int, float, str, bool, bytes, type(None))


def _fields(hint: Any) -> Any:
    """Return the types of a structure's fields by their names in configuration; or None."""
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


def _pydantic(schema: Any, values: Any, settings: Mapping[str, Setting]) -> Any:
    """Validate; text without a type is first what it looks like, then the text."""
    from pydantic import ValidationError

    try:
        return schema.model_validate(_plain(values))
    except ValidationError as error:
        as_text = {tuple(problem["loc"]) for problem in error.errors(include_url=False)}
    try:
        return schema.model_validate(_plain(values, as_text))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise _error(settings, tuple(problem["loc"]), problem["msg"]) from None


def _plain(value: Any, as_text: Any = frozenset(), path: Path = ()) -> Any:
    if isinstance(value, UntypedText):
        is_text = any(loc[: len(path)] == path for loc in as_text)
        return value.text if is_text else plain(value)
    if isinstance(value, dict):
        return {name: _plain(inner, as_text, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, as_text, (*path, index)) for index, inner in enumerate(value)]
    return value
