"""YAML with the scalars of its version 1.2, from the events of PyYAML's parser.

Events have the lines, and taking them costs less than the nodes that PyYAML makes of them.
Nothing but plain data can come from a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from .._values.annotations import converter
from .._values.convert import Unconvertible
from .._values.keys import MAX_DEPTH
from .._values.untyped import core_scalar
from ..exceptions import ConfigurationError
from .lines import Lines

_MOST_VALUES = 1_000_000
_TAG = "tag:yaml.org,2002:"


def load(text: str, name: str) -> tuple[Any, Lines]:
    """Return the values of a YAML text, and the lines of all but the outermost."""
    try:
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        return _Reader(parser.get_event, name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        problem = f"{error.problem or error.context}.{_hint(text, mark)}"
        raise ConfigurationError(f"{place}: {problem}") from error
    except yaml.YAMLError as error:  # a character that no YAML has
        raise ConfigurationError(f"{name}: {' '.join(str(error).split())}.") from error


def _hint(text: str, mark: Any) -> str:
    line = text.splitlines()[mark.line : mark.line + 1] if mark else []
    has_tab = bool(line) and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]
    return " Indent with spaces: YAML takes no tabs there." if has_tab else ""


class _Anchored(NamedTuple):
    """What an alias stands for, the lines inside it, and how many values it has."""

    value: Any
    lines: Lines
    size: int


class _Reader:
    """Makes values of events, one method per kind of node."""

    def __init__(self, next_event: Callable[[], Any], name: str) -> None:
        self._next = next_event
        self._name = name
        self._anchors: dict[str, _Anchored] = {}
        self._size = 0  # how many values all lists and mappings have

    def document(self) -> tuple[Any, Lines]:
        """Return the only document of the stream, None where there is none, and its lines."""
        self._next()
        if type(self._next()) is StreamEndEvent:
            return None, Lines()
        around = Lines()
        value = self._value(self._next(), around, "", 0)
        self._next()
        more = self._next()
        if type(more) is not StreamEndEvent:
            raise self._error(more, "a second document begins. A configuration is one document")
        return value, around.below("")

    def _value(self, event: Any, around: Lines, name: str | int, depth: int) -> Any:
        """Return the value that begins with `event`; the lines in it are `around.inside[name]`."""
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event, around, name, depth)
        if depth >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        self._anchors.pop(event.anchor, None)
        before = self._size
        read = self._mapping if kind is MappingStartEvent else self._sequence
        value = read(event, around.below(name), depth + 1)
        self._size += len(value)
        if event.anchor is not None:
            size = self._size - before
            self._anchors[event.anchor] = _Anchored(value, around.below(name), size)
        return value

    def _alias(self, event: Any, around: Lines, name: str | int, depth: int) -> Any:
        if event.anchor not in self._anchors:
            raise self._error(event, f"*{event.anchor} has no &{event.anchor} that ends before it")
        value, around.inside[name], size = self._anchors[event.anchor]
        self._size += size
        if self._size > _MOST_VALUES:
            raise self._error(event, f"its aliases stand for more than {_MOST_VALUES:,} values")
        return self._copied(value, event, depth)

    def _copied(self, value: Any, event: Any, depth: int) -> Any:
        """Return a copy, so that no two names share a list or a mapping."""
        if not isinstance(value, (list, dict)):
            return value
        if depth >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels, with its aliases")
        if isinstance(value, list):
            return [self._copied(item, event, depth + 1) for item in value]
        return {name: self._copied(item, event, depth + 1) for name, item in value.items()}

    def _sequence(self, event: Any, lines: Lines, depth: int) -> list[Any]:
        self._check_tag(event, "seq")
        items: list[Any] = []
        while type(event := self._next()) is not SequenceEndEvent:
            if type(event) is ScalarEvent:
                items.append(self._scalar(event))
                continue
            index = len(items)
            lines.at[index] = event.start_mark.line + 1
            items.append(self._value(event, lines, index, depth))
        return items

    def _mapping(self, event: Any, lines: Lines, depth: int) -> dict[str, Any]:
        self._check_tag(event, "map")
        values: dict[str, Any] = {}
        inherited: dict[str, Any] = {}
        next_event, scalar, at = self._next, self._scalar, lines.at
        while type(event := next_event()) is not MappingEndEvent:
            key = scalar(event) if type(event) is ScalarEvent else None
            if type(key) is not str:
                raise self._error(event, _no_key(event))
            if key == "<<" and event.implicit[0]:
                self._inherit(event, inherited, lines, depth)
                continue
            if key in values:
                raise self._error(event, f"{key!r:.80} is there twice, first in line {at[key]}")
            if key in inherited:
                del inherited[key]
                lines.inside.pop(key, None)
            at[key] = event.start_mark.line + 1
            event = next_event()
            is_scalar = type(event) is ScalarEvent
            values[key] = scalar(event) if is_scalar else self._value(event, lines, key, depth)
        return {**inherited, **values} if inherited else values

    def _inherit(self, event: Any, inherited: dict[str, Any], lines: Lines, depth: int) -> None:
        """Add what `<<` brings and no name before it has: of several mappings, the first wins."""
        around = Lines()
        value = self._value(self._next(), around, "", depth)
        found = around.below("")
        parts = enumerate(value) if isinstance(value, list) else [("", value)]
        for index, mapping in parts:
            if not isinstance(mapping, dict):
                raise self._error(event, "<< takes a mapping, or a list of them")
            inside = (found if mapping is value else found.below(index)).inside
            for name in mapping:
                if name in lines.at:
                    continue
                inherited[name] = mapping[name]
                lines.at[name] = event.start_mark.line + 1
                if name in inside:
                    lines.inside[name] = inside[name]

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None:
            value = self._tagged(event)
        else:
            value = core_scalar(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, Lines(), 0)
        return value

    def _tagged(self, event: Any) -> Any:
        text, tag = event.value, event.tag.removeprefix(_TAG)
        if tag not in _TAGGED:
            raise self._error(event, f"the tag {event.tag} makes an object, which no file may")
        try:
            return _TAGGED[tag](text)
        except Unconvertible:
            raise self._error(event, f"{text!r:.80} is no {tag}") from None

    def _check_tag(self, event: Any, wanted: str) -> None:
        if event.tag not in (None, "!", _TAG + wanted):
            raise self._error(event, f"the tag {event.tag} makes an object, which no file may")

    def _error(self, event: Any, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self._name}:{event.start_mark.line + 1}: {problem}.")


def _no_key(event: Any) -> str:
    if type(event) is not ScalarEvent:
        return "a key is a collection or an alias. Write it as text"
    return f"the key {event.value} is no text. Put it in quotes"


_TAGGED: dict[str, Callable[[str], Any]] = {
    "!": str, "str": str, "int": converter(int), "float": converter(float),
    "bool": converter(bool), "null": lambda _: None,
}  # fmt: skip
