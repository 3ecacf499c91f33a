"""The error of a key that nothing binds, and what may have been meant."""

from __future__ import annotations

from .._values.keys import nearest
from ..exceptions import MissingParameter
from .snapshot import Snapshot

_MOST_NAMED = 5
_OF_MAPPINGS = ("keys", "values", "items", "get", "pop", "copy")
"""Methods of a mapping, which `dict(hp.scope.d)` calls as well; to an accessor they are keys."""


def missing(snapshot: Snapshot, key: str) -> MissingParameter:
    """Return the error; what may have been meant is looked for when its message is shown."""
    return MissingParameter(
        f"Hyperparameter {key!r} is required but not defined.",
        key=key,
        hint=lambda: explain_missing(snapshot, key),
    )


def explain_missing(snapshot: Snapshot, key: str) -> str:
    """Return a sentence about the keys below or near `key`, or nothing."""
    if below := [f"{key}.{name}" for name in snapshot.below(key)]:
        rest = len(below) - _MOST_NAMED
        more = f" and {rest} more" if rest > 0 else ""
        return f" It has keys below it: {', '.join(below[:_MOST_NAMED])}{more}."
    owner, _, name = key.rpartition(".")
    if name in _OF_MAPPINGS and (snapshot.find(owner) or snapshot.below(owner)):
        return f" For those of the mapping, read it first: hp.scope[{owner!r}] | {{}}."
    near = nearest(key, snapshot.flat())
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
