"""Where a reference `${...}` is written: what it means there, and how an error names it."""

from __future__ import annotations

from .._files.key_path import KeyPath, Part
from .._values.masking import masked_value
from .._values.origin import RawOrigin, resolve
from .._values.secrets import is_secret, remember_made_of_secrets
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

    @property
    def name(self) -> str:
        """The key of the part that is written here; an item of a list has the key of the list."""
        return ".".join(str(part) for part in self.path if type(part) is str and part != REFERENCE)

    def shown(self, text: str) -> str:
        """Return text that is written here for an error; of a secret, a mask."""
        return masked_value(self.name, text) if is_secret(self.name, text) else text

    def hide(self, text: str) -> None:
        """Never show this text, which is made of a secret, for what is written here."""
        remember_made_of_secrets(text, self.name)

    def target(self, name: str) -> list[str]:
        """Return the names of the key that `name` means here."""
        bare = name.strip()
        up = len(bare) - len(bare.lstrip("."))
        names = bare[up:].split(".")
        if not all(names):
            raise self.error(f"${{{self.shown(name)}}} does not name a key")
        if not up:
            return names
        around = [part for part in self.path if part != REFERENCE]
        while around and isinstance(
            around[-1], int
        ):  # items of one list count as siblings of the list
            around.pop()
        if up > len(around):
            raise self.error(f"${{{self.shown(name)}}} leads above the top level")
        return [*map(str, around[: len(around) - up]), *names]

    def error(self, problem: str) -> ConfigurationError:
        return error_at(self.key, self.origin, problem)


def error_at(key: str, origin: RawOrigin, problem: str) -> ConfigurationError:
    place = resolve(origin)
    end = "" if problem.endswith("?") else "."
    return ConfigurationError(f"{key} ({place}): {problem}{end}", key=key, origin=place)
