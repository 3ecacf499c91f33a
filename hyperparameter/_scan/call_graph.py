"""Which functions a function may call, by the names that it refers to.

What an object is cannot be known without running the program, so names have to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Unit = tuple[str, str]
"""A file and the qualified name of a function, class or assigned name in it."""


class CallGraph:
    """The functions and classes of a program by name; `references` is by file, as in `FileScan`."""

    def __init__(self, references: Mapping[str, Mapping[str, list[str]]]) -> None:
        self._references = references
        self._by_name: dict[str, list[Unit]] = {}
        for file, names in references.items():
            for name in names:
                last = name.rpartition(".")[2]
                self._by_name.setdefault(last, []).append((file, name))

    def reachable(self, file: str, function: str) -> set[Unit]:
        """Return the function, the functions inside of it, and all that these may call."""
        reached: set[Unit] = set()
        waiting = [(file, function)]
        while waiting:
            for unit in self._with_inner(*waiting.pop()):
                if unit not in reached:
                    reached.add(unit)
                    for name in self._references.get(unit[0], {}).get(unit[1], ()):
                        waiting += self._by_name.get(name, ())
        return reached

    def _with_inner(self, file: str, name: str) -> Iterator[Unit]:
        yield file, name
        for other in self._references.get(file, {}):
            if other.startswith(f"{name}."):
                yield file, other
