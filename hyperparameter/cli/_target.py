"""From the name of a package or a path to the files that it means; nothing is imported."""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from .._console import NotFound
from .._values.keys import did_you_mean
from ._distributions import Distribution, distributions, normalized


class Target(NamedTuple):
    """Files and folders to be scanned, under a name; locations are shown relative to `folder`."""

    name: str
    paths: list[str]
    folder: str


def target_of(name: str, search: Sequence[str]) -> Target:
    """Return what `name` means: a path, an import name or a distribution; `NotFound` otherwise.

    An installed package takes precedence over a folder of the same name here.  Of a dotted import
    name, Python is asked for the first part alone: finding the others would import it.
    """
    is_path = os.sep in name or name in (".", "..") or name.endswith(".py")
    found = None if is_path else imported(name) or _installed(name, search)
    if found is None:
        found = _path(name)
    if found is None:
        raise NotFound(_not_found(name, search, is_path))
    return found


def _path(name: str) -> Target | None:
    path = os.path.abspath(name)
    if not name or "\0" in name:
        return None
    if os.path.isdir(path):
        return Target(os.path.basename(path) or path, [path], path)
    if os.path.exists(path):
        return Target(os.path.basename(path), [path], os.path.dirname(path))
    return None


def imported(name: str) -> Target | None:
    """Return the files that an import name means, None for none; `NotFound` without sources."""
    top, _, rest = name.partition(".")
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    if top in sys.stdlib_module_names:
        # The standard library has no parameters; a folder of the same name may have some.
        return None if os.path.exists(name) else Target(name, [], "")
    locations = _locations(top)
    if locations is None:
        here = os.path.abspath(top)
        locations = [here] if os.path.isdir(here) else []
        if not locations and os.path.isfile(f"{here}.py"):
            locations = [f"{here}.py"]
    for part in filter(None, rest.split(".")):
        locations = [found for folder in locations if (found := _inside(folder, part))]
    if not locations:
        return None
    first = locations[0]
    return Target(name, locations, first if os.path.isdir(first) else os.path.dirname(first))


def _inside(folder: str, name: str) -> str | None:
    path = os.path.join(folder, name)
    return next((p for p in (path, f"{path}.py") if os.path.exists(p)), None)


def _locations(top: str) -> list[str] | None:
    """Return the folders or the file of a top-level name, None if there is no such module."""
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):  # what finders raise for odd modules
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    paths = folders or [spec.origin or ""]
    known = [os.path.abspath(path) for path in paths if os.path.exists(path)]
    if not known:
        raise NotFound(f"{top}: it is imported from {paths[0]}, which cannot be scanned.")
    if not folders and not known[0].endswith(".py"):
        raise NotFound(f"{top}: it is compiled ({known[0]}) and has no source file to scan.")
    return known


def _installed(name: str, search: Sequence[str]) -> Target | None:
    for found in distributions(search):
        if normalized(found.name) == normalized(name):
            return Target(found.name, paths_of(found), found.folder)
    return None


def paths_of(found: Distribution) -> list[str]:
    return [path for path in (*found.files(), *found.roots()) if os.path.exists(path)]


def _not_found(name: str, search: Sequence[str], is_path: bool) -> str:
    if is_path:
        return f"{name!r}: no such file or folder."
    names = {found.name for found in distributions(search)}
    for folder in (*search, "."):
        names.update(_packages(folder))
    return f"{name!r}: no such package, file or folder.{did_you_mean(name, names)}"


def _packages(folder: str) -> set[str]:
    try:
        entries = os.listdir(folder or ".")
    except OSError:
        return set()
    return {
        entry.removesuffix(".py") for entry in entries if entry.removesuffix(".py").isidentifier()
    }
