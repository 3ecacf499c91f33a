"""Which member of a union a value becomes."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

from .annotations import is_any, name_of, takes_any_text
from .checking import UNSEEN
from .containers import names_of, parts_of
from .convert import NOTHING, Converter, Unconvertible, Unset, is_enum, one_of, part, shown_choice
from .fields import Structure
from .masking import MASK
from .nearest import PARTED, nearest
from .rules import rule_of
from .structures import structure_of
from .untyped import Blank, ScalarText, Untyped, UntypedText, is_null, plain

_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_STRICT = {
    int: r"-?(?:0|[1-9][0-9]*)",
    float: _NUMBER,
    complex: _NUMBER,
    bool: r"true|false",
}
"""How a scalar has to be spelt beside `str` or a path, for which any text is a value."""
_QUOTED = ('"null"', '"None"')
"""How the text is written, as JSON, where the bare word is None."""
# Without their signs they would be `20210203` and `12`, which may be any number.
_STRICT_BY_NAME = {
    "date": r"\d{4}-.+", "datetime": r"\d{4}-.+", "time": r"\d\d:.+",
    "Decimal": _NUMBER, "Fraction": _NUMBER,
}  # fmt: skip

ConverterOf = Callable[[object], Converter]


def to_union(value: object, hints: list[Any], below: object, converter_of: ConverterOf) -> object:
    """Return what the member makes of the value that is meant; `Unconvertible` for none."""
    members = [hint for hint in hints if hint is not type(None)]
    if value is None or (is_null(value) and _means_none(value, members)):
        if len(members) < len(hints):
            return None
        if value is None:
            raise Unconvertible(wanted=wanted_of(members), value=value)
    if isinstance(value, UntypedText) and value.text in _QUOTED and len(members) < len(hints):
        value = plain(value) if any(map(takes_any_text, members)) else value
    exact = _exactly(value, members)
    if exact is not None:
        return converter_of(exact)(value, below)
    order = _ordered(value, members, below, converter_of)
    return _first(value, order, members, below, converter_of)


def _means_none(value: object, members: list[Any]) -> bool:
    """Tell null and None from other spellings, which are text where a member is text."""
    text = value.text if isinstance(value, UntypedText) else ""
    if any(typing.get_origin(one) is Literal and text in typing.get_args(one) for one in members):
        return False
    is_word = type(value) is not Blank and text.lower() not in ("null", "none")
    return not (is_word and any(map(takes_any_text, members)))


def _exactly(value: object, members: list[Any]) -> Any:
    """Return the member that is exactly the type of a typed value, or of what text means."""
    seen = value if not isinstance(value, Untyped) else plain(value)
    is_text = isinstance(value, UntypedText) and type(value) is not ScalarText
    if is_text and (isinstance(seen, str) or any(map(takes_any_text, members))):
        return None  # any spelling is text there: strict ones come first in `_ordered`
    for hint in members:
        kind = typing.get_origin(hint) or hint
        # Whether it takes the parts of a list as well is seen in `_ordered`.
        if type(seen) is kind and not isinstance(seen, PARTED):
            return hint
    return None


def _ordered(
    value: object, members: list[Any], below: object, converter_of: ConverterOf
) -> list[Any]:
    """Return the members in the order in which they are asked."""
    is_int = type(value) is ScalarText and value.whole() is not None  # however it is spelled
    if isinstance(value, UntypedText) and not is_int and any(map(takes_any_text, members)):
        first = [one for one in members if not takes_any_text(one) and _is_strict(value.text, one)]
        meant = type(plain(value))
        first.sort(key=lambda one: one is not meant)  # what YAML would read, then the others
        found = parts_of(value)
        first = nearest(found, first) if isinstance(found, PARTED) else first
        return [*first, *(one for one in members if takes_any_text(one))]
    if isinstance(parts_of(value), Mapping):
        return _for_mapping(names_of(value), members, below, converter_of)
    texts = [one for one in members if takes_any_text(one)]
    others = [one for one in members if one not in texts]
    found = parts_of(value)
    return [*(nearest(found, others) if isinstance(found, PARTED) else others), *texts]


def _is_strict(text: str, hint: Any) -> bool:
    kind = typing.get_origin(hint) or hint
    if kind in _STRICT:
        return re.fullmatch(_STRICT[kind], text) is not None
    if kind is Literal or (isinstance(kind, type) and is_enum(kind)):
        return True  # their own words, told by themselves
    if isinstance(kind, type) and rule_of(kind) is not None:
        spelling = _STRICT_BY_NAME.get(kind.__name__)
        return spelling is not None and re.fullmatch(spelling, text, re.ASCII) is not None
    return text.lstrip()[:1] in ("[", "{")


def _for_mapping(
    given: Mapping[Any, object], members: list[Any], below: object, converter_of: ConverterOf
) -> list[Any]:
    """Return the structures that a mapping fits, the one of what is below first, and dict last."""
    described = [(hint, structure_of(hint)) for hint in members]
    structures = [structure for _, structure in described if structure is not None]
    fitting = [
        hint
        for hint, structure in described
        if structure is not None and _fits(structure, given, below, converter_of)
    ]
    if not fitting and 1 < len(structures) == len(members):
        _check_told(structures, given, converter_of)
    own = [hint for hint in fitting if _is_below(hint, below)]
    others = [hint for hint, structure in described if structure is None]
    inside = [hint for hint, structure in described if structure and hint not in fitting]
    found = nearest(given, others)
    return [*own, *(hint for hint in fitting if hint not in own), *found, *inside]


def _is_below(hint: Any, below: object) -> bool:
    if below is UNSEEN or is_any(hint):
        return True
    kind = typing.get_origin(hint) or hint
    if not isinstance(kind, type):
        return False
    structure = structure_of(hint)  # a TypedDict cannot be asked
    try:
        return isinstance(below, kind if structure is None else structure.kind)
    except TypeError:  # nor can most protocols
        return False


def _fits(
    structure: Structure, given: Mapping[Any, object], below: object, converter_of: ConverterOf
) -> bool:
    if any(name not in structure.fields for name in given) and not structure.extra:
        return False
    whole = isinstance(below, structure.kind)
    for name, field in structure.fields.items():
        if name not in given and field.required and not whole:
            return False
        if name in given and not _is_told(field.hint, given[name], converter_of):
            return False
    return True


def _check_told(
    structures: list[Structure], given: Mapping[Any, object], converter_of: ConverterOf
) -> None:
    """Refuse a value of a field that decides between all structures, and is of none of them."""
    for name, value in given.items():
        hints = [one.fields[name].hint for one in structures if name in one.fields]
        choices = [choice for hint in hints for choice in choices_of(hint)]
        if len(hints) == len(structures) and all(map(choices_of, hints)):
            with suppress(Unset):
                part(converter_of(Literal[tuple(choices)]), value, name)


def choices_of(hint: Any) -> tuple[object, ...]:
    """Return the values of a `Literal`, none of any other hint."""
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def _is_told(hint: Any, value: object, converter_of: ConverterOf) -> bool:
    """Tell whether a Literal field, which decides between structures, has this value."""
    if not choices_of(hint):
        return True
    try:
        converter_of(hint)(value, NOTHING)
    except Unconvertible:
        return False
    return True


def _first(
    value: object, order: list[Any], members: list[Any], below: object, converter_of: ConverterOf
) -> object:
    """Return what the first member makes of the value; an error from inside one tells most."""
    deepest: Unconvertible | None = None
    for hint in order:
        try:
            return converter_of(hint)(value, below if _is_below(hint, below) else NOTHING)
        except Unset:
            raise
        except Unconvertible as error:
            if deepest is None or len(error.path) > len(deepest.path):
                deepest = error
    wanted = wanted_of(members)
    if deepest is not None and (deepest.path or wanted == words(members[0])):
        raise deepest.again()
    if members and all(map(choices_of, members)):
        given = value.text if isinstance(value, UntypedText) else value
        choices = [shown_choice(choice) for one in members for choice in choices_of(one)]
        raise Unconvertible(wanted=one_of(choices, given), value=value)
    is_secret = any(getattr(one, "is_secret", False) for one in members)
    raise Unconvertible(wanted=wanted, value=MASK if is_secret else value)


def wanted_of(members: list[Any]) -> str:
    """Return what a union wants, in words: `an int or text`."""
    *first, last = dict.fromkeys(word for one in members or [None] for word in _alternatives(one))
    return f"{', '.join(first)} or {last}" if first else last


def _alternatives(hint: Any) -> list[str]:
    choices = choices_of(hint)
    return [str(shown_choice(choice)) for choice in choices] if choices else [words(hint)]


def words(hint: Any) -> str:
    """Return what a hint wants, in words: `an int`, `a list`, the name of a class."""
    kind = typing.get_origin(hint) or hint
    rule = rule_of(kind) if isinstance(kind, type) else None
    if rule is not None:
        return rule[1]
    return _COMMON[kind] if isinstance(kind, type) and kind in _COMMON else name_of(hint)


_COMMON: dict[Any, str] = {list: "a list", tuple: "a list", set: "a list", dict: "a mapping"}
