"""The file that `--print-config` prints: every parameter with the value that a run would have."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .._console import can_print, print_message
from .._files.writer import Unwritable, check_writable, dumps
from .._functions import registry
from .._scopes import ambient
from .._scopes.lookup import typed
from .._scopes.whole import Whole
from .._values.convert import is_enum
from .._values.describe import Description, Masked, describe, has_secrets, show
from .._values.hints import by_default
from .._values.keys import is_key, nest
from .._values.origin import RawOrigin
from .._values.structures import structure_of
from .._values.untyped import plain
from .options import REQUIRED
from .parameters import is_given
from .program_keys import reads_in

if TYPE_CHECKING:
    from .._scan import SourceTree


def configuration(kind: str, program: SourceTree | None, keys: Iterable[str]) -> str:
    """Return all parameters of the program, and the `keys` that are set, as a file.

    A message on stderr names each parameter that has no value, or none that a file can hold.
    """
    flat: dict[str, object] = {}
    for key, value in _values(program, keys):
        for name, leaf in _leaves(key, value):
            try:
                flat[name] = _plain(_no_secret(name, leaf), kind)
                check_writable(kind, flat[name])
            except Unwritable as reason:
                flat.pop(name, None)
                print_message(f"{name} is left out: {reason}.")
    for key in list(flat):
        if (above := _value_above(key, flat)) is not None:
            print_message(f"{key} is left out: {above} has a value, and a file cannot hold both.")
            del flat[key]
    return _written(kind, nest(flat))


def _value_above(key: str, flat: Mapping[str, object]) -> str | None:
    parts = key.split(".")
    above = (".".join(parts[:depth]) for depth in range(1, len(parts)))
    return next((name for name in above if name in flat), None)


def _values(program: SourceTree | None, keys: Iterable[str]) -> Iterator[tuple[str, object]]:
    """Yield each parameter with the value that a run would have for it."""
    seen: set[str] = set()
    for signature in registry.declared():
        for name in signature.names:
            key = f"{signature.namespace}.{name}"
            if key not in seen:
                seen.add(key)
                yield key, signature.value(name, REQUIRED)
    snapshot = ambient.current().snapshot
    for one in reads_in(program):
        if not one.is_pattern and one.key not in seen:
            seen.add(one.key)
            found = snapshot.find(one.key)
            default = one.default if one.has_default else REQUIRED
            yield one.key, default if found is None else _value_read(one.key, default, *found)
    for key in keys:
        if not any(key == one or key.startswith(f"{one}.") for one in seen):
            yield key, plain(snapshot.flat()[key])


def _value_read(key: str, default: object, stored: object, origin: RawOrigin) -> object:
    """Return the value that reading a key gives, for the default found in the source file."""
    if not is_given(default) or isinstance(default, Description):
        return plain(stored)
    return typed(key, Whole(stored, origin, {key: origin}), by_default(default), default)


def _leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the values at and below a key; a mapping with names that are not keys is one value."""
    fields = _names_in(value)
    if fields and all(is_key(name) and "." not in name for name in fields):
        for name, inner in fields.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value


def _names_in(value: object) -> Mapping[str, object] | None:
    """Return what a mapping has, or the fields of a structure."""
    if isinstance(value, Mapping):
        return value
    structure = structure_of(type(value))
    return None if structure is None else structure.values_of(value)


def _no_secret(key: str, value: object) -> object:
    """Return the value if neither it nor a part of it is a secret."""
    if is_given(value) and has_secrets(described := describe(key, value)):
        part = "" if isinstance(described, Masked) else "a part of "
        raise Unwritable(f"{part}its value is a secret")
    return value


def _plain(value: object, kind: str) -> object:
    if value is REQUIRED:
        raise Unwritable("it is required and has no value")
    if type(value) is str:
        return value.replace("${", "$${")  # which would be a reference in a file
    if type(value) in (int, float, bool, type(None)):
        return value
    if is_enum(type(value)):
        return value.name  # type: ignore[attr-defined]  # a member of an enumeration
    if (fields := _names_in(value)) is not None:
        return {str(name): _plain(inner, kind) for name, inner in fields.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, kind) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Description):
        raise Unwritable(f"the program computes it as {value}")
    raise Unwritable(f"its value is {show('', value)}, which no file can hold")


def _written(kind: str, values: dict[str, object]) -> str:
    """Return the text of a file; the format's own escapes replace what stdout cannot encode."""
    text = dumps(kind, values)
    return text if can_print(text) else dumps(kind, values, ascii_only=True)
