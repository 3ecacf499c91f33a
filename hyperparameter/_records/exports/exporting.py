"""`rec.export` and `rec.log_to`: the values of a record, fitted to a target.

The record itself is the lossless copy.  What a target gets besides is the best that it can hold,
and each value that is not the one in the record is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..._values.describe import show, told_apart
from ..kept import ONLY_WORDS
from ..operative import last_values, operative
from .finding import find
from .target import Change, Exported, Savable, Target

if TYPE_CHECKING:
    from ..kept_reads import KeptReads

_MOST_SHOWN = 5


class Record(Savable, Protocol):
    """A `Record`, which is above this room: it has `export` and `log_to` from here."""

    _kept: KeptReads

    @property
    def incomplete(self) -> list[str]: ...
    def _last(self) -> list[tuple[str, Any]]: ...


def export(record: Record, target: str, options: Mapping[str, object]) -> Exported:
    """Return the values that the record says were used, as the target takes them."""
    return _exported(record, find(target), options)


def log_to(record: Record, target: str, run: object, options: Mapping[str, object]) -> Exported:
    """Log the record into a run of the target; a warning tells the user of `rec` what changed."""
    found = find(target)
    log = getattr(found, "log", None)
    if log is None:
        raise TypeError(
            f"{target!r} has no runs to log to. Take rec.export({target!r}).values instead."
        )
    values, changed = _exported(record, found, options)
    changed += _pairs(log(values, record, run) or ())
    if changed:
        import warnings

        warnings.warn(_summary(target, changed), stacklevel=3)
    return Exported(values, changed)


def _exported(record: Record, target: Target, options: Mapping[str, object]) -> Exported:
    values, changed = _values_of(record, getattr(target, "takes_words", True))
    fitted, unfit = target.export(values, **options)
    return Exported(fitted, changed + _pairs(unfit))


def _pairs(changes: Iterable[Change]) -> list[Change]:
    return [(key, what) for key, what in changes]


def _values_of(record: Record, takes_words: bool) -> tuple[dict[str, Any], list[Change]]:
    """Return the plain values by key, in words if the target takes these, and what is not so."""
    reads = record._last()
    values, left_out = (last_values if takes_words else operative)(reads)
    last = {key: each[-1].value for key, each in reads}
    changed = [("", f"the record is incomplete: {reason}") for reason in record.incomplete]
    for key, reason in left_out.items():
        if takes_words and reason.startswith(ONLY_WORDS):
            words = show(key, last[key]) if key in last else reason.removeprefix(ONLY_WORDS)
            values.setdefault(key, words)
            changed.append((key, "in words: the record does not have its value"))
        else:
            changed.append((key, f"left out: {reason}"))
    changed += [
        (key, f"the last of {count} values that were read")
        for key, count in _several(record)
        if key in values
    ]
    return values, changed


def _several(record: Record) -> list[tuple[str, int]]:
    """Return the keys that were read with several values, and the number of those.

    `divergent` says more, and takes ten times as long as an export: it looks up every place.
    """
    with record._kept.lock:
        read_again = [
            (key, [read.value for read in seen.by_value.values()])
            for key, seen in record._kept.by_key.items()
            if len(seen.by_value) > 1
        ]
    counts = [(key, len({(type(v), told_apart(v)) for v in read})) for key, read in read_again]
    return [(key, count) for key, count in counts if count > 1]


def _summary(target: str, changed: list[Change]) -> str:
    from ...exceptions import CONTROLS

    shown = [f"{key}: {what}" if key else what for key, what in changed[:_MOST_SHOWN]]
    rest = len(changed) - len(shown)
    more = [f"and {rest} more, in .changed of what log_to returns"] if rest else []
    text = f"{target} has not taken everything as it is: {'; '.join([*shown, *more])}."
    return text.translate(CONTROLS)
