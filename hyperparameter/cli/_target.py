"""From what a user names, a package or a path, to the files that it means; nothing is imported."""

from __future__ import annotations

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
    """Return what `name` means: a path, an import name, a distribution, or else a `NotFound`.

    An import name may be dotted; of it, Python is asked for the top-level name alone, which imports
    nothing.  A plain name that is installed means that, not a folder of this name here.
    """
    is_path = os.sep in name or name in (".", "..") or name.endswith(".py")
    found = None if is_path else _imported(name) or _installed(name, search)
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


def _imported(name: str) -> Target | None:
    top, _, rest = name.partition(".")
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    if top in sys.stdlib_module_names:
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
    """Return the folders or the file of a top-level name, None where there is none."""
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    paths = folders or [spec.origin or ""]
    known = [os.path.abspath(path) for path in paths if os.path.exists(path)]
    if not known:
        raise NotFound(f"{top} is imported from {paths[0]}, which cannot be scanned.")
    if not folders and not known[0].endswith(".py"):
        raise NotFound(f"{top} is compiled ({known[0]}): it has no source to be scanned.")
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
        return f"there is no file or folder {name!r}."
    names = {found.name for found in distributions(search)}
    for folder in (*search, "."):
        names.update(_packages(folder))
    return f"no package or path is called {name!r}.{did_you_mean(name, names)}"


def _packages(folder: str) -> set[str]:
    try:
        entries = os.listdir(folder or ".")
    except OSError:
        return set()
    return {
        entry.removesuffix(".py") for entry in entries if entry.removesuffix(".py").isidentifier()
    }
