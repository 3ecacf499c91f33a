"""The `hp` command: shows the hyperparameters of a package without importing it."""

from ._main import main

__all__ = ["main"]


def __getattr__(name: str) -> object:
    """Explain the `ImportError` of PyPI's `hyperparameter` when it is installed over this package.

    Its `api.py` imports `launch` from its own `cli.py`, which this folder hides.  Nothing else of
    ours runs then: not `import hyperparameter`, not `hp`.
    """
    if name == "launch":
        from .._distribution import CONFLICT

        raise ImportError(CONFLICT)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
