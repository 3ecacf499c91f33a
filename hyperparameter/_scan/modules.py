"""Which files a program consists of: its imports are followed, but nothing is imported."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache

_LIBRARY = frozenset(["hyperparameter", "hp_dist"])
_FROM = re.compile(
    rb"from[ \t]+([.\w]+(?:[ \t]*\.[ \t]*\w+)*)[ \t]+import[ \t]*(\([^)]*\)?|(?:\\\r?\n|[^\n;])*)"
)
_IMPORT = re.compile(rb"import[ \t]+((?:\\\r?\n|[^\n;#(])+)")
_BY_NAME = re.compile(rb"import_module\(\s*[\"']([\w.]+)[\"']")
_COMMENT = re.compile(rb"#[^\n]*")
_SKIPPED = frozenset(["__pycache__", "node_modules"])


def imported_names(data: bytes) -> set[str]:
    """Return the dotted names that a file may import, with leading dots where relative.

    Whatever looks like an import counts, inside a string too.
    """
    # A search of the text, since files that do not use the library are not parsed.
    found: set[str] = set()
    at = data.find(b"import")
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        _add_names(data, start, at, found)
        at = data.find(b"import", at + 6)
    return found


def _add_names(data: bytes, start: int, at: int, found: set[str]) -> None:
    lead = data[start:at].rpartition(b";")[2].lstrip()
    if lead.startswith(b"from"):
        match = _FROM.match(data, data.index(b"from", start))
        if match:
            _add_names_from(match, found)
    elif not lead.strip() or lead.rstrip().endswith(b":"):  # `try: import a`
        match = _IMPORT.match(data, at)
        if match:
            for part in match[1].split(b","):
                name = part.split(b" as ")[0].strip(b" \t\r\n\\").decode(errors="replace")
                if all(word.isidentifier() for word in name.split(".")):  # else it is in a string
                    found.add(name)
    match = _BY_NAME.match(data, at)
    if match:
        found.add(match[1].decode())


def _add_names_from(match: re.Match[bytes], found: set[str]) -> None:
    module = match[1].replace(b" ", b"").decode(errors="replace")
    found.add(module)
    for name in _COMMENT.sub(b"", match[2]).strip(b"() \t\\").split(b","):
        word = name.split(b" as ")[0].strip(b" \t\r\n\\").decode(errors="replace")
        if word.isidentifier():
            # It may be a module or a name in one; files tell.
            found.add(f"{module}{'' if module.endswith('.') else '.'}{word}")


def files_of(name: str, importer: str, search: Sequence[str]) -> Iterator[str]:
    """Yield the files that importing `name` runs: packages, outermost first, then the module."""
    bare = name.lstrip(".")
    if bare != name:
        folder = os.path.dirname(importer)
        for _ in range(len(name) - len(bare) - 1):
            folder = os.path.dirname(folder)
        yield from _below(folder, bare)
        return
    top = bare.partition(".")[0]
    if top in sys.stdlib_module_names or top in _LIBRARY:
        return
    for folder in search:
        found = list(_below(folder, bare))
        if found:
            yield from found
            return


def _below(folder: str, dotted: str) -> Iterator[str]:
    if "__init__.py" in _entries(folder) and not dotted:  # `from . import name`
        yield f"{folder}{os.sep}__init__.py"
    for part in filter(None, dotted.split(".")):
        entries = _entries(folder)
        if part in entries:
            inside = f"{folder}{os.sep}{part}"
            if "__init__.py" in _entries(inside):
                yield f"{inside}{os.sep}__init__.py"
            folder = inside
            continue
        if f"{part}.py" in entries:
            yield f"{folder}{os.sep}{part}.py"
        return


@lru_cache(maxsize=4096)  # thousands of imports lead into few folders
def _entries(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder or "."))
    except OSError:
        return frozenset()


def forget_folders() -> None:
    """Look into folders anew: they may have changed since the last scan."""
    _entries.cache_clear()


def files_below(folder: str, problems: list[str]) -> Iterator[str]:
    """Yield the Python files below a folder, sorted, but for those in folders without sources.

    Such folders are hidden, or made by tools.  Linked folders are not followed.  A folder that
    cannot be listed adds a line to `problems`.
    """
    waiting = [folder]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(inside) as entries:
                found = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            problems.append(f"{inside}: {error.strerror}")
            continue
        folders = [entry.path for entry in found if _is_source_folder(entry)]
        waiting += folders
        for entry in reversed(found):
            if entry.name.endswith(".py") and entry.path not in folders:
                yield entry.path


def _is_source_folder(entry: os.DirEntry[str]) -> bool:
    if entry.name[0] == "." or entry.name in _SKIPPED or not entry.is_dir(follow_symlinks=False):
        return False
    # setuptools builds copies there; but a package may have the name.
    if entry.name == "build" and not os.path.exists(f"{entry.path}{os.sep}__init__.py"):
        return False
    return not os.path.exists(f"{entry.path}{os.sep}pyvenv.cfg")
