"""YAML with its plain scalars as they were written and line numbers, from PyYAML's events.

A plain scalar is text without a type: whether `3.10` is a version or a number is the reader's
choice.  Events carry the lines, and taking them costs less than the nodes that PyYAML makes of
them, or its own loader, which follows version 1.1 (`on` is a bool, `1e-3` is text).  Only plain
data can come out of a file: a tag that would make an object is an error.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from .._values.convert import Unconvertible
from .._values.keys import MAX_DEPTH
from .._values.masking import MASK
from .._values.rules import to_bool, to_float, to_int
from .._values.secrets import is_secret
from .._values.untyped import Blank, UntypedText, core_scalar
from ..exceptions import ConfigurationError
from .key_path import Part
from .line_numbers import LineNumbers
from .problems import set_twice

_MOST_VALUES = 1_000_000
"""The most values that aliases may expand to: ten lines of them can expand to billions."""

_STANDARD_TAG = "tag:yaml.org,2002:"
_NO_OBJECTS = "is not allowed: a configuration holds plain data only. Remove the tag"


def parse_yaml(text: str, name: str) -> tuple[object, LineNumbers]:
    """Return the value of a YAML text, and the lines of everything inside it."""
    return parse_with_anchors(text, name)[:2]


def parse_with_anchors(text: str, name: str) -> tuple[object, LineNumbers, frozenset[object]]:
    """Return the same, and the names at the top that are anchors, or have one that others use."""
    try:
        # PyYAML that was built without libyaml lacks the parser in C; the other one is slower.
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        reader = _Reader(parser.get_event, name)
        return *reader.document(), frozenset(reader.anchored)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        hint = _hint(text, mark.line) if mark else ""
        problem = f"{error.problem or error.context}.{hint}"
        raise ConfigurationError(f"{place}: {problem}") from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise ConfigurationError(f"{name}: {' '.join(str(error).split())}.") from error


def _hint(text: str, index: int) -> str:
    line = "".join(text.splitlines()[index : index + 1])  # the mark may be after the last line
    indent = line[: len(line) - len(line.lstrip())]
    return " Indent with spaces: YAML does not allow tabs there." if "\t" in indent else ""


class _Anchored(NamedTuple):
    value: object
    lines: LineNumbers
    size: int  # the number of values inside it, with aliases expanded
    top: object  # the name at the top of the file that it is in


class _Reader:
    """Builds plain data from one stream of events.

    The loops over a mapping and over a list handle scalars themselves, and keep attributes in
    local names: files consist of little else, so every call that they save counts.
    """

    def __init__(self, next_event: Callable[[], Event], name: str) -> None:
        self._next = next_event
        self._name = name
        self._anchors: dict[str, _Anchored] = {}
        self._size = 0  # the number of values so far, with aliases expanded
        self._top: object = None  # the name at the top of the file that is being read
        self.anchored: set[object] = set()  # those that are anchors, or have one for others
        self._open: list[tuple[Part, LineNumbers]] = []  # the collections that are being read

    def document(self) -> tuple[object, LineNumbers]:
        """Return the only document of the stream, None if there is none, and its lines."""
        self._next()
        if type(self._next()) is StreamEndEvent:
            return None, LineNumbers()
        root = LineNumbers()  # its only part, named "", is the whole document
        value = self._value(self._next(), root, "", 0)
        self._next()
        more = self._next()
        if type(more) is not StreamEndEvent:
            raise self._error(more, "a second document begins here. Keep one document in each file")
        return value, root.below("")

    def _value(self, event: Event, around: LineNumbers, name: Part, depth: int) -> object:
        """Return the value that begins with `event`; its lines go to `around.inside[name]`."""
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event, around, name, depth)
        if depth >= MAX_DEPTH:
            raise self._error(event, f"nested more than {MAX_DEPTH} levels deep")
        # Inside this value, an alias of this name means the value itself, not an older anchor.
        self._anchors.pop(event.anchor, None)
        before = self._size
        lines = around.below(name)
        value: dict[Any, object] | list[object]
        self._open.append((name, lines))
        if kind is MappingStartEvent:
            value = self._mapping(event, lines, depth + 1)
        else:
            value = self._sequence(event, lines, depth + 1)
        self._open.pop()
        self._size += len(value)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, lines, self._size - before, self._top)
        return value

    def _alias(self, event: AliasEvent, around: LineNumbers, name: Part, depth: int) -> object:
        if event.anchor not in self._anchors:
            name = self._shown(event.anchor)
            raise self._error(
                event, f"the alias *{name} needs an anchor &{name} that ends before it"
            )
        value, around.inside[name], size, top = self._anchors[event.anchor]
        if top != self._top:
            self.anchored.add(top)
        self._size += size
        if self._size > _MOST_VALUES:
            raise self._error(event, f"the aliases expand to more than {_MOST_VALUES:,} values")
        return self._copied(value, event, depth)

    def _copied(self, value: object, event: AliasEvent, depth: int) -> object:
        """Return a copy, so that no two names share a list or a mapping."""
        if not isinstance(value, (list, dict)):
            return value
        if depth >= MAX_DEPTH:
            raise self._error(
                event, f"the aliases expand to more than {MAX_DEPTH} levels of nesting"
            )
        if isinstance(value, list):
            return [self._copied(item, event, depth + 1) for item in value]
        return {name: self._copied(item, event, depth + 1) for name, item in value.items()}

    def _sequence(
        self, event: CollectionStartEvent, lines: LineNumbers, depth: int
    ) -> list[object]:
        self._check_tag(event, "seq")
        items: list[object] = []
        while type(event := self._next()) is not SequenceEndEvent:
            if type(event) is ScalarEvent:
                items.append(self._scalar(event))
                continue
            index = len(items)
            lines.at[index] = event.start_mark.line + 1
            items.append(self._value(event, lines, index, depth))
        return items

    def _mapping(
        self, event: CollectionStartEvent, lines: LineNumbers, depth: int
    ) -> dict[Any, object]:
        self._check_tag(event, "map")
        values: dict[Any, object] = {}
        inherited: dict[Any, object] = {}
        numbers: set[object] = set()  # and other keys that are not text
        next_event, scalar, at = self._next, self._scalar, lines.at
        while type(event := next_event()) is not MappingEndEvent:
            key: Any = scalar(event) if type(event) is ScalarEvent else self._no_key(event)
            if type(key) is UntypedText:
                if key.text == "<<":
                    self._top = "<<" if depth == 1 else self._top
                    self._inherit(event, inherited, lines, depth)
                    continue
                if type(meaning := core_scalar(key.text)) is str:
                    key = key.text
                else:
                    self._check_odd_key(event, key, meaning, numbers)
            if key in values:
                raise set_twice(self._name, event.start_mark.line + 1, str(key), at[key])
            if key in inherited:  # an explicit key wins, even if the << comes first
                del inherited[key]
                lines.inside.pop(key, None)
            at[key] = event.start_mark.line + 1
            if depth == 1:
                self._top = key
            event = next_event()
            if depth == 1 and event.anchor is not None:
                self.anchored.add(key)
            is_scalar = type(event) is ScalarEvent
            values[key] = scalar(event) if is_scalar else self._value(event, lines, key, depth)
        return {**inherited, **values} if inherited else values

    def _inherit(
        self, event: ScalarEvent, inherited: dict[Any, object], lines: LineNumbers, depth: int
    ) -> None:
        """Add what `<<` brings and no name before it has: of several mappings, the first wins."""
        around = LineNumbers()
        value = self._value(self._next(), around, "", depth)
        found = around.below("")
        parts = enumerate(value) if isinstance(value, list) else [("", value)]
        for index, mapping in parts:
            if not isinstance(mapping, dict):
                raise self._error(event, "<< must have a mapping or a list of mappings as value")
            inside = (found if mapping is value else found.below(index)).inside
            for name in mapping:
                if name in lines.at:
                    continue
                inherited[name] = mapping[name]
                lines.at[name] = event.start_mark.line + 1
                if name in inside:
                    lines.inside[name] = inside[name]

    def _no_key(self, event: Event) -> object:
        raise self._error(event, "a key must be text, not a collection or an alias. Write it out")

    def _check_odd_key(
        self, event: Event, key: UntypedText, meaning: object, known: set[object]
    ) -> None:
        """Refuse a number, a bool or null twice as a name of one mapping."""
        if meaning in known:  # 1, 0x1, 1.0 and true are one key of a dict
            line = event.start_mark.line + 1
            raise ConfigurationError(f"{self._name}:{line}: the key {key.text} is set twice.")
        known.add(meaning)

    def _scalar(self, event: ScalarEvent) -> object:
        value: object = event.value
        if event.tag is not None:
            value = self._tagged(event)
        elif event.implicit[0]:  # neither quoted nor a block
            value = UntypedText(event.value) if event.value else Blank()
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, LineNumbers(), 0, self._top)
        return value

    def _tagged(self, event: ScalarEvent) -> object:
        text, tag = event.value, event.tag.removeprefix(_STANDARD_TAG)
        if tag not in _TAGGED:
            raise self._error(event, f"the tag {self._shown(event.tag)} {_NO_OBJECTS}")
        try:
            return _TAGGED[tag](text)
        except Unconvertible:
            raise self._error(event, f"the value is not a valid {tag}") from None

    def _check_tag(self, event: CollectionStartEvent, wanted: str) -> None:
        if event.tag not in (None, "!", _STANDARD_TAG + wanted):
            raise self._error(event, f"the tag {self._shown(event.tag)} {_NO_OBJECTS}")

    def _shown(self, word: str) -> str:
        """Return what an error shows of a word: a password may begin with `*` or `!`."""
        names = [str(name) for name, _ in self._open]
        names += [str(name) for _, lines in self._open[-1:] for name in list(lines.at)[-1:]]
        return MASK if is_secret(".".join(filter(None, names)), word) else word

    def _error(self, event: Event, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self._name}:{event.start_mark.line + 1}: {problem}.")


_TAGGED: dict[str, Callable[[str], object]] = {
    "!": str, "str": str, "int": to_int, "float": to_float, "bool": to_bool, "null": lambda _: None,
}  # fmt: skip
