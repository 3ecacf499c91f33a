"""Toward enumerations and `Literal`: a value out of a few."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .checking import UNSEEN, mode
from .convert import NOTHING, Converter, Unconvertible, is_enum, one_of, shown_choice
from .rules import to_str
from .untyped import EmptyVariable, ScalarText, UntypedText, is_null, plain


def enum(kind: Any) -> Converter:
    """Return the converter toward the members of an enumeration."""
    members = kind.__members__
    is_flag = any(base.__module__ == "enum" and base.__name__ == "Flag" for base in kind.__mro__)

    def convert(value: object, _: object) -> object:
        if isinstance(value, kind):
            return value
        value = plain(value) if type(value) is ScalarText else value
        text = value.text if isinstance(value, UntypedText) else value
        # Text is a name first: that is how people write members.  A typed value is a value first.
        if isinstance(value, UntypedText) and text in members:
            return members[text]
        for candidate in _meanings(value):
            try:
                member = _member(kind, candidate)
            except (ValueError, TypeError):
                continue
            # True == 1, and members of other enumerations may be equal to values of this one.
            is_other = isinstance(candidate, bool) or is_enum(type(candidate))
            if not is_other or any(one.value is candidate for one in members.values()):
                return member
        if isinstance(text, str) and text in members:
            return members[text]
        names = [name.strip() for name in text.split("|")] if isinstance(text, str) else []
        if is_flag and len(names) > 1 and all(name in members for name in names):
            made = kind(0)
            for name in names:
                made |= members[name]
            return made
        raise Unconvertible(wanted=one_of(members, text), value=value)

    return convert


def _meanings(value: object) -> list[object]:
    """Return what a value may be, as text first; an empty variable is nothing but text."""
    if type(value) is EmptyVariable:
        return [value.text]
    return [value.text, plain(value)] if isinstance(value, UntypedText) else [value]


def _member(kind: Any, value: object) -> object:
    """Return a member by its value; while checking, the user's `_missing_` may know any value."""
    if not mode.is_on or getattr(kind._missing_, "__module__", "") == "enum":
        return kind(value)
    return next((one for one in kind.__members__.values() if one.value == value), UNSEEN)


def literal(choices: tuple[object, ...]) -> Converter:
    """Return the converter toward the values of a `Literal`."""

    def convert(value: object, _: object) -> object:
        candidates = _meanings(value)
        if type(value) is ScalarText:
            candidates.reverse()  # it has a type
        found = _first_of(choices, candidates)
        if found is NOTHING and type(value) in (bool, int, float):
            with suppress(Unconvertible):
                found = _first_of(choices, [to_str(value)])
        if found is not NOTHING:
            return found
        if None in choices and is_null(value):
            return None
        for choice in choices:
            if is_enum(type(choice)) and _is_member(choice, value):
                return choice
        shown = map(shown_choice, choices)
        raise Unconvertible(wanted=one_of(shown, candidates[0]), value=value)

    return convert


def _first_of(choices: tuple[object, ...], candidates: list[object]) -> object:
    for candidate in candidates:
        for choice in choices:
            if type(choice) is type(candidate) and choice == candidate:
                return choice
    return NOTHING


def _is_member(member: object, value: object) -> bool:
    try:
        found = enum(type(member))(value, None)
    except Unconvertible:
        return False
    return found is member or found is UNSEEN
