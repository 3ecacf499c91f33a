"""Values and keys made to fit, with a note of each that is not the same afterwards.

What a program reads back as the same value is the same here, too: a tuple as a list, or the number
1 as the name "1" of a mapping.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Container, Mapping
from typing import Any

from ..._values.untyped import infer
from .target import Change

Note = Callable[[str], None]
"""Takes what happens to a value."""

EXACT = 2**53
"""The largest number up to which all integers are floats of 64 bits, which dashboards show."""
_encode_json = json.JSONEncoder(ensure_ascii=False).encode  # dumps would make one for each value
PLAIN = (int, float, bool, type(None))
_NAMES: dict[object, str] = {None: "null", True: "true", False: "false"}
_WORDS: dict[str, object] = {"None": None, "nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_UNSTORABLE = {0: "\\x00", **{code: f"\\u{code:x}" for code in range(0xD800, 0xE000)}}


class Notes:
    """The changes, collected key by key, each once however many items of a list have it."""

    def __init__(self) -> None:
        self._changed: dict[Change, None] = {}

    @property
    def changed(self) -> list[Change]:
        return list(self._changed)

    def of(self, key: str) -> Note:
        return lambda what: self._changed.setdefault((key, what))


def as_numbers_allow(value: Any, note: Note) -> Any:
    """Return plain data as JSON has it, without numbers that JSON or a dashboard gets wrong."""
    kind = type(value)
    if kind is int and not -EXACT <= value <= EXACT:
        note("as text: numbers beyond 2**53 are rounded there")
        return str(value)
    if kind is float and not math.isfinite(value):
        note("as text: it is not a finite number")
        return str(value)
    if isinstance(value, str):
        return storable(value, note)
    return _collection(value, note, as_numbers_allow)


def as_json(value: Any, note: Note) -> Any:
    """Return plain data as Python's JSON has it, which knows numbers of all kinds."""
    return _collection(value, note, as_json)


def _collection(value: Any, note: Note, part: Callable[[Any, Note], Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return [part(item, note) for item in value]
    if not isinstance(value, dict):
        return value
    made = {_name(name): part(one, note) for name, one in value.items()}
    if len(made) == len(value):
        return made
    note("as text: two of its names are spelled alike")
    return storable(repr(value), note)


def storable_name(key: str) -> str:
    """Return a key as `storable` has text."""
    return key.translate(_UNSTORABLE)


def public_name(key: str) -> str:
    """Return a name without the underscore by which trackers know those of their own."""
    return storable_name(key).lstrip("_") or "key"


def _name(name: object) -> str:
    if isinstance(name, str):
        return name
    return _NAMES[name] if name is None or isinstance(name, bool) else str(name)


def as_text(value: Any, note: Note) -> str:
    """Return text: Python's for None, numbers and booleans, JSON for lists and mappings."""
    if type(value) in PLAIN:
        return str(value)
    if isinstance(value, (list, tuple, dict)):
        made = as_json(value, note)
        return made if isinstance(made, str) else _encode_json(made)
    return str(value)


def storable(text: str, note: Note) -> str:
    """Return text without what no database or file takes: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return str(text)  # of a subclass of str, the plain text
    made = text.translate(_UNSTORABLE)
    if made != text:
        note("with escapes for characters that cannot be stored")
    return made


def note_lookalike(text: str, store: Callable[[Any], object], note: Note) -> None:
    """Note text that a target, which `store`s all kinds of values, does not tell from another."""
    other = _WORDS[text] if text in _WORDS else infer(text)
    if not isinstance(other, str) and store(other) == text:
        note(f"text that cannot be told from {_kind(other)}")


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value)
    return "a number" if isinstance(value, (int, float)) else f"a {type(value).__name__}"


def renamed(
    values: Mapping[str, Any], fit: Callable[[str], str], notes: Notes, longest: int = 1_000_000
) -> dict[str, Any]:
    """Return the values by names that fit; a key that fits as it is keeps its name."""
    names = dict(zip(values, map(fit, values), strict=True))
    if list(names) == list(names.values()):
        return dict(values)
    taken = {key for key, name in names.items() if key == name}
    for key, name in names.items():
        if key != name:
            names[key] = _untaken(name, taken, longest)
            taken.add(names[key])
            notes.of(key)(f"logged as {names[key]!r}")
    return {names[key]: value for key, value in values.items()}


def _untaken(name: str, taken: set[str], longest: int) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        end = f"_{number}"
        found = f"{name[: longest - len(end)]}{end}"
    return found


def record_file(taken: Container[str]) -> str:
    """Return a name for the file of the record: a run may have those of earlier ones."""
    stem, end = "hp-record", ".json"
    number, name = 1, f"{stem}{end}"
    while name in taken:
        number += 1
        name = f"{stem}-{number}{end}"
    return name
