"""Which functions one may call, by the names that it refers to."""

from __future__ import annotations

from collections.abc import Iterator


class Reach:
    """An index of functions and classes by name; `names` is by file, as in `Scanned`."""

    def __init__(self, names: dict[str, dict[str, list[str]]]) -> None:
        self._names = names
        self._by_name: dict[str, list[tuple[str, str]]] = {}
        for file, units in names.items():
            for unit in units:
                last = unit.rpartition(".")[2]
                self._by_name.setdefault(last, []).append((file, unit))

    def units(self, file: str, function: str) -> set[tuple[str, str]]:
        """Return (file, qualified name) of the function, what is in it, and what it may call."""
        reached: set[tuple[str, str]] = set()
        waiting = [(file, function)]
        while waiting:
            for unit in self._with_inner(*waiting.pop()):
                if unit not in reached:
                    reached.add(unit)
                    for name in self._names.get(unit[0], {}).get(unit[1], ()):
                        waiting += self._by_name.get(name, ())
        return reached

    def _with_inner(self, file: str, unit: str) -> Iterator[tuple[str, str]]:
        yield file, unit
        for other in self._names.get(file, {}):
            if other.startswith(f"{unit}."):
                yield file, other
