"""From the bytes of a file to what it declares and reads; the file is parsed, never run."""

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from .walk import follow
from .walk.collector import RawFinding
from .walk.defaults import constants_of

_LIBRARY, _HP = b"hyperparameter", b"hp"
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_BETWEEN = re.compile(rb"import\b[\w\s,(#\\.]*")
_FAR = 2_000  # bytes between `import` and a name


class FileScan(NamedTuple):
    """What is known of one file by itself; all of it is JSON.

    `patterns` are keys of this file that are not parameters.  `references` has, for each function,
    class and assigned name, the names that it refers to.  `constants` has what other modules may
    import, `structures` the `RawStructure` of each class that may be one.  `calls` has the shapes
    of calls by the last name of what is called.
    """

    problem: str = ""
    line: int = 0
    findings: list[RawFinding] = []  # noqa: RUF012  # never written to
    texts: Iterable[str] = ()
    chains: Iterable[str] = ()
    patterns: Iterable[str] = ()
    references: dict[str, list[str]] = {}  # noqa: RUF012
    docs: dict[str, str] = {}  # noqa: RUF012
    constants: dict[str, list[object]] = {}  # noqa: RUF012
    structures: dict[str, list[Any]] = {}  # noqa: RUF012
    calls: dict[str, list[list[Any]]] = {}  # noqa: RUF012


def may_use_library(data: bytes) -> bool:
    """Tell whether a file may import this library, or a name `hp`; others need not be parsed."""
    # This search takes a hundredth of the time of parsing, and most files do not use the library.
    # Finding the words and looking at what is before them is quicker than one regular expression.
    at = data.find(_LIBRARY)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        line = data[start:at].split()
        if (line and line[0] in (b"import", b"from", b"try:", b"\\")) or b"import" in line:
            return True
        at = data.find(_LIBRARY, at + 1)
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


def scan(data: bytes) -> FileScan:
    """Return what a file has; `problem` says why it cannot be scanned."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes concern the author
            tree = ast.parse(data)
        return _scan_of(tree)
    except SyntaxError as error:
        return FileScan(f"cannot be parsed: {error.msg}", error.lineno or 1)
    except (ValueError, UnicodeError) as error:
        return FileScan(f"cannot be parsed: {error}", 1)
    except (RecursionError, MemoryError):  # the parser raises MemoryError where its stack ends
        return FileScan("is nested too deeply to be scanned", 1)


def _scan_of(tree: ast.Module) -> FileScan:
    walk = follow(tree)
    found = walk.found
    findings = found.findings
    functions = {raw.function for raw in findings}
    constants = constants_of(walk.names.module.known)
    # Classes refer to the module that has them, and nobody collects cycles during a scan.
    walk.names.module.known.clear()
    return FileScan(
        findings=findings,
        texts=sorted(found.texts),
        chains=sorted(found.chains),
        patterns=sorted(found.patterns),
        references={name: sorted(others) for name, others in found.references.items()},
        docs={name: doc for name, doc in found.docs.items() if doc and name in functions},
        constants=constants,
        structures=found.structures,
        calls=found.calls.plain(),
    )
