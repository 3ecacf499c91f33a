"""A saved record as a source: what a run used, for another run that does the same."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from .._files.document import Document
from .._files.text import FilePath
from .._records.file import FORMAT
from .._values.origin import Origin
from ..exceptions import ConfigurationError
from .bindings import Bindings, of_mapping
from .literal import as_literal
from .view import keys_above


class Missing(NamedTuple):
    """The keys that a record does not have the values of, each with the error that says so.

    `note` tells which keys are left to the code; empty for none.
    """

    errors: dict[str, ConfigurationError]
    note: str = ""


NONE = Missing({})


def is_record(document: Document) -> bool:
    return document.values.get("format") == FORMAT


def begins_like_record(path: FilePath) -> bool:
    """Tell a record by how it begins: one of many keys is larger than a configuration may be."""
    try:
        if not os.path.isfile(path):  # what is read of a pipe is gone
            return False
        with open(path, "rb") as file:
            start = file.read(80)
    except (OSError, ValueError):  # which reading it as a configuration tells better
        return False
    return f'"format": "{FORMAT}"'.encode() in start


def of_record(path: str) -> tuple[Bindings, Missing]:
    """Return the values that a record has, and the keys of those that it has not.

    A default that it does not have is the default again.
    """
    from .._records.record import Record  # most configuration is none
    from .._records.repeatable import repeatable

    found = repeatable(Record.load(path))
    origin = Origin("file", path)
    values = {key: as_literal(value) for key, value in found.values.items()}
    errors = {
        key: ConfigurationError(
            f"{path}: the record does not have the value of {key!r}: {reason}. "
            f"Set it with -D {key}=VALUE, or in the environment.",
            key=key,
            origin=origin,
        )
        for key, reason in found.lacking.items()
    }
    return of_mapping(values, origin, is_file=True), Missing(errors, _note(path, found.by_code))


def _note(path: str, by_code: list[str]) -> str:
    if not by_code:
        return ""
    return (
        f"{path} does not set {', '.join(by_code)}: code has set several values, or one that a "
        "record cannot hold, and is left to do so again."
    )


def check_complete(missing: Missing, sources: Iterable[Bindings]) -> None:
    """Raise the error of the first missing key that none of the sources above the record sets."""
    found = list(sources)
    for key, error in missing.errors.items():
        if not any(_sets(source, key) for source in found):
            raise error


def _sets(source: Bindings, key: str) -> bool:
    """Tell whether a source sets a key, by itself, or with the value of one above."""
    from .._records.written import has, names_of

    if key in source:
        return True
    for above in keys_above(key):
        if above in source:
            value = source[above].value
            if names_of(value) is None or has(value, key[len(above) + 1 :]):
                return True
    return False
