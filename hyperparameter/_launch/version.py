"""The version of the package that a function belongs to, for `--version`."""

from __future__ import annotations

import sys
from collections.abc import Callable


def version_of(function: Callable[..., object]) -> str | None:
    """Return `__version__` of the function's module or package, or its distribution's version."""
    name = str(function.__module__)  # which is None for a function made by exec
    module = sys.modules.get(name)
    top = (getattr(module, "__package__", None) or name).partition(".")[0]
    for place in (module, sys.modules.get(top)):
        version = getattr(place, "__version__", None)
        if isinstance(version, str):
            return version
    if top == "__main__":
        return None
    from importlib import metadata

    names = metadata.packages_distributions().get(top, [])
    return metadata.version(names[0]) if names else None
