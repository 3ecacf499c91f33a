"""What a program declares and reads, found in its sources; nothing is imported or run."""

from .cache import ScanCache, cache_for
from .finding import NO_KNOWN_DEFAULT, Finding
from .tree import SourceTree, scan_paths, scan_program

__all__ = [
    "NO_KNOWN_DEFAULT",
    "Finding",
    "ScanCache",
    "SourceTree",
    "cache_for",
    "scan_paths",
    "scan_program",
]
