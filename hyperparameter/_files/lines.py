"""On which lines of a file the parts of a value stand."""

from __future__ import annotations

from collections.abc import Iterator

from .path import Path


class Lines:
    """The lines of a mapping or a list: `at` has those of its parts, `inside` what is in them.

    Either has as much as the format tells.  What several names stand for, as aliases do, may be
    shared.
    """

    __slots__ = ("at", "inside")

    def __init__(self) -> None:
        self.at: dict[str | int, int] = {}
        self.inside: dict[str | int, Lines] = {}

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        """Yield each path that has a line, with that line."""
        for name, line in self.at.items():
            yield (name,), line
        for name, inner in self.inside.items():
            for path, line in inner:
                yield (name, *path), line

    def below(self, name: str | int) -> Lines:
        """Return the lines inside the part with this name."""
        return self.inside.setdefault(name, Lines())
