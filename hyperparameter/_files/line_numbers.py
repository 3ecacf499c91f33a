"""The line on which each value of a document is written."""

from __future__ import annotations

from collections.abc import Iterator

from .key_path import KeyPath, Part


class LineNumbers:
    """The lines of a mapping or a list: `at` has those of its parts, `inside` those below a part.

    Some formats do not give a line for every part.  YAML aliases share the object of their
    anchor, so it must not be changed once its value is complete.
    """

    __slots__ = ("at", "inside")  # there is one object for each mapping and list of a file

    def __init__(self) -> None:
        self.at: dict[Part, int] = {}
        self.inside: dict[Part, LineNumbers] = {}

    def __iter__(self) -> Iterator[tuple[KeyPath, int]]:
        """Yield each path that has a line, with that line."""
        for name, line in self.at.items():
            yield (name,), line
        for name, inner in self.inside.items():
            for path, line in inner:
                yield (name, *path), line

    def below(self, name: Part) -> LineNumbers:
        """Return the lines inside the part with this name; a new object if there is none yet."""
        return self.inside.setdefault(name, LineNumbers())
