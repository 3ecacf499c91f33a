"""Values as JSON, and back: the same values, whatever JSON itself would lose.

Values are what they are in JSON, with marks for the rest: `{"$int": "0x1f"}` for ints of more
digits than Python reads, `{"$str": [...]}` for surrogates that JSON would join, `{"$items":
[[key, value], ...]}` for dicts with such keys or with keys that look like marks.  Values without
a type are `{"$untyped": "007"}`, `{"$digits": "3.10"}` and `{"$tree": [...]}`; what a file or an
environment has left empty is `{"$blank": ""}` or `{"$empty": ""}`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from hyperparameter._engine_interface import (
    Blank,
    EmptyVariable,
    ScalarText,
    UntypedText,
    UntypedTree,
    check_names,
    plain,
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_UNTYPED = {
    UntypedText: "$untyped", ScalarText: "$digits", UntypedTree: "$tree",
    Blank: "$blank", EmptyVariable: "$empty",
}  # fmt: skip
MOST_DEPTH = 100  # far below the depth at which Python's own parser and writer fail
_MOST_BITS = 2048  # 617 digits, which no interpreter refuses to convert
_MOST_DIGITS = 618
_JOINED = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Unfit(Exception):
    """Raised for a value that this JSON cannot hold; its message completes "it ..."."""

    @classmethod
    def of_type(cls, value: object, verb: str) -> Unfit:
        kind = type(value)
        return cls(f"{verb} of type {kind.__module__}.{kind.__qualname__}")


class JsonWriter:
    """Turns values into what `json` writes and reads without a loss.

    All of them together may take `most` characters: lists that share lists would fill the memory.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def take(self, characters: int) -> None:
        """Count characters; `Unfit` when there are too many."""
        self._left -= characters
        if self._left < 0:
            raise Unfit(f"takes the scope beyond {self._most} characters")

    def write(self, value: Any, depth: int = MOST_DEPTH, untyped: bool = False) -> Json:
        """Return `value` with marks in it, at most `depth` levels deep.

        Only parts of an `UntypedTree` are `untyped`: nobody looks for them in a list of Python.
        """
        kind = type(value)  # not isinstance: a subclass would come back as its base
        self._left -= 1 + (len(value) if kind in (str, list, dict) else 0)
        if self._left < 0:
            self.take(0)
        if value is None or kind is bool or (kind is float and math.isfinite(value)):
            return value  # type: ignore[no-any-return]  # the line above says what it is
        if kind is str:
            return _text(value)
        if kind is int:
            return value if value.bit_length() <= _MOST_BITS else {"$int": hex(value)}
        if kind in _UNTYPED and (untyped or depth == MOST_DEPTH):
            if kind is UntypedTree and value.kind is not None:
                raise Unfit.of_type(value.kind, "is" if depth == MOST_DEPTH else "holds a value")
            inner = value.value if kind is UntypedTree else value.text
            return {_UNTYPED[kind]: self.write(inner, depth, untyped=True)}
        if kind is not list and kind is not dict:
            verb = "is" if depth == MOST_DEPTH else "holds a value"
            raise Unfit(f"{verb} {value}") if kind is float else Unfit.of_type(value, verb)
        if not depth:
            raise Unfit(f"is nested deeper than {MOST_DEPTH} levels, or holds itself")
        if kind is list:
            return [self.write(item, depth - 1, untyped) for item in value]
        return self._write_dict(value, depth - 1, untyped)

    def _write_dict(self, value: dict[Any, Any], depth: int, untyped: bool) -> Json:
        for key in value:
            if type(key) is not str:
                what = type(plain(key)).__qualname__  # of a file, names have no type yet
                raise Unfit(f"holds a dict with a key of type {what}")
            self.take(len(key))
        return mapping({key: self.write(item, depth, untyped) for key, item in value.items()})


def _text(text: str) -> Json:
    # JSON reads a high and a low surrogate side by side as one character: keep them apart.
    if text.isascii() or not _JOINED.search(text):
        return text
    return {"$str": [*text]}


def mapping(written: dict[str, Json]) -> dict[str, Json]:
    """Return a dict of values written already, marked when one of its keys needs it."""
    if all(key[:1] != "$" and _text(key) is key for key in written):
        return written
    return {"$items": [[_text(key), value] for key, value in written.items()]}


def dumps(value: dict[str, Json]) -> str:
    """Return JSON on one line of ASCII."""
    return json.dumps(value, allow_nan=False, check_circular=False, separators=(",", ":"))


def loads(text: str) -> Any:
    """Return the value that was written as `text`.

    `TypeError`, `ValueError` or `RecursionError` for text that no `JsonWriter` makes.
    """
    return json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=_int,
        parse_float=_float,
        parse_constant=_float,
    )


def _object(pairs: list[tuple[str, Any]]) -> object:
    """Return what an object in the text stands for: a dict, or what its mark says."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    if not any(key[:1] == "$" for key in found):
        return found
    mark, inner = pairs[0]
    if len(pairs) == 1 and mark == "$int" and isinstance(inner, str):
        return int(inner, 16)
    if len(pairs) == 1 and mark == "$str" and isinstance(inner, list):
        return "".join(inner)
    if len(pairs) == 1 and mark == "$items" and isinstance(inner, list):
        return _items(inner)
    if len(pairs) == 1 and mark in _OF_TEXT and isinstance(inner, str):
        return _OF_TEXT[mark](inner)
    if len(pairs) == 1 and mark == "$tree" and isinstance(inner, (list, dict)):
        check_names(inner)
        return UntypedTree(inner)
    raise ValueError(f"{mark!r:.80} is not a mark of a value")


def _items(pairs: list[Any]) -> dict[str, object]:
    if not all(type(pair) is list and len(pair) == 2 and type(pair[0]) is str for pair in pairs):
        raise ValueError("an item is not a pair of a text and a value")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice among items")
    return found


def _scalar(text: str) -> ScalarText:
    scalar = ScalarText(text)
    scalar.plain()  # or whoever reads it would fail; `inf` and `1e400` are what files may say
    return scalar


def _nothing(text: str, kind: type[Blank | EmptyVariable]) -> UntypedText:
    if text:
        raise ValueError(f"{text!r:.80} is not nothing")
    return kind()


_OF_TEXT: dict[str, Callable[[str], UntypedText]] = {
    "$untyped": UntypedText, "$digits": _scalar,
    "$blank": partial(_nothing, kind=Blank), "$empty": partial(_nothing, kind=EmptyVariable),
}  # fmt: skip


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:  # the time to convert them grows with their square
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.80} is not a finite number")
    return number


def check_values(values: dict[str, Any]) -> None:
    """Raise `ValueError` for values that no `JsonWriter` writes.

    They are nested too deep, or have a part without a type where its readers expect none.
    """
    level = [*values.values()]
    if not _UNTYPED.keys().isdisjoint(map(type, level)):
        _check([value.value for value in level if type(value) is UntypedTree], untyped=True)
        level = [value for value in level if type(value) not in _UNTYPED]
    _check(level)


def _check(level: list[Any], untyped: bool = False) -> None:
    for _ in range(MOST_DEPTH + 1):
        if untyped:
            level = [item.value if type(item) is UntypedTree else item for item in level]
        kinds = set(map(type, level))
        if not untyped and not kinds.isdisjoint(_UNTYPED):
            raise ValueError("a list or an object holds a value without a type")
        if kinds.isdisjoint((list, dict)):
            return
        boxes = [item for item in level if type(item) in (list, dict)]
        level = [item for box in boxes for item in (box if type(box) is list else box.values())]
    raise ValueError(f"a value is nested deeper than {MOST_DEPTH} levels")
