"""From the bytes of a file to what it declares and reads; the file is parsed, never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from .collected import Collected, Raw, constants
from .statements import Statements

_IMPORT = re.compile(rb"\b(?:import|from)\b(?:\\\r?\n|[^\n])*?\bhyperparameter\b")
_IMPORT_HP = re.compile(rb"\bimport\b[\w\s,(#\\.]*?\bhp\b")


class Scanned(NamedTuple):
    """All that is known of one file by itself; its fields are JSON.

    `names` has for each function, class and assigned name those that it refers to; `constants` what
    other modules may import; `below` patterns that are no parameters but keys of this file.
    """

    problem: str = ""
    line: int = 0
    found: list[Raw] = []  # noqa: RUF012  # never written to
    texts: Iterable[str] = ()
    chains: Iterable[str] = ()
    below: Iterable[str] = ()
    names: dict[str, list[str]] = {}  # noqa: RUF012
    docs: dict[str, str] = {}  # noqa: RUF012
    constants: dict[str, list[Any]] = {}  # noqa: RUF012


def may_use_us(data: bytes) -> bool:
    """Tell whether a file may import this library or a name `hp`; others are not parsed."""
    return (b"hyperparameter" in data and _IMPORT.search(data) is not None) or (
        b"hp" in data and _IMPORT_HP.search(data) is not None
    )


def scan(data: bytes) -> Scanned:
    """Return what a file has; `problem` says in its first words why it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the author's to hear of
            tree = ast.parse(data)
        return _followed(tree)
    except SyntaxError as error:
        return Scanned(f"cannot be parsed: {error.msg}", error.lineno or 1)
    except (ValueError, UnicodeError) as error:
        return Scanned(f"cannot be parsed: {error}", 1)
    except (RecursionError, MemoryError):
        return Scanned("is nested too deeply to be scanned", 1)


def _followed(tree: ast.Module) -> Scanned:
    found = Collected()
    walk = Statements(found)
    walk.module(tree)
    functions = {raw.function for raw in found.raw}
    return Scanned(
        found=list(found.raw),
        texts=sorted(found.texts),
        chains=sorted(found.chains),
        below=sorted(found.below),
        names={name: sorted(words) for name, words in found.names.items()},
        docs={name: doc for name, doc in found.docs.items() if doc and name in functions},
        constants=constants(walk.names.module.known),
    )
