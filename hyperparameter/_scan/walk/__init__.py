"""One source file followed statement by statement, without running it."""

from . import calls, chains, expressions, statements  # noqa: F401  # they fill the table
from .definitions import follow

__all__ = ["follow"]
