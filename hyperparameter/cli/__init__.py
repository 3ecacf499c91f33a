"""The `hp` command: which hyperparameters a package has, found without importing it."""

from ._main import main

__all__ = ["main"]
