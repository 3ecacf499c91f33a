"""From the bytes of a file to what it declares and reads; the file is parsed, never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from .walk import follow
from .walk.collected import Raw, constants

_OURS, _HP = b"hyperparameter", b"hp"
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_BETWEEN = re.compile(rb"import\b[\w\s,(#\\.]*")
_FAR = 2_000


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
    """Tell whether a file may import this library or a name `hp`; others are not parsed.

    It finds the words and looks at what is before them, which is quicker than one expression.
    """
    at = data.find(_OURS)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        line = data[start:at].split()
        if (line and line[0] in (b"import", b"from", b"try:", b"\\")) or b"import" in line:
            return True
        at = data.find(_OURS, at + 1)
    at = data.find(_HP)
    while at >= 0:
        if _is_word(data, at) and _is_imported(data, at):
            return True
        at = data.find(_HP, at + 2)
    return False


def _is_word(data: bytes, at: int) -> bool:
    before = data[at - 1] if at else 32
    return before not in _WORD and (at + 2 >= len(data) or data[at + 2] not in _WORD)


def _is_imported(data: bytes, at: int) -> bool:
    start = data.rfind(b"import", max(0, at - _FAR), at)
    return start >= 0 and _BETWEEN.fullmatch(data, start, at) is not None


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
    walk = follow(tree)
    found = walk.found
    functions = {raw.function for raw in found.raw}
    known = constants(walk.names.module.known)
    walk.names.module.known.clear()  # classes refer to the module that has them: a cycle
    return Scanned(
        found=list(found.raw),
        texts=sorted(found.texts),
        chains=sorted(found.chains),
        below=sorted(found.below),
        names={name: sorted(words) for name, words in found.names.items()},
        docs={name: doc for name, doc in found.docs.items() if doc and name in functions},
        constants=known,
    )
