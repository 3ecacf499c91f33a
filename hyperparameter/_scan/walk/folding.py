"""The folding of texts into templates of keys.

A template is a text some parts of which may be unknown when a file is looked at by itself:

- `*` stands for a part that is known at run time only;
- a dotted path between two NULs for what another module defines under that path, which is
  filled in when the files of a program are linked;
- a text between two SOH characters for what a class defines and a subclass may define anew.

NUL and SOH, because keys, paths and sources are never written with them.
"""

from __future__ import annotations

import re

from ..raw import UNKNOWN
from .values import (
    Constant,
    ImportedName,
    Names,
    PartialSequence,
    PartialText,
    Value,
    is_same,
    is_scope,
    is_text,
)

_MARKS = frozenset("*\0\1")
_FIELD = re.compile(r"\{\{|\}\}|\{(\w*)[^{}]*\}")
_PERCENT = re.compile(r"%%|%(?:\((\w+)\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z]")


def template_of(value: Value) -> str:
    """Return `str(value)` as a template."""
    if isinstance(value, Constant):
        return str(value.value) if isinstance(value.value, (str, int, float)) else UNKNOWN
    if isinstance(value, PartialText):
        return value.template
    if isinstance(value, ImportedName):
        return f"\0{value.path}\0"
    return UNKNOWN


def is_partly_known(value: Value) -> bool:
    """Tell a text of which parts are known, so that it is one."""
    return isinstance(value, PartialText) and value.template.strip(UNKNOWN) != ""


def text_of(template: str) -> Value:
    return Constant(template) if _MARKS.isdisjoint(template) else PartialText(template)


def either_of(*values: Value) -> Value:
    """Return what one of `values` is: all of them alike, or a scope among what is unknown."""
    scopes = [value for value in values if is_scope(value)]
    if scopes:
        return scopes[0]
    return values[0] if all(is_same(values[0], value) for value in values) else None


def concatenated(left: Value, right: Value) -> Value:
    """Return `left + right` where one of them is a text."""
    if is_text(left) or is_text(right):
        return text_of(template_of(left) + template_of(right))
    if isinstance(left, ImportedName) and isinstance(right, ImportedName):
        return PartialText(template_of(left) + template_of(right))
    return None


def joined(separator: Value, items: Value) -> Value:
    """Return `separator.join(items)`."""
    if isinstance(items, PartialSequence):
        return text_of(template_of(separator).join(map(template_of, items.values)))
    if isinstance(items, Constant) and isinstance(items.value, (list, tuple)):
        parts = (template_of(Constant(item)) for item in items.value)
        return text_of(template_of(separator).join(parts))
    return PartialText(UNKNOWN)


def formatted(pattern: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    """Return `pattern.format(*args, **keywords)`."""
    count = iter(range(len(args)))

    def field(match: re.Match[str]) -> str:
        if match[1] is None:  # a doubled brace
            return match[0][0]
        if match[0] != f"{{{match[1]}}}":  # with a conversion, a format or an attribute
            return UNKNOWN
        if match[1] in keywords:
            return template_of(keywords[match[1]])
        index = int(match[1]) if match[1].isdecimal() else next(count, len(args))
        return template_of(args[index]) if index < len(args) and "*" not in match[1] else UNKNOWN

    return text_of(_FIELD.sub(field, template_of(pattern)))


def percent_formatted(pattern: Value, right: Value) -> Value:
    """Return `pattern % right`."""
    if isinstance(right, Constant) and isinstance(right.value, tuple):
        args: tuple[Value, ...] = tuple(Constant(item) for item in right.value)
    else:
        args = right.values if isinstance(right, PartialSequence) else (right,)
    rest = iter(args)
    named = right.value if isinstance(right, Constant) and isinstance(right.value, dict) else {}

    def field(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if match[1] is not None:
            return template_of(Constant(named[match[1]])) if match[1] in named else UNKNOWN
        value = next(rest, None)
        return template_of(value) if match[0] in ("%s", "%d") else UNKNOWN

    return text_of(_PERCENT.sub(field, template_of(pattern)))


def item_of(container: Value, key: Value) -> Value:
    """Return `container[key]` where both are known."""
    if isinstance(container, Constant) and isinstance(key, Constant):
        try:
            return Constant(container.value[key.value])  # type: ignore[index]  # or a TypeError
        except (TypeError, LookupError, ValueError):
            return None
    if not isinstance(container, PartialSequence) or not isinstance(key, Constant):
        return None
    index = key.value
    if isinstance(index, int) and -len(container.values) <= index < len(container.values):
        return container.values[index]
    return None


def attribute_of_instance(names: Names, name: str) -> Value:
    """Return what an object of a class has by this name; a subclass may define a text anew."""
    value = names.member(name)
    if isinstance(value, Constant) and isinstance(value.value, str):
        return PartialText(f"\1{value.value}\1")
    return value
