"""A saved record as a source: what a run used, for another run that does the same."""

from __future__ import annotations

from collections.abc import Iterable

from .._files.document import Document
from .._records.file import FORMAT
from .._records.record import Record
from .._values.origin import Origin
from ..exceptions import ConfigurationError
from .bindings import Bindings, as_literal, of_mapping

Missing = dict[str, ConfigurationError]
"""The keys that a record does not have the values of, each with the error that says so."""


def is_record(document: Document) -> bool:
    return document.values.get("format") == FORMAT


def of_record(path: str) -> tuple[Bindings, Missing]:
    """Return the values that a record has, and the keys of those that it has not.

    A default that it does not have is the default again.
    """
    record = Record.load(path)
    origin = Origin("file", path)
    values = {key: as_literal(value) for key, value in record.operative().items()}
    given = [read.key for read in record.reads if not read.default_used]
    missing = {
        key: ConfigurationError(
            f"{path}: the record does not have the value of {key!r}: {reason}. "
            f"Set it with -D {key}=VALUE, or in the environment.",
            key=key,
            origin=origin,
        )
        for key, reason in record.left_out.items()
        if any(f"{key}.".startswith(f"{one}.") for one in given)
    }
    return of_mapping(values, origin), missing


def check_complete(missing: Missing, sources: Iterable[Bindings]) -> None:
    """Raise the error of the first missing key that none of the sources above the record sets."""
    found = list(sources)
    for key, error in missing.items():
        if not any(key in source for source in found):
            raise error
