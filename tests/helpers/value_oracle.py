"""What a value becomes: a plain model of conversion, written from the contract alone.

`wanted(hint, given, default)` is what a parameter with this annotation and default gets from
something as it is written: the value, `ERROR`, `Either` of two, or `UNSETTLED` where the contract
does not say.  What is written are Python values, `Word`s (text that has no type), `Digits` (floats
of files), `NULL_NODE` (null in a YAML file), and lists and dicts of these.  The model knows
structures from the table `SHAPES` and shares no code with the library.
"""

import enum
import json
import math
import re
import types
import typing
from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
    Set,
)
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from value_scalars import (
    DECIMAL,
    INTEGER,
    NOTHING,
    NULLS,
    SCALARS,
    Digits,
    Refused,
    Unsettled,
    Word,
    are_keys,
    json_of,
    meaning,
    plain,
    to_enum,
    to_literal,
)
from value_structures import REQUIRED, SHAPES, Shape, named, parts_of

ERROR = named("ERROR")
UNSETTLED = named("UNSETTLED")
NO_HINT = named("NO_HINT")  # the default alone tells the type
NULL_NODE = named("NULL_NODE")  # is it text without a type, or None?


@dataclass(frozen=True)
class Either:
    """Both are within the contract."""

    one: Any
    other: Any


def wanted(hint: Any, given: Any, default: Any = REQUIRED) -> Any:
    """Return what a parameter gets: a value, `ERROR`, `Either` or `UNSETTLED`."""
    as_text = replaced(given, Word("null"))
    if as_text != given:
        one, other = wanted(hint, as_text, default), wanted(hint, replaced(given, None), default)
        return one if same(one, other) else Either(one, other)
    try:
        if hint is NO_HINT or isinstance(hint, str):  # text stands for a hint nobody can resolve
            return by_default(given, default)
        return slot(hint, given, default)
    except Refused:
        return ERROR
    except Unsettled:
        return UNSETTLED


def replaced(given: Any, null: Any) -> Any:
    """Return what is written with something for each null of YAML."""
    if given is NULL_NODE:
        return null
    if type(given) is list:
        return [replaced(one, null) for one in given]
    if type(given) is dict:
        return {name: replaced(one, null) for name, one in given.items()}
    return given


def is_right(got: Any, right: Any) -> bool:
    """Tell whether a value, or `ERROR`, is what was wanted."""
    if isinstance(right, Either):
        return is_right(got, right.one) or is_right(got, right.other)
    if right is UNSETTLED:
        return not private_parts(got)
    return same(got, right)


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal and of the same types at every depth."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            any(same(key, other) and same(left[key], right[other]) for other in right)
            for key in left
        )
    if isinstance(left, (set, frozenset)):
        return len(left) == len(right) and all(any(same(a, b) for b in right) for a in left)
    mine, yours = parts_of(left), parts_of(right)
    if mine or yours:
        return len(mine) == len(yours) and all(map(same, mine, yours))
    return left is right or bool(left == right)


def private_parts(value: Any) -> list[Any]:
    """Return the parts that are objects of the library's own, at any depth."""
    found = [value] if type(value).__module__.partition(".")[0] == "hyperparameter" else []
    return found + [one for part in parts_of(value) for one in private_parts(part)]


# -- the walk -------------------------------------------------------------------------------------


def slot(hint: Any, given: Any, default: Any, base: Any = NOTHING) -> Any:
    """Convert for a parameter or field; None as default means that None is allowed."""
    if default is None:
        hint = Union[hint, None]  # noqa: UP007  # `X | None` does not take every hint
    if base is NOTHING and default is not REQUIRED:
        base = default
    return convert(hint, given, base)


def convert(hint: Any, given: Any, base: Any = NOTHING) -> Any:
    """Convert toward a hint, over a value that was there."""
    hint = stands_for(hint)
    kind, hints = get_origin(hint) or hint, get_args(hint)
    if hint in (Any, object):
        return plain(given, base)
    if is_union(hint):
        return to_union([stands_for(one) for one in hints], given, base)
    if kind is Literal:
        return to_literal(hints, given)
    if kind in SCALARS:
        return SCALARS[kind](given)
    if kind in SHAPES:
        return to_structure(hint, given, base)
    if is_enum(kind):
        return to_enum(kind, given)
    if kind in CONTAINERS:
        return CONTAINERS[kind](hint, given, base)
    return not_understood(kind, given)


def is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def fits(hint: Any, given: Any) -> bool:
    """Tell whether a value fits, or may fit."""
    return wanted(hint, given) is not ERROR


def stands_for(hint: Any) -> Any:
    """Return the hint that another one stands for."""
    if hint is None:
        return type(None)
    if isinstance(hint, NewType):
        return stands_for(hint.__supertype__)
    if isinstance(hint, TypeVar):
        if hint.__constraints__:
            return Union[hint.__constraints__]  # noqa: UP007  # the members are a tuple
        return stands_for(hint.__bound__) if hint.__bound__ else Any
    origin = get_origin(hint)
    if origin is typing.Annotated:
        return stands_for(get_args(hint)[0])
    if type(hint).__name__ == "TypeAliasType":
        return stands_for(hint.__value__)
    if type(origin).__name__ == "TypeAliasType":
        return stands_for(origin.__value__[get_args(hint)])
    return hint


def not_understood(kind: Any, given: Any) -> Any:
    """Let pass what is of the class; a hint that is not understood converts nothing."""
    if isinstance(given, Word):
        raise Refused
    if kind is Callable and callable(given):
        return given
    if kind is Callable or getattr(kind, "_is_protocol", False) or not isinstance(kind, type):
        raise Unsettled
    if isinstance(given, kind):
        return given
    raise Refused


def by_default(given: Any, default: Any) -> Any:
    """Convert toward the type of the default: as toward a hint, but no number is ever changed."""
    kind = type(default)
    if default is None and spelt(given) == "None" and isinstance(given, Word):
        return None  # which a None default has
    if default is None or default is REQUIRED:
        return plain(given)
    if given is None:
        if kind in SHAPES:
            raise Unsettled
        return None
    if kind in (int, float) and type(given) in (float, Decimal, Fraction):
        if type(given) is not float:
            raise Unsettled
        return given
    text = spelt(given).strip()
    if kind is int and DECIMAL.fullmatch(text) and not text.lstrip("+-").isdigit():
        if math.isinf(float(text)) or float(text).is_integer():
            raise Unsettled  # 5.0 and 1e3: an int, or the float that was written?
        return float(text)
    return convert(kind, given, default)


def spelt(given: Any) -> str:
    return given if isinstance(given, str) else getattr(given, "text", "")


# -- containers -----------------------------------------------------------------------------------

LISTS = (list, Sequence, MutableSequence, Iterable, Collection, deque)
SETS = {set: set, frozenset: frozenset, Set: set, MutableSet: set}
MAPPINGS = (dict, Mapping, MutableMapping)


def items_of(given: Any, kind: Any) -> list[Any]:
    """Return the items of what is a list, or written as one in JSON."""
    if isinstance(given, (Word, str)):
        items = json_of(spelt(given))
        if not isinstance(items, list):
            raise Refused
        if isinstance(given, str):
            raise Unsettled  # a Python string that happens to be JSON
        return items
    if type(given) is list or (type(given) is kind and kind is not Sequence):
        return list(given)
    if type(given) is tuple and kind in (list, deque, *SETS):
        return list(given)
    if isinstance(given, (set, frozenset)) and kind in SETS:
        return list(given)
    raise Unsettled if isinstance(given, (tuple, set, frozenset, deque)) else Refused


def names_of(given: Any) -> dict[Any, Any]:
    """Return what is a mapping, or written as one in JSON."""
    if isinstance(given, (Word, str)):
        names = json_of(spelt(given))
        if not isinstance(names, dict):
            raise Refused
        if isinstance(given, str):
            raise Unsettled
        return names
    if type(given) is dict:
        return given
    raise Refused


def to_list(hint: Any, given: Any, base: Any) -> Any:
    kind, [item] = get_origin(hint) or hint, get_args(hint) or [Any]
    items = [convert(item, one) for one in items_of(given, kind)]
    return deque(items) if kind is deque else items


def to_tuple(hint: Any, given: Any, base: Any) -> tuple[Any, ...]:
    items, hints = items_of(given, tuple), get_args(hint)
    if get_origin(hint) is None or hint is typing.Tuple:  # noqa: UP006
        return tuple(plain(one) for one in items)
    if hints[1:] == (Ellipsis,):
        return tuple(convert(hints[0], one) for one in items)
    if len(items) != len(hints):
        raise Refused
    return tuple(map(convert, hints, items))


def to_set(hint: Any, given: Any, base: Any) -> Any:
    kind, [item] = get_origin(hint) or hint, get_args(hint) or [Any]
    try:
        return SETS[kind](convert(item, one) for one in items_of(given, kind))
    except TypeError:
        raise Refused from None  # a list is no member of a set


def to_dict(hint: Any, given: Any, base: Any) -> dict[Any, Any]:
    """Join a mapping name by name with the one that was there."""
    key_hint, value_hint = get_args(hint) or (Any, Any)
    names = names_of(given)
    below = base if isinstance(base, dict) and are_keys(names) else {}
    new: dict[Any, Any] = {}
    for name, value in names.items():
        key = convert(key_hint, name)
        if key in new:
            raise Refused  # one of two would be lost
        new[key] = convert(value_hint, value, below.get(key, NOTHING))
    return {**below, **new}


CONTAINERS: dict[Any, Callable[[Any, Any, Any], Any]] = {
    **dict.fromkeys(LISTS, to_list),
    **dict.fromkeys(SETS, to_set),
    **dict.fromkeys(MAPPINGS, to_dict),
    tuple: to_tuple,
}


# -- structures -----------------------------------------------------------------------------------


def to_structure(hint: Any, given: Any, base: Any) -> Any:
    """Make a structure of a mapping, over an instance that was there."""
    kind = get_origin(hint) or hint
    shape = SHAPES[kind]
    if not shape.is_dict and isinstance(given, kind):
        return given
    if issubclass(kind, tuple) and not isinstance(given, dict) and fits(list, given):
        raise Unsettled  # a list toward a NamedTuple
    names = names_of(given)
    over = isinstance(base, dict if shape.is_dict else kind)
    if over and not shape.is_dict:
        kind, shape = type(base), SHAPES[type(base)]
    if not set(names) <= set(shape.fields) and not (shape.more and are_keys(names)):
        raise Refused
    bound = dict(zip(shape.parameters, get_args(hint), strict=False))
    values = dict(base) if over and shape.is_dict else {}
    for name, (field_hint, default) in shape.fields.items():
        below = part_of(base, name, shape, default) if over else default
        if name in names:
            below = NOTHING if below is REQUIRED else below
            values[name] = slot(bound.get(field_hint, field_hint), names[name], default, below)
        elif below is not REQUIRED:
            values[name] = below
        elif name not in shape.optional:
            raise Refused
    values |= {name: plain(value) for name, value in names.items() if name not in shape.fields}
    if shape.is_dict:
        return values
    return kind(**{shape.keywords.get(name, name): value for name, value in values.items()})


def part_of(base: Any, name: str, shape: Shape, default: Any) -> Any:
    """Return a field of an instance; what is kept nowhere is the default."""
    if shape.is_dict:
        return base.get(name, REQUIRED)
    return getattr(base, shape.attributes.get(name, name), default)


# -- unions ---------------------------------------------------------------------------------------


def to_union(members: list[Any], given: Any, base: Any) -> Any:
    if Any in members or object in members:
        is_null = isinstance(given, Word) and given.text in ("null", "None", *NULLS[1:])
        return None if is_null and type(None) in members else plain(given, base)
    if isinstance(given, Word):
        return text_to_union(members, given, base)
    if any(is_of(given, member) for member in members):
        return given
    if isinstance(given, Digits) and float in members:
        return float(given.text)
    if type(given) is dict:
        return mapping_to_union(members, given, base)
    same_kind = [member for member in members if get_origin(member) is type(given)]
    return first(same_kind, given, NOTHING) if same_kind else agreed(members, given)


def is_of(given: Any, member: Any) -> bool:
    """Tell whether a value is one of a member of a union: a scalar by its very type."""
    kind = get_origin(member) or member
    if kind in SCALARS:
        return type(given) is kind
    if (
        not isinstance(kind, type)
        or kind in CONTAINERS
        or getattr(SHAPES.get(kind), "is_dict", False)
    ):
        return False
    return isinstance(given, kind)


def first(members: list[Any], given: Any, base: Any) -> Any:
    """Take the first member that fits."""
    for member in members:
        try:
            return convert(member, given, base)
        except Refused:
            continue
    raise Refused


def agreed(members: list[Any], given: Any) -> Any:
    """Take what all members that fit agree on: the contract names an order for text alone."""
    found = [convert(member, given) for member in members if fits(member, given)]
    if not found:
        raise Refused
    lossy = str in members and type(given) is not str and len({*members} - {str, type(None)}) > 0
    if lossy or not all(same(found[0], one) for one in found):
        raise Unsettled
    return found[0]


def mapping_to_union(members: list[Any], given: Any, base: Any) -> Any:
    """Take the class of what is there, else the first structure that fits, and a dict last."""
    structures = [m for m in members if (get_origin(m) or m) in SHAPES]
    structures.sort(key=lambda member: not is_of(base, member))
    mappings = [m for m in members if (get_origin(m) or m) in MAPPINGS]
    refused_inside = False
    for member in structures + mappings:
        try:
            value = convert(member, given, base)
        except Refused:
            fields = getattr(SHAPES.get(get_origin(member) or member), "fields", {})
            literal = any(get_origin(hint) is Literal for hint, _ in fields.values())
            refused_inside |= bool(fields) and set(given) <= set(fields) and not literal
        else:
            if refused_inside:
                raise Unsettled  # the names fitted a structure, and a value in it did not
            return value
    raise Refused


def text_to_union(members: list[Any], given: Word, base: Any) -> Any:
    text = given.text
    nullable = type(None) in members
    if any(text in get_args(member) for member in members if get_origin(member) is Literal):
        return text
    if nullable and text in ("null", "None"):
        return None
    if nullable and text == '"null"' and str in members:
        return "null"
    textual = [m for m in members if m is str or (isinstance(m, type) and issubclass(m, PurePath))]
    others = [m for m in members if m not in textual and m is not type(None)]
    if textual:
        return beside_text(textual, others, given, base)
    if nullable and text in NULLS[1:]:
        return None
    value = meaning(text)
    if type(value) in others and type(value) in SCALARS:
        return SCALARS[type(value)](given)
    if type(value) is dict:
        try:
            return mapping_to_union(others, names_of(given), base)
        except Refused:
            pass
    return first(others, given, base)


def beside_text(textual: list[Any], others: list[Any], given: Word, base: Any) -> Any:
    """Beside text another member takes only its strict spelling."""
    loaded = json_of(given.text)
    if isinstance(loaded, str):
        raise Unsettled  # with its quotes, or without?
    takers = [m for m in others if (get_origin(m) or m) in (*SHAPES, *MAPPINGS)]
    if isinstance(loaded, dict) and takers:
        try:
            return mapping_to_union(takers, loaded, base)
        except Refused:
            raise Unsettled from None
    claims = [one for m in others if (one := strictly(m, given, others)) is not NOTHING]
    exact = [one for one in claims if type(one) is type(meaning(given.text))]
    if claims and all(same(claims[0], one) for one in claims):
        return claims[0]
    if exact:
        return exact[0]
    if claims or len(textual) > 1:
        raise Unsettled
    return convert(textual[0], given)


def strictly(member: Any, given: Word, others: list[Any]) -> Any:
    """Return what a member makes of its strict spelling, or NOTHING."""
    kind = get_origin(member) or member
    if kind in STRICT:
        return STRICT[kind](given.text, others)
    result = wanted(member, given)
    if result is ERROR and isinstance(json_of(given.text), list) and kind in CONTAINERS:
        raise Unsettled  # a list with wrong items: an error, or text?
    if result is ERROR:
        return NOTHING
    if result is UNSETTLED or not (kind in (date, datetime, time, Literal) or kind in CONTAINERS):
        raise Unsettled
    return result


def strict_int(text: str, others: list[Any]) -> Any:
    if text == "-0":
        raise Unsettled
    return int(text) if re.fullmatch(r"-?(0|[1-9]\d*)", text, re.ASCII) else NOTHING


def strict_float(text: str, others: list[Any]) -> Any:
    number = re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", text, re.ASCII)
    if not number or math.isinf(float(text)) or (int in others and INTEGER.fullmatch(text)):
        return NOTHING
    if json.dumps(float(text)) == text:
        return float(text)
    raise Unsettled  # `1e3` and `3.10` are JSON, and not how it is written


def strict_bool(text: str, others: list[Any]) -> Any:
    return {"true": True, "false": False}.get(text, NOTHING)


STRICT: dict[Any, Callable[[str, list[Any]], Any]] = {
    int: strict_int,
    float: strict_float,
    bool: strict_bool,
}
