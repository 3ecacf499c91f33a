"""The distribution that this package is installed from, and the one that it cannot stand beside.

PyPI's `hyperparameter` has the same import name.  pip installs both into one folder, where each
overwrites the other's `__init__.py`, and uninstalling either deletes it.
"""

from __future__ import annotations

CONFLICT = (
    "hyperparameter-dist and PyPI's hyperparameter have one import name and overwrite each other's "
    "files, so they cannot be installed together. To keep hyperparameter-dist, run "
    "'pip uninstall -y hyperparameter hyperparameter-dist', then install it again."
)


def version() -> str | None:
    """Return the version that is installed, None for a checkout that is not installed."""
    found = _versions_beside()
    if len(found) == 1:
        return found[0]
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("hyperparameter-dist")
    except PackageNotFoundError:
        return None


def _versions_beside() -> list[str]:
    """Return those that folders of metadata beside ours name; `importlib.metadata` takes 26 ms."""
    import os

    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    name, ending = "hyperparameter_dist-", ".dist-info"
    try:
        found = os.listdir(folder)
    except OSError:  # in an archive
        return []
    return [one[len(name) : -len(ending)] for one in found
            if one.startswith(name) and one.endswith(ending)]  # fmt: skip


def warn_of_conflict() -> None:
    """Warn at the line that imports this package, whose `__init__` calls this function."""
    import warnings

    warnings.warn(CONFLICT, stacklevel=3)


def renamed(name: str) -> str:
    """Return what to use for a name of older versions of PyPI's `hyperparameter`."""
    new = {"param_scope": "scope", "auto_param": "param"}[name]
    return (
        f"{name} was a name in old versions of PyPI's hyperparameter. Here it is hp.{new}: "
        f"'import hyperparameter as hp', or 'from hyperparameter import {new}'."
    )


def is_intact() -> bool:
    """Tell whether the package's `__init__.py` is ours, neither overwritten nor deleted."""
    import sys

    return hasattr(sys.modules[__package__], "process_record")  # which theirs never had
