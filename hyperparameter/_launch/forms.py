"""The ways in which a file may say a value: as it was written, or as one reader has it.

Text without a type may be a number for one reader and text for another.  Only YAML can say it as it
was written; in other formats it depends on the readers which way gives each of them its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from .._config.sources import INCLUDE
from .._files.writer import QuotedText, Unwritable, check_writable
from .._values.containers import parts_of
from .._values.describe import Description, Masked, describe, has_secrets
from .._values.spelling import names_in, spelled, spelled_name
from .._values.untyped import (
    REMOVED,
    EmptyVariable,
    Layered,
    UntypedText,
    UntypedTree,
    infer,
    is_bare,
    is_null,
    plain,
)
from .given_back import Names, is_same, part_at
from .options import REQUIRED

NO_PART: Any = object()
"""Stands for a mapping none of whose parts a file can hold; each has been named."""


class Form:
    """Plain data that stands for a value; `left_out` has the reason for each part that it lacks."""

    def __init__(self, data: Any, left_out: dict[Names, str] | None = None) -> None:
        self.data = data
        self.left_out: dict[Names, str] = left_out or {}

    def lacks(self, names: Names) -> bool:
        """Tell whether a part, or what it is in, is left out."""
        return any(names[: len(one)] == one for one in self.left_out)

    def says(self, kind: str, names: Names, value: object) -> bool:
        """Tell whether a file of this kind has a part as this value, which is not None."""
        return value is not None and is_same(value, _as_told(kind, part_at(self.data, names)))

    def without(self, names: Names, reason: str) -> Form | None:
        """Return the same without a part; None where it has no such part."""
        if self.data is NO_PART or self.lacks(names) or not _has(self.data, names):
            return None
        return Form(_without(self.data, names), {**self.left_out, names: reason})


def forms_of(kind: str, key: str, written: object, values: Iterable[object]) -> Iterator[Form]:
    """Yield the forms of a value, the best first: `values` are what its readers get.

    `written` is what has been set, or `REQUIRED`.  As it was written is what suits readers that
    nobody knows as well.
    """
    typed = [_formed(kind, key, value) for value in values]
    untyped = [
        _formed(kind, key, value)
        for leaf in (_word, _meaning, _text)
        if (leaf is not _word or kind == "yaml") and written is not REQUIRED
        for value in _as_written(written, leaf)
    ]
    if kind == "yaml" and typed and untyped:
        yield Form(_joined(typed[0].data, untyped[0].data), typed[0].left_out)
        yield untyped[0]
    yield from typed
    if kind == "yaml":  # beside a path, text without quotes would be the path
        yield from (Form(_quoted(one.data), one.left_out) for one in typed)
    yield from untyped


def _quoted(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _quoted(one) for name, one in data.items()}
    if isinstance(data, list):
        return [_quoted(one) for one in data]
    return QuotedText(data) if type(data) is str else data


def _as_told(kind: str, data: Any) -> object:
    """Return data as a file has it: text that YAML has without quotes is text without a type."""
    if isinstance(data, dict):
        return {name: _as_told(kind, one) for name, one in data.items()}
    if isinstance(data, list):
        return [_as_told(kind, one) for one in data]
    if type(data) is QuotedText:
        return str(data)
    return UntypedText(data) if kind == "yaml" and type(data) is str and is_bare(data) else data


def _formed(kind: str, key: str, value: object) -> Form:
    left_out: dict[Names, str] = {}
    data = _Forming(kind, left_out).part(key, (), value)
    return Form(data, left_out)


class _Forming:
    """Makes plain data of values, without the parts that a file of this kind cannot hold."""

    def __init__(self, kind: str, left_out: dict[Names, str]) -> None:
        self._kind = kind
        self._left_out = left_out

    def part(self, key: str, path: Names, value: object) -> Any:
        names = names_in(value)
        try:
            if not names:
                return self._single(key, value)
            made = {}
            for name, inner in names.items():
                written = self._name(name)
                if written == INCLUDE:
                    self._left_out[(*path, written)] = "files include others by this name"
                    continue
                one = self.part(f"{key}.{name}", (*path, written), inner)
                if one is not NO_PART:
                    made[written] = one
            return made or NO_PART
        except Unwritable as reason:
            self._left_out[path] = str(reason)
            return NO_PART

    def _single(self, key: str, value: object) -> object:
        if value is REQUIRED:
            raise Unwritable("it is required and has no value")
        _check_secrets(key, value)
        if isinstance(value, Description):
            raise Unwritable(f"the program computes it as {value}")
        written = spelled(value, self._is_native)
        _check_secrets(key, written)
        check_writable(self._kind, written)
        return written

    def _name(self, name: object) -> object:
        written = spelled_name(name)
        return written if self._kind == "yaml" or isinstance(written, str) else str(written)

    def _is_native(self, value: object) -> bool:
        """Tell what a format has: words, and dates and times; those with a zone TOML may round."""
        if self._kind == "yaml":
            return type(value) is UntypedText
        is_date = self._kind == "toml" and type(value) in (date, datetime, time)
        return is_date and getattr(value, "tzinfo", None) is None


def _check_secrets(key: str, value: object) -> None:
    """Raise `Unwritable` if a value or a part of it is a secret."""
    if value is not None and has_secrets(described := describe(key, value)):
        part = "" if isinstance(described, Masked) else "a part of "
        raise Unwritable(f"{part}its value is a secret")


_Leaf = Callable[[UntypedText], object]


def _word(value: UntypedText) -> object:
    """Return text as YAML may have it without quotes, for each reader to make something of."""
    from .._files.to_yaml import is_plain

    text, meaning = value.text, value.plain()
    is_told = is_plain(text) and is_same(infer(text), meaning)
    return UntypedText(text) if is_told else meaning


def _meaning(value: UntypedText) -> object:
    return value.plain()


def _text(value: UntypedText) -> object:
    return value.text


def _as_written(value: object, leaf: _Leaf) -> Iterator[object]:
    """Yield what has been written with its texts as `leaf` has them; nothing if no file has it."""
    try:
        yield _written(value, leaf)
    except Unwritable:
        return


def _written(value: object, leaf: _Leaf) -> object:
    if type(value) is EmptyVariable:
        raise Unwritable("it is an empty variable")
    if type(value) is Layered:
        whole, parts = value.whole, _written(value.parts, leaf)
        if whole is None or whole is REMOVED or is_null(whole):
            return parts
        below = names_in(_written(whole, leaf))
        if below is None or not isinstance(parts, dict):
            raise Unwritable("it is a value with others below it")
        return {**below, **parts}
    found = parts_of(value) if isinstance(value, (UntypedText, UntypedTree)) else value
    if found is None and isinstance(value, UntypedText):
        return leaf(value)
    if type(found) is dict:
        parts = {plain(name): one for name, one in found.items() if one is not REMOVED}
        return {name: _written(one, leaf) for name, one in parts.items()}
    return [_written(item, leaf) for item in found] if type(found) is list else found


def _joined(lower: Any, upper: Any) -> Any:
    """Return data with the parts of other data that it has as well, as those have them."""
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return lower if lower is NO_PART or upper is NO_PART else upper
    return {
        name: _joined(one, upper[name]) if name in upper else one for name, one in lower.items()
    }


def _has(data: object, names: Names) -> bool:
    for name in names:
        if not isinstance(data, dict) or name not in data:
            return False
        data = data[name]
    return True


def _without(data: Any, names: Names) -> Any:
    """Return plain data without the part that these names lead to, and what is empty then."""
    if not names:
        return NO_PART
    inner = _without(data[names[0]], names[1:])
    rest = {name: one for name, one in data.items() if name != names[0]}
    return rest or NO_PART if inner is NO_PART else {**rest, names[0]: inner}
