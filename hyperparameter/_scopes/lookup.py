"""How a value is read: find, convert, record, cache.

Accessors and scopes as mappings read here, once for each question in a state; the answer is then
cached with that state.  `_functions.signature` does the same for the parameters of a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from .._values.annotations import takes_names
from .._values.convert import NOTHING, Converter, Unconvertible, Unset
from .._values.default_again import or_default
from .._values.describe import show
from .._values.hints import anything, by_default, converter
from .._values.landing import names_from
from .._values.origin import RawOrigin, Site, outside_site
from .._values.rules import to_bool
from .._values.scalars import SCALARS, SCALARS_AND_TEXT, is_constant, items_of
from .._values.structures import structure_of
from .._values.untyped import (
    EmptyVariable,
    Untyped,
    UntypedText,
    may_be_mapping,
    plain,
    takes_away_only,
)
from ..exceptions import ConversionError
from . import ambient
from .markers import ABSENT, DELETED
from .missing import missing
from .snapshot import Layer, Snapshot
from .whole import Whole, whole

NO_DEFAULT = object()
"""The default of a read that requires a value."""


def read(state: ambient.State, key: str, default: object, site: Site) -> object:
    """Return the value of `key` toward the type of `default`, or `default` where there is none."""
    kind = type(default)
    if kind is list and (again := _list_read_before(state, (key, list), default)) is not None:
        return again
    leaf = found = origin = None
    result = stored = default
    if default is None or (kind not in _LEAVES and takes_names(kind)):
        found = find(state, key)
    elif (leaf := state.find(key)) is None:
        found = given_mapping(state, key)
    else:
        result, origin = leaf
        stored = result
        if type(result) is not kind:
            try:
                only = alone(state, key, *leaf)
                stored = only.value
                result = typed(key, only, by_default(default), default)
            except Unset:
                result, origin, stored = default, None, default
    if found is not None:
        with suppress(Unset):
            wanted = by_default(default)
            result = typed(key, found, wanted, default)
            origin, stored = found.origin, found.value
            note_parts(state, key, found, result, site, default=default, convert=wanted)
    if origin is None:
        namespace, _, name = key.rpartition(".")
        check_namespace(state, namespace, (name,))
    convert = None if type(result) in SCALARS_AND_TEXT else by_default(default)
    state.record.note(key, result, default, origin, site, written=stored, convert=convert)
    if (kind in SCALARS or is_constant(default)) and (
        result is default or type(result) in SCALARS or is_constant(result)
    ):
        state.cache_read(key, default, result)
    elif kind is list and (result is default or (leaf is not None and result is leaf[0])):
        state.cache_answer((key, list), (ABSENT if origin is None else result, items_of(result)))
    return result


def _list_read_before(state: ambient.State, question: object, default: object) -> object:
    """Return the list that a read gives if it is the last one again, None if it is not.

    A list in the source is a new one each time, and may have been changed since: so its items, or
    those of what is bound, are compared.
    """
    known = state.cache.get(question)
    if known is None or known[1] is None:
        return None
    value = default if known[0] is ABSENT else known[0]
    return value if items_of(value) == known[1] else None


_LEAVES = SCALARS_AND_TEXT | {list, tuple}


def require(state: ambient.State, key: str, site: Site) -> object:
    """Return the value of `key`; `MissingParameter` where there is none."""
    again = _list_read_before(state, (key, NO_DEFAULT), None) if state.cache else None
    if again is not None:
        return again
    if state.find(key) is None:
        namespace, _, name = key.rpartition(".")
        check_namespace(state, namespace, (name,))
        raise missing(state.snapshot, key)
    found = find(state, key)
    assert found is not None
    try:
        value = typed(key, found, anything, NOTHING)
    except Unset:
        raise missing(state.snapshot, key) from None
    note_parts(state, key, found, value, site, convert=anything)
    state.record.note(key, value, None, found.origin, site, written=found.value, convert=anything)
    if type(value) is list and value is found.value and (items := items_of(value)) is not None:
        state.cache_answer((key, NO_DEFAULT), (value, items))  # it may be changed in place
    elif value is found.value or is_constant(value):
        state.cache_read(key, NO_DEFAULT, value)
    return value


def read_all(state: ambient.State, site: Site) -> Iterator[tuple[str, object]]:
    """Yield each visible key with its value, and record it as read among many."""
    snapshot = state.snapshot
    for key, stored in snapshot.flat().items():
        value, origin = plain(stored), snapshot.origin_of(key)
        state.record.note(
            key, value, None, origin, site, bulk=True, written=stored, convert=anything
        )
        yield key, value


def shown(state: ambient.State) -> dict[str, object]:
    """Return all that is visible, for what shows it or hands it on without a read."""
    flat = state.snapshot.flat()
    state.record.note_shown(flat)
    return flat


def is_bound(state: ambient.State, key: str) -> bool:
    """Tell whether a key has a value."""
    state.record.note_shown((key,))
    return state.snapshot.find(key) is not None


def truth(state: ambient.State, key: str, site: Site) -> bool:
    """Return the truth of the stored value; a missing one is False, "no" from outside too."""
    found = state.find(key)
    if found is None:
        return _truth_of_mapping(state, key, site)
    value, origin = found
    try:
        answer = to_bool(value) if type(value) is UntypedText else bool(plain(value))
    except Unconvertible:
        answer = bool(plain(value))
    state.record.note(key, plain(value), None, origin, site, written=value)
    return answer


def _truth_of_mapping(state: ambient.State, key: str, site: Site) -> bool:
    found = given_mapping(state, key)
    if found is None or takes_away_only(found.value):
        state.record.note(key, False, False, None, site)
        return False
    value = plain(found.value)
    note_parts(state, key, found, value, site)
    state.record.note(key, value, None, found.origin, site, written=found.value)
    return bool(value)


def find(state: ambient.State, key: str) -> Whole | None:
    """Return what is bound at `key` and below it; None where nothing is."""
    found = state.find(key)
    if (found is not None and may_be_mapping(found[0])) or state.snapshot.has_below(key):
        return whole(state.snapshot, key)
    return None if found is None else alone(state, key, *found)


def given_mapping(state: ambient.State, key: str) -> Whole | None:
    """Return a mapping that was given at a key; None for a namespace, where only longer keys are.

    A mapping of declared parameters is a namespace as well, which may have the name of a parameter.
    """
    if not state.has_mapping(key):
        return None
    below = (f"{key}.{name}" for name in state.snapshot.below(key))
    return None if all(map(state.record.declares, below)) else whole(state.snapshot, key)


def alone(state: ambient.State, key: str, value: object, origin: RawOrigin) -> Whole:
    """Return a value without what is below its key, with what an empty variable shadows."""
    if type(value) is EmptyVariable:
        return whole(state.snapshot, key) or Whole(value, origin, {key: origin})
    return Whole(value, origin, {key: origin})


def typed(key: str, found: Whole, convert: Converter, default: object) -> object:
    """Return what was found by `convert`, over `default`; `ConversionError` says what is wrong."""
    try:
        return or_default(convert, found.value, default)
    except Unset:
        raise
    except Unconvertible as error:
        from .refusal import refusal

        ambient.current().record.note_shown(found.origins)  # the error says what the value is
        raise refusal(ConversionError, key, found, error) from None


def note_parts(
    state: ambient.State,
    key: str,
    found: Whole,
    result: object,
    site: Site,
    *,
    default: object = None,
    convert: Converter | None = None,
) -> None:
    """Record what a value was made of besides the binding of its key that was made last.

    That are the keys below, each with what has become of it, and bindings that were joined.
    """
    if found.origins.keys() == {key} and not found.joined:
        return
    for flat, origin in (*found.joined, *found.origins.items()):
        if flat != key:
            value = _part_at(result, flat[len(key) + 1 :].split("."))
            if value is not NOTHING:  # a key below a plain value is not a part of it
                bound = state.find(flat)
                written = value if bound is None else bound[0]
                state.record.note(flat, value, None, origin, site, written=written)
    for flat, origin in found.joined:
        if flat == key:
            state.record.note(
                key, result, default, origin, site, written=found.value, convert=convert
            )


def check_namespace(state: ambient.State, namespace: str, names: Iterable[str]) -> None:
    """Refuse a mapping that sets parameters of a namespace in one word: no key would find them."""
    above = namespace
    while above:
        found = state.find(above)
        if found is not None and isinstance(found[0], Untyped) and may_be_mapping(found[0]):
            state.record.note_shown((above,))
            rest = namespace[len(above) + 1 :]
            start, word = f"{rest}." if rest else "", plain(found[0])
            if (name := next((one for one in names if _sets(word, start + one)), None)) is not None:
                from .refusal import refusal

                problem = f"set {namespace}.{name} itself: one word cannot set a namespace"
                problem = f"{show(above, word)}: {problem}"
                raise refusal(ConversionError, above, Whole(*found, {}), Unconvertible(problem))
        above = above.rpartition(".")[0]


def _sets(value: object, key: str) -> bool:
    """Tell whether a mapping, whose names may have dots, has anything at or below a flat key."""
    if not isinstance(value, Mapping):
        return False
    return any(
        f"{name}.".startswith(f"{key}.")
        or (key.startswith(f"{name}.") and _sets(inner, key.removeprefix(f"{name}.")))
        for name, inner in value.items()
    )


def _part_at(value: object, names: list[str]) -> object:
    """Return the part of a mapping or structure at a flat key; longer names first.

    None is a part that it does not keep; `NOTHING`, that it has no such part.
    """
    if not names:
        return value
    structure = structure_of(type(value))
    for count in range(len(names), 0, -1):
        name = ".".join(names[:count])
        if isinstance(value, Mapping) and (found := name_in(value, name)) is not NOTHING:
            return _part_at(value[found], names[count:])
        if structure is not None and name in structure.fields:
            return _part_at(structure.values_of(value).get(name), names[count:])
    if isinstance(value, Mapping):
        return names_from(value, ".".join(names)) or NOTHING
    return NOTHING if structure is None else None


def name_in(mapping: Mapping[Any, object], name: object) -> Any:
    """Return the name in a mapping that text is: the text, or what it is toward a name's type.

    `NOTHING` where there is none.
    """
    if name in mapping:
        return name
    untyped = UntypedText(name) if isinstance(name, str) else name
    for kind in {type(one) for one in mapping} - {str}:
        with suppress(Unconvertible, TypeError):  # a tuple of lists has no hash
            typed_name = converter(kind)(untyped, NOTHING)
            if typed_name in mapping:
                return typed_name
    return NOTHING


def deletion(snapshot: Snapshot, key: str) -> Layer:
    """Return the write that deletes `key`; `MissingParameter` where nothing binds it."""
    ambient.current().record.note_shown((key,))  # whether it is there
    if snapshot.find(key) is None:
        raise missing(snapshot, key)
    return Layer({key: DELETED}, outside_site())
