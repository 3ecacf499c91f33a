"""What a target of exports is, ours and those of others, and what an export gives."""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, NamedTuple, Protocol, TypeAlias

Change: TypeAlias = tuple[str, str]
"""A key, and what has happened to its value; no key where it concerns the whole record."""


class Savable(Protocol):
    """A record, as far as a target needs one."""

    def save(self, path: str | PathLike[str]) -> None: ...


class Exported(NamedTuple):
    """The values of a record as a target takes them: a mapping, or text for a file.

    `changed` has a pair (key, what has happened) for each value that did not fit.
    """

    values: Any
    changed: list[Change]


class Target(Protocol):
    """What an entry point of the group `hyperparameter.exports` names: a module or an object.

    `takes_words = False` asks for no values of which the record has words alone.
    """

    def export(
        self, values: Mapping[str, Any], **options: object
    ) -> tuple[object, Iterable[Change]]:
        """Return the values as the target takes them, and the changes.

        They come by flat key: text, numbers, booleans, None, and lists, tuples and mappings of
        those.  `options` are the keyword arguments of `rec.export`.
        """
        ...


class LogTarget(Target, Protocol):
    """A target that can be logged to."""

    def log(self, values: Any, record: Savable, run: object) -> Iterable[Change] | None:
        """Log what `export` has returned, and the record beside it.

        `run` is None for the active one.  Return what the run has not taken.
        """
        ...
