"""How a value is read: find, convert, record, cache.

Accessors and scopes as mappings read here, once for each question in a state; the answer is then
cached with that state.  `_functions.signature` does the same for the parameters of a call.
"""

from __future__ import annotations

from typing import Any

from .._values.annotations import Converter
from .._values.convert import Unconvertible, convert, to_bool
from .._values.describe import show
from .._values.keys import nest
from .._values.origin import RawOrigin, Site, outside_site, resolve
from .._values.scalars import is_small
from .._values.untyped import UntypedText, plain
from ..exceptions import ConversionError, MissingParameter
from . import ambient
from .snapshot import DELETED, Layer, Snapshot

NO_DEFAULT = object()
"""The default of a read that requires a value."""


def read(state: ambient.State, key: str, default: object, site: Site) -> object:
    """Return the value of `key` toward the type of `default`, or `default` where there is none."""
    found = state.find(key)
    value, origin = found if found is not None else (default, None)
    if type(default) is dict and (found is None or (isinstance(value, dict) and not value)):
        gathered = gather(state, key, site)
        if gathered is not None:
            base = value if isinstance(value, dict) else {}
            value, origin = merge(base, gathered[0]), gathered[1]
    result = value
    if type(value) is not type(default):
        try:
            result = convert(value, default)
        except Unconvertible:
            raise _conversion_error(key, value, origin, type(default).__name__) from None
    state.record.note(key, result, default, origin, site)
    if is_small(default) and (result is value or is_small(result)):
        state.cache_answer(key, (default, result))
    return result


def require(state: ambient.State, key: str, site: Site) -> object:
    """Return the value of `key`; `MissingParameter` where there is none."""
    found = state.find(key)
    if found is None:
        raise missing(state.snapshot, key)
    stored, origin = found
    value = plain(stored)
    state.record.note(key, value, None, origin, site)
    if value is stored or is_small(value):
        state.cache_answer(key, (NO_DEFAULT, value))
    return value


def truth(state: ambient.State, key: str, site: Site) -> bool:
    """Return the truth of the stored value; a missing one is False, "no" from outside too."""
    found = state.find(key)
    if found is None:
        state.record.note(key, False, False, None, site)
        return False
    value, origin = found
    try:
        answer = to_bool(value) if type(value) is UntypedText else bool(value)
    except Unconvertible:
        answer = bool(plain(value))
    state.record.note(key, plain(value), None, origin, site)
    return answer


def typed(key: str, value: object, origin: RawOrigin, converter: Converter, wanted: str) -> object:
    """Return `value` by `converter`; None stays None."""
    if value is None:
        return None
    try:
        return converter(value)
    except Unconvertible as reason:
        raise _conversion_error(key, value, origin, wanted, str(reason)) from None


def gather(state: ambient.State, key: str, site: Site) -> tuple[dict[str, Any], RawOrigin] | None:
    """Return the nested mapping below `key` and where one of its keys was bound."""
    snapshot = state.snapshot
    below = {name: plain(value) for name, value in snapshot.below(key).items()}
    if not below:
        return None
    for name, value in below.items():
        source = snapshot.origin_of(f"{key}.{name}")
        state.record.note(f"{key}.{name}", value, None, source, site)
    return nest(below), source


def deletion(snapshot: Snapshot, key: str) -> Layer:
    """Return the write that deletes `key`; `MissingParameter` where nothing binds it."""
    if snapshot.find(key) is None:
        raise missing(snapshot, key)
    return Layer({key: DELETED}, outside_site())


def missing(snapshot: Snapshot, key: str) -> MissingParameter:
    return MissingParameter(
        f"Hyperparameter {key!r} is required but not defined.{snapshot.explain_missing(key)}",
        key=key,
    )


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over`, field by field where both are structures."""
    merged = dict(base)
    for key, value in over.items():
        below = fields_of(merged.get(key)) if isinstance(value, dict) else {}
        merged[key] = merge(below, value) if below else value
    return merged


def fields_of(value: object) -> dict[str, Any]:
    """Return the fields of a dict, a dataclass instance or a struct; {} for anything else."""
    if isinstance(value, dict):
        return value
    kind = type(value)
    names = getattr(kind, "__struct_fields__", ()) or [
        name for name, field in getattr(kind, "__dataclass_fields__", {}).items() if field.init
    ]
    return {name: getattr(value, name) for name in names}


def _conversion_error(
    key: str, value: object, source: RawOrigin | None, wanted: str, reason: str = ""
) -> ConversionError:
    origin = resolve(source) if source is not None else None
    kind = "text" if isinstance(value, UntypedText) else type(value).__name__
    if isinstance(value, UntypedText) and plain(value) is None:
        value = value.text  # as it was written: '', 'null'
    shown = show(key, value)
    return ConversionError(
        f"Hyperparameter {key!r} is {shown} ({kind}, from {origin}), which cannot become "
        f"{wanted}{f' ({reason})' if reason else ''}. Change the value; or, to take it as it is, "
        "annotate the parameter or read it with None as default.",
        key=key,
        value=shown,
        origin=origin,
    )
