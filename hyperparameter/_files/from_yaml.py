"""YAML with the scalars of its version 1.2, from the events of PyYAML's parser.

Events have the lines, and taking them costs less than the nodes that PyYAML makes of them.
Nothing but plain data can come from a file.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .._convert import Unconvertible, core
from .._hints import converter
from .._keys import MAX_DEPTH
from ..exceptions import ConfigurationError
from .path import Path

_MOST_VALUES = 1_000_000
_TAG = "tag:yaml.org,2002:"
_MERGE = object()


def load(text: str, name: str) -> tuple[Any, dict[Path, int]]:
    """Return the values of a YAML text, and the lines of all but the outermost."""
    import yaml

    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    reader = _Reader(parser.get_event, name)
    try:
        value = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        problem = f"{error.problem or error.context}.{_hint(text, mark)}"
        raise ConfigurationError(f"{place}: {problem}") from error
    except yaml.YAMLError as error:  # a character that no YAML has
        raise ConfigurationError(f"{name}: {' '.join(str(error).split())}.") from error
    finally:
        parser.dispose()
    return value, reader.lines


def _hint(text: str, mark: Any) -> str:
    line = text.splitlines()[mark.line : mark.line + 1] if mark else []
    has_tab = bool(line) and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]
    return " Indent with spaces: YAML takes no tabs there." if has_tab else ""


class _Reader:
    """Makes values of events, one method per kind of node."""

    def __init__(self, next_event: Callable[[], Any], name: str) -> None:
        self.lines: dict[Path, int] = {}
        self._next = next_event
        self._name = name
        self._anchors: dict[str, tuple[Any, int]] = {}  # values and how many there are in each
        self._count = 0

    def document(self) -> Any:
        """Return the only document of the stream; None where there is none."""
        self._next()
        start = self._next()
        if type(start).__name__ == "StreamEndEvent":
            return None
        value = self._value(self._next(), ())
        self._next()
        more = self._next()
        if type(more).__name__ != "StreamEndEvent":
            raise self._error(more, "a second document begins. A configuration is one document")
        return value

    def _value(self, event: Any, path: Path) -> Any:
        kind = type(event).__name__
        self._count += 1
        if kind == "ScalarEvent":
            value = self._scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = value, 1
            return value
        if kind == "AliasEvent":
            return self._alias(event)
        if len(path) >= MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        before = self._count
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)
        read = self._mapping if kind == "MappingStartEvent" else self._sequence
        value = read(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._count - before + 1
        return value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._error(event, f"*{event.anchor} has no &{event.anchor} that ends before it")
        value, count = self._anchors[event.anchor]
        self._count += count - 1
        if self._count > _MOST_VALUES:
            raise self._error(event, f"its aliases stand for more than {_MOST_VALUES:,} values")
        return copy.deepcopy(value) if isinstance(value, (list, dict)) else value

    def _sequence(self, event: Any, path: Path) -> list[Any]:
        self._check_tag(event, "seq")
        items: list[Any] = []
        while (kind := type(event := self._next()).__name__) != "SequenceEndEvent":
            here = (*path, len(items))
            if kind != "ScalarEvent":  # whose line is about that of the list
                self.lines[here] = event.start_mark.line + 1
            items.append(self._value(event, here))
        return items

    def _mapping(self, event: Any, path: Path) -> dict[str, Any]:
        self._check_tag(event, "map")
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        next_event, lines = self._next, self.lines
        while type(event := next_event()).__name__ != "MappingEndEvent":
            key = self._key(event)
            line = event.start_mark.line + 1
            if key is _MERGE:
                inherited = self._merged(event, self._value(next_event(), path))
                lines.update({(*path, name): line for name in inherited if name not in values})
                merged = {**inherited, **merged}
                continue
            here = (*path, key)
            if key in values:
                first = lines[here]
                raise self._error(event, f"{key!r:.80} is there twice, first in line {first}")
            lines[here] = line
            values[key] = self._value(next_event(), here)
        return {**merged, **values} if merged else values

    def _key(self, event: Any) -> Any:
        if type(event).__name__ != "ScalarEvent":
            raise self._error(event, "a key is a collection or an alias. Write it as text")
        if event.value == "<<" and event.implicit[0]:
            return _MERGE
        key = self._scalar(event)
        if not isinstance(key, str):
            raise self._error(event, f"the key {event.value} is no text. Put it in quotes")
        return key

    def _merged(self, event: Any, value: Any) -> dict[str, Any]:
        """Return what `<<` brings: of several mappings, the first one wins."""
        merged: dict[str, Any] = {}
        for mapping in reversed(value) if isinstance(value, list) else [value]:
            if not isinstance(mapping, dict):
                raise self._error(event, "<< takes a mapping, or a list of them")
            merged |= mapping
        return merged

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is None:
            return core(text) if event.implicit[0] else text
        tag = event.tag.removeprefix(_TAG)
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


_TAGGED: dict[str, Callable[[str], Any]] = {
    "!": str, "str": str, "int": converter(int), "float": converter(float),
    "bool": converter(bool), "null": lambda _: None,
}  # fmt: skip
