"""The operative configuration: what a record says was used, as values to be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._values.scalars import SCALARS_AND_TEXT
from .._values.serving import NONE_SERVES, exact, serving
from .._values.untyped import REMOVED, Layered, UntypedText, UntypedTree
from .kept import HIDDEN, NO_DATA, data_of
from .read import RawRead, Read
from .written import (
    Names,
    bound,
    has,
    hides,
    is_exact,
    is_of_names,
    named_otherwise,
    names_of,
    over,
    spread,
)

DIFFERS = "its readers made different values of it, and no single one of them serves all"
TAKEN_AWAY = "it was taken away, which no value says"
Reads = Sequence[Read | RawRead]
"""The reads of one key, of which the last counts."""


def operative(reads: Iterable[tuple[str, Reads]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return typed values by key, and why which keys are left out.

    Of each value every reader gets what it got.  What is a part of the value of a key above is
    there already.
    """
    found, left_out = _chosen(reads, is_typed=True)
    flat: dict[str, Any] = {}
    for key, value in found.items():
        parts = [*spread(key, value)]
        for inner, part in parts:
            if part is not REMOVED:
                flat.setdefault(inner, part)
            elif any(other.startswith(f"{inner}.") for other, _ in parts):
                flat.setdefault(inner, None)  # which takes away all below it as well
            else:
                left_out[inner] = TAKEN_AWAY
    return flat, left_out


def last_values(reads: Iterable[tuple[str, Reads]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that were read last, as people are shown them, and why which are not."""
    left_out: dict[str, str] = {}
    made = {key: data_of(key, each[-1].value, left_out, is_for_people=True) for key, each in reads}
    found = {key: value for key, value in made.items() if value is not NO_DATA}
    return _with_changed_parts(found, {}, {}, {}), left_out


def as_written(reads: Iterable[tuple[str, Reads]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Do the same with text that has no type as it was written, and `REMOVED`."""
    found, left_out = _chosen(reads, is_typed=False)
    flat: dict[str, Any] = {}
    for key, value in found.items():
        for inner, part in spread(key, value):
            flat.setdefault(inner, part)
    return flat, left_out


def _chosen(
    reads: Iterable[tuple[str, Reads]], *, is_typed: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    made: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    others: dict[str, tuple[str, Names]] = {}  # parts by other names than they were written by
    changed: dict[str, Any] = {}  # parts of which several readers got different values
    lacking_parts: set[str] = set()  # which one of their readers, that of the whole, would not get
    for key, each in reads:
        last = each[-1]
        is_simple = last.written is None or (is_typed and type(last.written) is UntypedText)
        if is_simple and len(each) == 1 and type(last.value) in SCALARS_AND_TEXT:  # as most are
            made[key] = last.value
            continue
        group = _of_one_binding(each)
        if len({exact(read.value) for read in group}) > 1:
            value = changed[key] = _of_several(key, group, left_out, is_typed)
        else:
            value, missing = _of_one(key, group, is_typed)
            left_out.update(missing)
            lacking_parts |= missing.keys() - {key}
        made[key] = value
        for flat, names in named_otherwise(last.written, value):
            others[f"{key}.{flat}"] = key, names
    dropped = lacking_parts - changed.keys()
    made = {k: value for k, value in made.items() if value is not NO_DATA and k not in dropped}
    if any(names_of(value) is not None for value in made.values()):
        made = _with_changed_parts(made, changed, left_out, others)
    return made, left_out


def _of_one_binding(reads: Reads) -> Reads:
    """Return the reads of what the last one is of."""
    last = reads[-1]
    if last.origin is None:  # who takes no names has its default, whatever is bound below the key
        last = next((read for read in reversed(reads) if is_of_names(read)), last)
    if len(reads) == 1 or last.origin is None:
        return [last]
    told = exact(bound(last))
    return [read for read in reads if read.origin == last.origin and exact(bound(read)) == told]


def _of_several(key: str, group: Reads, left_out: dict[str, str], is_typed: bool) -> Any:
    """Return what serves readers who got different values of one binding."""
    written = bound(group[-1])
    if not is_exact(written):
        left_out[key] = HIDDEN if hides(written) else DIFFERS
        return NO_DATA
    found = serving(written, [read.value for read in group]) if is_typed else written
    if found is NONE_SERVES:
        left_out[key] = DIFFERS
        return NO_DATA
    return found


def _of_one(key: str, group: Reads, is_typed: bool) -> tuple[Any, dict[str, str]]:
    """Return what serves all readers, who got the same, and why which parts of it are missing.

    Of the same value, data may bring it back to one reader and not to another.
    """
    value: Any = NO_DATA
    for read in group:
        missing: dict[str, str] = {}
        written = read.written
        value = over(data_of(key, read.value, missing), written, is_typed=is_typed)
        for one in list(missing):
            if value is written if one == key else has(value, one[len(key) + 1 :]):
                del missing[one]
        if missing:
            break
    return value, missing


def _with_changed_parts(
    made: dict[str, Any],
    changed: Mapping[str, Any],
    left_out: Mapping[str, str],
    others: Mapping[str, tuple[str, Names]],
) -> dict[str, Any]:
    """Return the values without those that are a part of another, which is as they are."""
    found: dict[str, Any] = {}
    for key in {**made, **left_out}:
        whole, names = others.get(key, (key, ()))
        if whole != key and whole in made:
            if key in changed and names:
                found[whole] = made[whole] = _with_named_part(made[whole], names, changed[key])
            continue
        above = _above(key, made)
        if above is None:
            if key in made:
                found.setdefault(key, made[key])
        elif key in changed or key in left_out:
            part = changed.get(key, NO_DATA)
            found[above] = made[above] = _with_part(made[above], key[len(above) + 1 :], part)
    return found


def _above(key: str, made: Mapping[str, Any]) -> str | None:
    """Return the key of the value that has this one as a part, the topmost."""
    end = key.find(".")
    while end > 0:
        if has(made.get(key[:end]), key[end + 1 :]):
            return key[:end]
        end = key.find(".", end + 1)
    return None


def _with_named_part(value: Any, names: Names, part: Any) -> Any:
    if not names:
        return part
    if isinstance(value, Layered):
        parts = _with_named_part(value.parts, names, part)
        return Layered(value.whole, UntypedTree(parts))
    found: dict[Any, Any] = dict(names_of(value) or {})
    found[names[0]] = _with_named_part(found.get(names[0]), names[1:], part)
    return {name: one for name, one in found.items() if one is not NO_DATA}


def _with_part(value: Any, flat: str, part: Any) -> Any:
    """Return a mapping in which another value, or none, is at a flat key."""
    if isinstance(value, Layered):
        parts = UntypedTree(_with_part(value.parts, flat, part))
        return Layered(value.whole, parts, value.displaced)
    names: dict[Any, Any] = dict(names_of(value) or {})
    end = len(flat)
    while end > 0:
        name, rest = flat[:end], flat[end + 1 :]
        if name in names and (not rest or has(names[name], rest)):
            names[name] = _with_part(names[name], rest, part) if rest else part
            break
        end = flat.rfind(".", 0, end)
    return {name: one for name, one in names.items() if one is not NO_DATA}
