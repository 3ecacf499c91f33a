"""The folding of texts into keys.

A text of which parts are unknown has `*` in their place; a part that another module defines
is its dotted path between two NULs, until the files of a program are put together;
one that a subclass may change is between two SOH characters.
"""

from __future__ import annotations

import re

from .values import UNKNOWN, Const, Items, Names, Ref, Text, Value, is_scope, is_text, same

_MARKS = frozenset("*\0\1")
_FIELD = re.compile(r"\{\{|\}\}|\{(\w*)[^{}]*\}")
_PERCENT = re.compile(r"%%|%(?:\((\w+)\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z]")


def either(*values: Value) -> Value:
    """Return what one of `values` is: all of them alike, or a scope among what is unknown."""
    scopes = [value for value in values if is_scope(value)]
    if scopes:
        return scopes[0]
    return values[0] if all(same(values[0], value) for value in values) else None


def template(value: Value) -> str:
    """Return the text that `value` is, `*` where it is unknown."""
    if isinstance(value, Const):
        return str(value.value) if isinstance(value.value, (str, int, float)) else UNKNOWN
    if isinstance(value, Text):
        return value.template
    if isinstance(value, Ref):
        return f"\0{value.path}\0"
    return UNKNOWN


def text(parts: str) -> Value:
    return Const(parts) if _MARKS.isdisjoint(parts) else Text(parts)


def concatenated(left: Value, right: Value) -> Value:
    """Return `left + right` where one of them is a text."""
    if is_text(left) or is_text(right):
        return text(template(left) + template(right))
    if isinstance(left, Ref) and isinstance(right, Ref):
        return Text(template(left) + template(right))
    return None


def joined(separator: Value, items: Value) -> Value:
    if isinstance(items, Items):
        return text(template(separator).join(template(item) for item in items.values))
    if isinstance(items, Const) and isinstance(items.value, (list, tuple)):
        return text(template(separator).join(template(Const(item)) for item in items.value))
    return Text(UNKNOWN)


def formatted(pattern: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    """Return `pattern.format(*args, **keywords)`."""
    count = iter(range(len(args)))

    def field(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        if match[0] != f"{{{match[1]}}}":
            return UNKNOWN
        if match[1] in keywords:
            return template(keywords[match[1]])
        index = int(match[1]) if match[1].isdecimal() else next(count, len(args))
        return template(args[index]) if index < len(args) and "*" not in match[1] else UNKNOWN

    return text(_FIELD.sub(field, template(pattern)))


def percent(pattern: Value, right: Value) -> Value:
    """Return `pattern % right`."""
    if isinstance(right, Const) and isinstance(right.value, tuple):
        args: tuple[Value, ...] = tuple(Const(item) for item in right.value)
    else:
        args = right.values if isinstance(right, Items) else (right,)
    rest = iter(args)
    named = right.value if isinstance(right, Const) and isinstance(right.value, dict) else {}

    def field(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if match[1] is not None:
            return template(Const(named[match[1]])) if match[1] in named else UNKNOWN
        value = next(rest, None)
        return template(value) if match[0] in ("%s", "%d") else UNKNOWN

    return text(_PERCENT.sub(field, template(pattern)))


def item(container: Value, key: Value) -> Value:
    """Return `container[key]` where both are known."""
    if isinstance(container, Const) and isinstance(key, Const):
        try:
            return Const(container.value[key.value])
        except (TypeError, LookupError, ValueError):
            return None
    if isinstance(container, Items) and isinstance(key, Const) and isinstance(key.value, int):
        index = key.value
        inside = -len(container.values) <= index < len(container.values)
        return container.values[index] if inside else None
    return None


def own(names: Names, name: str) -> Value:
    """Return what an object of a class has by this name; a text may be another in a subclass."""
    value = names.member(name)
    if isinstance(value, Const) and isinstance(value.value, str):
        return Text(f"\1{value.value}\1")
    return value
