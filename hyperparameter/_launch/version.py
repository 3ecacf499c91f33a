"""The version of the package that a module belongs to, for `--version`."""

from __future__ import annotations

import sys


def version_of(name: str, *, everywhere: bool) -> str | None:
    """Return `__version__` of the module or its package, or its distribution's version.

    `everywhere` looks into all distributions for one of another name: that takes seconds.
    """
    module = sys.modules.get(name)
    top = (getattr(module, "__package__", None) or name).partition(".")[0]
    for place in (module, sys.modules.get(top)):
        version = getattr(place, "__version__", None)
        if isinstance(version, str):
            return version
    if top == "__main__":
        return None
    from importlib import metadata

    try:
        return metadata.version(top)
    except (metadata.PackageNotFoundError, ValueError):
        names = metadata.packages_distributions().get(top, []) if everywhere else []
    return metadata.version(names[0]) if names else None
