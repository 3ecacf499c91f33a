"""What a program declares and reads, found in its sources; nothing is imported or run."""

from .cache import Cache, cache_for
from .finding import NO_DEFAULT, Finding
from .tree import Program, scan_paths, scan_program

__all__ = [
    "NO_DEFAULT",
    "Cache",
    "Finding",
    "Program",
    "cache_for",
    "scan_paths",
    "scan_program",
]
