"""Values that mean something about a key instead of being its value."""

from __future__ import annotations


class _Marker:
    def __init__(self, name: str, shown: str = "") -> None:
        self._name = name
        self._shown = shown or name

    def __repr__(self) -> str:
        return self._shown

    def __reduce__(self) -> str:
        return self._name


ABSENT = _Marker("ABSENT")
DELETED = _Marker("DELETED")
SHADOWED = _Marker("SHADOWED", "a value that is no longer kept")
"""Stands for a value that is not kept, because nothing can see it."""
