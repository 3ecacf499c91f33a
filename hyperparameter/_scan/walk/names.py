"""The names of a module, class or function, and what each is known to be."""

from __future__ import annotations

from typing import Any


class Names:
    """One level of names; `outer` is where those that are not here are looked up."""

    __slots__ = ("bases", "kind", "known", "outer", "shared")

    def __init__(self, kind: str, outer: Names | None = None) -> None:
        self.kind = kind  # "module", "class" or "function"
        self.outer = outer
        self.known: dict[str, Any] = {}
        self.bases: list[Names] = []
        self.shared: dict[str, Names] = {}  # those that `global` and `nonlocal` declare

    def find(self, name: str) -> Any:
        level: Names | None = self
        while level is not None:
            if name in level.known:
                return level.known[name]
            level = level.outer
        return None

    def has(self, name: str) -> bool:
        level: Names | None = self
        while level is not None:
            if name in level.known:
                return True
            level = level.outer
        return False

    def member(self, name: str, depth: int = 20) -> Any:
        """Return what a class or its bases have by this name."""
        if name in self.known or depth == 0:
            return self.known.get(name)
        for base in self.bases:
            found = base.member(name, depth - 1)
            if found is not None:
                return found
        return None

    def for_function(self) -> Names:
        """Return new names for a function that is defined here; class bodies are skipped."""
        level = self
        while level.kind == "class" and level.outer is not None:
            level = level.outer
        return Names("function", level)

    @property
    def module(self) -> Names:
        level = self
        while level.outer is not None:
            level = level.outer
        return level
