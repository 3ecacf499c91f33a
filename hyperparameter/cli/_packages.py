"""The parameters of a target, of its dependencies, and of all installed packages."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .._console import NotFound, print_message
from .._scan import cache_for, scan_paths
from .._scan.files import SourceFiles, any_mentions_library
from .._scan.modules import files_below
from ._distributions import Distribution, distributions
from ._entries import Entry, entries_of
from ._target import Target, imported

_OURS = frozenset(["hyperparameter", "hp_dist"])


class Package(NamedTuple):
    """A distribution that uses this library, with its numbers of keys and decorated functions."""

    name: str
    version: str
    params: int
    funcs: int


def entries_in(target: Target, environ: Mapping[str, str]) -> dict[str, Entry]:
    """Scan a target; a message warns of each file that cannot be scanned."""
    cache = cache_for("\n".join(target.paths), environ)
    program = scan_paths(target.paths, cache)
    _warn(program.problems or _problems_of(target))
    return entries_of(program.findings, target.name, target.folder)


def _problems_of(target: Target) -> Iterator[str]:
    """Yield why files that are named themselves cannot be parsed, though they may not use us."""
    for path in filter(os.path.isfile, target.paths):
        files = SourceFiles(None)
        files.scan(path, every=True)
        yield from files.problems


def _warn(problems: Iterable[str]) -> None:
    for problem in problems:
        print_message(f"hp: warning: {problem}")


def dependencies(target: Target, environ: Mapping[str, str]) -> dict[str, Entry]:
    """Return the parameters of the packages that a target imports, directly or through others."""
    seen = {target.name.partition(".")[0]} | _OURS | sys.stdlib_module_names
    entries: dict[str, Entry] = {}
    waiting = sorted(_imported_by(target, seen))
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        try:
            found = imported(name)
        except NotFound:  # without source files
            continue
        if found is None:  # an optional dependency, or a name in a text
            continue
        waiting += sorted(_imported_by(found, seen))
        for key, entry in entries_in(found, environ).items():
            entries.setdefault(key, entry)
    return entries


def _imported_by(target: Target, seen: set[str] | frozenset[str]) -> set[str]:
    files = SourceFiles(None)
    tops: set[str] = set()
    for path in target.paths:
        for file in files_below(path, []) if os.path.isdir(path) else [path]:
            names = files.imported_names(file)
            tops.update(name.partition(".")[0] for name in names if name[0] != ".")
    return tops - seen


def installed(search: Sequence[str], environ: Mapping[str, str]) -> list[Package]:
    """Return the installed distributions that use this library, except itself, by name."""
    found = [one for one in distributions(search) if not one.is_ours]
    packages = [_package(one, environ) for one in found]
    return sorted((one for one in packages if one), key=lambda one: one.name.lower())


def _package(found: Distribution, environ: Mapping[str, str]) -> Package | None:
    roots = found.roots()
    # Quicker than a scan, and mostly true.
    if not roots and not any_mentions_library(found.files()):
        return None
    paths = [*found.files(), *roots]
    program = scan_paths(paths, cache_for(found.info, environ))
    if not program.findings:
        return None
    functions = {f.declaring for f in program.findings if f.kind == "declared"}
    keys = {f.key for f in program.findings}
    return Package(found.name, found.version, len(keys), len(functions))
