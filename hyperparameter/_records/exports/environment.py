"""Environment variables that a program with an `env_prefix` reads, as lines for a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ..._values.untyped import infer
from ..._values.variable_names import key_of_unknown, variable_for
from .fitting import Note, Notes, as_text, note_lookalike
from .target import Change

takes_words = False
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_BYTES = 131_071  # for name and value: with more, Linux starts no program


def export(values: Mapping[str, Any], *, prefix: str = "") -> tuple[str, list[Change]]:
    """Return a line `export NAME=value` for each key; `prefix` is the program's `env_prefix`."""
    if not prefix:
        raise TypeError("rec.export('env', prefix='APP') needs the env_prefix of the program.")
    notes = Notes()
    lines: dict[str, str] = {}
    # Of two keys with one variable, that goes first which the variable means by itself.
    for key in sorted(values, key=lambda key: not _is_told(prefix, key)):
        note, name = notes.of(key), variable_for(prefix, key)
        text = _text(values[key], note)
        if problem := _problem(name, text, lines):
            note(f"left out: {problem}")
            continue
        if not _is_told(prefix, key):
            meant = key_of_unknown(prefix, name)
            note(f"{name} means {meant!r} to a program that does not know {key!r}")
        lines[name] = f"export {name}={shlex.quote(text)}\n"
    return "".join(lines.values()), notes.changed


def _is_told(prefix: str, key: str) -> bool:
    return key_of_unknown(prefix, variable_for(prefix, key)) == key


def _text(value: Any, note: Note) -> str:
    if value == "":
        note("an empty variable, which sets only what is declared as text")
    elif isinstance(value, str):
        note_lookalike(value, lambda _: value, note)  # whatever it may be spelled like
        if isinstance(inferred := infer(value), str) and inferred != value:
            note(f"text that cannot be told from {inferred!r:.80} in quotes")
    return _spelled(value, note)


def _spelled(value: Any, note: Note) -> str:
    return "null" if value is None else as_text(value, note)


def _problem(name: str, text: str, taken: Mapping[str, str]) -> str:
    if not _SHELL_NAME.fullmatch(name):
        return f"a shell has no variables with the name {name!r:.80}"
    if name in taken:
        return f"another key has the variable {name} as well"
    if "\0" in text or not _encodes(text):
        return "a variable cannot hold its text"
    if len(name) + len(text.encode()) + 2 > _MOST_BYTES:
        return f"it is larger than {_MOST_BYTES} bytes, and no program would start"
    return ""


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
