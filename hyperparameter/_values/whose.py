"""Whose a file is: Python's, this library's, an installed package's, or the program's own."""

from __future__ import annotations

import os

from .origin import PACKAGE_ROOT

OUR_FOLDERS = (
    PACKAGE_ROOT,
    os.path.join(os.path.dirname(os.path.dirname(PACKAGE_ROOT)), "hp_dist", ""),
)
_INSTALLED = frozenset(["site-packages", "dist-packages"])
_STDLIB = os.path.dirname(os.__file__) + os.sep


def installed_package(file: str) -> str | None:
    """Return the top folder or file of the installed package that `file` is in, if it is in one."""
    parts = file.split(os.sep)
    for index in range(len(parts) - 2, 0, -1):
        if parts[index] in _INSTALLED:
            return os.sep.join(parts[: index + 2])
    return None


def is_foreign(file: str) -> bool:
    """Tell files of the standard library and of this library."""
    if file.startswith(OUR_FOLDERS):
        return True
    return file.startswith(_STDLIB) and installed_package(file) is None
