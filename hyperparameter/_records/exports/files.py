"""JSON and YAML that `hp.config` and `-C` read as the values of the record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._files.writer import check_writable, dumps
from ..._values.keys import nest
from ..._values.spelling import Unwritable
from .fitting import PLAIN, Note, Notes, as_json
from .target import Change

_INCLUDE = "$include"  # which would be read as the name of a file
_SURROGATES = re.compile(r"[\ud800-\udfff]")


class FileTarget:
    """A kind of file."""

    takes_words = False  # which would be read as values

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def export(self, values: Mapping[str, Any]) -> tuple[str, list[Change]]:
        """Return the text of a file."""
        notes = Notes()
        fitted = {}
        for key, value in values.items():
            note = notes.of(key)
            try:
                fitted[key] = self._fitted(key, value, note)
            except Unwritable as reason:
                note(f"left out: {reason}")
        text = dumps(self._kind, nest(fitted))
        return _SURROGATES.sub(lambda half: f"\\u{ord(half[0]):x}", text), notes.changed

    def _fitted(self, key: str, value: Any, note: Note) -> Any:
        if type(value) in PLAIN and not key.endswith(_INCLUDE):
            return value
        written = _literal(as_json(value, note))
        check_writable(self._kind, key)
        check_writable(self._kind, written)
        if _INCLUDE in key.split(".") or _includes(written):
            raise Unwritable(f"{_INCLUDE} names a file to include")
        return written


JSON, YAML = FileTarget("json"), FileTarget("yaml")


def _literal(value: Any) -> Any:
    """Return a value with the escape for what would be a reference in a file."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, dict):
        return {name: _literal(one) for name, one in value.items()}
    return value


def _includes(value: object) -> bool:
    if isinstance(value, dict):
        return _INCLUDE in value or any(map(_includes, value.values()))
    return isinstance(value, list) and any(map(_includes, value))
