"""Where a reference `${...}` is written: what it means there, and how an error names it."""

from __future__ import annotations

from .._files.key_path import KeyPath, Part
from .._values.origin import RawOrigin, resolve
from ..exceptions import ConfigurationError

REFERENCE = "${"
"""The step of a path that marks the inside of a reference; references can be nested."""


class Place:
    """A path, for relative references; a key and its origin, for errors."""

    def __init__(self, key: str, origin: RawOrigin, path: KeyPath | None = None) -> None:
        self.key = key
        self.origin = origin
        self.path: KeyPath = tuple(key.split(".")) if path is None else path

    def below(self, step: Part) -> Place:
        return Place(self.key, self.origin, (*self.path, step))

    def target(self, name: str) -> list[str]:
        """Return the names of the key that `name` means here."""
        bare = name.strip()
        up = len(bare) - len(bare.lstrip("."))
        names = bare[up:].split(".")
        if not all(names):
            raise self.error(f"${{{name}}} does not name a key")
        if not up:
            return names
        around = [part for part in self.path if part != REFERENCE]
        while around and isinstance(
            around[-1], int
        ):  # items of one list count as siblings of the list
            around.pop()
        if up > len(around):
            raise self.error(f"${{{name}}} leads above the top level")
        return [*map(str, around[: len(around) - up]), *names]

    def error(self, problem: str) -> ConfigurationError:
        return error_at(self.key, self.origin, problem)


def error_at(key: str, origin: RawOrigin, problem: str) -> ConfigurationError:
    place = resolve(origin)
    end = "" if problem.endswith("?") else "."
    return ConfigurationError(f"{key} ({place}): {problem}{end}", key=key, origin=place)
